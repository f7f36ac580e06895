/** What was ordered before: its words on both halves, and the cashier's list of what waits. */

import { dishName, lineWords } from "./till-words.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t, term } from "/web/i18n.js";

/**
 * @typedef {import("./till.js").TillScreen} TillScreen
 * @typedef {import("./till.js").Order} Order
 */

/** Phases in which an order may be picked from the list. */
const PICKING = new Set(["collecting", "collected", "refused"]);

/** Whether this till hands out orders now. @param {TillScreen} screen */
export function handsOut({ mode }) {
  return mode === "orders";
}

/** Whether an order is held out: asked about, handed out, or waiting for its owner. @param {TillScreen} screen */
export function showsOrder({ order, phase }) {
  return order !== null && phase !== "refused";
}

/** Dishes in one line. @param {TillScreen} screen @param {Order} order */
export function dishesOf(screen, order) {
  const words = order.lines.map((line) => [dishName({ ...screen, order }, line.item), lineWords(line)].filter(Boolean).join(" "));
  return words.join(language() === "en" ? ", " : "、");
}

/**
 * Why somebody was refused: of an order with its time, and where it was handed out.
 * @param {"till_refusal" | "till_why"} group @param {TillScreen} screen @param {string} zone
 */
export function refusalWords(group, screen, zone) {
  const { order, refusal } = screen;
  if (refusal === "order_collected" && !order?.collected_at) return t("till.collected_before");
  if (!order) return term(group, refusal ?? "");
  const time = refusal === "order_collected" ? minute(order.collected_at ?? "", zone) : windowOf(order, zone);
  const till = order.till === screen.till ? t("till.this_till") : localName(order.till_name, order.till);
  return t(`${group}.${refusal}`, { time, till });
}

/** @param {Order} order @param {string} zone */
function windowOf({ begins, ends }, zone) {
  return `${minute(begins, zone)}–${formatTime(ends, zone).slice(-8, -3)}`;
}

/** With the date where it is not today. @param {string} at @param {string} zone */
function minute(at, zone) {
  return formatTime(at, zone).slice(0, -3);
}

/** What may be handed out now, by number; a touch picks one. */
export class OrderList {
  #commands;
  #drawn = "";
  #head = h("h2", {});
  #rows = h("ul", {});
  #rest = h("p", { class: "empty" });

  /** @param {import("./commands.js").Commands} commands */
  constructor(commands) {
    this.#commands = commands;
    this.element = h("div", { class: "orders" }, this.#head, this.#rows, this.#rest);
  }

  /** @param {TillScreen} screen */
  render(screen) {
    const { waiting, waiting_count: count, typed, phase, menu } = screen;
    this.element.hidden = !handsOut(screen) || showsOrder(screen);
    const key = JSON.stringify([waiting, count, typed, PICKING.has(phase), menu, language()]);
    if (key === this.#drawn || this.element.hidden) return;
    this.#drawn = key;
    fill(this.#head, t("till.orders_waiting", { n: count }));
    renderRows(this.#rows, waiting, {
      key: ({ charge_id: id }) => id,
      create: ({ charge_id: id }) => h("li", {}, h("button", { type: "button", onclick: () => this.#commands.send({ do: "order", order: id }) })),
      update: (row, order) => {
        const button = /** @type {HTMLElement} */ (row.firstElementChild);
        button.toggleAttribute("disabled", !PICKING.has(phase));
        fill(button, h("b", {}, order.number), h("span", {}, order.masked_name), h("small", {}, dishesOf(screen, order)));
      },
    });
    const rest = count - waiting.length;
    fill(this.#rest, rest > 0 ? t("till.more_orders", { n: rest }) : count > 0 ? "" : t(typed ? "till.no_such_order" : "till.no_orders"));
  }
}

/** A button's words for one of several orders. @param {TillScreen} screen @param {Order} order @param {number} number to answer with */
export function choiceOf(screen, order, number) {
  return [h("small", {}, String(number)), order.number, h("span", { class: "dishes-of" }, dishesOf(screen, order))];
}
