/** Sales: by meal, dish, till, group and day, when it is full, how fast people pay; charts small, tables beside. */

import { get } from "./api.js";
import { called } from "./canteen-parts.js";
import { takeAway } from "./purpose.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { language, localName, t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { yuan } from "/web/money.js";
import { draw } from "/web/symbols.js";

const TABLES = ["periods", "dishes", "tills", "groups", "days", "quarters"];

export class Sales {
  #around;
  #lastAnswer = new LastAnswer();
  #first = /** @type {HTMLInputElement} */ (h("input", { type: "date", required: true }));
  #last = /** @type {HTMLInputElement} */ (h("input", { type: "date", required: true }));
  #merchant = /** @type {HTMLSelectElement} */ (h("select", {}));
  #body = h("div", { class: "sales" });
  element;

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { merchants, today } = around.setting();
    this.#first.value = `${today.slice(0, 8)}01`;
    this.#last.value = today;
    this.#first.ariaLabel = t("office.since");
    this.#last.ariaLabel = t("office.until");
    this.#merchant.ariaLabel = t("office.merchant");
    fill(this.#merchant, h("option", { value: "" }, t("office.all_merchants")), ...merchants.map((each) => h("option", { value: each.id }, localName(each.name, each.id))));
    for (const input of [this.#first, this.#last, this.#merchant]) input.addEventListener("change", () => this.#first.value && this.#last.value && around.changed());
    const away = (/** @type {string} */ form) => () => takeAway(`/canteen/office/report.${form}`, { ...this.#asked(), language: language() }, `canteen-${this.#first.value}-${this.#last.value}.${form}`);
    this.element = h("div", { class: "sales" },
      h("div", { class: "bar" }, this.#merchant, this.#first, "–", this.#last, h("button", { type: "button", onclick: away("xlsx") }, t("office.workbook")), h("button", { type: "button", onclick: away("csv") }, t("office.text_table")), h("button", { type: "button", onclick: () => print() }, t("office.print"))),
      this.#body);
  }

  #asked() {
    return { first: this.#first.value, last: this.#last.value, ...(this.#merchant.value ? { merchant: this.#merchant.value } : {}) };
  }

  async load() {
    const report = await this.#lastAnswer.of(get(`/canteen/office/report?${new URLSearchParams(this.#asked())}`));
    const { site, zone } = this.#around.state();
    const figures = [["office.sold", yuan(report.amount_fen)], ["office.charges", report.count], ["office.voids", report.void_count], ["office.refunded", yuan(report.returned_fen)], ["office.by_units", yuan(report.unit_fen)], ["office.pace", report.pace_s === null ? "–" : t("office.seconds", { n: report.pace_s })]];
    fill(
      this.#body,
      h("h2", { class: "printed" }, `${localName(site?.name, site?.id ?? "")} · ${t("canteen_tab.report")} · ${report.merchant ? called(this.#around.setting().merchants, report.merchant) : t("office.all_merchants")}`),
      h("p", { class: "printed muted" }, `${report.since} – ${report.until} · ${formatMinute(Date.now(), zone)}`),
      h("div", { class: "figures" }, ...figures.map(([key, value]) => h("div", { class: "figure" }, h("span", {}, t(String(key))), h("strong", {}, value)))),
      report.count === 0 ? h("p", { class: "empty" }, t("office.nothing_sold")) : null,
      ...(report.count === 0 ? [] : TABLES.filter((name) => report[name].length > 0).map((name) => this.#table(name, report[name]))),
    );
  }

  show() {}

  /** @param {string} name @param {any[]} rows */
  #table(name, rows) {
    const most = Math.max(1, ...rows.map((row) => row.amount_fen));
    const byTime = name === "days" || name === "quarters";
    const line = (/** @type {any} */ row) =>
      h("tr", {},
        h("td", {}, this.#label(name, row.key)),
        h("td", { class: "number" }, row.weight_g ? t("office.kilograms", { n: (row.weight_g / 1000).toFixed(2) }) : row.count),
        h("td", { class: "number" }, yuan(row.amount_fen)),
        h("td", { class: "share" }, name === "tills" && row.pace_s !== null ? t("office.seconds", { n: row.pace_s }) : bar(row.amount_fen / most)));
    const head = h("tr", {}, h("th", {}, t(`office.table_${name}`)), h("th", { class: "number" }, t("office.column_count")), h("th", { class: "number" }, t("office.amount")), h("th", {}, name === "tills" ? t("office.pace") : ""));
    const table = h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows.map(line)));
    const inside = byTime ? [columns(rows, name), h("details", {}, h("summary", {}, t("office.as_table")), table)] : [table];
    return h("section", { class: "card" }, byTime ? h("h2", {}, t(`office.table_${name}`)) : null, ...inside);
  }

  /** @param {string} name @param {string} key */
  #label(name, key) {
    const setting = this.#around.setting();
    if (name === "tills") return key ? called(setting.tills, key) : t("office.unclaimed");
    if (name === "periods") return key ? called(setting.periods, key) : t("office.outside_periods");
    if (name === "dishes") return called(setting.dishes, key);
    return key || t("office.other_people");
  }
}

/** A share as a bar. @param {number} share 0..1 */
function bar(share) {
  const svg = draw("svg", { class: "bar-chart", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" });
  svg.append(draw("rect", { width: String(Math.max(0, share) * 100), height: "10" }));
  return svg;
}

/** A column for each day or quarter of an hour, the highest labelled. @param {any[]} rows @param {string} name */
function columns(rows, name) {
  const [step, height] = [24, 80];
  const most = Math.max(1, ...rows.map((row) => row.count));
  const svg = draw("svg", { class: "chart", viewBox: `0 0 ${Math.max(12, rows.length) * step} ${height + 28}`, role: "img", preserveAspectRatio: "xMinYMid meet" });
  const title = draw("title", {});
  title.textContent = t(`office.table_${name}`);
  svg.append(title);
  rows.forEach((row, index) => {
    const size = (row.count / most) * height;
    svg.append(draw("rect", { x: String(index * step + 3), y: String(14 + height - size), width: String(step - 6), height: String(size) }));
    const write = (/** @type {string} */ words, /** @type {number} */ y) => {
      const text = draw("text", { x: String(index * step + step / 2), y: String(y), "text-anchor": "middle" });
      text.textContent = words;
      svg.append(text);
    };
    if (row.count === most) write(String(row.count), 10 + height - size);
    if (name === "days" || index % 2 === 0) write(name === "days" ? row.key.slice(8) : row.key.slice(0, 5), height + 25);
  });
  return svg;
}
