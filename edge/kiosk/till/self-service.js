/** Where nobody attends, diners choose here: dishes by touch or keys, how many, the sum, and pay. */

import { fill, h, renderRows } from "/web/dom.js";
import { language, localName, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {import("./till.js").TillScreen} TillScreen
 * @typedef {import("./till.js").Dish} Dish
 */

/** Nothing is said of the time before it is nearly over. */
const WARNED_MS = 12_000;
const MEALS_MAX = 99;

/** Whether diners choose on their own half. A price that they type themselves is none. @param {TillScreen} screen */
export function isSelfServed({ is_attended: isAttended, mode }) {
  return !isAttended && (mode === "menu" || mode === "count");
}

/** Whether somebody may choose now. @param {TillScreen} screen */
export function mayChoose(screen) {
  const { phase, mode, period } = screen;
  return isSelfServed(screen) && (phase === "choosing" || phase === "idle") && (mode === "menu" || period !== null);
}

/** Whether what was chosen stands, and may still be taken back. @param {TillScreen} screen */
export function mayChange(screen) {
  return isSelfServed(screen) && screen.phase === "confirming";
}

export class SelfService {
  #commands;
  #drawn = "";
  #grid = h("div", { class: "offer" });
  #count = h("div", { class: "meals" });
  #sum = h("p", { class: "chosen", role: "status", "aria-live": "polite" });
  #cancel = h("button", { class: "no", type: "button", onclick: () => this.#commands.send({ do: "cancel" }) });
  #pay = h("button", { class: "yes", type: "button", onclick: () => this.#commands.send({ do: "confirm" }) });
  #warning = h("section", { class: "still-there", hidden: true, role: "alert", onclick: () => this.#stay() });
  #title = h("p", { class: "title" });
  #endsAt = 0;
  #round = -1;

  /** @param {import("./commands.js").Commands} commands */
  constructor(commands) {
    this.#commands = commands;
    this.element = h("section", { class: "self-service", hidden: true }, this.#title, this.#grid, this.#count, h("div", { class: "pay-bar" }, this.#sum, this.#cancel, this.#pay));
    this.warning = this.#warning;
    // Whoever looks through a long list is still at it.
    this.#grid.addEventListener("scroll", () => !this.#warning.hidden && this.#stay(), { passive: true });
    setInterval(() => this.#warn(), 250);
  }

  /** @param {TillScreen | null} screen @param {number} heardAt */
  render(screen, heardAt) {
    const isShown = screen !== null && mayChoose(screen);
    this.element.hidden = !isShown;
    const begun = screen?.self_service ?? null;
    if (begun && begun.round !== this.#round) this.#endsAt = heardAt + begun.seconds_left * 1000;
    this.#round = begun?.round ?? -1;
    if (!begun) this.#endsAt = 0;
    this.#warn();
    if (!isShown) return;
    const { menu, mode, lines, typed, amount_fen: amount, phase, period } = screen;
    const key = JSON.stringify([menu, mode, lines, typed, amount, phase, period, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.element.dataset.mode = mode;
    this.#grid.hidden = mode !== "menu";
    this.#count.hidden = mode !== "count";
    fill(this.#title, t(mode === "menu" ? "till.choose_here" : "till.how_many"));
    if (mode === "menu") this.#drawMenu(menu, lines);
    else this.#drawCount(Number(typed || "1"));
    const pieces = mode === "menu" ? lines.reduce((sum, { count }) => sum + count, 0) : Number(typed || "1");
    fill(this.#sum, h("b", {}, yuan(amount ?? 0)), h("span", {}, pieces ? t("till.items", { n: pieces }) : t("till.no_lines")));
    this.#cancel.toggleAttribute("disabled", phase === "idle");
    this.#pay.toggleAttribute("disabled", !amount);
    fill(this.#cancel, t("till.start_anew"));
    fill(this.#pay, t("till.pay"));
  }

  /** @param {Dish[]} menu @param {TillScreen["lines"]} lines */
  #drawMenu(menu, lines) {
    const counts = new Map(lines.map((line) => [line.item, line.count]));
    const sold = menu.filter((dish) => dish.per_g === null);
    renderRows(this.#grid, sold, {
      key: ({ id }) => id,
      create: (dish) =>
        h("div", { class: "card" },
          h("button", { class: "more", type: "button", data: { dish: dish.id }, onclick: () => this.#commands.send({ do: "dish", dish: dish.id }) }),
          h("button", { class: "less", type: "button", onclick: () => this.#commands.send({ do: "put_back", dish: dish.id }) })),
      update: (row, dish) => {
        const count = counts.get(dish.id) ?? 0;
        const name = localName(dish.name, dish.id);
        const [more, less] = /** @type {HTMLElement[]} */ ([...row.children]);
        row.classList.toggle("is-chosen", count > 0);
        fill(more, dish.key && h("kbd", {}, `F${dish.key}`), h("span", {}, name), h("b", {}, yuan(dish.price_fen)), count > 0 && h("i", { class: "count" }, `×${count}`));
        less.hidden = count === 0;
        less.setAttribute("aria-label", t("till.one_less", { dish: name }));
        fill(less, "−");
      },
    });
  }

  /** @param {number} count of meals */
  #drawCount(count) {
    const step = (/** @type {number} */ to, /** @type {string} */ sign, /** @type {string} */ words) =>
      h("button", { type: "button", "aria-label": t(words), disabled: to < 1 || to > MEALS_MAX, onclick: () => this.#commands.send({ do: "count", count: to }) }, sign);
    fill(this.#count, step(count - 1, "−", "till.meal_less"), h("b", {}, String(count)), step(count + 1, "+", "till.meal_more"));
  }

  /** Keys on the diner's own screen: arrows among dishes, `-` takes one back. @param {string} key @param {TillScreen} screen @returns {boolean} whether it meant something */
  press(key, screen) {
    if (!mayChoose(screen)) return false;
    if (screen.mode === "count") {
      const count = Number(screen.typed || "1");
      const to = /^[1-9]$/.test(key) ? Number(key) : { ArrowUp: count + 1, "+": count + 1, ArrowDown: count - 1, "-": count - 1 }[key];
      if (!to || to > MEALS_MAX) return false;
      this.#commands.send({ do: "count", count: to });
      return true;
    }
    const cards = /** @type {HTMLElement[]} */ ([...this.#grid.querySelectorAll(".more")]);
    const at = cards.findIndex((card) => card.parentElement?.contains(document.activeElement));
    if ((key === "-" || key === "Delete") && at >= 0) {
      this.#commands.send({ do: "put_back", dish: cards[at].dataset.dish });
      return true;
    }
    const across = Math.max(1, cards.filter((card) => card.offsetParent && card.getBoundingClientRect().top === cards[0].getBoundingClientRect().top).length);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across }[key];
    if (!step || !cards.length) return false;
    cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + step))].focus();
    return true;
  }

  #stay() {
    // Asked once: the terminal says when the time is over now.
    this.#endsAt = 0;
    this.#warn();
    this.#commands.send({ do: "stay" });
  }

  /** Seconds are counted here: the terminal said once how many are left, and takes it back itself. */
  #warn() {
    const leftMs = this.#endsAt - performance.now();
    const isNear = this.#endsAt > 0 && leftMs < WARNED_MS && leftMs > 0;
    this.#warning.hidden = !isNear;
    if (isNear) fill(this.#warning, h("span", {}, t("till.still_there", { n: Math.ceil(leftMs / 1000) })), h("button", { type: "button" }, t("till.go_on")));
  }
}
