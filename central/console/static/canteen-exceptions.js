/** What tills told and could not be posted: why, what central holds instead, and what a person decides. */

import "/web/data-table.js";
import { get, post } from "./api.js";
import { ago, chargeOf, decisionForm, facts, receipt, shownChoice, toCounter, whose } from "./canteen-charge.js";
import { called } from "./canteen-parts.js";
import { openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { yuan } from "/web/money.js";

/** What a till told, in the order in which people ask; sessions have their sums. */
const FIELDS = ["time", "till", "merchant", "amount_fen", "period", "credential", "by", "charge_count", "charge_fen", "void_count", "void_fen", "counted_charges", "counted_fen"];

export class Exceptions {
  #around;
  #lastAnswer = new LastAnswer();
  #shown = shownChoice(["waiting", "all"], () => this.#around.attempt(() => this.load()));
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "canteen_case.no_exceptions" }));
  /** @type {any[]} */
  #items = [];
  element = h("div", {}, h("div", { class: "bar" }, this.#shown), this.#table);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { zone } = around.state();
    this.#table.rowKey = (row) => row.exception_id;
    this.#table.columns = [
      { title: "canteen_case.age", cell: (row) => [ago(row.found_at, zone)], order: (row) => row.found_at },
      { title: "canteen_case.what", cell: (row) => [term("canteen_exception", row.kind)], order: (row) => row.kind },
      { title: "office.till", cell: (row) => [row.till ? called(around.setting().tills, row.till) : row.node] },
      { title: "office.amount", cell: (row) => [row.said.amount_fen ? yuan(row.said.amount_fen) : ""], isNumber: true },
      { title: "canteen_case.state", cell: (row) => [row.decided_at ? t(`canteen_decided.${row.decision}`) : h("span", { class: "p4" }, t("canteen_case.waits"))] },
      { title: "office.remark", cell: (row) => [row.note ?? ""] },
    ];
    this.#table.addEventListener("open", (event) => around.attempt(() => this.#open(/** @type {CustomEvent} */ (event).detail)));
  }

  async load() {
    this.#items = (await this.#lastAnswer.of(get(`/canteen/exceptions?is_open=${this.#shown.value === "waiting"}`))).items;
    this.#table.rows = this.#items;
  }

  /** @param {string} id */
  async #open(id) {
    const line = this.#items.find((each) => each.exception_id === id);
    const isSession = line.kind === "session_differs";
    const charge = isSession || line.kind === "unreadable" ? null : await chargeOf(line.about);
    const mayDecide = !line.decided_at && this.#around.permissions.includes("canteen.refund");
    const decide = async (/** @type {string} */ decision, /** @type {string} */ note) => {
      await post(`/canteen/exceptions/${id}/decision`, { decision, note });
    };
    const dialog = openDialog(
      term("canteen_exception", line.kind),
      h("p", {}, t(`canteen_exception_why.${line.kind}`)),
      h("p", { class: "muted" }, t(`canteen_exception_way.${line.kind}`)),
      charge ? facts([["office.who", whose(charge.name)]]) : null,
      this.#told(line, charge),
      charge ? h("details", {}, h("summary", {}, t("canteen_case.charge_of_central")), receipt(charge, this.#around)) : null,
      isSession ? h("p", { class: "way" }, h("button", { type: "button", onclick: () => this.#toDay(dialog) }, t("canteen_tab.day"))) : toCounter(charge, this.#around),
      line.decided_at ? decided(line, this.#around.state().zone) : null,
      mayDecide ? decisionForm("exception_decision", "exception_decision_hint", line.can_post ? ["post", "leave"] : ["leave"], decide, { around: this.#around }) : null,
    );
    dialog.classList.add("wide");
  }

  /** @param {HTMLDialogElement} dialog */
  #toDay(dialog) {
    dialog.close();
    this.#around.go("day", "");
  }

  /** What was told beside what central holds; what differs has a sign. @param {any} line @param {import("./canteen-charge.js").Charge | null} charge */
  #told(line, charge) {
    const held = charge ? /** @type {any} */ ({ ...charge, time: charge.charged_at }) : null;
    const rows = FIELDS.filter((name) => line.said[name] !== undefined && line.said[name] !== null && line.said[name] !== "").map((name) => {
      const [told, central] = [this.#value(name, line.said[name]), held && held[name] !== undefined ? this.#value(name, held[name]) : "–"];
      const differs = held !== null && central !== "–" && told !== central;
      return h("tr", {}, h("th", { scope: "row" }, t(`canteen_told.${name}`)), h("td", {}, told), held ? h("td", { class: differs ? "p4" : "" }, differs ? `≠ ${central}` : central) : null);
    });
    const heads = ["", t("canteen_case.told"), held ? t("canteen_case.central_holds") : null].filter((each) => each !== null);
    return h("table", { class: "told" }, h("thead", {}, h("tr", {}, ...heads.map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, ...rows));
  }

  /** @param {string} name @param {any} value */
  #value(name, value) {
    const setting = this.#around.setting();
    if (name === "time") return formatMinute(value, this.#around.state().zone);
    if (name === "till") return called(setting.tills, value);
    if (name === "merchant") return called(setting.merchants, value);
    if (name === "period") return called(setting.periods, value);
    if (name === "credential") return term("credential", value);
    return name.endsWith("_fen") ? yuan(value) : String(value);
  }
}

/** @param {any} line @param {string} zone */
function decided(line, zone) {
  return facts([
    ["canteen_case.decision", t(`canteen_decided.${line.decision}`)],
    ["office.why", line.note],
    ["canteen_case.decided_by", line.decided_by ? `${line.decided_by} · ${formatMinute(line.decided_at, zone)}` : t("canteen_case.by_itself")],
  ]);
}
