/** The access rules in words: what a row of a table says. */

import { localName, t, term } from "/web/i18n.js";

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/**
 * Days in a row are told by the first and the last.
 * @param {readonly string[]} days
 */
export function daysInWords(days) {
  const spans = [];
  for (const day of WEEK.filter((known) => days.includes(known))) {
    const last = spans.at(-1);
    if (last && WEEK.indexOf(day) === WEEK.indexOf(last.at(-1) ?? "") + 1) last.push(day);
    else spans.push([day]);
  }
  const words = spans.map((span) => {
    const [first, last] = [term("day", span[0]), term("day", span.at(-1) ?? "")];
    if (span.length === 1) return first;
    return span.length === 2 ? `${first}, ${last}` : t("rule.span", { first, last });
  });
  if (days.includes("holiday")) words.push(term("day", "holiday"));
  return words.join(", ");
}

/** @param {any} schedule */
export function hoursInWords({ intervals }) {
  return intervals.map((/** @type {any} */ interval) => `${daysInWords(interval.days)} ${interval.start}–${interval.end}`);
}

/** @param {readonly (readonly string[])[]} combinations */
export function combinationsInWords(combinations) {
  return combinations.map((kinds) => kinds.map((kind) => term("credential", kind)).join(" + ")).join(t("rule.or"));
}

/** The name of something of the model. @param {readonly any[]} entries @param {string} id */
export function nameOf(entries, id) {
  return localName(entries.find((entry) => entry.id === id)?.name, id);
}

/** @param {string | null} schedule @param {any} model */
export function when(schedule, model) {
  return schedule === null ? t("rule.always") : nameOf(model.schedules, schedule);
}

/**
 * Points and groups, by name.
 * @param {{points: string[], groups: string[]}} selection
 * @param {any} model
 * @param {(id: string) => string} pointName
 */
export function placesInWords({ points, groups }, model, pointName) {
  return [...groups.map((id) => nameOf(model.groups, id)), ...points.map(pointName)].join(", ");
}

/** @param {any} passback */
export function passbackInWords({ mode, forgotten_after_min: minutes }) {
  return minutes === null ? term("passback_mode", mode) : t("rule.forgotten_after", { mode: term("passback_mode", mode), n: minutes });
}
