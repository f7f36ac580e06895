/** The button for another language. Where nobody attends, the till's own comes back for whoever is next. */

import { fill, h } from "/web/dom.js";
import { language, setLanguage } from "/web/i18n.js";

/** Whoever changed the language and did nothing in this time has gone. */
const GONE_MS = 40_000;

export class DinerLanguage {
  /** @type {import("/web/i18n.js").Language | null} the till's own, while a diner reads another */
  #own = null;
  #usedAt = 0;
  #isAttended = true;
  #isIdle = true;
  element = h("button", { class: "language", type: "button", onclick: () => this.#change() });

  constructor() {
    setInterval(() => this.#isIdle && performance.now() - this.#usedAt >= GONE_MS && this.#goBack(), 1_000);
  }

  /** @param {import("./till.js").TillScreen | null} screen */
  render(screen) {
    const wanted = other();
    this.element.lang = wanted;
    fill(this.element, wanted === "en" ? "EN" : "中");
    if (!screen) return;
    const hasBegun = screen.phase !== "idle";
    if (hasBegun) this.#usedAt = performance.now();
    const isOver = !hasBegun && !this.#isIdle;
    this.#isAttended = screen.is_attended;
    this.#isIdle = !hasBegun;
    if (isOver) this.#goBack();
  }

  #change() {
    this.#own ??= language();
    this.#usedAt = performance.now();
    setLanguage(other());
  }

  #goBack() {
    const own = this.#own;
    if (own === null || this.#isAttended) return;
    this.#own = null;
    setLanguage(own);
  }
}

function other() {
  return language() === "en" ? "zh-CN" : "en";
}
