/** What a line of the shift log says, and which lines are one act. Pure but for the words. */

import { pointName } from "./point-name.js";
import { localName, t, term } from "/web/i18n.js";

/**
 * @typedef {{at: string, kind: string, what: string, who: string, about: string, words: string, outcome: string,
 *   alarm_kind: string, alarm_id: string | null, action_id: string | null, done: number | null, count: number | null}} Entry
 * @typedef {Entry & {parts: Entry[]}} Line `parts`: the commands of one act, itself included
 * @typedef {{site: any, routes: Map<string, any>, levels: Map<string, any>}} Names
 */

/** The commands of one act are one line, where the first of them stands. @param {Entry[]} entries @returns {Line[]} */
export function linesOf(entries) {
  /** @type {Map<string, Line>} */
  const acts = new Map();
  /** @type {Line[]} */
  const lines = [];
  for (const entry of entries) {
    const known = entry.action_id ? acts.get(entry.action_id) : undefined;
    if (known) {
      known.parts.push(entry);
      continue;
    }
    const line = { ...entry, parts: [entry] };
    if (entry.action_id) acts.set(entry.action_id, line);
    lines.push(line);
  }
  return lines;
}

/** @param {Line} line */
export function whatWords({ kind, what, alarm_kind: alarm, done, count }) {
  if (kind === "command") return term("command_kind", what);
  if (kind === "alarm") return term("alarm_kind", what);
  if (kind === "alarm_act") return t("shift.about_alarm", { act: term("alarm_act", what), alarm: term("alarm_kind", alarm) });
  if (kind === "round") return t(`shift_what.round_${what}`, { done: done ?? 0, count: count ?? 0 });
  return term("shift_what", what ? `${kind}_${what}` : kind);
}

/** @param {Line} line @param {Names} names */
export function whereWords({ kind, about, parts }, names) {
  if (kind === "duty") return "";
  const found = [...new Set(parts.map((part) => nameOf(part.kind, part.about, names)))];
  return found.filter(Boolean).join(t("list.comma"));
}

/** @param {string} kind @param {string} id @param {Names} names */
function nameOf(kind, id, { site, routes, levels }) {
  if (!id) return "";
  if (kind === "round") return localName(routes.get(id), id);
  if (kind === "lockdown") return localName(levels.get(id), id);
  if (site?.access_points?.[id]) return pointName(site, id);
  const named = site?.names ?? {};
  return localName(named.device?.[id] ?? named.zone?.[id] ?? named.checkpoint?.[id], id);
}

/** A reason or a note; of who is on duty, who was before. @param {Line} line */
export function saidWords({ kind, about, words }) {
  return kind === "duty" && about ? t("shift.before", { who: about }) : words;
}

/**
 * What became of commands, each word once with its number, and how urgent that is.
 * @param {Line} line
 * @returns {{words: string, priority: 0 | 2 | 3}}
 */
export function outcomeWords({ kind, what, parts }) {
  if (kind === "round") return { words: "", priority: what === "incomplete" ? 3 : 0 };
  if (kind !== "command") return { words: "", priority: 0 };
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { outcome } of parts) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const words = [...counts].map(([outcome, n]) => (parts.length > 1 ? t("shift.times", { word: term("command_state", outcome), n }) : term("command_state", outcome)));
  const isUnsure = counts.has("unknown") || counts.has("no_answer");
  const isDone = [...counts.keys()].every((outcome) => ["done", "waiting", "told"].includes(outcome));
  return { words: words.join(t("list.comma")), priority: isUnsure ? 2 : isDone ? 0 : 3 };
}
