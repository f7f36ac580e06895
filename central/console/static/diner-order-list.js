/** A diner's own orders: number and code to collect with, what became of each, and taking one back. */

import { request } from "./api.js";
import { whenAndWhere } from "./diner-orders.js";
import { actionButton, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {import("./diner-orders.js").Orders} Orders
 * @typedef {import("./diner-orders.js").Order} Order
 */

/** So long before its window the page looks whether an order has been handed out. */
const NEAR_MS = 600_000;

/** Whether an order may be handed out about now. @param {Order} order */
export function isNear(order) {
  return order.state === "waiting" && Date.parse(order.begins) - NEAR_MS < Date.now();
}

/** @param {Orders} orders @param {string} zone @param {() => Promise<void>} renew */
export function orderList(orders, zone, renew) {
  const waiting = orders.orders.filter((order) => order.state === "waiting").reverse();
  const others = orders.orders.filter((order) => order.state !== "waiting");
  return h(
    "section",
    { class: "my-orders" },
    h("h2", {}, t("orders.mine")),
    ...waiting.map((order) => ticket(orders, order, zone, renew)),
    others.length > 0 ? h("ul", {}, ...others.map((order) => past(orders, order, zone))) : null,
  );
}

/** @param {Orders} orders @param {Order} order @param {string} zone @param {() => Promise<void>} renew */
function ticket(orders, order, zone, renew) {
  const code = `/api/v1/diner/orders/${order.charge_id}/code.svg`;
  return h(
    "article",
    { class: "ticket", data: { key: order.charge_id } },
    h("p", {}, t("orders.number")),
    h("p", { class: "number" }, order.number),
    h("p", {}, whenAndWhere(orders, order, zone)),
    h("img", { class: "code", src: code, alt: t("orders.code", { number: order.number }) }),
    h("p", { class: "muted" }, t("orders.collect")),
    h("ul", { class: "receipt" }, ...order.lines.map((line) => lineOf(order, line)), total(order)),
    order.can_cancel ? cancelling(order, zone, renew) : h("p", { class: "muted" }, t("orders.no_cancel")),
  );
}

/** @param {Order} order @param {Order["lines"][number]} line */
function lineOf(order, line) {
  const many = line.count > 1 ? ` ×${line.count}` : "";
  return h("li", {}, h("span", {}, `${nameOf(order, line.item)}${many}`), h("span", {}, yuan(line.amount_fen)));
}

/** @param {Order} order @param {string} item */
const nameOf = (order, item) => order.names[item]?.[language()] ?? item;

/** @param {Order} order */
function total(order) {
  return h("li", { class: "paid" }, h("span", {}, t("orders.kept")), h("b", {}, yuan(order.amount_fen)));
}

/** @param {Order} order @param {string} zone @param {() => Promise<void>} renew */
function cancelling(order, zone, renew) {
  const until = formatTime(order.until, zone).slice(0, -3);
  const ask = h("button", { type: "button" }, t("orders.cancel"));
  ask.addEventListener("click", () => {
    const problem = h("p", { class: "problem", role: "alert" });
    const yes = actionButton("orders.cancel_yes", async () => {
      await request("DELETE", `/diner/orders/${order.charge_id}`);
      dialog.close();
      await renew();
    }, problem, "primary");
    const no = h("button", { type: "button", onclick: () => dialog.close() }, t("orders.cancel_no"));
    const what = t("orders.cancel_what", { number: order.number, amount: yuan(order.amount_fen) });
    const dialog = openDialog(t("orders.cancel"), h("p", {}, what), problem, h("footer", { class: "taps" }, no, yes));
  });
  return h("div", { class: "cancelling" }, h("p", { class: "muted" }, t("orders.cancel_until", { time: until })), ask);
}

/** @param {Orders} orders @param {Order} order @param {string} zone */
function past(orders, order, zone) {
  const dishes = order.lines.map((line) => `${nameOf(order, line.item)}${line.count > 1 ? ` ×${line.count}` : ""}`).join(", ");
  const is = h("small", { class: "state" }, term("order_state", order.state), order.note ? ` · ${order.note}` : "");
  const what = h("span", {}, h("span", {}, `${order.number} · ${dishes}`), h("small", {}, whenAndWhere(orders, order, zone)), is);
  const isPaid = order.state === "collected" || (order.state === "unclaimed" && order.unclaimed === "charge");
  return h("li", {}, what, h("b", { class: isPaid ? "" : "is-gone" }, yuan(order.amount_fen)));
}
