/** A wrong price put right for everybody who paid it: every charge is listed before, and a second person approves. */

import { reason } from "./canteen-counter.js";
import { choice, deedForm, moneyInput } from "./canteen-parts.js";
import { field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { instantOf } from "/web/format.js";
import { localName, t } from "/web/i18n.js";
import { fenOf } from "/web/money.js";

export class Prices {
  #around;
  element = h("div", { class: "prices" });

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
  }

  async load() {
    if (this.element.children.length > 0) return;
    const { merchants, dishes, today } = this.#around.setting();
    const item = h("select", { name: "item" }, h("option", { value: "" }, t("office.the_meal")), ...dishes.map((dish) => h("option", { value: dish.id }, localName(dish.name, dish.id))));
    const time = (/** @type {string} */ name, /** @type {string} */ value) => h("input", { type: "datetime-local", name, required: true, value: `${today}T${value}` });
    const form = deedForm("canteen_kind.wrong_price", [
      h("p", { class: "muted" }, t("office.prices_hint")),
      field("office.merchant", choice("merchant", merchants)),
      field("office.item", item),
      field("office.since", time("since", "00:00")),
      field("office.until", time("until", "23:59")),
      field("office.wrong_price", moneyInput("wrong")),
      field("office.right_price", moneyInput("right")),
      reason(),
    ], (values) => {
      const { zone } = this.#around.state();
      return { kind: "wrong_price", merchant: values.merchant, item: values.item, since: instantOf(values.since, zone), until: instantOf(values.until, zone), wrong_fen: fenOf(values.wrong) ?? 0, right_fen: fenOf(values.right) ?? 0, reason: values.reason };
    }, { path: "/corrections", around: this.#around });
    fill(this.element, h("section", { class: "card" }, h("h2", {}, t("canteen_kind.wrong_price")), form));
  }

  show() {}
}
