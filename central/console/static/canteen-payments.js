/** Top-ups by telephone: what has become of each, what a person must look at, and the provider's bills to the fen. */

import "/web/data-table.js";
import { get, post } from "./api.js";
import { moneyInput } from "./canteen-parts.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

/** Differences that somebody must look at; the others explain themselves. */
const OPEN = ["missing", "extra", "amount", "twice"];

export class Payments {
  #around;
  /** @type {any[]} */
  #items = [];
  /** @type {Record<string, string>} */
  #people = {};
  #asking = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  #waiting = h("p", { class: "p3" });
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "top_up.none" }));
  #bills = h("section", { class: "card" });
  element;

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { zone } = around.state();
    this.#table.rowKey = (row) => row.top_up_id;
    this.#table.columns = [
      { title: "office.time", cell: (row) => [formatMinute(row.created_at, zone)], order: (row) => row.created_at },
      { title: "office.who", cell: (row) => [this.#people[row.holder_id] ?? t("office.person")] },
      { title: "office.amount", cell: (row) => [yuan(row.amount_fen)], order: (row) => row.amount_fen, isNumber: true },
      { title: "top_up.state", cell: (row) => [t(`payment_state.${row.state}`)], order: (row) => row.state },
      { title: "top_up.made_by", cell: (row) => [row.made_by === "diner" ? t("top_up.diner") : row.made_by] },
      { title: "office.remark", cell: (row) => [row.question ? h("span", { class: "p3" }, term("payment_question", row.question)) : (row.answers.at(-1)?.words ?? "")] },
    ];
    this.#table.addEventListener("open", (event) => this.#open(/** @type {CustomEvent} */ (event).detail));
    this.#asking.addEventListener("change", () => around.changed());
    this.element = h("div", { class: "payments" },
      h("div", { class: "bar" }, h("label", { class: "check" }, this.#asking, t("top_up.only_asking")), this.#waiting),
      this.#table, this.#bills);
  }

  async load() {
    const [all, asking, bills] = await Promise.all([get("/payments/top-ups"), get("/payments/top-ups?asking=true"), get("/payments/bills")]);
    const shown = this.#asking.checked ? asking : all;
    this.#items = shown.items;
    this.#people = shown.people;
    this.#table.rows = shown.items;
    this.#waiting.hidden = asking.items.length === 0;
    fill(this.#waiting, t("top_up.questions", { n: asking.items.length }));
    this.#drawBills(bills.items);
  }

  show() {}

  /** @param {string} permission */
  #may(permission) {
    return this.#around.permissions.includes(permission);
  }

  // ---- one top-up

  /** @param {string} id */
  #open(id) {
    const body = h("div", { class: "top-up" });
    const dialog = openDialog(t("canteen_kind.top_up"), body);
    dialog.classList.add("wide");
    this.#drawTopUp(body, this.#items.find((each) => each.top_up_id === id));
  }

  /** @param {Element} body @param {any} row */
  #drawTopUp(body, row) {
    const { zone } = this.#around.state();
    const problem = h("p", { class: "problem", role: "alert" });
    const asked = row.check_at ? t("top_up.asked", { n: row.check_count, time: formatTime(row.check_at, zone) }) : t("top_up.asked_no_more", { n: row.check_count });
    const facts = [
      ["office.who", this.#people[row.holder_id] ?? t("office.person")],
      ["office.amount", yuan(row.amount_fen)],
      ["top_up.state", t(`payment_state.${row.state}`)],
      ["office.time", formatMinute(row.created_at, zone)],
      ["top_up.paid_at", row.paid_at ? formatMinute(row.paid_at, zone) : ""],
      ["top_up.order_no", row.top_up_id.replaceAll("-", "")],
      ["top_up.provider_no", row.provider_no],
      ["canteen_kind.refund", row.refund_fen ? t("top_up.refund_of", { amount: yuan(row.refund_fen), name: row.refund_by }) : ""],
    ].filter(([, value]) => value);
    const again = async () => {
      const now = await post(`/payments/top-ups/${row.top_up_id}/ask`);
      await this.#around.changed();
      this.#drawTopUp(body, { ...row, ...now });
    };
    fill(body,
      row.question ? h("p", { class: "p3" }, term("payment_question", row.question)) : null,
      h("table", {}, h("tbody", {}, ...facts.map(([key, value]) => h("tr", {}, h("th", { scope: "row" }, t(String(key))), h("td", {}, value))))),
      ...said(row.answers, zone),
      h("p", { class: "muted" }, asked),
      problem,
      this.#may("canteen.manage") ? actionButton("top_up.ask", again, problem) : null,
      row.question && this.#may("canteen.manage") ? this.#answer(`/payments/top-ups/${row.top_up_id}/answer`, row.question, (now) => this.#drawTopUp(body, { ...row, ...now })) : null,
      row.state === "paid" && this.#may("canteen.refund") ? this.#refund(body, row) : null);
  }

  /** @param {string} path @param {string} question @param {(now: any) => void} done */
  #answer(path, question, done) {
    const words = h("input", { name: "words", required: true, maxlength: "200", autocomplete: "off" });
    return actionForm("top_up.answer", [field("office.explain", words, "top_up.answer_hint")], async (values) => {
      const now = await post(path, { question, words: values.words });
      await this.#around.changed();
      done(now);
    });
  }

  /** @param {Element} body @param {any} row */
  #refund(body, row) {
    const why = h("input", { name: "reason", required: true, maxlength: "200", autocomplete: "off" });
    return h("details", {}, h("summary", {}, t("top_up.refund")), actionForm("top_up.refund", [field("office.amount_yuan", moneyInput("amount", { required: false }), "top_up.refund_hint"), field("office.why", why)], async (values) => {
      const now = await post(`/payments/top-ups/${row.top_up_id}/refund`, { amount_fen: values.amount ? fenOf(values.amount) : null, reason: values.reason });
      await this.#around.changed();
      this.#drawTopUp(body, { ...row, ...now });
    }));
  }

  // ---- bills

  /** @param {any[]} bills */
  #drawBills(bills) {
    const day = /** @type {HTMLInputElement} */ (h("input", { type: "date", name: "day", required: true, value: bills[0]?.day ?? "", max: this.#around.setting().today, "aria-label": t("top_up.day") }));
    const match = actionForm("top_up.match", [day], async (values) => {
      const bill = await post(`/payments/bills/${values.day}`);
      await this.#around.changed();
      this.#openBill(bill);
    });
    match.classList.add("inline");
    const rows = bills.map((bill) => {
      const open = bill.differences.filter((/** @type {any} */ one) => OPEN.includes(one.difference)).length;
      const words = bill.question ? h("span", { class: "p3" }, t("top_up.differs", { n: open })) : open > 0 ? t("top_up.answered", { n: open }) : bill.bill_fen === bill.own_fen ? t("top_up.fits") : t("top_up.differs", { n: bill.differences.length });
      return h("tr", {}, h("td", {}, h("button", { type: "button", class: "plain", onclick: () => this.#openBill(bill) }, bill.day)), h("td", { class: "number" }, bill.line_count), h("td", { class: "number" }, yuan(bill.bill_fen)), h("td", { class: "number" }, yuan(bill.own_fen)), h("td", {}, words));
    });
    const head = h("tr", {}, ...["top_up.day", "top_up.lines", "top_up.bill_says", "top_up.we_say", "office.remark"].map((key, at) => h("th", { scope: "col", class: at > 0 && at < 4 && "number" }, t(key))));
    fill(this.#bills,
      h("header", {}, h("h2", {}, t("top_up.bills")), this.#may("canteen.close") ? match : null),
      rows.length > 0 ? h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)) : h("p", { class: "muted" }, t("top_up.no_bills")));
  }

  /** @param {any} bill */
  #openBill(bill) {
    const body = h("div", { class: "bill" });
    openDialog(t("top_up.bill_title", { day: bill.day }), body).classList.add("wide");
    this.#drawBill(body, bill);
  }

  /** @param {Element} body @param {any} bill */
  #drawBill(body, bill) {
    const { zone } = this.#around.state();
    const rows = bill.differences.map((/** @type {any} */ one) =>
      h("tr", {},
        h("td", {}, t(`payment_line.${one.kind}`)),
        h("td", {}, h("small", {}, one.order_no)),
        h("td", { class: "number" }, yuan(one.bill_fen)),
        h("td", { class: "number" }, yuan(one.own_fen)),
        h("td", { class: OPEN.includes(one.difference) ? "p3" : "" }, t(`payment_difference.${one.difference}`))));
    const head = h("tr", {}, ...["office.reason", "top_up.order_no", "top_up.bill_says", "top_up.we_say", "office.remark"].map((key, at) => h("th", { scope: "col", class: at > 1 && at < 4 && "number" }, t(key))));
    fill(body,
      h("p", { class: "total" }, `${t("top_up.bill_says")} ${yuan(bill.bill_fen)} · ${t("top_up.we_say")} ${yuan(bill.own_fen)}`),
      h("p", { class: "muted" }, t("top_up.matched_at", { time: formatMinute(bill.matched_at, zone) })),
      rows.length > 0 ? h("div", { class: "lines" }, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows))) : h("p", {}, t("top_up.fits")),
      ...said(bill.answers, zone),
      bill.question && this.#may("canteen.close") ? this.#answer(`/payments/bills/${bill.day}/answer`, bill.question, (now) => this.#drawBill(body, now)) : null);
  }
}

/** What people said. @param {any[]} answers @param {string} zone */
function said(answers, zone) {
  return answers.map((each) => h("p", {}, `${each.words} `, h("small", { class: "muted" }, `${each.answered_by}, ${formatMinute(each.answered_at, zone)}`)));
}
