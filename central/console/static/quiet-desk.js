/** The left column of a quiet night: tonight's rounds, the last handover, and what is laid aside or under test. */

import { ApiError, get } from "./api.js";
import { kindWords, place, standing } from "./alarm-words.js";
import { follow } from "./follow.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./patrol-board.js").Round} Round
 * @typedef {import("./handover.js").Handover} Handover
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {{key: string, words: string, priority?: 0 | 3, at?: string, note?: string}} Line
 */

const LINES_MAX = 6;
/** Nothing tells that somebody has handed over at another desk. */
const HANDOVER_MS = 60_000;
/** Rounds in the order in which they matter now. */
const PHASES = ["walking", "coming", "over"];

export class QuietDesk {
  element = h("div", { class: "night" });
  #store;
  #may;
  #rounds = new Part("desk.rounds");
  #handover = new Part("desk.last_handover");
  #aside = new Part("desk.aside_or_tested");
  /** @type {Round[] | null} null while nobody knows; so are the others */
  #walked = null;
  /** @type {Handover[] | null} */
  #handovers = null;
  /** @type {any} */
  #fire = null;

  /**
   * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
   * @param {(permission: string) => boolean} may
   */
  constructor(store, may) {
    this.#store = store;
    this.#may = may;
    this.element.append(...[may("patrol.read") && this.#rounds, may("alarms.act") && this.#handover, this.#aside].filter((part) => part !== false).map((part) => part.element));
    if (may("patrol.read")) follow(store, (state) => state.patrolVersion, () => this.#load("/patrol/rounds", ({ rounds }) => (this.#walked = rounds)));
    if (may("fire.read")) follow(store, (state) => state.fireVersion, () => this.#load("/fire", (view) => (this.#fire = view)));
    if (may("alarms.act")) {
      const handedOver = () => this.#load("/handovers", ({ items }) => (this.#handovers = items.slice(0, 1)));
      follow(store, (state) => `${state.link.isOnline} ${Math.floor(Date.now() / HANDOVER_MS)}`, handedOver);
      addEventListener("handover", handedOver);
    }
    setInterval(() => store.schedule(), HANDOVER_MS);
    store.subscribe(() => this.show());
    onLanguage(() => this.show());
  }

  /** @param {string} path @param {(answer: any) => void} take */
  async #load(path, take) {
    try {
      take(await get(path));
    } catch (error) {
      // What was known stays: the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
    }
    this.show();
  }

  show() {
    if (this.element.closest("[hidden]")) return;
    const { site, zone, alarms } = this.#store.state;
    this.#rounds.show(this.#walked && rounds(this.#walked, zone), t("desk.no_rounds"));
    this.#handover.show(this.#handovers && this.#handovers.map((each) => handedOver(each, zone)), t("desk.no_handovers"));
    this.#aside.show([...tests(this.#fire, zone), ...alarms.aside.map((alarm) => laidAside(alarm, site, zone))], t("desk.nothing_aside"));
  }
}

class Part {
  #key;
  #title = h("h2");
  #list = h("ul");
  #empty = h("p", { class: "muted" });
  element = h("section", {}, this.#title, this.#list, this.#empty);

  /** @param {string} key of its title */
  constructor(key) {
    this.#key = key;
  }

  /** @param {Line[] | null} lines null while nobody knows @param {string} otherwise words where there is none */
  show(lines, otherwise) {
    fill(this.#title, t(this.#key));
    if (!lines) return;
    const more = lines.length - LINES_MAX;
    const shown = lines.slice(0, LINES_MAX);
    if (more > 0) shown.push({ key: "more", words: t("desk.and_more", { n: more }) });
    renderRows(this.#list, shown, { key: (line) => line.key, create: () => h("li"), update });
    this.#empty.hidden = lines.length > 0;
    fill(this.#empty, otherwise);
  }
}

/** @param {HTMLElement} row @param {Line} line */
function update(row, line) {
  const said = JSON.stringify(line);
  if (row.dataset.said === said) return;
  row.dataset.said = said;
  row.className = line.priority ? `p${line.priority}` : "";
  fill(row, line.at && h("time", {}, line.at), line.priority ? prioritySign(line.priority) : null, h("span", {}, line.words), line.note && h("small", {}, line.note));
}

/** @param {Round[]} all @param {string} zone @returns {Line[]} */
function rounds(all, zone) {
  const order = (/** @type {Round} */ { phase, starts_at: at }) => PHASES.indexOf(phase) * 1e13 + (phase === "over" ? -1 : 1) * Date.parse(at);
  return all.toSorted((a, b) => order(a) - order(b)).map((round) => {
    const { round_id: key, route, route_name: name, starts_at: at, stops, done_count: n, abnormal_count: abnormal, phase } = round;
    const count = phase === "coming" ? t("desk.round_coming") : t("desk.round_done", { n, all: stops.length });
    const note = [count, abnormal > 0 && t("desk.round_abnormal", { n: abnormal })].filter(Boolean).join(" · ");
    return { key, at: formatTime(at, zone), words: localName(name, route), note, priority: abnormal > 0 ? 3 : 0 };
  });
}

/** @param {Handover} handover @param {string} zone @returns {Line} */
function handedOver({ id, written_at: at, written_by: who, text, taken_at: taken, taken_by: by }, zone) {
  const note = taken ? t("desk.taken", { who: by ?? "", time: formatTime(taken, zone) }) : t("desk.not_taken");
  return { key: id, at: formatTime(at, zone), words: text, note: `${who} · ${note}` };
}

/** @param {any} fire @param {string} zone @returns {Line[]} */
function tests(fire, zone) {
  const names = new Map((fire?.zones ?? []).map((/** @type {any} */ each) => [each.zone, localName(each.name, each.zone)]));
  const until = (/** @type {string | null} */ at) => (at ? t("desk.until", { time: formatTime(at, zone) }) : "");
  const line = (/** @type {string} */ key, /** @type {string} */ words, /** @type {any} */ each) => ({ key, words: `${t(words)} ${names.get(each.zone) ?? each.zone}`, note: until(each.until) });
  return [
    ...(fire?.drills ?? []).map((/** @type {any} */ each) => line(each.drill_id, "desk.drilled", each)),
    ...(fire?.tests ?? []).map((/** @type {any} */ each) => line(each.test_id, "desk.tested", each)),
  ];
}

/** @param {Alarm} alarm @param {any} site @param {string} zone @returns {Line} */
function laidAside(alarm, site, zone) {
  const reason = alarm.shelved?.reason ?? alarm.out_of_service?.reason;
  const how = alarm.is_suppressed && !alarm.shelved && !alarm.is_out_of_service ? t("desk.by_design") : standing(alarm, zone).split(" · ").at(-1);
  return { key: alarm.id, words: `${kindWords(alarm)} ${place(alarm, site)}`, note: [how, reason].filter(Boolean).join(" · ") };
}
