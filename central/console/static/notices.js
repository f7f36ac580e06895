/**
 * What stands over a page for a while: fires, calls, what waits to be signed, a locked desk. While a hand
 * works below, nothing there moves: what comes grows over the header, what ends leaves its room.
 */

import { Stillness } from "./stillness.js";
import { h } from "/web/dom.js";

export class Notices {
  #all = h("div", { class: "all" });
  element = h("div", { class: "notices" }, this.#all);

  /** @param {HTMLElement} main what is below */
  constructor(main) {
    const { element } = this;
    const still = new Stillness(main, () => this.#hold(element.offsetHeight), () => this.#hold(null));
    // Who works by keyboard looks at a line just as one who points at it.
    addEventListener("keydown", () => still.touch());
  }

  /** The more urgent kind is added first: it stands above, where it moves none of the others. @param {Element} strip */
  add(strip) {
    this.#all.append(strip);
  }

  /** @param {number | null} height that stays; null for as much as is needed */
  #hold(height) {
    this.element.classList.toggle("is-held", height !== null);
    this.element.style.height = height === null ? "" : `${height}px`;
  }
}
