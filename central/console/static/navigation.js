/** The ways to the other pages: as many as fit stand in a row, the rest behind one word. */

import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

export class Navigation {
  #row = h("div", { class: "row" });
  #word = h("summary");
  #menu = h("div", { class: "menu" });
  #more = /** @type {HTMLDetailsElement} */ (h("details", { class: "more" }, this.#word, this.#menu));
  /** @type {HTMLElement[]} */
  #links = [];
  element = h("nav", {}, this.#row, this.#more);

  constructor() {
    new ResizeObserver(() => this.#fit()).observe(this.element);
    addEventListener("click", (event) => {
      if (!this.#more.contains(/** @type {Node} */ (event.target))) this.#more.open = false;
    });
    this.#more.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#more.open = false;
    });
    // Faces that come late are wider than those that stood in for them.
    document.fonts?.ready.then(() => this.#fit());
  }

  /** @param {HTMLElement[]} links in their order */
  show(links) {
    this.#links = links;
    fill(this.#word, t("nav.more"));
    this.#fit();
  }

  #fit() {
    fill(this.#row, ...this.#links);
    this.#more.hidden = false;
    const widths = this.#links.map((link) => link.offsetWidth);
    const all = widths.reduce((sum, width) => sum + width, 0);
    const room = this.element.clientWidth;
    let left = all <= room ? room : room - this.#more.offsetWidth;
    // The page that one is on always shows.
    const here = this.#links.findIndex((link) => link.hasAttribute("aria-current"));
    if (here >= 0) left -= widths[here];
    let isFull = false;
    const rest = this.#links.filter((_, index) => {
      if (index === here) return false;
      isFull ||= widths[index] > left;
      left -= widths[index];
      return isFull;
    });
    fill(this.#menu, ...rest);
    this.#more.hidden = rest.length === 0;
  }
}
