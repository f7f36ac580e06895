/** The day's close: tills beside centre, the blind count, each difference named and explained, signed. */

import { get, post } from "./api.js";
import { called } from "./canteen-parts.js";
import { actionForm } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute, formatTime } from "/web/format.js";
import { localName, t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

const IN_FEN = ["amount", "void_amount", "counted_amount", "unposted"];

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
    fill(this.#merchant, ...merchants.map((each) => h("option", { value: each.id }, localName(each.name, each.id))));
    for (const input of [this.#day, this.#merchant]) input.addEventListener("change", () => this.#day.value && around.changed());
  }

  async load() {
    if (!this.#merchant.value) return fill(this.#body, h("p", { class: "empty" }, t("office.no_merchants")));
    const day = await get(`/canteen/office/days/${this.#merchant.value}/${this.#day.value}`);
    this.#draw(day);
  }

  show() {}

  /** @param {any} day */
  #draw(day) {
    const { zone, site } = this.#around.state();
    const setting = this.#around.setting();
    const differences = [...day.sessions.flatMap((/** @type {any} */ each) => each.differences.map((/** @type {any} */ one) => ({ ...one, where: called(setting.tills, each.till) }))), ...day.other_differences.map((/** @type {any} */ one) => ({ ...one, where: called(setting.merchants, day.merchant) }))];
    const figures = [["office.sold", yuan(day.charge_fen)], ["office.charges", day.charge_count], ["office.voids", `${day.void_count} · ${yuan(day.void_fen)}`], ["office.refunded", yuan(day.refunded_fen)], ["office.by_units", yuan(day.unit_fen)], ["office.wrong_person_count", day.wrong_person_count]];
    const last = day.closes.at(-1);
    fill(
      this.#body,
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${called(setting.merchants, day.merchant)} · ${day.day} · ${day.sha256.slice(0, 16)}`),
      h("div", { class: "figures" }, ...figures.map(([key, value]) => h("div", { class: "figure" }, h("span", {}, t(String(key))), h("strong", {}, value)))),
      day.sessions.length === 0 ? h("p", { class: "empty" }, t("office.no_sessions")) : h("section", { class: "card" }, table(day.sessions, setting, zone)),
      last?.is_current ? this.#signed(day, differences, zone) : h("section", { class: "card" }, last ? h("p", { class: "p4" }, t("office.changed_since", { name: last.signed_by_name })) : null, this.#sign(day, differences)),
    );
  }

  /** @param {any} day @param {any[]} differences @param {string} zone */
  #signed(day, differences, zone) {
    const last = day.closes.at(-1);
    return h(
      "section", { class: "card" },
      h("header", {}, h("h2", {}, t("office.signed", { name: last.signed_by_name, time: formatMinute(last.signed_at, zone) })), h("button", { type: "button", onclick: () => print() }, t("office.print"))),
      differences.length === 0 ? h("p", {}, t("office.balances")) : h("ul", {}, ...differences.map((one) => h("li", {}, `${sentence(one)}: ${last.explanations[one.id] ?? ""}`))),
    );
  }

  /** @param {any} day @param {any[]} differences */
  #sign(day, differences) {
    if (!this.#around.permissions.includes("canteen.close")) return h("div", {}, ...differences.map((one) => h("p", { class: "p4" }, sentence(one))), differences.length === 0 ? h("p", {}, t("office.balances")) : null);
    const fields = differences.map((one) => h("label", { class: "field" }, h("span", { class: "p4" }, sentence(one)), h("input", { name: one.id, required: true, maxlength: "200", autocomplete: "off", placeholder: t("office.explain") })));
    return actionForm("office.sign_day", [h("h2", {}, differences.length === 0 ? t("office.balances") : t("office.differences", { n: differences.length })), ...fields], async (values) => {
      this.#draw(await post("/canteen/office/days", { merchant: day.merchant, day: day.day, sha256: day.sha256, explanations: values }));
    });
  }
}

/** @param {any} one */
function sentence(one) {
  const value = (/** @type {number | null} */ each) => (each === null ? "–" : IN_FEN.includes(one.code) ? yuan(each) : String(each));
  return `${one.where} · ${t(`canteen_difference.${one.code}`, { till: value(one.till), centre: value(one.centre) })}`;
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
