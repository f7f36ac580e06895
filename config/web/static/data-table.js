/** A table with sorting and a keyboard; rows keep their place and identity when data changes. */

import { fill, h, renderRows } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

/**
 * @typedef {object} Column
 * @property {string} title key of the words
 * @property {(row: any) => import("./dom.js").Child[]} cell
 * @property {(row: any) => string | number} [order] makes the column sortable
 * @property {boolean} [isNumber] right-aligned
 */

/** `<data-table>`: give it `columns` and `rowKey`, then `rows`; it says `open` with a row's key. */
export class DataTable extends HTMLElement {
  /** @type {Column[]} */
  columns = [];
  /** @type {(row: any) => string} */
  rowKey = (row) => row.id;
  /** @type {readonly any[]} */
  #rows = [];
  #sortedBy = -1;
  #sign = 1;
  #head = h("tr");
  #body = h("tbody", { tabindex: "0" });
  #empty = h("p", { class: "empty" });

  connectedCallback() {
    // A table that was put aside and comes back listens already.
    if (this.contains(this.#body)) return;
    this.append(h("table", {}, h("thead", {}, this.#head), this.#body), this.#empty);
    // The second press of a double click opens nothing more.
    this.#body.addEventListener("click", (event) => event.detail > 1 || this.#open(event.target));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    onLanguage(() => this.#render());
  }

  /** @param {readonly any[]} rows */
  set rows(rows) {
    this.#rows = rows;
    this.#render();
  }

  /**
   * Move the selection.
   * @param {1 | -1} step down or up
   */
  move(step) {
    const rows = [...this.#body.children];
    const at = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
    rows[at]?.removeAttribute("aria-current");
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))];
    next?.setAttribute("aria-current", "true");
    next?.scrollIntoView({ block: "nearest" });
    this.#body.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && event.target === this.#body) {
      // Else the same press would go on to the button that a dialog has put under the focus.
      event.preventDefault();
      this.#open(this.#body.querySelector("[aria-current]"));
    }
  }

  /** @param {EventTarget | null} target */
  #open(target) {
    const row = target instanceof Element ? target.closest("tr") : null;
    if (row?.dataset.key) this.dispatchEvent(new CustomEvent("open", { detail: row.dataset.key }));
  }

  /** @param {number} index */
  #sortBy(index) {
    this.#sign = this.#sortedBy === index ? -this.#sign : 1;
    this.#sortedBy = index;
    this.#render();
  }

  #sorted() {
    const order = this.columns[this.#sortedBy]?.order;
    if (!order) return this.#rows;
    return this.#rows.toSorted((a, b) => {
      const [left, right] = [order(a), order(b)];
      const isText = typeof left === "string" && typeof right === "string";
      return this.#sign * (isText ? left.localeCompare(right, "zh-CN") : left < right ? -1 : Number(left > right));
    });
  }

  #render() {
    this.#head.replaceChildren(...this.columns.map((column, index) => this.#title(column, index)));
    renderRows(this.#body, this.#sorted(), {
      key: this.rowKey,
      create: () => h("tr", {}, ...this.columns.map((column) => h("td", { class: column.isNumber && "number" }))),
      update: (element, row) => {
        this.columns.forEach((column, index) => fill(element.children[index], ...column.cell(row)));
      },
    });
    this.#empty.hidden = this.#rows.length > 0;
    fill(this.#empty, t(this.getAttribute("empty") ?? "list.empty"));
  }

  /** @param {Column} column @param {number} index */
  #title(column, index) {
    const isSorted = this.#sortedBy === index;
    const direction = isSorted && (this.#sign > 0 ? "ascending" : "descending");
    const words = t(column.title);
    const content = column.order
      ? h("button", { type: "button", class: "sort", onclick: () => this.#sortBy(index) }, words)
      : words;
    return h("th", { scope: "col", class: column.isNumber && "number", "aria-sort": direction }, content);
  }
}

customElements.define("data-table", DataTable);
