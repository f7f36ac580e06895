/** Charges that diners say are wrong: what they say, the receipt, and the answer that they read. */

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

export class Disputes {
  #around;
  #lastAnswer = new LastAnswer();
  #shown = shownChoice(["waiting", "all"], () => this.#around.attempt(() => this.load()));
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "canteen_case.no_disputes" }));
  /** @type {any[]} */
  #items = [];
  element = h("div", {}, h("div", { class: "bar" }, this.#shown), this.#table);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { zone } = around.state();
    this.#table.rowKey = (row) => row.charge_id;
    this.#table.columns = [
      { title: "canteen_case.age", cell: (row) => [ago(row.made_at, zone)], order: (row) => row.made_at },
      { title: "office.who", cell: (row) => [whose(row.name)], order: (row) => row.name ?? "" },
      { title: "canteen_case.says", cell: (row) => [term("dispute_reason", row.reason)], order: (row) => row.reason },
      { title: "canteen_case.meal", cell: (row) => [row.charged_at ? `${formatMinute(row.charged_at, zone)} · ${called(around.setting().merchants, row.merchant ?? "")}` : ""], order: (row) => row.charged_at ?? "" },
      { title: "office.amount", cell: (row) => [row.amount_fen === null ? "" : yuan(row.amount_fen)], order: (row) => row.amount_fen ?? 0, isNumber: true },
      { title: "canteen_case.state", cell: (row) => [row.decision ? term("dispute_decision", row.decision) : h("span", { class: "p4" }, t("canteen_case.waits"))] },
      { title: "canteen_case.given_back", cell: (row) => [row.returned_fen > 0 ? yuan(row.returned_fen) : ""], isNumber: true },
    ];
    this.#table.addEventListener("open", (event) => around.attempt(() => this.#open(/** @type {CustomEvent} */ (event).detail)));
  }

  async load() {
    this.#items = (await this.#lastAnswer.of(get(`/diners/disputes?waiting=${this.#shown.value === "waiting"}`))).items;
    this.#table.rows = this.#items;
  }

  /** @param {string} id */
  async #open(id) {
    const line = this.#items.find((each) => each.charge_id === id);
    const charge = await chargeOf(id);
    const { zone } = this.#around.state();
    const mayAnswer = !line.decision && this.#around.permissions.includes("canteen.manage");
    const decide = async (/** @type {string} */ decision, /** @type {string} */ note) => {
      await post(`/diners/disputes/${id}/decide`, { decision, note });
    };
    const dialog = openDialog(
      `${whose(line.name)}: ${term("dispute_reason", line.reason)}`,
      facts([["canteen_case.said_at", formatMinute(line.made_at, zone)]]),
      charge ? receipt(charge, this.#around) : null,
      toCounter(charge, this.#around),
      line.decision
        ? facts([["canteen_case.answer", term("dispute_decision", line.decision)], ["office.why", line.note], ["canteen_case.decided_by", `${line.decided_by} · ${formatMinute(line.decided_at, zone)}`]])
        : null,
      mayAnswer ? decisionForm("dispute_answer", "dispute_answer_hint", ["accepted", "declined"], decide, { around: this.#around, hint: "canteen_case.diner_reads" }) : null,
    );
    dialog.classList.add("wide");
  }
}
