/** How the list is doing: figures and what they are held against, a chart, and who is raised most. */

import { get } from "./api.js";
import { sourcePlace } from "./alarms-procedures.js";
import { actionButton } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute, formatTime } from "/web/format.js";
import { t, term, termsOf } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { draw, prioritySign, symbol } from "/web/symbols.js";

/**
 * @typedef {{at: string, count: number}} Point
 * @typedef {{name: string, value: number | null, good: number, most: number, verdict: "good" | "bearable" | "too_much" | null}} Figure
 * @typedef {import("./alarms-lists.js").Context} Context
 */

const DAYS = [1, 7, 30];
/** Figures that are shares of a whole. */
const SHARES = new Set(["busy_hours", "flood_share", "top_share"]);
const NOW = ["standing", "standing_long", "stale", "chattering", "shelved", "suppressed", "out_of_service"];
const CHART = { width: 900, height: 120, left: 34, foot: 18 };
const LABELS = 6;
const S_PER_MIN = 60;

export class AlarmMetrics {
  #context;
  #days = 1;
  /** @type {any} */
  #figures = null;
  #lastAnswer = new LastAnswer();
  #chips = h("p", { class: "filters", role: "group" });
  #body = h("div", { class: "figures" });
  #problem = h("p", { class: "problem", role: "alert" });
  element = h("div", { class: "metrics" }, this.#chips, this.#problem, this.#body);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** @param {number} days */
  async #choose(days) {
    this.#days = days;
    await this.load();
  }

  async load() {
    this.#figures = await this.#lastAnswer.of(get(`/alarms/metrics?days=${this.#days}`));
    this.show();
  }

  show() {
    fill(
      this.#chips,
      ...DAYS.map((days) => {
        const button = actionButton(`alarm_page.days_${days}`, () => this.#choose(days), this.#problem);
        button.setAttribute("aria-pressed", String(days === this.#days));
        return button;
      }),
    );
    const figures = this.#figures;
    if (!figures) return;
    const { zone } = this.#context.state();
    fill(
      this.#body,
      h("section", {}, h("h2", {}, t("alarm_page.now")), h("dl", { class: "now" }, ...NOW.map((name) => pair(t(`alarm_page.now_${name}`), figures[name])), pair(t("alarm_page.rate_10_min"), figures.rate_10_min), pair(t("alarm_page.rate_hour"), figures.rate_hour), pair(t("alarm_page.answer"), duration(figures.acknowledged_s_median)))),
      this.#bounds(figures),
      chart(figures.rates, figures.step_s, zone),
      this.#top(figures),
      priorities(figures),
    );
  }

  /** @param {any} figures */
  #bounds({ bounded, positions }) {
    return h(
      "section",
      {},
      h("h2", {}, t("alarm_page.bounds")),
      h("p", { class: "muted" }, t("alarm_page.bounds_hint", { n: positions })),
      table(
        ["alarm_page.figure", "alarm_page.value", "alarm_page.good", "alarm_page.most", "alarm_page.verdict"],
        bounded.map((/** @type {Figure} */ each) => [
          t(`alarm_figure.${each.name}`),
          each.value === null ? t("alarm_page.too_few") : number(each.name, each.value),
          number(each.name, each.good),
          each.most === each.good ? "" : number(each.name, each.most),
          verdict(each),
        ]),
      ),
      h("p", { class: "muted" }, t("alarm_page.bounds_source")),
    );
  }

  /** @param {any} figures */
  #top({ top, raised }) {
    const { site } = this.#context.state();
    const rows = top.map((/** @type {any} */ each) => [h("b", {}, term("alarm_kind", each.kind)), sourcePlace(each.source, site), each.count, percent(each.count / Math.max(1, raised))]);
    return h("section", {}, h("h2", {}, t("alarm_page.top")), rows.length > 0 ? table(["alarm_page.what", "alarm_page.where", "alarm_page.count", "alarm_page.share"], rows) : h("p", { class: "empty" }, t("alarm_page.nothing_raised")));
  }
}

/** @param {string} words @param {string | number} value */
function pair(words, value) {
  return h("div", {}, h("dt", {}, words), h("dd", {}, value));
}

/** @param {string[]} heads keys of words @param {import("/web/dom.js").Child[][]} rows */
function table(heads, rows) {
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, ...rows.map((cells) => h("tr", {}, ...cells.map((cell) => h("td", {}, cell))))),
  );
}

