/** Digits for an amount or a count; the same keys as on a keyboard. */

import { fill, h } from "/web/dom.js";
import { language, t } from "/web/i18n.js";

const KEYS = ["7", "8", "9", "4", "5", "6", "1", "2", "3", "0", ".", "back"];
/** Phases in which a digit means something. */
const TYPING = new Set(["idle", "choosing", "collecting", "paid", "collected", "refused"]);

export class Keypad {
  #drawn = "";
  /** @type {Map<string, HTMLElement>} */
  #keys = new Map();

  /** @param {import("./commands.js").Commands} commands */
  constructor(commands) {
    for (const key of KEYS) {
      this.#keys.set(key, h("button", { type: "button", onclick: () => commands.send({ do: "key", key }) }, key === "back" ? "⌫" : key));
    }
    this.element = h("div", { class: "keypad", role: "group" }, ...this.#keys.values());
  }

  /** @param {import("./till.js").TillScreen} screen */
  render({ phase, mode }) {
    const key = `${phase} ${mode} ${language()}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    // An amount that stands is taken back before another is typed; a count may still grow.
    const isTyping = TYPING.has(phase) || (mode === "count" && phase === "confirming");
    for (const [name, button] of this.#keys) {
      const meansSomething = name === "back" ? isTyping || phase === "confirming" : isTyping && !(name === "." && mode !== "keyed");
      button.toggleAttribute("disabled", !meansSomething);
    }
    this.#keys.get("back")?.setAttribute("aria-label", t("till.back"));
    fill(/** @type {HTMLElement} */ (this.#keys.get(".")), mode === "keyed" ? "." : "");
  }
}
