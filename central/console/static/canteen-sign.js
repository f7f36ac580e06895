/** Signing a day, of a merchant or of the counter's cash: each difference in words, a sentence for it, who signed. */

import { actionForm } from "./forms.js";
import { h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

const IN_FEN = ["amount", "void_amount", "counted_amount", "unposted", "without_session", "drawer_cash"];

/**
 * @typedef {{id: string, code: string, till: number | null, centre: number | null, count: number | null, where: string}} Difference
 * @typedef {{number: number, signed_by_name: string, signed_at: string, explanations: Record<string, string>, is_current: boolean}} Close
 */

/** A difference in words, with where it is. @param {Difference} one */
export function sentence(one) {
  const value = (/** @type {number | null} */ each) => (each === null ? "–" : IN_FEN.includes(one.code) ? yuan(each) : String(each));
  return `${one.where} · ${t(`canteen_difference.${one.code}`, { till: value(one.till), centre: value(one.centre), count: one.count ?? 0 })}`;
}

/**
 * The end of a day's page: who signed it, or the form to do so.
 * @param {{closes: Close[]}} day
 * @param {Difference[]} differences
 * @param {import("./canteen-parts.js").Around} around
 * @param {(explanations: Record<string, string>) => Promise<void>} sign
 */
export function signature(day, differences, around, sign) {
  const last = day.closes.at(-1);
  if (last?.is_current) return signed(last, differences, around);
  const lines = signLines("office.line_cashier", "office.line_second");
  const changed = last ? h("p", { class: "p4" }, t("office.changed_since", { name: last.signed_by_name })) : null;
  const heading = h("h2", {}, differences.length === 0 ? t("office.balances") : t("office.differences", { n: differences.length }));
  if (!around.permissions.includes("canteen.close")) {
    return h("section", { class: "card" }, changed, heading, ...differences.map((one) => h("p", { class: "p4" }, sentence(one))), lines);
  }
  const fields = differences.map((one) => h("label", { class: "field" }, h("span", { class: "p4" }, sentence(one)), h("input", { name: one.id, required: true, maxlength: "200", autocomplete: "off", placeholder: t("office.explain") })));
  return h("section", { class: "card" }, changed, actionForm("office.sign_day", [heading, ...fields], sign), lines);
}

/** @param {Close} last @param {Difference[]} differences @param {import("./canteen-parts.js").Around} around */
function signed(last, differences, around) {
  const words = t("office.signed", { name: last.signed_by_name, time: formatMinute(last.signed_at, around.state().zone) });
  return h(
    "section", { class: "card" },
    h("header", {}, h("h2", {}, words), h("button", { type: "button", onclick: () => print() }, t("office.print"))),
    differences.length === 0 ? h("p", {}, t("office.balances")) : h("ul", {}, ...differences.map((one) => h("li", {}, `${sentence(one)}: ${last.explanations[one.id] ?? ""}`))),
    signLines("office.line_cashier", "office.line_second"),
  );
}

/** Lines to sign on paper; only a print has them. @param {...string} keys of who signs */
export function signLines(...keys) {
  return h("div", { class: "printed sign-lines" }, ...keys.map((key) => h("p", {}, h("span", {}, t(key)), h("span", {}, t("office.line_date")))));
}
