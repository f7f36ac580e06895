/** One event in full: the picture, the person, and every fact that belongs to the decision. */

import { crop } from "./crop.js";
import { where, who } from "./event-line.js";
import { progress } from "./event-log.js";
import { h } from "/web/dom.js";
import { formatSimilarity, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";

/** The picture that is shown already, so that a rendering does not ask for it again. */
let shown = { key: "", element: /** @type {HTMLElement | null} */ (null) };

/**
 * @param {import("./event-log.js").Line} line
 * @param {import("./event-line.js").Look} look
 * @param {any} site
 */
export function detail(line, look, site) {
  const sign = line.priority ? prioritySign(line.priority) : symbol(line.symbol);
  const isPerson = "credential" in line.data;
  return h(
    "div",
    { class: isPerson && look.showsCrops ? "has-picture" : "" },
    isPerson && look.showsCrops && picture(line),
    h(
      "div",
      {},
      h("p", { class: "what" }, sign, h("span", {}, term("event", line.word))),
      h("p", { class: "name" }, line.name ?? who(line)),
      h("p", { class: "where" }, where(line, site), h("time", {}, formatTime(line.at, look.zone()))),
      h("dl", {}, ...facts(line, look).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])),
    ),
  );
}

/** @param {import("./event-log.js").Line} line */
function picture({ key, data }) {
  const figure = data.credential === "card" ? "card" : "person";
  if (shown.key !== key || !shown.element) shown = { key, element: crop(data.crop, figure) };
  return shown.element;
}

/**
 * @param {import("./event-log.js").Line} line
 * @param {import("./event-line.js").Look} look
 * @returns {[string, string][]} keys of words and values
 */
function facts(line, look) {
  const { data, answered } = line;
  const step = progress(line);
  /** @type {[string, string | null | undefined | false][]} */
  const all = [
    ["detail.reason", line.word === "access.denied" && term("reason", data.reason)],
    ["detail.credential", data.credential && term("credential", data.credential)],
    ...faceFacts(data.face),
    ["detail.gate", answered && `${term("outcome", answered.data.outcome)} · ${Math.round(answered.data.elapsed_ms)} ms`],
    ["detail.passage", line.outcome && step && `${term("outcome", step.word)} ${formatTime(step.at, look.zone())}`],
    ["detail.node", line.node],
    ["detail.device", data.device],
    ["detail.record", data.detail],
  ];
  return /** @type {[string, string][]} */ (all.filter(([, value]) => value));
}

/** @param {any} face evidence @returns {[string, string | false][]} */
function faceFacts(face) {
  if (!face) return [];
  const known = face.similarity !== null;
  return [
    ["detail.similarity", known && comparison(face)],
    ["detail.margin", face.margin !== null && formatSimilarity(face.margin)],
    ["detail.gallery", String(face.gallery_size)],
    ["detail.liveness", term("liveness", face.liveness)],
    ["detail.decision", `${Math.round(face.frame_to_decision_ms)} ms`],
  ];
}

/** @param {{similarity: number, threshold: number}} face */
function comparison({ similarity, threshold }) {
  const sign = similarity >= threshold ? "≥" : "<";
  return `${formatSimilarity(similarity)} ${sign} ${formatSimilarity(threshold)}`;
}
