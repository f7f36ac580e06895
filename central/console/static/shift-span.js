/** Which time of the shift log is asked for: a shift of the patrol plan on a day, a whole day, the last hours, or any. Pure. */

import { formatDate, instantOf, startOfDay } from "/web/format.js";

/**
 * @typedef {{id: string, name: Record<string, string>, intervals: {days: string[], start: string, end: string}[]}} Shift
 * @typedef {{since: string, until: string}} Span instants, ISO 8601
 */

const RECENT_MS = 12 * 3_600_000;
const DAY_MS = 86_400_000;

/** @param {string} date `YYYY-MM-DD` @param {{start: string, end: string}} hours @param {string} zone @returns {Span} */
export function spanOf(date, { start, end }, zone) {
  const after = end > start ? date : formatDate(Date.parse(startOfDay(date, zone)) + 1.5 * DAY_MS, zone);
  return { since: instantOf(`${date}T${start}`, zone), until: instantOf(`${after}T${end}`, zone) };
}

/** @param {string} date @param {string} zone @returns {Span} */
export function dayOf(date, zone) {
  return { since: startOfDay(date, zone), until: startOfDay(date, zone, 1) };
}

/** @param {number} now @returns {Span} */
export function recent(now) {
  return { since: new Date(now - RECENT_MS).toISOString(), until: new Date(now + 60_000).toISOString() };
}

/**
 * The shift that goes on now, and the day it began on; null where the plan has none.
 * @param {Shift[]} shifts @param {number} now @param {string} zone
 * @returns {{key: string, date: string} | null}
 */
export function currentShift(shifts, now, zone) {
  for (const date of [formatDate(now, zone), formatDate(now - DAY_MS, zone)]) {
    for (const { id, intervals } of shifts) {
      const index = intervals.findIndex((each) => {
        const { since, until } = spanOf(date, each, zone);
        return Date.parse(since) <= now && now < Date.parse(until);
      });
      if (index >= 0) return { key: `${id}/${index}`, date };
    }
  }
  return null;
}
