/** Subsidies: a month's amounts by group, and what has lapsed goes back to who paid. */

import { get } from "./api.js";
import { deedForm, moneyInput } from "./canteen-parts.js";
import { field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { fenOf } from "/web/money.js";

export class Grants {
  #around;
  element = h("div", { class: "grants" });

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
  }

  async load() {
    if (this.element.children.length > 0) return;
    const { items } = await get("/canteen/office/units");
    fill(this.element, this.#grant(items), this.#lapse());
  }

  show() {}

  /** @param {{unit_id: string, path: string}[]} units */
  #grant(units) {
    const { groups, today } = this.#around.setting();
    const payer = h("select", { name: "payer", required: true }, h("option", { value: "fund/meals" }, t("office.fund_meals")), ...units.map((unit) => h("option", { value: `unit/${unit.unit_id}` }, unit.path)));
    const amounts = [...groups, ""].map((group) =>
      h("label", { class: "field" }, h("span", {}, group || t("office.other_people")), moneyInput(`group ${group}`, { required: false })),
    );
    const fields = [
      field("office.grant", h("input", { name: "grant", required: true, value: "meals", pattern: "[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?", autocomplete: "off" }), "office.grant_hint"),
      field("office.month", h("input", { name: "month", type: "month", required: true, value: today.slice(0, 7) })),
      field("office.payer", payer),
      h("fieldset", { class: "amounts" }, h("legend", {}, t("office.amount_by_group")), ...amounts),
      field("office.lapses_on", h("input", { name: "lapses_on", type: "date", min: today }), "office.lapses_hint"),
    ];
    const form = deedForm("canteen_kind.subsidy", fields, (values) => {
      const given = [...groups, ""].map((group) => [group, fenOf(values[`group ${group}`] ?? "")]).filter(([, fen]) => fen);
      return { kind: "subsidy", grant: values.grant, month: values.month, payer: values.payer, amounts: Object.fromEntries(given), lapses_on: values.lapses_on || null };
    }, { path: "/money", around: this.#around });
    return h("section", { class: "card" }, h("h2", {}, t("canteen_kind.subsidy")), form);
  }

  #lapse() {
    const form = deedForm("canteen_kind.subsidy_lapse", [h("p", { class: "muted" }, t("office.lapse_hint"))], () => ({ kind: "subsidy_lapse" }), { path: "/money", around: this.#around });
    return h("section", { class: "card" }, h("h2", {}, t("canteen_kind.subsidy_lapse")), form);
  }
}
