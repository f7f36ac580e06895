/**
 * What stands over a page for a while: fires, calls, a locked desk, what waits to be signed. While a mouse
 * is at work below, nothing there moves: what is urgent grows over the header, the rest waits.
 */

import { Stillness } from "./stillness.js";
import { h } from "/web/dom.js";

export class Notices {
  #all = h("div", { class: "all" });
  element = h("div", { class: "notices" }, this.#all);

  /** @param {HTMLElement} main what is below */
  constructor(main) {
    const { element } = this;
    new Stillness(main, () => this.#hold(element.offsetHeight), () => this.#hold(null));
  }

  /** The more urgent kind is added first: it stands above, where it moves none of the others. @param {Element} strip */
  add(strip) {
    this.#all.append(strip);
  }

  /** One that comes when nobody is at work below. @param {Element} strip */
  addLater(strip) {
    strip.classList.add("can-wait");
    this.add(strip);
  }

  /** @param {number | null} height that stays; null for as much as is needed */
  #hold(height) {
    for (const strip of this.#all.children) strip.classList.toggle("stays", strip.clientHeight > 0);
    this.element.classList.toggle("is-held", height !== null);
    this.element.style.height = height === null ? "" : `${height}px`;
  }
}
