/** The last three charges; the newest is taken back with one key, and asked for once. */

import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";
import { symbol } from "/web/symbols.js";

/** @typedef {import("./till.js").LastCharge} LastCharge */

/** A question that nobody answers is taken back. */
const ASKED_MS = 10_000;

export class LastCharges {
  #commands;
  #changed;
  #drawn = "";
  /** @type {LastCharge | null} */
  #asked = null;
  /** @type {LastCharge | null} */
  #voidable = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("./commands.js").Commands} commands @param {() => void} changed */
  constructor(commands, changed) {
    this.#commands = commands;
    this.#changed = changed;
    this.element = h("section", { class: "last" });
  }

  get isAsking() {
    return this.#asked !== null;
  }

  ask() {
    this.#set(this.#voidable);
  }

  /** @param {boolean} isYes */
  answer(isYes) {
    if (isYes && this.#asked) this.#commands.send({ do: "void_last", charge_id: this.#asked.charge_id });
    this.#set(null);
  }

  /** @param {LastCharge | null} charge */
  #set(charge) {
    clearTimeout(this.#timer);
    this.#asked = charge;
    if (charge) this.#timer = setTimeout(() => this.#set(null), ASKED_MS);
    this.#changed();
  }

  /** @param {import("./till.js").TillScreen} screen @param {import("./till.js").Settings} settings */
  render({ last, can_void: canVoid }, { zone }) {
    this.#voidable = last.find(({ charge_id: id }) => id === canVoid) ?? null;
    // Another charge is the last one now: that was not asked about.
    if (this.#asked && this.#asked.charge_id !== canVoid) this.answer(false);
    const key = JSON.stringify([last, canVoid, this.#asked, zone, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.element.classList.toggle("is-asking", this.isAsking);
    if (this.#asked) fill(this.element, ...this.#question(this.#asked, zone));
    else fill(this.element, h("h2", {}, t("till.last")), last.length ? h("ol", {}, ...last.map((charge) => this.#row(charge, canVoid, zone))) : h("p", { class: "empty" }, t("till.no_charges")));
  }

  /** @param {LastCharge} charge @param {string | null} canVoid @param {string} zone */
  #row({ charge_id: id, at, amount_fen: amount, masked_name, order, is_void: isVoid }, canVoid, zone) {
    const name = [order, masked_name].filter(Boolean).join(" · ");
    const deed = isVoid
      ? h("em", {}, symbol("denied"), t("till.is_void"))
      : id === canVoid && h("button", { type: "button", onclick: () => this.ask() }, t("till.void"), h("kbd", {}, t("till.key_delete")));
    return h("li", { class: isVoid ? "is-void" : "" }, h("time", {}, clock(at, zone)), h("span", {}, name), h("b", {}, yuan(amount)), h("div", {}, deed));
  }

  /** @param {LastCharge} charge @param {string} zone */
  #question({ at, amount_fen: amount, masked_name, order }, zone) {
    const name = [order, masked_name].filter(Boolean).join(" · ");
    const button = (/** @type {string} */ kind, /** @type {string} */ words, /** @type {string} */ key, /** @type {boolean} */ isYes) =>
      h("button", { class: kind, type: "button", onclick: () => this.answer(isYes) }, words, h("kbd", {}, key));
    return [
      h("p", { role: "alert" }, h("b", {}, t("till.void_this", { amount: yuan(amount) })), h("span", {}, `${name} · ${clock(at, zone)}`)),
      h("div", { class: "answers" }, button("void", t("till.void_yes"), t("till.key_enter"), true), button("plain", t("till.void_no"), t("till.key_escape"), false)),
    ];
  }
}

/** Of this session, so without a date. @param {string} at @param {string} zone */
function clock(at, zone) {
  return formatTime(at, zone).slice(-8);
}
