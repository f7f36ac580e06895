/** What meals left owing: why, what is left of it, told or not, disputed or not; and what is decided. */

import "/web/data-table.js";
import { get, post } from "./api.js";
import { ago, chargeOf, decisionForm, facts, receipt, shownChoice, toCounter, whereAndWhen, whose } from "./canteen-charge.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { yuan } from "/web/money.js";

/** Two tills without central that took the same money did so within this. */
const AROUND_MS = 24 * 3_600_000;

export class Debts {
  #around;
  #lastAnswer = new LastAnswer();
  #shown = shownChoice(["waiting", "disputed", "decided", "all"], () => this.#around.attempt(() => this.load()));
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "canteen_case.no_debts" }));
  #sums = h("div", { class: "figures" });
  #others = h("section", { class: "card", hidden: true });
  /** @type {any[]} */
  #items = [];
  element = h("div", {}, this.#sums, h("div", { class: "bar" }, this.#shown), this.#table, this.#others);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { zone } = around.state();
    this.#table.rowKey = (row) => row.charge_id;
    this.#table.columns = [
      { title: "canteen_case.age", cell: (row) => [ago(row.made_at, zone)], order: (row) => row.made_at },
      { title: "office.who", cell: (row) => [whose(row.name)], order: (row) => row.name ?? "" },
      { title: "canteen_case.cause", cell: (row) => [term("debt_cause", row.cause)], order: (row) => row.cause },
      { title: "canteen_case.meal", cell: (row) => [whereAndWhen(row, around)], order: (row) => row.charged_at },
      { title: "canteen_case.owed", cell: (row) => [yuan(row.amount_fen)], order: (row) => row.amount_fen, isNumber: true },
      { title: "canteen_case.left", cell: (row) => [row.left_fen ? yuan(row.left_fen) : t(row.is_void ? "canteen_case.gone_back" : "canteen_case.paid")], order: (row) => row.left_fen, isNumber: true },
      { title: "canteen_case.told_diner", cell: (row) => [row.notified_at ? ago(row.notified_at, zone) : t("canteen_case.not_told")], order: (row) => row.notified_at ?? "" },
      { title: "canteen_case.state", cell: (row) => [stateOf(row)] },
    ];
    this.#table.addEventListener("open", (event) => around.attempt(() => this.#open(/** @type {CustomEvent} */ (event).detail)));
  }

  async load() {
    const state = this.#shown.value === "all" ? "" : `?state=${this.#shown.value}`;
    const told = await this.#lastAnswer.of(get(`/canteen/debts${state}`));
    this.#items = told.items;
    this.#table.rows = told.items;
    const figure = (/** @type {string} */ key, /** @type {import("/web/dom.js").Child} */ value) => h("div", { class: "figure" }, h("span", {}, t(key)), h("strong", {}, value));
    fill(this.#sums, figure("canteen_case.owed_by_all", yuan(told.owed_fen)), figure("canteen_case.to_decide", told.open_count));
    this.#others.hidden = told.others.length === 0;
    const other = (/** @type {any} */ each) => h("li", {}, h("button", { type: "button", class: "plain", disabled: each.name === null, onclick: () => this.#around.go("counter", `person/${each.holder_id}`) }, whose(each.name)), ` ${yuan(each.rest_fen)}`);
    fill(this.#others, h("h3", {}, t("canteen_case.others")), h("p", { class: "muted" }, t("canteen_case.others_hint")), h("ul", {}, ...told.others.map(other)));
  }

  /** @param {string} id */
  async #open(id) {
    const line = this.#items.find((each) => each.charge_id === id);
    const at = Date.parse(line.charged_at);
    const asked = new URLSearchParams({ person: line.holder_id, since: new Date(at - AROUND_MS).toISOString(), until: new Date(at + AROUND_MS).toISOString() });
    const [charge, { items: meals }] = await Promise.all([chargeOf(id), get(`/canteen/charges?${asked}`)]);
    const may = (/** @type {string} */ permission) => this.#around.permissions.includes(permission);
    const mayDecide = !line.decided_at && !line.is_void;
    const decide = async (/** @type {string} */ decision, /** @type {string} */ note) => {
      await post(`/canteen/debts/${id}/decision`, { decision, note });
    };
    const { zone } = this.#around.state();
    const dialog = openDialog(
      `${whose(line.name)} · ${yuan(line.amount_fen)}`,
      h("p", {}, t(`debt_cause_why.${line.cause}`)),
      facts([
        ["canteen_case.left", line.left_fen ? yuan(line.left_fen) : t(line.is_void ? "canteen_case.gone_back" : "canteen_case.paid")],
        ["canteen_case.owed_in_all", yuan(line.owed_fen)],
        ["canteen_case.told_diner", line.notified_at ? `${formatMinute(line.notified_at, zone)} · ${line.notified_by || t("canteen_case.by_page")}` : t("canteen_case.not_told")],
        ["canteen_case.says", line.dispute && `${term("dispute_reason", line.dispute)} · ${formatMinute(line.disputed_at, zone)}`],
        ["canteen_case.decision", line.decision && `${t(`canteen_decided.${line.decision}`)} · ${line.note}`],
        ["canteen_case.decided_by", line.decided_at && `${line.decided_by} · ${formatMinute(line.decided_at, zone)}`],
      ]),
      this.#meals(meals, id),
      charge ? h("details", {}, h("summary", {}, t("canteen_case.receipt")), receipt(charge, this.#around)) : null,
      toCounter(charge, this.#around),
      mayDecide && may("canteen.manage") ? this.#saying(line) : null,
      mayDecide && may("canteen.refund") ? decisionForm("debt_decision", "debt_decision_hint", ["stands", "waived"], decide, { around: this.#around, hint: "canteen_case.diner_reads" }) : null,
    );
    dialog.classList.add("wide");
  }

  /** What they paid within a day of it: with two tills, both are here. @param {any[]} meals @param {string} id */
  #meals(meals, id) {
    const wallets = (/** @type {any} */ meal) => [["subsidy", meal.subsidy_fen], ["cash", meal.cash_fen], ["debt", meal.debt_fen]].filter(([, fen]) => fen > 0).map(([name, fen]) => `${t(`canteen_wallet.${name}`)} ${yuan(Number(fen))}`).join(" · ");
    const row = (/** @type {any} */ meal) =>
      h("tr", { class: meal.charge_id === id ? "is-chosen" : "" },
        h("td", {}, meal.charge_id === id ? "▸ " : "", whereAndWhen(meal, this.#around)),
        h("td", {}, t(meal.is_reserved ? "canteen_case.with_central" : "canteen_case.alone")),
        h("td", {}, wallets(meal)),
        h("td", { class: "number" }, yuan(meal.amount_fen)));
    const head = ["canteen_case.meal", "canteen_case.link", "canteen_case.paid_from", "office.amount"].map((key) => h("th", { scope: "col", class: key === "office.amount" && "number" }, t(key)));
    return h("section", { class: "lines" }, h("h3", {}, t("canteen_case.meals_around")), h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...meals.map(row))));
  }

  /** The diner was told at the counter, or says there what is wrong. @param {any} line */
  #saying(line) {
    const problem = h("p", { class: "problem", role: "alert" });
    const path = `/canteen/debts/${line.charge_id}`;
    const tell = actionButton("canteen_case.tell_now", async () => {
      await post(`${path}/notified`);
      tell.closest("dialog")?.close();
      await this.#around.changed();
    }, problem);
    const words = h("input", { name: "words", required: true, minlength: "2", maxlength: "500", autocomplete: "off" });
    const form = actionForm("canteen_case.note_dispute", [field("canteen_case.diner_says", words)], async (values) => {
      await post(`${path}/dispute`, { words: values.words });
      form.closest("dialog")?.close();
      await this.#around.changed();
    });
    return h("div", { class: "saying" }, line.notified_at ? null : tell, line.disputed_at ? null : h("details", {}, h("summary", {}, t("canteen_case.dispute_at_counter")), form), problem);
  }
}

/** @param {any} row */
function stateOf(row) {
  if (row.decision) return t(`canteen_decided.${row.decision}`);
  if (row.is_void) return t("canteen_case.gone_back");
  return h("span", { class: "p4" }, row.disputed_at ? `${t("canteen_case.disputed")}: ${term("dispute_reason", row.dispute)}` : t("canteen_case.waits"));
}
