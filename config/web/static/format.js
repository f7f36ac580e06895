/** Times and numbers as people read them. Times are in the site's zone, figures are tabular. */

import { t } from "./i18n.js";

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @typedef {{year: string, day: string, time: string}} Parts */
/** A list draws the same times again and again. @type {Map<string, Parts>} */
const known = new Map();
const KNOWN_MAX = 4000;

/** @param {number} at @param {string} zone @returns {Parts} */
function parts(at, zone) {
  const key = `${Math.floor(at / 1000)} ${zone}`;
  const before = known.get(key);
  if (before) return before;
  if (known.size >= KNOWN_MAX) known.clear();
  const fresh = read(at, zone);
  known.set(key, fresh);
  return fresh;
}

/** @param {number} at @param {string} zone @returns {Parts} */
function read(at, zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  const found = Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
  return {
    year: found.year,
    day: `${found.month}-${found.day}`,
    time: `${found.hour}:${found.minute}:${found.second}`,
  };
}

/**
 * `HH:MM:SS`, with the date in front only where it is not today.
 * @param {string | number} at ISO 8601 or milliseconds
 * @param {string} zone IANA name
 * @param {number} [now] milliseconds
 */
export function formatTime(at, zone, now = Date.now()) {
  const then = parts(typeof at === "string" ? Date.parse(at) : at, zone);
  const today = parts(now, zone);
  if (then.year !== today.year) return `${then.year}-${then.day} ${then.time}`;
  return then.day === today.day ? then.time : `${then.day} ${then.time}`;
}

/**
 * The date alone, `YYYY-MM-DD`.
 * @param {string | number} at
 * @param {string} zone
 */
export function formatDate(at, zone) {
  const then = parts(typeof at === "string" ? Date.parse(at) : at, zone);
  return `${then.year}-${then.day}`;
}

/**
 * The first instant of a day in a zone, as ISO 8601 in UTC.
 * @param {string} date `YYYY-MM-DD`
 * @param {string} zone
 * @param {number} [dayOffset] whole days to add
 */
export function startOfDay(date, zone, dayOffset = 0) {
  const wanted = Date.parse(`${date}T00:00:00Z`) + dayOffset * 86_400_000;
  // The zone's offset at that day is what its clocks show there less what UTC shows.
  const shown = parts(wanted, zone);
  const offset = Date.parse(`${shown.year}-${shown.day}T${shown.time}Z`) - wanted;
  return new Date(wanted - offset).toISOString();
}

/** Date and minute. @param {string | number} at @param {string} zone */
export function formatMinute(at, zone) {
  return minuteOf(at, zone).replace("T", " ");
}

/** What a `datetime-local` field shows. @param {string | number} at @param {string} zone */
export function minuteOf(at, zone) {
  const then = parts(typeof at === "string" ? Date.parse(at) : at, zone);
  return `${then.year}-${then.day}T${then.time.slice(0, 5)}`;
}

/**
 * The instant of a clock on the wall, as ISO 8601 in UTC.
 * @param {string} local `YYYY-MM-DDTHH:MM`
 * @param {string} zone
 */
export function instantOf(local, zone) {
  const [date, time] = local.split("T");
  const [hours, minutes] = time.split(":").map(Number);
  return new Date(Date.parse(startOfDay(date, zone)) + (hours * 60 + minutes) * 60_000).toISOString();
}

/**
 * How long ago, in one unit.
 * @param {string | number} at
 * @param {number} [now]
 */
export function formatAgo(at, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - (typeof at === "string" ? Date.parse(at) : at)) / 1000));
  if (seconds < 60) return t("ago.seconds", { n: seconds });
  if (seconds < 3600) return t("ago.minutes", { n: Math.floor(seconds / 60) });
  if (seconds < 86_400) return t("ago.hours", { n: Math.floor(seconds / 3600) });
  return t("ago.days", { n: Math.floor(seconds / 86_400) });
}

/** @param {number} value a similarity or a threshold */
export function formatSimilarity(value) {
  return value.toFixed(3);
}

/** @param {number} share 0..1; small ones keep a digit after the point */
export function formatShare(share) {
  const percent = share * 100;
  return `${percent.toFixed(percent < 10 && percent % 1 > 0.05 ? 1 : 0)}%`;
}
