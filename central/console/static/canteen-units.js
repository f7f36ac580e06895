/** Units: what their accounts hold, a charge to one, and a month's statement that both sides confirm. */

import { get, post } from "./api.js";
import { accountName, choice, deedForm, moneyInput, signed } from "./canteen-parts.js";
import { signLines } from "./canteen-sign.js";
import { actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { localName, t, term, termsOf } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { fenOf, yuan } from "/web/money.js";

export class Units {
  #around;
  /** @type {{unit_id: string, path: string, balance_fen: number}[]} */
  #units = [];
  /** @type {any} */
  #statement = null;
  #lastAnswer = new LastAnswer();
  #list = h("section", { class: "card" });
  #month = h("section", { class: "card statement", hidden: true });
  element = h("div", { class: "units" }, this.#list, this.#month);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
  }

  async load() {
    this.#units = (await get("/canteen/office/units")).items;
    this.#drawList();
    if (this.#statement) await this.#open(this.#statement.unit_id, this.#statement.month);
  }

  show() {}

  #drawList() {
    if (this.#units.length === 0) return fill(this.#list, h("p", { class: "empty" }, t("office.no_units")));
    const month = this.#around.setting().today.slice(0, 7);
    const rows = this.#units.map((unit) =>
      h("tr", {}, h("td", {}, h("button", { type: "button", class: "plain", onclick: () => this.#open(unit.unit_id, month) }, unit.path)), h("td", { class: "number" }, yuan(unit.balance_fen))),
    );
    fill(
      this.#list,
      h("header", {}, h("h2", {}, t("canteen_tab.units")), this.#around.permissions.includes("canteen.manage") ? h("button", { type: "button", onclick: () => this.#charge() }, t("canteen_kind.unit_charge")) : null),
      h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, t("office.unit")), h("th", { class: "number" }, t("office.balance")))), h("tbody", {}, ...rows)),
    );
  }

  #charge() {
    const unit = h("select", { name: "unit_id", required: true }, ...this.#units.map((each) => h("option", { value: each.unit_id }, each.path)));
    const purpose = h("select", { name: "purpose" }, ...termsOf("canteen_purpose").map((each) => h("option", { value: each }, t(`canteen_purpose.${each}`))));
    const form = deedForm("canteen_kind.unit_charge", [
      field("office.unit", unit),
      field("office.merchant", choice("merchant", this.#around.setting().merchants)),
      field("office.purpose", purpose),
      field("office.diners", h("input", { name: "people", type: "number", min: "1", max: "9999", value: "1", required: true })),
      field("office.amount_yuan", moneyInput("amount")),
      field("office.note", h("input", { name: "note", maxlength: "200", autocomplete: "off" })),
    ], (values) => ({ kind: "unit_charge", unit_id: values.unit_id, merchant: values.merchant, purpose: values.purpose, people: Number(values.people), amount_fen: fenOf(values.amount) ?? 0, note: values.note }),
      { path: "/money", around: this.#around });
    openDialog(t("canteen_kind.unit_charge"), form);
  }

  /** @param {string} unitId @param {string} month */
  async #open(unitId, month) {
    this.#statement = await this.#lastAnswer.of(get(`/canteen/office/units/${unitId}/statements/${month}`));
    this.#month.hidden = false;
    const said = this.#statement;
    const { zone, site } = this.#around.state();
    const picker = /** @type {HTMLInputElement} */ (h("input", { type: "month", value: said.month, "aria-label": t("office.month") }));
    picker.addEventListener("change", () => picker.value && this.#open(said.unit_id, picker.value));
    const rows = said.lines.map((/** @type {any} */ line) =>
      h("tr", {}, h("td", {}, formatMinute(line.at, zone)), h("td", {}, term("canteen_reason", line.reason)), h("td", {}, line.purpose ? t("office.purpose_of", { purpose: t(`canteen_purpose.${line.purpose}`), n: line.people }) : accountName(line.other, this.#around.setting())), h("td", { class: "number" }, signed(line.change_fen))),
    );
    const balance = (/** @type {string} */ key, /** @type {number} */ fen) => h("tr", {}, h("th", { colspan: "3" }, t(key)), h("td", { class: "number" }, yuan(fen)));
    const sides = ["canteen", "unit"].map((side) => {
      const found = said.confirmations.find((/** @type {any} */ each) => each.side === side);
      const words = found ? t("office.confirmed_by", { name: found.name, time: formatMinute(found.at, zone) }) : t("office.not_confirmed");
      const may = !found && said.is_over && this.#around.permissions.includes("canteen.manage");
      return h("p", {}, h("strong", {}, t(`office.side_${side}`)), ` ${words} `, may ? h("button", { type: "button", onclick: () => this.#confirm(side) }, t("office.confirm")) : null);
    });
    fill(
      this.#month,
      h("header", {}, h("h2", {}, `${said.path} · ${said.month}`), picker, h("button", { type: "button", onclick: () => print() }, t("office.print"))),
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${t("office.statement")} · ${formatMinute(Date.now(), zone)} · ${said.sha256.slice(0, 16)}`),
      h("table", {}, h("thead", {}, h("tr", {}, ...["time", "reason", "other", "amount"].map((key) => h("th", { class: key === "amount" && "number" }, t(`office.${key}`))))), h("tbody", {}, balance("office.opening", said.opening_fen), ...rows, balance("office.closing", said.closing_fen))),
      said.is_over ? null : h("p", { class: "muted" }, t("office.month_running")),
      ...sides,
      signLines("office.side_canteen", "office.side_unit"),
    );
    this.#month.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} side */
  #confirm(side) {
    const said = this.#statement;
    const form = actionForm("office.confirm", [h("p", {}, t("office.confirm_hint", { amount: yuan(said.closing_fen) })), field("office.signatory", h("input", { name: "name", required: true, maxlength: "64", autocomplete: "off" }))], async ({ name }) => {
      await post(`/canteen/office/units/${said.unit_id}/statements/${said.month}/confirmations`, { side, name, sha256: said.sha256 });
      /** @type {HTMLDialogElement} */ (form.closest("dialog")).close();
      await this.#around.changed();
    });
    openDialog(t(`office.side_${side}`), form);
  }
}
