/** For the kitchen: how many mean to eat, what was ordered for the window, and each order by its number; printed on A4. */

import { wear } from "./style.js";
import { ApiError, get, post } from "./api.js";
import { actionForm, field, openDialog } from "./forms.js";
import { takeAway } from "./purpose.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatMinute, formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

wear("canteen-kitchen.css");

const LOOK_MS = 30_000;
/** Those that are to be cooked. */
const STANDING = ["waiting", "collected", "unclaimed"];

export class Kitchen {
  #around;
  #day = /** @type {HTMLInputElement} */ (h("input", { type: "date", required: true }));
  #quick = h("div", { class: "bar", role: "group" });
  #body = h("div", { class: "kitchen" });
  #shown = "";
  element = h("div", { class: "kitchen" }, h("div", { class: "bar" }, this.#quick, this.#day, h("button", { type: "button", onclick: () => print() }, t("office.print")), h("button", { type: "button", onclick: () => this.#takeAway() }, t("office.text_table"))), this.#body);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    this.#day.ariaLabel = t("office.day");
    // What is to be cooked is the question of the day before.
    this.#day.value = dayAfter(this.#today);
    this.#day.addEventListener("change", () => this.#day.value && around.changed());
    const looking = setInterval(() => {
      if (!this.element.isConnected) clearInterval(looking);
      else if (document.visibilityState === "visible") this.#lookAgain();
    }, LOOK_MS);
  }

  /** Of the site; a kitchen's screen is on for weeks. */
  get #today() {
    return formatDate(Date.now(), this.#around.state().zone);
  }

  async load() {
    const day = this.#day.value;
    const [meals, orders, plan] = await Promise.all([get(`/diners/meals?day=${day}`), get(`/canteen/orders?day=${day}`), get("/canteen/plan")]);
    if (day !== this.#day.value) return;
    this.#drawQuick();
    const said = JSON.stringify([meals, orders, plan.version]);
    if (said === this.#shown) return;
    this.#shown = said;
    this.#draw(meals, orders, plan);
  }

  show() {}

  async #lookAgain() {
    try {
      await this.load();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #drawQuick() {
    const today = this.#today;
    const day = (/** @type {string} */ key, /** @type {string} */ value) => {
      const choose = () => {
        this.#day.value = value;
        this.#around.changed();
      };
      return h("button", { type: "button", "aria-pressed": String(this.#day.value === value), onclick: choose }, t(key));
    };
    fill(this.#quick, day("kitchen.today", today), day("kitchen.tomorrow", dayAfter(today)));
  }

  /** @param {any} meals @param {any} orders @param {any} plan */
  #draw(meals, orders, plan) {
    const { zone, site } = this.#around.state();
    const name = (/** @type {string} */ kind, /** @type {string} */ id) => localName(orders.names[`${kind}/${id}`], id);
    const merchants = plan.merchants.filter((/** @type {any} */ each) => [meals.items, orders.windows, plan.plan.merchants.filter((/** @type {any} */ one) => one.periods.length)].some((all) => all.some((/** @type {any} */ one) => one.merchant === each.id)));
    const until = meals.is_open ? t("kitchen.may_change", { time: formatMinute(meals.closes_at, zone) }) : "";
    fill(
      this.#body,
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${t("kitchen.printed", { time: formatMinute(Date.now(), zone) })}`),
      h("h2", { class: "of-day" }, t("kitchen.of_day", { day: meals.day })),
      until && h("p", { class: "p4" }, until),
      merchants.length === 0 && h("p", { class: "empty" }, t("kitchen.no_meals")),
      ...merchants.map((/** @type {any} */ each) => this.#merchant(each, meals, orders, plan, name)),
    );
  }

  /** @param {any} merchant @param {any} meals @param {any} orders @param {any} plan @param {(kind: string, id: string) => string} name */
  #merchant(merchant, meals, orders, plan, name) {
    const { zone } = this.#around.state();
    const periods = plan.plan.merchants.find((/** @type {any} */ each) => each.merchant === merchant.id)?.periods ?? [];
    const counted = meals.items.filter((/** @type {any} */ each) => each.merchant === merchant.id);
    const windows = orders.windows.filter((/** @type {any} */ each) => each.merchant === merchant.id);
    // A meal that was taken out of the plan still has those who registered for it.
    const ids = [...new Set([...periods, ...counted.map(({ period }) => ({ id: period })), ...windows.map(({ period }) => ({ id: period }))].map(({ id }) => id))];
    const rows = ids.map((id) => {
      const period = periods.find((/** @type {any} */ each) => each.id === id);
      const window = windows.find((/** @type {any} */ each) => each.period === id);
      const count = counted.find((/** @type {any} */ each) => each.period === id)?.count ?? 0;
      return h(
        "tr", {},
        h("td", {}, period ? localName(period.name, "") || name("period", id) : name("period", id)),
        h("td", {}, period ? `${period.begins.slice(0, 5)}–${period.ends.slice(0, 5)}` : ""),
        h("td", { class: "number" }, h("strong", {}, count)),
        h("td", { class: "number" }, h("strong", {}, window ? standing(window) : 0)),
      );
    });
    const head = ["meal", "time", "registered", "ordered"].map((key, index) => h("th", { scope: "col", class: index > 1 ? "number" : "" }, t(`kitchen.column_${key}`)));
    return h(
      "section", { class: "card kitchen-merchant" },
      h("h2", {}, localName(merchant.name, merchant.id)),
      h("table", { class: "meal-counts" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)),
      ...windows.map((/** @type {any} */ window) => this.#window(window, name, zone)),
    );
  }

  /** @param {any} window @param {(kind: string, id: string) => string} name @param {string} zone */
  #window(window, name, zone) {
    const orders = [...window.orders].sort((one, other) => one.number.localeCompare(other.number));
    const isOpen = Date.parse(window.until) > Date.now();
    const dishes = h(
      "table", { class: "dishes" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("kitchen.column_dish")), h("th", { scope: "col", class: "number" }, t("kitchen.column_count")))),
      h("tbody", {}, ...window.dishes.map((/** @type {any} */ each) => h("tr", {}, h("td", {}, name("dish", each.dish)), h("td", { class: "number" }, h("strong", {}, each.count))))),
    );
    const lines = orders.map((order) =>
      h(
        "tr", { class: order.state === "cancelled" ? "is-cancelled" : "" },
        h("td", { class: "tick", "aria-hidden": "true" }, order.state === "waiting" ? "☐" : ""),
        h("th", { scope: "row", class: "pick-up" }, order.number),
        h("td", {}, order.name ?? ""),
        h("td", {}, order.lines.map((/** @type {any} */ line) => `${name("dish", line.item)} × ${line.count}`).join(t("kitchen.comma"))),
        h("td", {}, term("order_state", order.state), order.collected_at ? ` ${formatTime(order.collected_at, zone)}` : "", order.note ? h("small", {}, ` ${order.note}`) : null),
        h("td", { class: "buttons" }, order.state === "waiting" && this.#around.permissions.includes("canteen.manage") ? h("button", { type: "button", class: "quiet", "aria-label": `${t("kitchen.cancel")} ${order.number}`, onclick: () => this.#cancel(order) }, t("kitchen.cancel")) : null),
      ),
    );
    const head = ["", "number", "name", "dishes", "state", ""].map((key) => (key ? h("th", { scope: "col" }, t(`kitchen.column_${key}`)) : h("td", {})));
    return h(
      "section", { class: "kitchen-window" },
      h("h3", {}, t("kitchen.window_of", { meal: name("period", window.period), n: standing(window) })),
      isOpen && h("p", { class: "p4" }, t("kitchen.still_ordered", { time: formatMinute(window.until, zone).slice(11) })),
      dishes,
      h("table", { class: "orders" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...lines)),
    );
  }

  /** @param {any} order */
  #cancel(order) {
    const form = actionForm("kitchen.cancel", [h("p", {}, t("kitchen.cancel_hint")), field("kitchen.reason", h("input", { name: "note", required: true, minlength: 2, maxlength: 200, autocomplete: "off" }))], async ({ note }) => {
      await post(`/canteen/orders/${order.charge_id}/cancel`, { note });
      /** @type {HTMLDialogElement} */ (form.closest("dialog")).close();
      await this.#around.changed();
    });
    openDialog(t("kitchen.cancel_order", { number: order.number }), form);
  }

  async #takeAway() {
    await takeAway("/canteen/orders.csv", { day: this.#day.value, language: document.documentElement.lang === "zh-CN" ? "zh-CN" : "en" }, `orders-${this.#day.value}.csv`);
  }
}

/** Orders that are to be cooked. @param {any} window */
function standing(window) {
  return STANDING.reduce((sum, state) => sum + (window.counts[state] ?? 0), 0);
}

/** @param {string} day ISO @returns {string} */
function dayAfter(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