/** Shape, colour and word say the same; what is as it should be has no colour. @param {Figure} figure */
function verdict({ verdict: how }) {
  if (how === null) return "";
  const sign = how === "good" ? symbol("granted") : prioritySign(how === "bearable" ? 4 : 3);
  return h("span", { class: `verdict ${how}` }, sign, ` ${t(`alarm_verdict.${how}`)}`);
}

/** @param {string} name @param {number} value */
function number(name, value) {
  if (SHARES.has(name)) return percent(value);
  return String(Math.round(value * 10) / 10);
}

/** @param {number} share 0..1 */
function percent(share) {
  return `${Math.round(share * 1000) / 10}%`;
}

/** @param {number | null} seconds */
function duration(seconds) {
  if (seconds === null) return t("alarm_page.nobody_yet");
  return seconds < 2 * S_PER_MIN ? t("alarm_page.seconds", { n: Math.round(seconds) }) : t("desk.minutes", { n: Math.round(seconds / S_PER_MIN) });
}

/** A bar for each piece of time, labelled directly; its table is one click away. @param {Point[]} points @param {number} stepS @param {string} zone */
function chart(points, stepS, zone) {
  const { width, height, left, foot } = CHART;
  const most = Math.max(1, ...points.map(({ count }) => count));
  const step = (width - left) / points.length;
  const svg = draw("svg", { class: "chart", viewBox: `0 0 ${width} ${height + foot}`, role: "img" });
  const words = t("alarm_page.chart", { n: stepS / S_PER_MIN < 60 ? t("desk.minutes", { n: stepS / S_PER_MIN }) : t("desk.hours", { n: stepS / S_PER_MIN / 60 }) });
  const title = draw("title", {});
  title.textContent = words;
  svg.append(title, draw("line", { x1: String(left), x2: String(width), y1: String(height), y2: String(height), class: "axis" }));
  for (const [value, y] of [[most, 10], [0, height]]) svg.append(text(String(value), left - 6, y, "end"));
  points.forEach(({ at, count }, index) => {
    const size = (count / most) * (height - 4);
    const x = left + index * step;
    const bar = draw("rect", { x: String(x + step * 0.1), y: String(height - size), width: String(step * 0.8), height: String(size) });
    const said = draw("title", {});
    said.textContent = `${formatMinute(at, zone)}: ${count}`;
    bar.append(said);
    svg.append(bar);
    if (index % Math.ceil(points.length / LABELS) === 0) svg.append(text(formatTime(at, zone).slice(0, -3), x, height + foot - 4, "start"));
  });
  const rows = points.filter(({ count }) => count > 0).map(({ at, count }) => [formatMinute(at, zone), count]);
  return h("section", {}, h("h2", {}, words), svg, h("details", {}, h("summary", {}, t("alarm_page.as_table")), table(["alarm_page.raised", "alarm_page.count"], rows)));
}

/** @param {string} words @param {number} x @param {number} y @param {string} anchor */
function text(words, x, y, anchor) {
  const element = draw("text", { x: String(x), y: String(y), "text-anchor": anchor });
  element.textContent = words;
  return element;
}

/** @param {any} figures */
function priorities({ priorities: counts, priority_shares: shares }) {
  const all = Math.max(1, Object.values(counts).reduce((sum, /** @type {any} */ count) => sum + count, 0));
  const rows = termsOf("alarm_priority").map((name) => {
    const priority = /** @type {1 | 2 | 3 | 4} */ (Number(name));
    const count = counts[priority] ?? 0;
    return [h("span", {}, prioritySign(priority), ` ${t(`desk.priority_${priority}`)}`), count, percent(count / all), t(`alarm_priority.${name}`, { n: Math.round(shares[priority] * 100) })];
  });
  return h("section", {}, h("h2", {}, t("alarm_page.spread")), table(["alarm_page.priority", "alarm_page.count", "alarm_page.share", "alarm_page.about"], rows));
}
