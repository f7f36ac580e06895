/** Ordering for a takeaway window: when, what, the sum and what is left; ordered once. */

import { ApiError, post } from "./api.js";
import { actionButton } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatTime } from "/web/format.js";
import { language, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {{merchant: string, period: string, day: string, begins: string, ends: string, until: string,
 *   is_open: boolean, left: number | null, unclaimed: "charge" | "release", before: number,
 *   dishes: {id: string, price_fen: number}[]}} Offer
 * @typedef {{charge_id: string, number: string, merchant: string, period: string, day: string, begins: string,
 *   ends: string, until: string, lines: {item: string, count: number, amount_fen: number}[],
 *   names: Record<string, Record<string, string>>, amount_fen: number, state: string,
 *   unclaimed: "charge" | "release", note: string, can_cancel: boolean, code: string}} Order
 * @typedef {{today: string, spendable_fen: number, offers: Offer[], orders: Order[],
 *   names: Record<string, Record<string, string>>}} Orders
 */

const COUNT_MAX = 50;
const DAY_MS = 86_400_000;
/** What is being chosen stays when the page is drawn again. */
let chosen = "";
/** @type {Map<string, number>} by window and dish */
const counts = new Map();
/** A wish that was not answered is asked again under its key. @type {{what: string, key: string} | null} */
let asked = null;
/** Said once, after an order or instead of it. */
let said = "";
let refused = "";

/** @param {{merchant: string, day: string, period: string}} of */
const keyOf = (of) => `${of.merchant} ${of.day} ${of.period}`;

/** @param {Offer} offer @param {string} dish */
const countOf = (offer, dish) => counts.get(`${keyOf(offer)} ${dish}`) ?? 0;

/** @param {Offer} offer */
const canOrder = (offer) => offer.is_open && offer.left !== 0 && offer.dishes.length > 0;

/** @param {Offer} offer */
const sumOf = (offer) => offer.dishes.reduce((sum, dish) => sum + dish.price_fen * countOf(offer, dish.id), 0);

/** @param {Orders} orders @param {string} kind @param {string} id */
const called = (orders, kind, id) => orders.names[`${kind}/${id}`]?.[language()] ?? id;

/** `HH:MM`, whatever day it is. @param {string} at @param {string} zone */
const clock = (at, zone) => formatTime(at, zone, Date.parse(at)).slice(0, -3);

/** As central's clock has it; a telephone's may be wrong. @param {Orders} orders @param {string} day `YYYY-MM-DD` */
function dayName(orders, day) {
  const days = (Date.parse(day) - Date.parse(orders.today)) / DAY_MS;
  if (days === 0) return t("orders.today");
  return days === 1 ? t("orders.tomorrow") : day.slice(5);
}

/**
 * When and where: `Today 17:00–19:00 · Takeaway`.
 * @param {Orders} orders @param {Offer | Order} of @param {string} zone
 */
export function whenAndWhere(orders, of, zone) {
  const when = `${dayName(orders, of.day)} ${clock(of.begins, zone)}–${clock(of.ends, zone)}`;
  return `${when} · ${called(orders, "merchant", of.merchant)}`;
}

/** @param {Orders} orders @param {string} zone @param {() => Promise<void>} renew */
export function orderSection(orders, zone, renew) {
  const open = orders.offers.filter(canOrder);
  if (!open.some((offer) => keyOf(offer) === chosen)) chosen = open.length > 0 ? keyOf(open[0]) : "";
  const form = h("div", { class: "ordering" });
  const draw = () => {
    const offer = open.find((each) => keyOf(each) === chosen);
    fill(form, ...(offer ? menu(orders, offer, renew) : []));
  };
  draw();
  const done = h("p", { class: "done", role: "status" }, said);
  said = "";
  const windows = orders.offers.map((offer) => windowChoice(orders, offer, zone, draw));
  return h(
    "section",
    { class: "orders" },
    h("h2", {}, t("orders.title")),
    done,
    h("fieldset", {}, h("legend", {}, t("orders.when")), ...windows),
    form,
  );
}

/** @param {Orders} orders @param {Offer} offer @param {string} zone @param {() => void} draw */
function windowChoice(orders, offer, zone, draw) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "radio", name: "window", checked: keyOf(offer) === chosen, disabled: !canOrder(offer) })
  );
  input.addEventListener("change", () => {
    chosen = keyOf(offer);
    draw();
  });
  const name = `${called(orders, "period", offer.period)} · ${whenAndWhere(orders, offer, zone)}`;
  return h("label", { class: "window" }, input, h("span", {}, h("span", {}, name), h("small", {}, stateOf(orders, offer, zone))));
}

