/** The day's close: tills beside centre, the blind count, each difference named and explained, signed. */

import { get, post } from "./api.js";
import { cashDay } from "./canteen-cash-day.js";
import { called } from "./canteen-parts.js";
import { signature } from "./canteen-sign.js";
import { fill, h } from "/web/dom.js";
import { formatMinute, formatTime } from "/web/format.js";
import { localName, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/** What the counter's cash is called among merchants. */
const COUNTER = "@counter";

export class Day {
  #around;
  #day = /** @type {HTMLInputElement} */ (h("input", { type: "date", required: true }));
  #merchant = /** @type {HTMLSelectElement} */ (h("select", {}));
  #body = h("div", { class: "day" });
  element = h("div", { class: "day" }, h("div", { class: "bar" }, this.#merchant, this.#day), this.#body);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { merchants, today } = around.setting();
    this.#day.value = this.#day.max = today;
    this.#day.ariaLabel = t("office.day");
    this.#merchant.ariaLabel = t("office.merchant");
    fill(this.#merchant, ...merchants.map((each) => h("option", { value: each.id }, localName(each.name, each.id))), h("option", { value: COUNTER }, t("drawer.counter")));
    for (const input of [this.#day, this.#merchant]) input.addEventListener("change", () => this.#day.value && around.changed());
  }

  async load() {
    const [place, on] = [this.#merchant.value, this.#day.value];
    const { zone, site } = this.#around.state();
    const found = place === COUNTER ? await cashDay(on, this.#around) : this.#draw(await get(`/canteen/office/days/${place}/${on}`));
    if (place !== this.#merchant.value || on !== this.#day.value) return;
    const title = [localName(site?.name, site?.id ?? ""), t("canteen_tab.day"), place === COUNTER ? t("drawer.counter") : called(this.#around.setting().merchants, place), on];
    fill(this.#body, h("header", { class: "printed" }, h("h2", {}, title.join(" · ")), h("p", { class: "muted" }, t("office.printed_at", { time: formatMinute(Date.now(), zone) }))), ...found);
  }

  show() {}

  /** @param {any} day */
  #draw(day) {
    const { zone } = this.#around.state();
    const setting = this.#around.setting();
    const at = (/** @type {any[]} */ found, /** @type {string} */ where) => found.map((one) => ({ ...one, where }));
    const differences = [...day.sessions.flatMap((/** @type {any} */ each) => at(each.differences, called(setting.tills, each.till))), ...at(day.other_differences, called(setting.merchants, day.merchant))];
    const figures = [["office.sold", yuan(day.charge_fen)], ["office.charges", day.charge_count], ["office.voids", `${day.void_count} · ${yuan(day.void_fen)}`], ["office.refunded", yuan(day.refunded_fen)], ["office.by_units", yuan(day.unit_fen)], ["office.unclaimed", `${day.unclaimed_count} · ${yuan(day.unclaimed_fen)}`], ["office.wrong_person_count", day.wrong_person_count]];
    return [
      h("div", { class: "figures" }, ...figures.map(([key, value]) => h("div", { class: "figure" }, h("span", {}, t(String(key))), h("strong", {}, value)))),
      day.sessions.length === 0 ? h("p", { class: "empty" }, t("office.no_sessions")) : h("section", { class: "card" }, table(day.sessions, setting, zone)),
      signature(day, differences, this.#around, async (explanations) => {
        await post("/canteen/office/days", { merchant: day.merchant, day: day.day, sha256: day.sha256, explanations });
        await this.#around.changed();
      }),
    ];
  }
}

/** @param {any[]} sessions @param {import("./canteen-parts.js").Setting} setting @param {string} zone */
function table(sessions, setting, zone) {
  const time = (/** @type {string | null} */ at) => (at ? formatTime(at, zone) : "–");
  const pair = (/** @type {any} */ sums) => (sums ? `${sums.charge_count} · ${yuan(sums.charge_fen)}` : "–");
  const counted = (/** @type {any} */ each) => (each.counted_fen === null && each.counted_charges === null ? "–" : `${each.counted_charges ?? "–"} · ${each.counted_fen === null ? "–" : yuan(each.counted_fen)}`);
  const head = ["till", "opened", "closed", "counted", "till_says", "centre_says", "remark"].map((key) => h("th", { scope: "col" }, t(`office.${key}`)));
  const rows = sessions.map((each) =>
    h("tr", {}, h("td", {}, called(setting.tills, each.till)), h("td", {}, time(each.opened_at)), h("td", {}, time(each.closed_at)), h("td", {}, counted(each)), h("td", {}, pair(each.till_sums)), h("td", {}, pair(each.centre_sums)), h("td", { class: each.differences.length ? "p4" : "" }, each.differences.length ? t("office.differences", { n: each.differences.length }) : t("office.fits"))),
  );
  return h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows));
}
