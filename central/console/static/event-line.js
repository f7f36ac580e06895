/** One line of the console: time, symbol and word, where, who, why, and what became of it. */

import { crop } from "./crop.js";
import { progress } from "./event-log.js";
import { pointName } from "./point-name.js";
import { fill, h } from "/web/dom.js";
import { formatAgo, formatSimilarity, formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";

/**
 * @typedef {import("./event-log.js").Line} Line
 * @typedef {object} Look
 * @property {boolean} showsCrops
 * @property {boolean} showsCandidates
 * @property {boolean} mayForgive refusals at a lane
 * @property {() => string} zone
 * @property {(kind: string) => number} cropLifetimeMs how long a kind of picture is kept
 * @property {(key: string) => void} choose shows another line
 * @property {() => void} changed shows anew what has become known of a line
 */

/** @type {Record<string, import("/web/symbols.js").SymbolName>} */
const OUTCOME_SIGNS = { passed: "passed", not_passed: "not_passed", settled: "card" };

/** @param {Line} line @param {any} site */
export function where({ data, node }, site) {
  if (data.access_point) return pointName(site, data.access_point);
  return data.device ? localName(site?.names?.device?.[data.device], data.device) : node;
}

/**
 * Who, or why not, in words.
 * @param {Line} line
 */
export function who({ word, data, name }) {
  if (word === "access.granted") return name ?? t("person.unnamed");
  if (word === "access.denied") return term("reason", data.reason);
  if (word === "access.passed") return t("passed.count", { n: data.count });
  if (word === "door.state_changed") return term("state", data.state);
  if (word === "door.fault_changed") return data.faults.length ? data.faults.join(", ") : t("fault.gone");
  if (word === "door.tampered") return t(data.active ? "tamper.on" : "tamper.off");
  if (word === "device.returned") return t("device.absence", { n: Math.round(data.absence_s) });
  if (word === "node.revoked" || word === "ingest.limited" || word === "node.neighbour_lost" || word === "node.neighbour_returned") return data.node;
  if (word === "board.update_ended") return term("board_part", data.reason === "cancelled" ? "cancelled" : data.outcome);
  if (word === "board.health_changed") return data.faults?.length ? data.faults.map((/** @type {string} */ fault) => term("board_fault", fault)).join(t("list.comma")) : t("fault.gone");
  if (word === "node.started") return t(data.pipeline_missing.length ? "node.no_recognition" : "node.version", data);
  if (word === "journal.unwritable") return t("journal.unrecorded", { n: data.unrecorded_count });
  if (word === "journal.dropped") return t("journal.lost", { n: data.last_sequence - data.first_sequence + 1 });
  if (word === "command.answered") return [data.what && term("command_kind", data.what), term("command_state", data.outcome)].filter(Boolean).join(" · ");
  if (word === "command.asked_here") return [term("command_kind", data.what), term("local_reason", data.reason), !data.is_central_reachable && t("commands.without_central")].filter(Boolean).join(" · ");
  if (word === "replica.age_changed") return t(data.is_outdated ? "replica.outdated" : "replica.current", { n: Math.round(data.age_h) });
  if (word === "journal.conflicted") return term("class", data.conflicting_class);
  return "";
}

/**
 * Everything that a filter searches.
 * @param {Line} line
 * @param {any} site
 * @param {Look} look
 */
export function lineText(line, site, look) {
  const parts = [formatTime(line.at, look.zone()), term("event", line.word), where(line, site), who(line), line.name];
  return parts.filter(Boolean).join(" ");
}

/** @param {Look} look */
export function createLine(look) {
  return h(
    "li",
    {},
    h("time"),
    look.showsCrops && h("span", { class: "crop-place" }),
    h("span", { class: "what" }),
    h("span", { class: "where" }),
    h("span", { class: "who" }),
    h("span", { class: "how number" }),
    h("span", { class: "outcome" }),
  );
}

/**
 * @param {HTMLElement} row
 * @param {Line} line
 * @param {Look} look
 * @param {any} site
 */
export function updateLine(row, line, look, site) {
  const at = /** @type {HTMLTimeElement} */ (row.querySelector("time"));
  fill(at, formatTime(line.at, look.zone()));
  const ago = formatAgo(line.at);
  if (at.title !== ago) at.title = ago;
  if (at.dateTime !== line.at) at.dateTime = line.at;
  const step = progress(line);
  // The rest changes only with the language or a later fact: leave the elements alone otherwise.
  const stamp = [document.documentElement.lang, step?.word, pointName(site, line.data.access_point)].join("|");
  if (row.dataset.stamp === stamp) return;
  row.dataset.stamp = stamp;
  row.className = line.priority ? `p${line.priority}` : "";
  row.classList.toggle("is-refusal", line.word === "access.denied");
  const cell = (/** @type {string} */ name) => /** @type {Element} */ (row.querySelector(name));
  const sign = line.priority ? prioritySign(line.priority) : symbol(line.symbol);
  fill(cell(".what"), sign, h("span", {}, term("event", line.word)));
  fill(cell(".where"), where(line, site));
  fill(cell(".who"), who(line));
  fill(cell(".how"), how(line));
  fill(cell(".outcome"), ...outcome(step, look));
  if (look.showsCrops) placeCrop(cell(".crop-place"), line, look);
}

/** @param {Line} line */
function how({ data }) {
  const similarity = data.face?.similarity;
  if (similarity !== null && similarity !== undefined) return formatSimilarity(similarity);
  return data.credential && data.credential !== "face" ? term("credential", data.credential) : "";
}

/** @param {ReturnType<typeof progress>} step @param {Look} look */
function outcome(step, look) {
  if (!step) return [];
  const sign = step.priority ? prioritySign(step.priority) : OUTCOME_SIGNS[step.word] ? symbol(OUTCOME_SIGNS[step.word]) : null;
  const words = h("span", { class: step.priority ? `p${step.priority}` : "" }, term("outcome", step.word));
  return [sign, words, step.word === "confirmed" ? null : h("time", {}, formatTime(step.at, look.zone()))];
}

/** @param {Element} place @param {Line} line @param {Look} look */
function placeCrop(place, line, look) {
  if (place.childElementCount > 0 || !/^access\./.test(line.word) || !("credential" in line.data)) return;
  place.append(crop(line, look));
}
