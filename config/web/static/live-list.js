/** A list that grows at its top and holds still while somebody points at it or is in it. */

import { fill, h, renderRows } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

/**
 * `<live-list>`: give it `row`, then `items`, newest first. While held, rows that are shown go on
 * being updated in place, and new ones wait behind a button that says how many.
 */
export class LiveList extends HTMLElement {
  /** @type {{key: (item: any) => string, create: (item: any) => HTMLElement,
   *          update: (row: HTMLElement, item: any) => void} | null} */
  row = null;
  /** So many rows are drawn while nobody has scrolled down; in a flood the others cost and show nothing. */
  brief = Infinity;
  #isScrolled = false;
  /** @type {readonly any[]} */
  #items = [];
  /** @type {Set<string> | null} keys that are shown while held; null while not held */
  #held = null;
  #rows = h("ol", { class: "rows", tabindex: "0" });
  #empty = h("p", { class: "empty" });
  #news = h("button", { class: "news", type: "button", hidden: true, onclick: () => this.release() });

  connectedCallback() {
    this.append(this.#news, this.#rows, this.#empty);
    const isStill = () => this.matches(":hover") || this.#rows.contains(document.activeElement);
    this.addEventListener("pointerenter", () => this.#hold());
    this.addEventListener("focusin", () => this.#hold());
    this.addEventListener("pointerleave", () => isStill() || this.release());
    this.addEventListener("focusout", () => queueMicrotask(() => isStill() || this.release()));
    this.#rows.addEventListener("click", (event) => this.choose(event.target));
    this.#rows.addEventListener("scroll", () => this.#scroll(), { passive: true });
    onLanguage(() => this.#render());
  }

  /** @param {readonly any[]} items newest first */
  set items(items) {
    this.#items = items;
    this.#render();
  }

  /** Show what has waited. */
  release() {
    this.#held = null;
    if (this.#rows.matches(":focus-within") || this.matches(":hover")) this.#hold();
    this.#render();
  }

  /**
   * Move the selection.
   * @param {1 | -1} step down or up
   */
  move(step) {
    this.#draw(Infinity);
    const rows = [...this.#rows.children];
    const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    this.#rows.focus({ preventScroll: true });
    this.choose(next ?? null);
    next?.scrollIntoView({ block: "nearest" });
  }

  /**
   * Select the row of an element and say so; null selects none.
   * @param {EventTarget | null} target
   */
  choose(target) {
    const row = target instanceof Element ? target.closest("[data-key]") : null;
    for (const other of this.#rows.querySelectorAll("[aria-current]")) other.removeAttribute("aria-current");
    row?.setAttribute("aria-current", "true");
    const key = /** @type {HTMLElement | null} */ (row)?.dataset.key ?? null;
    this.dispatchEvent(new CustomEvent("choose", { detail: key }));
  }

  #hold() {
    // Nothing moves under a hand where nothing is.
    if (this.#items.length === 0) return;
    this.#held ??= new Set(this.#items.map((item) => this.row?.key(item) ?? ""));
  }

  #scroll() {
    const isScrolled = this.#rows.scrollTop > 0;
    if (isScrolled === this.#isScrolled) return;
    this.#isScrolled = isScrolled;
    this.#render();
  }

  #render() {
    this.#draw(this.#isScrolled || this.#held ? Infinity : this.brief);
  }

  /** @param {number} countMax */
  #draw(countMax) {
    if (!this.row) return;
    const { key } = this.row;
    const held = this.#held;
    const shown = held ? this.#items.filter((item) => held.has(key(item))) : this.#items;
    renderRows(this.#rows, shown.slice(0, countMax), this.row);
    const count = this.#items.length - shown.length;
    this.#news.hidden = count === 0;
    fill(this.#news, t("list.new", { n: count }));
    this.#empty.hidden = this.#items.length > 0;
    fill(this.#empty, t(this.getAttribute("empty") ?? "list.empty"));
  }
}

customElements.define("live-list", LiveList);
