/** What is told of an alarm beside its line: what to do, step by step, and what became of it. */

import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { hasWords, term } from "/web/i18n.js";

/** A procedure as people read it. @param {string} text a step on each line, numbered or not */
export function stepsOf(text) {
  const steps = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return steps.map((step) => h("li", {}, step.replace(/^\d+[.、)]\s*/, "")));
}

/** @param {{at: string, act: string, by: string, note: string}} line of an alarm's history @param {string} zone */
export function historyLine({ at, act, by, note }, zone) {
  const words = hasWords(`alarm_act.${act}`) ? term("alarm_act", act) : act;
  return h("li", {}, h("time", {}, formatTime(at, zone)), h("span", {}, [words, by].filter(Boolean).join(" · ")), note ? h("q", {}, note) : null);
}
