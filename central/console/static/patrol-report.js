/** The month's report: counted by route, guard and checkpoint; printed on A4, or as a spreadsheet. */

import { get } from "./api.js";
import { takeAway } from "./purpose.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatMinute } from "/web/format.js";
import { localName, t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { draw } from "/web/symbols.js";

const COLUMNS = ["stops", "done", "early", "late", "missed", "out_of_order", "wrong_guard", "unknown_guard", "reported_late", "fallback"];
/** Of the columns, how much each asks for attention where it is not nothing. */
const WEIGHT = new Map([["early", "p4"], ["late", "p4"], ["missed", "p3"], ["out_of_order", "p4"], ["wrong_guard", "p3"], ["unknown_guard", "p3"]]);

export class Report {
  #state;
  /** @type {any} */
  #report = null;
  #lastAnswer = new LastAnswer();
  #month = /** @type {HTMLInputElement} */ (h("input", { type: "month", required: true }));
  #header = h("header");
  #body = h("div", { class: "report" });
  element = h("div", { class: "report" }, this.#header, this.#body);

  /** @param {() => import("./site-state.js").SiteState} state */
  constructor(state) {
    this.#state = state;
    this.#month.addEventListener("change", () => this.#month.value && this.load());
  }

  async load() {
    this.#month.value ||= formatDate(Date.now(), this.#state().zone).slice(0, 7);
    this.#report = await this.#lastAnswer.of(get(`/patrol/report?month=${this.#month.value}`));
    this.show();
  }

  show() {
    const report = this.#report;
    if (!report) return;
    const { site, zone } = this.#state();
    this.#month.ariaLabel = t("patrol.month");
    fill(
      this.#header,
      h("h2", {}, t("patrol.report_of", { month: report.month })),
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${formatMinute(Date.now(), zone)}`),
      this.#month,
      h("button", { type: "button", onclick: () => print() }, t("patrol.print")),
      h("button", { type: "button", onclick: () => takeAway("/patrol/report.csv", { month: report.month }, `patrols-${report.month}.csv`) }, t("patrol.csv")),
    );
    if (report.rounds === 0) return fill(this.#body, h("p", { class: "empty" }, t("patrol.report_empty")));
    const share = report.total.stops === 0 ? 0 : Math.round((report.total.done / report.total.stops) * 1000) / 10;
    fill(
      this.#body,
      h("p", {}, t("patrol.report_total", { rounds: report.rounds, stops: report.total.stops, share, missed: report.total.missed, told: report.total.told })),
      chart(report.days),
      ...["routes", "guards", "checkpoints"].map((name) => this.#table(name, report[name])),
    );
  }

  /** @param {string} name @param {any[]} lines */
  #table(name, lines) {
    const head = h("tr", {}, h("th", {}, t(`patrol.by_${name}`)), h("th", {}, t("patrol.col_rounds")), ...COLUMNS.map((each) => h("th", {}, t(`patrol.col_${each}`))));
    const rows = lines.map((line) =>
      h(
        "tr", {},
        h("td", {}, localName(line.name, name === "guards" ? t("considered.removed") : line.id)),
        h("td", {}, line.rounds),
        ...COLUMNS.map((each) => h("td", { class: line[each] > 0 ? (WEIGHT.get(each) ?? "") : "" }, line[each] || "·")),
      ),
    );
    return h("section", {}, h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
  }
}

/** A bar for each day: all stops, and of them the late and the missed. @param {any[]} days */
function chart(days) {
  const [width, height, foot] = [28, 90, 16];
  const svg = draw("svg", { class: "chart", viewBox: `0 0 ${Math.max(8, days.length) * width} ${height + foot}`, role: "img", preserveAspectRatio: "xMinYMid meet" });
  const most = Math.max(1, ...days.map((day) => day.stops));
  const title = draw("title", {});
  title.textContent = t("patrol.chart");
  svg.append(title);
  days.forEach((day, index) => {
    const bar = (/** @type {number} */ count, /** @type {number} */ above, /** @type {string} */ kind) => {
      const size = (count / most) * height;
      svg.append(draw("rect", { x: String(index * width + 4), y: String(height - above - size), width: String(width - 8), height: String(size), class: kind }));
      return above + size;
    };
    bar(day.stops, 0, "all");
    bar(day.late, bar(day.missed, 0, "missed"), "late");
    const label = draw("text", { x: String(index * width + width / 2), y: String(height + 12), "text-anchor": "middle" });
    label.textContent = day.day.slice(8);
    svg.append(label);
  });
  const key = (/** @type {string} */ kind, /** @type {string} */ word) => h("span", {}, h("i", { class: `key ${kind}` }), word);
  const keys = [key("all", t("patrol.col_stops")), key("missed", t("patrol.col_missed")), key("late", t("patrol.col_late"))];
  return h("figure", {}, svg, h("figcaption", { class: "muted" }, t("patrol.chart"), ...keys));
}
