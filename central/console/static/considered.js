/**
 * *Considered and decided*: what a decision about a face was made on, to be read in two seconds.
 * Who else was considered is asked of central for one chosen event, by those who may see it.
 */

import { wear } from "./style.js";
import { ApiError, get } from "./api.js";
import { similarityScale } from "./similarity-scale.js";
import { fill, h } from "/web/dom.js";
import { formatSimilarity } from "/web/format.js";
import { t, term, termsOf } from "/web/i18n.js";

wear("considered.css");

/** @typedef {{holder_id: string, name: string | null, similarity: number}} Candidate */

const NETWORK_LENGTH = 8;
/** Signals that are shares of certainty, and how many decimals the others have. */
const SHARES = new Set(["live_near", "live_wide", "live_pair"]);
/** @type {Record<string, number>} */
const DECIMALS = { turn_range: 2, cohesion: 2 };

/** Who was considered in the event that is shown, so that a rendering does not ask again. */
let asked = { key: "", language: "", element: h("div") };

/**
 * @param {import("./event-log.js").Line} line
 * @param {import("./event-line.js").Look} look
 * @param {boolean} isChosen somebody asked for this very event
 */
export function considered(line, look, isChosen) {
  const face = line.data.face;
  if (!face) return null;
  return h(
    "section",
    { class: "considered" },
    h("h3", {}, t("considered.title")),
    h("p", { class: "comparison" }, ...comparison(face)),
    similarityScale(face),
    look.showsCandidates && (isChosen ? candidates(line) : h("p", { class: "muted" }, t("considered.choose"))),
    h("dl", {}, ...facts(face).flatMap(([key, ...value]) => [h("dt", {}, t(key)), h("dd", {}, ...value)])),
  );
}

/** @param {any} face */
function comparison({ similarity, threshold }) {
  if (similarity === null) return [t("considered.nobody")];
  const sign = similarity >= threshold ? "≥" : "<";
  return [
    h("span", {}, t("considered.best")),
    h("b", {}, formatSimilarity(similarity)),
    h("span", {}, `${sign} ${t("considered.accept")} ${formatSimilarity(threshold)}`),
  ];
}

/** @param {any} face @returns {[string, ...(string | Node)[]][]} keys of words and values */
function facts(face) {
  /** @type {[string, ...(string | Node | null | false)[]][]} */
  const all = [
    ["considered.step_up", face.step_up_threshold !== null && formatSimilarity(face.step_up_threshold)],
    ["detail.margin", face.margin !== null && formatSimilarity(face.margin)],
    ["considered.frames", frames(face)],
    ["considered.cover", face.cover && term("cover", face.cover)],
    ["detail.liveness", liveness(face)],
    ["considered.signals", signals(face.liveness_evidence)],
    ["detail.gallery", String(face.gallery_size)],
    ["considered.network", h("code", { title: face.network }, face.network.slice(0, NETWORK_LENGTH))],
    ["detail.decision", `${Math.round(face.frame_to_decision_ms)} ms`],
  ];
  return /** @type {any} */ (all.filter(([, value]) => value));
}

/** @param {any} face */
function frames({ frame_count: n, frames_combined: combined, dropped }) {
  const parts = [t("considered.looked", { n })];
  if (combined > 1) parts.push(t("considered.combined", { n: combined }));
  const reasons = Object.entries(/** @type {Record<string, number>} */ (dropped)).sort(([, a], [, b]) => b - a);
  if (reasons.length) {
    const each = reasons.map(([reason, count]) => t("considered.times", { word: term("dropped", reason), n: count }));
    const total = reasons.reduce((sum, [, count]) => sum + count, 0);
    parts.push(t("considered.dropped", { n: total, reasons: each.join(t("list.comma")) }));
  }
  return parts.join(t("list.semicolon"));
}

/** @param {any} face */
function liveness({ liveness: verdict, liveness_evidence: evidence }) {
  const parts = [term("liveness", verdict)];
  if (evidence?.reason) parts.push(reasonWords(evidence.reason));
  if (evidence?.look_count) parts.push(t("considered.looks", { n: evidence.look_count }));
  return parts.filter(Boolean).join(t("list.semicolon"));
}

/** The record is in plain English; a page says it in its own language, or not at all.
 * @param {string} reason */
function reasonWords(reason) {
  if (reason.startsWith("asked for")) return t("liveness_reason.asked_otherwise");
  const word = reason.toLowerCase().replace(/[^a-z]+/g, "_").replace(/^_|_$/g, "");
  return termsOf("liveness_reason").includes(word) ? term("liveness_reason", word) : "";
}

/** @param {{signals: Record<string, number>} | null} evidence */
function signals(evidence) {
  const measured = termsOf("signal").filter((name) => evidence?.signals[name] !== undefined);
  if (!measured.length) return null;
  const item = (/** @type {string} */ name) =>
    h("li", {}, h("span", {}, term("signal", name)), h("span", { class: "number" }, signalValue(name, evidence?.signals[name] ?? 0)));
  return h("ul", { class: "signals" }, ...measured.map(item));
}

/** @param {string} name @param {number} value */
function signalValue(name, value) {
  return SHARES.has(name) ? `${Math.round(100 * value)} %` : value.toFixed(DECIMALS[name] ?? 0);
}

/** @param {import("./event-log.js").Line} line */
function candidates({ key, data }) {
  const { lang } = document.documentElement;
  if (asked.key !== key || asked.language !== lang) {
    const element = h("div", { class: "people", "aria-live": "polite" }, t("considered.waiting"));
    asked = { key, language: lang, element };
    show(element, key, data.face);
  }
  return asked.element;
}

/** @param {HTMLElement} element @param {string} position @param {any} face */
async function show(element, position, face) {
  try {
    const { items } = await get(`/events/${position}/candidates`);
    fill(element, items.length ? table(items, face) : t("considered.nobody"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill(element, h("p", { class: "problem" }, error.sentence));
    asked.key = "";
  }
}

/** @param {Candidate[]} items @param {any} face */
function table(items, face) {
  const heads = ["considered.people", "considered.similarity", "considered.difference"];
  const row = (/** @type {Candidate} */ { name, similarity }) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, name ?? t("considered.removed"), similarityScale({ ...face, similarity }, { isSmall: true })),
      h("td", { class: "number" }, formatSimilarity(similarity)),
      h("td", { class: "number" }, difference(similarity - face.threshold)),
    );
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads.map((key, index) => h("th", { scope: "col", class: index ? "number" : "" }, t(key))))),
    h("tbody", {}, ...items.map(row)),
  );
}

/** @param {number} value */
function difference(value) {
  return `${value < 0 ? "−" : "+"}${formatSimilarity(Math.abs(value))}`;
}
