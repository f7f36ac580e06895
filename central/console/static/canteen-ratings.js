/** How meals were: stars by day and merchant, without a name. */

import { get } from "./api.js";
import { called } from "./canteen-parts.js";
import { takeAway } from "./purpose.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { draw } from "/web/symbols.js";

/** @typedef {{day: string, merchant: string, count: number, stars: number}} Sum */

const SPANS = [7, 31, 92];
const STARS_MAX = 5;
const DAY_MS = 86_400_000;
const [STEP, HEIGHT, HEAD, FOOT] = [26, 90, 14, 18];

export class Ratings {
  #around;
  #days = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": t("canteen_rating.span") }, ...SPANS.map((days) => h("option", { value: String(days), selected: days === 31 }, t("canteen_rating.days", { n: days })))));
  #body = h("div", { class: "ratings" });
  #lastAnswer = new LastAnswer();
  element;

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    this.#days.addEventListener("change", () => around.changed());
    const away = () => takeAway("/diners/ratings.csv", { days: this.#days.value }, "ratings.csv");
    this.element = h("div", { class: "sales" }, h("div", { class: "bar" }, this.#days, h("button", { type: "button", onclick: away }, t("office.text_table")), h("button", { type: "button", onclick: () => print() }, t("office.print"))), this.#body);
  }

  async load() {
    /** @type {Sum[]} */
    const { items } = await this.#lastAnswer.of(get(`/diners/ratings?days=${this.#days.value}`));
    const merchants = [...new Set(items.map((each) => each.merchant))].sort();
    fill(this.#body, items.length === 0 ? h("p", { class: "empty" }, t("canteen_rating.empty")) : null, ...merchants.map((merchant) => this.#merchant(merchant, items.filter((each) => each.merchant === merchant))));
  }

  show() {}

  /** @param {string} merchant @param {Sum[]} sums newest day first */
  #merchant(merchant, sums) {
    const [count, stars] = [sums.reduce((sum, each) => sum + each.count, 0), sums.reduce((sum, each) => sum + each.stars, 0)];
    const name = called(this.#around.setting().merchants, merchant);
    const row = (/** @type {Sum} */ each) => h("tr", {}, h("td", {}, each.day), h("td", { class: "number" }, mean(each)), h("td", { class: "number" }, each.count));
    const head = h("tr", {}, h("th", { scope: "col" }, t("office.day")), h("th", { scope: "col", class: "number" }, t("canteen_rating.mean")), h("th", { scope: "col", class: "number" }, t("canteen_rating.count")));
    return h("section", { class: "card" },
      h("header", {}, h("h2", {}, name), h("strong", {}, `★ ${mean({ count, stars })}`), h("span", { class: "muted" }, t("canteen_rating.of", { n: count }))),
      this.#chart(name, sums),
      h("details", {}, h("summary", {}, t("office.as_table")), h("table", {}, h("thead", {}, head), h("tbody", {}, ...sums.map(row)))));
  }

  /** A column for each day of the span, its mean above it; days without a rating stay empty. @param {string} name @param {Sum[]} sums */
  #chart(name, sums) {
    const byDay = new Map(sums.map((each) => [each.day, each]));
    const today = Date.parse(`${this.#around.setting().today}T00:00:00Z`);
    const span = Number(this.#days.value);
    const days = Array.from({ length: span + 1 }, (_, index) => new Date(today - (span - index) * DAY_MS).toISOString().slice(0, 10));
    const svg = draw("svg", { class: "chart", viewBox: `0 0 ${days.length * STEP} ${HEAD + HEIGHT + FOOT}`, role: "img", preserveAspectRatio: "xMinYMid meet" });
    svg.append(textIn("title", {}, `${name}: ${t("canteen_rating.mean")}`));
    const middle = (/** @type {number} */ index) => String(index * STEP + STEP / 2);
    const every = days.length > 40 ? 7 : days.length > 12 ? 2 : 1;
    days.forEach((day, index) => {
      const sum = byDay.get(day);
      if ((days.length - 1 - index) % every === 0) svg.append(textIn("text", { x: middle(index), y: String(HEAD + HEIGHT + FOOT - 4), "text-anchor": "middle" }, day.slice(8)));
      if (!sum) return;
      const size = (sum.stars / sum.count / STARS_MAX) * HEIGHT;
      svg.append(draw("rect", { x: String(index * STEP + 4), y: String(HEAD + HEIGHT - size), width: String(STEP - 8), height: String(size) }));
      svg.append(textIn("text", { x: middle(index), y: String(HEAD + HEIGHT - size - 3), "text-anchor": "middle" }, mean(sum)));
    });
    svg.append(draw("line", { x1: "0", x2: String(days.length * STEP), y1: String(HEAD + HEIGHT), y2: String(HEAD + HEIGHT), class: "axis" }));
    return svg;
  }
}

/** @param {{count: number, stars: number}} sum */
function mean({ count, stars }) {
  return (stars / count).toFixed(1);
}

/** @param {string} tag @param {Record<string, string>} attributes @param {string} words */
function textIn(tag, attributes, words) {
  const element = draw(tag, attributes);
  element.textContent = words;
  return element;
}
