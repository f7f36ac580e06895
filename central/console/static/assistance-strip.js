/** Calls for assistance over the console: they ring until somebody says that they come. */

import { Chime } from "./assistance-chime.js";
import { ApiError, get, post } from "./api.js";
import { pointName } from "./point-name.js";
import { follow } from "./follow.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {{call_id: string, node: string, access_point: string, asked_at: string, waited_s: number, taken_at: string | null, taken_by: string | null}} Call */

/** From here on it is said more strongly. */
const LONG_MS = 60_000;

/**
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {boolean} mayAnswer
 * @returns {HTMLElement}
 */
export function assistanceStrip(store, mayAnswer) {
  const list = h("ul", { class: "calls", role: "alert", hidden: true });
  const chime = new Chime();
  /** @type {(Call & {since: number})[]} */
  let calls = [];

  async function load() {
    try {
      const { items } = await get("/assistance");
      // Central says how long they wait: this machine's clock may be wrong.
      calls = items.map((/** @type {Call} */ call) => ({ ...call, since: Date.now() - call.waited_s * 1000 }));
    } catch (error) {
      // Without an answer the calls stay: the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
    }
    draw();
  }

  /** @param {Call} call @param {"take" | "close"} deed */
  async function answer(call, deed) {
    try {
      await post(`/assistance/${call.call_id}/${deed}`, {});
    } catch (error) {
      // Somebody was first: the list says who.
      if (!(error instanceof ApiError)) throw error;
    }
    await load();
  }

  function draw() {
    const waiting = calls.filter((call) => !call.taken_at);
    const isLong = waiting.some((call) => Date.now() - call.since >= LONG_MS);
    list.hidden = calls.length === 0;
    renderRows(list, calls, { key: (call) => call.call_id, create: () => h("li"), update });
    chime.ring(waiting.length === 0 ? "silent" : isLong ? "urgent" : "calm");
  }

  /** @param {HTMLElement} row @param {Call & {since: number}} call */
  function update(row, call) {
    const { site, zone } = store.state;
    const waited = Math.floor((Date.now() - call.since) / 1000);
    const isLong = waited * 1000 >= LONG_MS;
    const state = call.taken_at ? "taken" : isLong ? "long" : "waiting";
    row.dataset.state = state;
    const words = call.taken_at
      ? t("assistance.taken", { who: call.taken_by ?? "", time: formatTime(call.taken_at, zone) })
      : t(isLong ? "assistance.long" : "assistance.waiting", { time: clock(waited) });
    const said = JSON.stringify([state, words, pointName(site, call.access_point), t("assistance.title")]);
    if (row.dataset.said === said) return;
    // Only words change while it waits: a button that is replaced under a finger is not pressed.
    const isSame = row.dataset.drawn === state + t("assistance.title");
    row.dataset.said = said;
    if (isSame) return fill(/** @type {Element} */ (row.querySelector(".waited")), words);
    row.dataset.drawn = state + t("assistance.title");
    const deed = call.taken_at ? "close" : "take";
    fill(
      row,
      call.taken_at ? null : prioritySign(isLong ? 2 : 3),
      h("b", {}, t("assistance.title")),
      h("strong", {}, pointName(site, call.access_point)),
      h("span", { class: "waited", "aria-live": "off" }, words),
      mayAnswer && h("button", { type: "button", class: call.taken_at ? "quiet" : "primary", onclick: () => answer(call, deed) }, t(call.taken_at ? "assistance.close" : "assistance.take")),
    );
  }

  follow(store, (state) => state.assistanceVersion, load);
  setInterval(draw, 1000);
  onLanguage(draw);
  return list;
}

/** @param {number} seconds @returns {string} minutes and seconds */
function clock(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
