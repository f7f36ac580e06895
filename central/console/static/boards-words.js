/** What boards, images and updates are in words: a sign only where somebody should look. */

import { pointName } from "./point-name.js";
import { h } from "/web/dom.js";
import { formatAgo, formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{update_id: string, rollout_id: string | null, stage: string | null, sent_bytes: number, size_bytes: number,
 *   outcome: string | null, reason: string | null, running: string, detail: string, at: string}} Update `outcome` is
 *   null as long as it goes on
 * @typedef {{model: string, hw: number, revision: string, serial_number: string, version: string, image: string,
 *   is_confirmed: boolean, other_version: string | null, is_claimed: boolean, at: string}} Identity
 * @typedef {{device: string, node: string, is_online: boolean, identity: Identity | null, is_safe: boolean,
 *   safe_entered_at: string | null, faults: string[], is_fire: boolean, held_until: string | null, update: Update | null}} Board
 * @typedef {{sha256: string, name: string, version: string, hw: number, security_counter: number, image: string,
 *   key_hash: string, size_bytes: number, uploaded_by: string, uploaded_at: string, is_used: boolean}} Image
 * @typedef {{priority: 0 | 1 | 2 | 3 | 4 | null, words: string}} Word `priority` 0: nobody knows now; null: as it should be
 */

/** A board's name: what the site file calls it. @param {any} site @param {string} device */
export function boardName(site, device) {
  return localName(site?.names?.device?.[device], device);
}

/** Where it is: the lanes that it moves, else nothing. @param {import("./site-state.js").SiteState} state @param {string} device */
export function placeOf(state, device) {
  const points = seenOf(state, device)?.access_points ?? [];
  return points.map((/** @type {string} */ id) => pointName(state.site, id)).join(" · ");
}

/** What its node says of it now. @param {import("./site-state.js").SiteState} state @param {string} device */
function seenOf(state, device) {
  return state.devices().find((each) => each.device === device);
}

/** Bytes as people say them. @param {number} bytes */
export function formatSize(bytes) {
  return `${(bytes / 1024).toFixed(bytes < 10_240 ? 1 : 0)} KiB`;
}

/** Numbers within a text in their order: 1.10.0 is after 1.9.0, and board 10 after board 9. @param {string} text */
export function natural(text) {
  return text.replace(/\d+/g, (digits) => digits.padStart(10, "0"));
}

/** @param {number} n */
export function countWords(n) {
  return t(n === 1 ? "boards.one_board" : "boards.n_boards", { n });
}

/**
 * What a stage is called. After a halt a roll-out begins anew with one board, so there may be more than three.
 * @param {number} stage from 0 @param {number[]} sizes of all stages
 */
export function stageWords(stage, sizes) {
  if (stage === 0) return t("rollout_stage.first");
  if (stage === sizes.length - 1) return t("rollout_stage.rest");
  return t(sizes[stage] === 1 ? "rollout_stage.one_more" : "rollout_stage.tenth");
}

/** The number of a type of board, as `imgtool` is told it. @param {number} hw */
export function hwWords(hw) {
  return `0x${hw.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** @param {{sent_bytes: number, size_bytes: number}} progress */
export function percent({ sent_bytes: sent, size_bytes: size }) {
  return size > 0 ? Math.floor((100 * sent) / size) : 0;
}

/**
 * How a board is, the gravest first; one word where all is well.
 * @param {Board} board @param {import("./site-state.js").SiteState} state
 * @returns {Word[]}
 */
export function stateOf(board, state) {
  const time = (/** @type {string | number} */ at) => formatTime(at, state.zone);
  const seen = seenOf(state, board.device);
  /** @type {Word[]} */
  const found = [];
  if (board.is_fire) found.push({ priority: 1, words: t("boards.fire") });
  if (!state.link.isOnline) found.push({ priority: 0, words: t("state.stale") });
  else if (seen?.isStale && !seen.isAwaited) found.push({ priority: 0, words: t("boards.lost", { time: time(seen.staleSince) }) });
  else if (!board.is_online) found.push({ priority: 0, words: t("boards.node_away") });
  if (board.is_safe) found.push({ priority: 2, words: board.safe_entered_at ? t("boards.safe", { time: time(board.safe_entered_at) }) : t("boards.safe_now") });
  if (board.faults.length) found.push({ priority: 2, words: board.faults.map((fault) => term("board_fault", fault)).join(t("list.comma")) });
  if (board.held_until && Date.parse(board.held_until) > Date.now()) found.push({ priority: 4, words: t("boards.held", { time: time(board.held_until) }) });
  if (!board.identity || seen?.isAwaited) found.push({ priority: 0, words: t("boards.unknown") });
  else if (!board.identity.is_claimed) found.push({ priority: 4, words: t("boards.unclaimed") });
  return found.length ? found : [{ priority: null, words: t("boards.well") }];
}

/** @param {Board} board @param {import("./site-state.js").SiteState} state */
export function needsSomebody(board, state) {
  return stateOf(board, state).some(({ priority }) => priority !== null) || isBad(board.update);
}

/** @param {Board} board @param {import("./site-state.js").SiteState} state */
export function isLost(board, state) {
  return stateOf(board, state).some(({ priority }) => priority === 0);
}

/** @param {Update | null} update */
export function isBad(update) {
  if (!update?.outcome || update.outcome === "confirmed") return false;
  return update.reason !== "cancelled";
}

/** @param {Word} word */
export function sign({ priority, words }) {
  if (priority === null) return h("span", {}, words);
  if (priority === 0) return h("span", { class: "is-stale" }, words);
  return h("span", { class: `trouble p${priority}` }, prioritySign(priority), words);
}

/** How an update ended: what a person broke off has not failed. @param {string} outcome @param {string | null} reason */
export function endOf(outcome, reason) {
  return outcome === "failed" && reason === "cancelled" ? "cancelled" : outcome;
}

/** What an update has come to, in a few words. @param {Update} update */
export function updateWords(update) {
  if (update.outcome) return term("board_part", endOf(update.outcome, update.reason));
  if (update.stage === "uploads") return t("boards.uploads", { n: percent(update) });
  return term("board_part", update.stage ?? "asked");
}

/** @param {Update} update @param {string} zone @returns {HTMLElement} */
export function updateLine(update, zone) {
  const priority = isBad(update) ? (update.outcome === "failed" ? 2 : 3) : null;
  const when = h("small", { title: formatTime(update.at, zone) }, formatAgo(update.at));
  return h("span", { class: "update" }, sign({ priority, words: updateWords(update) }), when);
}

/** Why it was not confirmed, and what to do; nothing where there is nothing to say. @param {string | null} reason */
export function whyAndWhatToDo(reason) {
  if (!reason) return [];
  return [h("p", { class: "why" }, term("board_reason", reason)), h("p", { class: "muted" }, term("board_advice", reason))];
}

/** What a node wrote down for whoever looks into it; in English, so it is not of the page. @param {string} detail */
export function recorded(detail) {
  return detail ? h("details", {}, h("summary", {}, t("boards.recorded")), h("code", { lang: "en" }, detail)) : null;
}
