/** One event in full: the picture, the person, and every fact that belongs to the decision. */

import { crop, cropNote } from "./crop.js";
import { where, who } from "./event-line.js";
import { pointName } from "./point-name.js";
import { progress } from "./event-log.js";
import { later } from "./when-wanted.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";

/** What a decision was made on; loaded with the first one. @type {typeof import("./considered.js").considered | null} */
let considered = null;
let isConsideredAsked = false;

/** @param {import("./event-line.js").Look} look */
async function loadConsidered(look) {
  if (isConsideredAsked) return;
  isConsideredAsked = true;
  ({ considered } = await later("considered", () => import("./considered.js"), false));
  look.changed();
}

/** The picture that is shown already, so that a rendering does not ask for it again. */
let shown = { key: "", element: /** @type {HTMLElement | null} */ (null) };

/**
 * @param {import("./event-log.js").Line} line
 * @param {import("./event-line.js").Look} look
 * @param {any} site
 * @param {boolean} isChosen false while the panel follows whoever comes
 */
export function detail(line, look, site, isChosen) {
  loadConsidered(look);
  const sign = line.priority ? prioritySign(line.priority) : symbol(line.symbol);
  const isPerson = "credential" in line.data;
  return h(
    "div",
    { class: isPerson && look.showsCrops ? "has-picture" : "" },
    isPerson && look.showsCrops && h("figure", {}, picture(line, look), h("figcaption", {}, cropNote(line, look))),
    h(
      "div",
      {},
      h("p", { class: "what" }, sign, h("span", {}, term("event", line.word))),
      h("p", { class: "name" }, line.name ?? who(line)),
      h("p", { class: "where" }, where(line, site), h("time", {}, formatTime(line.at, look.zone()))),
    ),
    h("dl", {}, ...facts(line, look).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])),
    look.mayForgive && isAboutRefusals(line) && forgiving(line, site),
    considered?.(line, look, isChosen),
  );
}

/** @param {import("./event-log.js").Line} line */
function isAboutRefusals({ word, data }) {
  return word === "access.refusals_repeated" || data.reason === "too_many_refusals";
}

/** @param {import("./event-log.js").Line} line @param {any} site */
function forgiving({ data }, site) {
  const ask = async () => (await import("./forgive.js")).askToForgiveRefusals(data.access_point, pointName(site, data.access_point));
  return h("p", {}, h("button", { type: "button", onclick: ask }, t("forgive.open")));
}

/** @param {import("./event-log.js").Line} line @param {import("./event-line.js").Look} look */
function picture(line, look) {
  const key = `${line.key} ${cropNote(line, look)}`;
  if (shown.key !== key || !shown.element) shown = { key, element: crop(line, look) };
  return shown.element;
}

/**
 * @param {import("./event-log.js").Line} line
 * @param {import("./event-line.js").Look} look
 * @returns {[string, string | Node][]} keys of words and values
 */
function facts(line, look) {
  const { data, answered } = line;
  const step = progress(line);
  /** @type {[string, string | Node | null | undefined | false][]} */
  const all = [
    ["detail.reason", line.word === "access.denied" && line.name && term("reason", data.reason)],
    ["detail.credential", data.credential && term("credential", data.credential)],
    ["considered.settles", line.settled && other(line.settled, look)],
    ["considered.settled_by", line.settledBy && other(line.settledBy, look)],
    ["detail.gate", answered && `${term("outcome", answered.data.outcome)} · ${Math.round(answered.data.elapsed_ms)} ms`],
    ["detail.passage", line.outcome && step && `${term("outcome", step.word)} ${formatTime(step.at, look.zone())}`],
    ["detail.node", line.node],
    ["detail.device", data.device],
    ["detail.record", data.detail],
    ["detail.trace", data.decision_id && trace(String(data.decision_id))],
  ];
  return /** @type {[string, string | Node][]} */ (all.filter(([, value]) => value));
}

/** What the logs call this decision: seen by hovering, and copied where the browser lets a page do so.
 * @param {string} decision */
function trace(decision) {
  const words = decision.replaceAll("-", "");
  const copy = () => navigator.clipboard?.writeText(words).catch(() => {});
  return h("button", { class: "link-to", type: "button", title: words, onclick: copy }, t("action.copy"));
}

/** A way to the other decision about the same person.
 * @param {import("./event-log.js").Line} line @param {import("./event-line.js").Look} look */
function other(line, look) {
  const words = `${formatTime(line.at, look.zone())} ${line.name ?? who(line)}`;
  return h("button", { class: "link-to", type: "button", onclick: () => look.choose(line.key) }, words);
}
