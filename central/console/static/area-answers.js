/** What became of an act at a whole area: which gates did it, which did not, and what is to be done about those. Pure. */

import { hasWords, t, term } from "/web/i18n.js";

/**
 * @typedef {import("./gate-commands.js").Command} Command
 * @typedef {{id: string, from_area: string | null, to_area: string | null}} Point
 * @typedef {{done: string[], open: string[], failed: string[]}} Outcome access points
 */

/** States that still change by themselves. */
const OPEN_STATES = new Set(["waiting", "told"]);

/** The ways into and out of an area. @param {Point[]} points @param {string} area */
export function pointsOf(points, area) {
  return points.filter(({ from_area: from, to_area: to }) => from === area || to === area);
}

/** @param {Point} point @param {string} area @returns {"in" | "out"} */
export function wayOf({ to_area: to }, area) {
  return to === area ? "in" : "out";
}

/**
 * @param {Iterable<string>} points that the act was for
 * @param {Map<string, Command>} answers the newest command of each
 * @returns {Outcome} a point that central told nobody of has failed
 */
export function outcomeOf(points, answers) {
  /** @type {Outcome} */
  const outcome = { done: [], open: [], failed: [] };
  for (const point of points) {
    const state = answers.get(point)?.state ?? "";
    if (state === "done") outcome.done.push(point);
    else if (OPEN_STATES.has(state)) outcome.open.push(point);
    else outcome.failed.push(point);
  }
  return outcome;
}

/** What to do about a gate that did not do it. @param {Command | undefined} command */
export function adviceOf(command) {
  if (!command) return t("area_advice.not_here");
  const key = `area_advice.${command.refusal ?? command.state}`;
  return hasWords(key) ? t(key) : term("area_advice", "look");
}

/**
 * In a sentence, which names those that did not do it.
 * @param {Outcome} outcome
 * @param {(point: string) => string} nameOf
 */
export function sentenceOf({ done, open, failed }, nameOf) {
  const n = done.length + open.length + failed.length;
  if (open.length) return t("area.under_way", { done: done.length, n });
  if (!failed.length) return t("area.all_done", { n });
  const which = failed.map(nameOf).join(t("list.comma"));
  return done.length ? t("area.mixed", { done: done.length, n, which }) : t("area.none_done", { n });
}
