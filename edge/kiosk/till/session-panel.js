/** Over the cashier's work: who is at the till, its opening, and its close counted blind. */

import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t, term } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

/** @typedef {import("./till.js").TillState} TillState */

export class SessionPanel {
  #commands;
  #changed;
  #isClosing = false;
  #drawn = "";
  #problem = h("p", { class: "problem", role: "alert" });
  #body = h("div", { class: "panel" });

  /** @param {import("./commands.js").Commands} commands @param {() => void} changed */
  constructor(commands, changed) {
    this.#commands = commands;
    this.#changed = changed;
    this.element = h("section", { class: "over session", hidden: true }, this.#body);
  }

  /** Whether the keyboard belongs to this panel. */
  get isOpen() {
    return !this.element.hidden;
  }

  askToClose() {
    this.#isClosing = true;
    this.#changed();
  }

  /** @returns {boolean} whether there was something to leave */
  leave() {
    if (!this.#isClosing && !this.#commands.wanted) return false;
    this.#isClosing = false;
    this.#commands.forget();
    this.#changed();
    return true;
  }

  /** Enter, pressed outside of a field: opens a till that is closed, and nothing else. */
  enter() {
    if (this.#body.querySelector("form") === null) this.#commands.send({ do: "open" });
  }

  /** @param {TillState} state */
  render({ screen, settings }) {
    const isClosed = screen?.phase === "closed";
    if (isClosed) this.#isClosing = false;
    const kind = this.#commands.wanted ? "sign_in" : this.#isClosing ? "count" : isClosed ? "closed" : "";
    this.element.hidden = kind === "";
    const key = JSON.stringify([kind, kind === "closed" ? [screen?.close, settings.zone] : "", language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    fill(this.#problem);
    if (kind === "sign_in") this.#signIn();
    else if (kind === "count") this.#count();
    else if (kind === "closed") this.#closed(screen?.close ?? null, settings.zone);
    this.#body.querySelector("input")?.focus();
  }

  #signIn() {
    const number = field("number", t("till.card_field"), { autocomplete: "off", required: true, maxlength: 64, pattern: "[ -~]+" });
    const pin = field("pin", t("till.pin"), { type: "password", inputmode: "numeric", autocomplete: "off", required: true, pattern: "[0-9]{1,16}" });
    // A reader types the number and presses Enter: the PIN comes next.
    number.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !number.input.value) return;
      event.preventDefault();
      pin.input.focus();
    });
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const outcome = await this.#commands.signIn(number.input.value, pin.input.value);
      pin.input.value = "";
      fill(this.#problem, outcome && term("till_sign_in", outcome));
      if (outcome) pin.input.focus();
    };
    const form = h("form", { onsubmit: submit }, h("h2", {}, t("till.sign_in")), h("p", {}, t("till.sign_in_hint")), number.label, pin.label, this.#problem, this.#buttons(t("till.done")));
    fill(this.#body, form);
  }

  #count() {
    const charges = field("charges", t("till.counted_charges"), { inputmode: "numeric", autocomplete: "off", pattern: "[0-9]{1,5}" });
    const money = field("money", t("till.counted_money"), { inputmode: "decimal", autocomplete: "off", pattern: "[0-9]{1,7}([.][0-9]{0,2})?" });
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const counted = charges.input.value === "" ? null : Number(charges.input.value);
      this.#commands.send({ do: "close", counted_charges: counted, counted_fen: fenOf(money.input.value) });
    };
    const form = h("form", { onsubmit: submit }, h("h2", {}, t("till.close_title")), h("p", {}, t("till.close_hint")), charges.label, money.label, this.#buttons(t("till.close_now")));
    fill(this.#body, form);
  }

  /** @param {import("./till.js").Close | null} close @param {string} zone */
  #closed(close, zone) {
    const open = h("button", { class: "primary", type: "button", onclick: () => this.#commands.send({ do: "open" }) }, t("till.open"), h("kbd", {}, t("till.key_enter")));
    fill(this.#body, h("h2", {}, t("till.is_closed")), close && report(close, zone), h("footer", {}, open));
  }

  /** @param {string} words */
  #buttons(words) {
    const leave = h("button", { type: "button", onclick: () => this.leave() }, t("till.back_to_till"), h("kbd", {}, t("till.key_escape")));
    return h("footer", {}, h("button", { class: "primary" }, words, h("kbd", {}, t("till.key_enter"))), leave);
  }
}

/** @param {string} name @param {string} words @param {Record<string, unknown>} properties */
function field(name, words, properties) {
  const input = /** @type {HTMLInputElement} */ (h("input", { name, ...properties }));
  return { input, label: h("label", {}, h("span", {}, words), input) };
}

/** What was counted beside what the till has: each difference is named. @param {import("./till.js").Close} close @param {string} zone */
function report(close, zone) {
  const row = (/** @type {string} */ words, /** @type {string} */ counted, /** @type {string} */ kept, /** @type {string} */ difference) =>
    h("tr", { class: difference ? "differs" : "" }, h("th", {}, words), h("td", {}, counted), h("td", {}, kept), h("td", {}, difference || t("till.agrees")));
  const { counted_charges: charges, counted_fen: fen, charge_count: count, charge_fen: sum } = close;
  const head = h("tr", {}, ...["", t("till.counted"), t("till.till_has"), t("till.difference")].map((words) => h("th", {}, words)));
  const uncounted = t("till.not_counted");
  const difference = (/** @type {number | null} */ counted, /** @type {number} */ kept, /** @type {(n: number) => string} */ words) =>
    counted === null ? uncounted : counted === kept ? "" : t(counted > kept ? "till.more" : "till.fewer", { n: words(Math.abs(counted - kept)) });
  return h(
    "table",
    {},
    h("caption", {}, t("till.closed_at", { time: formatTime(close.closed_at, zone) })),
    head,
    row(t("till.charges"), charges === null ? "–" : String(charges), String(count), difference(charges, count, String)),
    row(t("till.money"), fen === null ? "–" : yuan(fen), yuan(sum), difference(fen, sum, yuan)),
    h("tr", {}, h("th", {}, t("till.voids")), h("td", {}), h("td", {}, `${close.void_count} · ${yuan(close.void_fen)}`), h("td", {})),
  );
}
