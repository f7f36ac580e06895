/** The merchant's dishes: by function key, by touch, or found by their name. */

import { h, fill, renderRows } from "/web/dom.js";
import { language, localName, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/** @typedef {import("./till.js").Dish} Dish */

/** Phases in which a dish may be picked. */
const PICKING = new Set(["idle", "choosing", "weighing", "confirming", "paid", "refused"]);

export class Dishes {
  #commands;
  #changed;
  #drawn = "";
  #search = /** @type {HTMLInputElement} */ (h("input", { type: "search", autocomplete: "off", spellcheck: "false", "data-t-placeholder": "till.search", "data-t-aria-label": "till.search" }));
  #grid = h("div", { class: "grid" });
  #none = h("p", { class: "empty" });
  /** @type {Dish[]} */
  #found = [];

  /** @param {import("./commands.js").Commands} commands @param {() => void} changed */
  constructor(commands, changed) {
    this.#commands = commands;
    this.#changed = changed;
    this.#search.addEventListener("input", changed);
    this.#search.addEventListener("keydown", (event) => this.#typed(event));
    this.element = h("div", { class: "dishes" }, this.#search, this.#grid, this.#none);
  }

  focus() {
    this.#search.focus();
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    // What is found is picked by Enter; either key goes back to the till's own keys.
    event.stopPropagation();
    const [first] = this.#found;
    if (event.key === "Enter" && !this.#search.value) this.#commands.send({ do: "confirm" });
    else if (event.key === "Enter" && first) this.#commands.send({ do: "dish", dish: first.id });
    this.#leave();
  }

  #leave() {
    this.#search.value = "";
    this.#search.blur();
    this.#changed();
  }

  /** @param {string} dish */
  #pick(dish) {
    this.#commands.send({ do: "dish", dish });
    this.#leave();
  }

  /** @param {import("./till.js").TillScreen} screen */
  render({ menu, mode, phase, lines }) {
    const wanted = this.#search.value.trim().toLowerCase();
    const key = JSON.stringify([menu, mode, phase, lines, wanted, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#search.placeholder = t("till.search");
    this.#search.setAttribute("aria-label", t("till.search"));
    const sold = menu.filter((dish) => mode !== "weighed" || menu.every(({ per_g: per }) => per === null) || dish.per_g !== null);
    this.#found = sold.filter((dish) => !wanted || Object.values(dish.name).some((name) => name.toLowerCase().includes(wanted)));
    const mayPick = PICKING.has(phase);
    const counts = new Map(lines.filter((line) => line.weight_g === null).map((line) => [line.item, line.count]));
    renderRows(this.#grid, this.#found, {
      key: ({ id }) => id,
      create: (dish) => h("button", { type: "button", class: "dish", onclick: () => this.#pick(dish.id) }),
      update: (row, dish) => {
        row.toggleAttribute("disabled", !mayPick);
        const count = counts.get(dish.id);
        const price = dish.per_g === null ? yuan(dish.price_fen) : t("till.price_per", { price: yuan(dish.price_fen), grams: dish.per_g });
        fill(row, dish.key && h("kbd", {}, `F${dish.key}`), h("span", {}, localName(dish.name, dish.id)), h("b", {}, price), count && h("i", { class: "count" }, `×${count}`));
      },
    });
    this.#none.hidden = this.#found.length > 0;
    fill(this.#none, t("till.nothing_found"));
  }
}
