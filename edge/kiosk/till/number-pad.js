/** Somebody without a card in hand types its number, or that of an order; the terminal asks for the PIN then. */

import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

/** Longer is no number of a card. */
const LENGTH_MAX = 20;
/** A pad that somebody left open is closed. */
const IDLE_MS = 20_000;

export class NumberPad {
  #commands;
  #typed = "";
  #shown = h("p", { class: "typed" });
  #title = h("p", { class: "title" });
  #done = h("button", { class: "yes", type: "button", onclick: () => this.press("Enter") });
  #no = h("button", { class: "no", type: "button", onclick: () => this.close() });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import("./commands.js").Commands} commands */
  constructor(commands) {
    this.#commands = commands;
    /** Whether it may also be the number of an order. */
    this.isForOrders = false;
    const key = (/** @type {string} */ name, words = name) => h("button", { type: "button", onclick: () => this.press(name) }, words);
    const keys = h("div", { class: "keys" }, ...[..."123456789"].map((digit) => key(digit)), key("Backspace", "⌫"), key("0"), this.#done);
    this.element = h("section", { class: "number-pad", hidden: true }, this.#title, this.#shown, keys, this.#no);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** @param {string} [typed] so far */
  open(typed = "") {
    this.#typed = typed;
    this.element.hidden = false;
    this.#wait();
    this.render();
  }

  close() {
    clearTimeout(this.#timer);
    this.#typed = "";
    this.element.hidden = true;
  }

  /** @param {string} key as KeyboardEvent.key @returns {boolean} whether it meant something */
  press(key) {
    this.#wait();
    if (/^[0-9]$/.test(key) && this.#typed.length < LENGTH_MAX) this.#typed += key;
    else if (key === "Backspace") this.#typed = this.#typed.slice(0, -1);
    else if (key === "Escape") this.close();
    else if (key === "Enter" && this.#typed) {
      this.#commands.send({ do: "number", number: this.#typed });
      this.close();
    } else return false;
    this.render();
    return true;
  }

  render() {
    fill(this.#title, t(this.isForOrders ? "till.type_order" : "till.type_number"));
    fill(this.#shown, this.#typed || "–");
    fill(this.#done, t("till.done"));
    fill(this.#no, t("action.close"));
  }

  #wait() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.close(), IDLE_MS);
  }
}