/** @param {Orders} orders @param {Offer} offer @param {string} zone */
function stateOf(orders, offer, zone) {
  if (!offer.is_open) return t("orders.closed");
  if (offer.left === 0) return t("orders.full");
  const until = t("orders.until", { time: `${dayName(orders, formatDate(offer.until, zone))} ${clock(offer.until, zone)}` });
  return offer.left === null ? until : `${until} · ${t("orders.places", { count: offer.left })}`;
}

/** Dishes with counts, the sum, and the button. @param {Orders} orders @param {Offer} offer @param {() => Promise<void>} renew */
function menu(orders, offer, renew) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = actionButton("orders.order", () => order(offer, renew), problem, "primary");
  const sum = h("dl", { class: "sums", "aria-live": "polite" });
  const draw = () => {
    const fen = sumOf(offer);
    const isShort = fen > orders.spendable_fen;
    const line = (/** @type {string} */ key, /** @type {number} */ amount) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, yuan(amount)));
    fill(sum, line("orders.sum", fen), isShort ? line("orders.to_spend", orders.spendable_fen) : line("orders.after", orders.spendable_fen - fen));
    fill(problem, isShort ? t("orders.short") : refused);
    button.toggleAttribute("disabled", fen === 0 || isShort);
  };
  draw();
  refused = "";
  const rows = offer.dishes.map((dish) => dishRow(orders, offer, dish, draw));
  const rule = t(offer.unclaimed === "charge" ? "orders.charged" : "orders.released");
  return [h("ul", {}, ...rows), sum, h("p", { class: "muted" }, rule), problem, button];
}

/** @param {Orders} orders @param {Offer} offer @param {Offer["dishes"][number]} dish @param {() => void} draw */
function dishRow(orders, offer, dish, draw) {
  const name = called(orders, "dish", dish.id);
  const shown = h("output", {}, String(countOf(offer, dish.id)));
  const less = step("−", t("orders.less", { dish: name }), -1);
  const more = step("+", t("orders.more", { dish: name }), 1);
  const update = () => {
    const count = countOf(offer, dish.id);
    fill(shown, String(count));
    less.toggleAttribute("disabled", count === 0);
    more.toggleAttribute("disabled", count === COUNT_MAX);
  };
  /** @param {string} sign @param {string} label @param {number} by */
  function step(sign, label, by) {
    const change = () => {
      counts.set(`${keyOf(offer)} ${dish.id}`, Math.min(COUNT_MAX, Math.max(0, countOf(offer, dish.id) + by)));
      update();
      draw();
      // Whoever steps down to nothing with a keyboard goes on from there.
      if (less.hasAttribute("disabled") && by < 0) more.focus();
    };
    return h("button", { type: "button", "aria-label": label, onclick: change }, sign);
  }
  update();
  return h("li", {}, h("span", {}, h("span", {}, name), h("small", {}, yuan(dish.price_fen))), h("span", { class: "steps" }, less, shown, more));
}

/** @param {Offer} offer @param {() => Promise<void>} renew */
async function order(offer, renew) {
  const pieces = offer.dishes.filter((dish) => countOf(offer, dish.id) > 0).map((dish) => ({ dish: dish.id, count: countOf(offer, dish.id) }));
  const { merchant, day, period, before } = offer;
  const wish = { merchant, day, period, pieces, amount_fen: sumOf(offer) };
  const what = JSON.stringify(wish);
  // An answer that was lost is asked for again: the same key is the same order.
  if (asked?.what !== what) asked = { what, key: crypto.randomUUID() };
  try {
    const made = await post("/diner/orders", { order_id: asked.key, before, ...wish });
    said = t("orders.ordered", { number: made.number });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    // What the page has shown is not so any more: it is shown anew, with the reason.
    refused = error.sentence;
    await renew();
    return;
  }
  asked = null;
  for (const dish of offer.dishes) counts.delete(`${keyOf(offer)} ${dish.id}`);
  await renew();
  document.querySelector(".my-orders")?.scrollIntoView();
}
