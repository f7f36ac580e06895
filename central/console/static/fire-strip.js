/** Over every page of whoever sees fires: what burns, what is drilled or tested, and duty checks. */

import { ApiError, get, post } from "./api.js";
import { follow } from "./follow.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {{key: string, kind: "fire" | "released" | "drill" | "test" | "duty", words: string, priority: 0 | 1 | 2 | 3, check?: string}} Notice */

/**
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {import("./session.js").Session} session
 */
export function fireStrip(store, session) {
  const list = h("ul", { class: "fire-strip", role: "alert", hidden: true });
  const mayAnswer = session.permissions.includes("fire.answer");
  /** @type {any} */
  let known = null;

  async function load() {
    try {
      known = await get("/fire");
    } catch (error) {
      // What was shown stays: the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
    }
    draw();
  }

  function draw() {
    if (!known?.zones) return;
    const notices = noticesOf(known, store.state.zone, mayAnswer);
    list.hidden = notices.length === 0;
    renderRows(list, notices, { key: (notice) => notice.key, create: () => h("li"), update });
  }

  /** @param {HTMLElement} row @param {Notice} notice */
  function update(row, { kind, words, priority, check }) {
    if (row.dataset.said === words) return;
    row.dataset.said = words;
    row.dataset.kind = kind;
    const answer = check && h("button", { type: "button", class: "primary", onclick: () => say(check) }, t("fire_strip.answer"));
    const sign = priority ? prioritySign(priority) : h("i", { class: "hatch" });
    fill(row, sign, h("span", {}, words), answer || h("a", { href: "/fire" }, t("fire_strip.open")));
  }

  /** @param {string} check */
  async function say(check) {
    try {
      await post(`/fire/duty-checks/${check}/answer`);
    } catch (error) {
      // Somebody was first, or it is over: the list says so.
      if (!(error instanceof ApiError)) throw error;
    }
    await load();
  }

  follow(store, (state) => state.fireVersion, load);
  setInterval(draw, 1000);
  onLanguage(draw);
  return list;
}

/** @param {any} view @param {string} zone of time @param {boolean} mayAnswer @returns {Notice[]} */
function noticesOf(view, zone, mayAnswer) {
  const names = new Map(view.zones.map((/** @type {any} */ each) => [each.zone, localName(each.name, each.zone)]));
  const name = (/** @type {string} */ id) => names.get(id) ?? id;
  const until = (/** @type {string | null} */ at) => (at ? formatTime(at, zone) : "–");
  /** @type {Notice[]} */
  const found = [];
  for (const { zone: id, phase } of view.zones) {
    if (phase === "fire") found.push({ key: `fire ${id}`, kind: "fire", priority: 1, words: t("fire_strip.fire", { zone: name(id) }) });
    if (phase === "released") found.push({ key: `open ${id}`, kind: "released", priority: 2, words: t("fire_strip.released", { zone: name(id) }) });
  }
  for (const drill of view.drills) found.push({ key: drill.drill_id, kind: "drill", priority: 3, words: t("fire_strip.drill", { zone: name(drill.zone), until: until(drill.until), who: drill.asked_by }) });
  for (const test of view.tests) {
    const scope = test.points.length > 0 ? test.points.join(" ") : t("fire_strip.all_points");
    found.push({ key: test.test_id, kind: "test", priority: 0, words: t("fire_strip.test", { zone: name(test.zone), scope, until: until(test.until), who: test.asked_by }) });
  }
  for (const check of mayAnswer ? view.duty : []) {
    const isOpen = !check.answered_at && !check.missed_at && Date.parse(check.due_at) > Date.now();
    if (isOpen) found.unshift({ key: check.check_id, kind: "duty", priority: 2, words: t("fire_strip.duty", { until: until(check.due_at) }), check: check.check_id });
  }
  return found;
}
