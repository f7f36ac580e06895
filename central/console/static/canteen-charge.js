/** A charge with its receipt, and what the lists of cases share: facts, and a decision with its reason. */

import { ApiError, get } from "./api.js";
import { evidenceButton } from "./canteen-evidence.js";
import { called } from "./canteen-parts.js";
import { actionForm, field } from "./forms.js";
import { h } from "/web/dom.js";
import { formatAgo, formatMinute, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {{charge_id: string, till: string, merchant: string, holder_id: string, name: string | null,
 *   amount_fen: number, subsidy_fen: number, cash_fen: number, debt_fen: number, returned_fen: number,
 *   mode: string, period: string, credential: string, charged_at: string, is_posted: boolean, is_void: boolean,
 *   is_reserved: boolean, is_repeat: boolean, decision_id: string | null,
 *   lines: {item: string, count: number, weight_g: number | null, amount_fen: number}[]}} Charge
 * @typedef {import("./canteen-parts.js").Around} Around
 */

/** A charge; null where central has none. @param {string} id @returns {Promise<Charge | null>} */
export async function chargeOf(id) {
  try {
    return await get(`/canteen/charges/${id}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** Terms and what they say; what is nothing is left out. @param {[string, import("/web/dom.js").Child][]} pairs keys of words and values */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
  return h("dl", { class: "facts" }, ...shown.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)]));
}

/** How long ago, the time itself on hover. @param {string} at @param {string} zone */
export function ago(at, zone) {
  return h("time", { datetime: at, title: formatMinute(at, zone) }, formatAgo(at));
}

/** @param {string | null} name of a person @returns {string} */
export function whose(name) {
  return name ?? t("canteen_case.nobody");
}

/** Where and when, in one line. @param {{charged_at: string, merchant: string, till: string}} charge @param {Around} around */
export function whereAndWhen(charge, around) {
  const { merchants, tills } = around.setting();
  return `${formatTime(charge.charged_at, around.state().zone).slice(0, -3)} · ${called(merchants, charge.merchant)} · ${called(tills, charge.till)}`;
}

/** @param {Charge} charge */
function paidBy(charge) {
  const parts = /** @type {[string, number][]} */ ([["subsidy", charge.subsidy_fen], ["cash", charge.cash_fen], ["debt", charge.debt_fen]]);
  return parts.filter(([, fen]) => fen > 0).map(([wallet, fen]) => `${t(`canteen_wallet.${wallet}`)} ${yuan(fen)}`).join(" · ");
}

/**
 * The receipt, as it was on the tray.
 * @param {Charge} charge @param {Around} around
 */
export function receipt(charge, around) {
  const { periods, dishes } = around.setting();
  const line = (/** @type {Charge["lines"][number]} */ each) => {
    const what = each.item ? called(dishes, each.item) : t("office.the_meal");
    const many = each.weight_g ? ` ${t("office.kilograms", { n: (each.weight_g / 1000).toFixed(3) })}` : each.count > 1 ? ` ×${each.count}` : "";
    return h("tr", {}, h("td", {}, what + many), h("td", { class: "number" }, yuan(each.amount_fen)));
  };
  const problem = h("p", { class: "problem", role: "alert" });
  const total = h("tr", { class: "total" }, h("th", { scope: "row" }, t("canteen_case.total")), h("td", { class: "number" }, yuan(charge.amount_fen)));
  return h("section", { class: "receipt" },
    h("p", {}, h("strong", {}, whose(charge.name)), ` · ${whereAndWhen(charge, around)}`),
    h("table", {}, h("tbody", {}, ...charge.lines.map(line), total)),
    facts([
      ["canteen_case.meal", charge.period && called(periods, charge.period)],
      ["canteen_case.paid_with", term("credential", charge.credential)],
      ["canteen_case.paid_from", charge.is_posted ? paidBy(charge) : t("canteen_case.not_posted")],
      ["canteen_case.link", t(charge.is_reserved ? "canteen_case.with_central" : "canteen_case.alone")],
      ["canteen_case.given_back", charge.is_void ? t("canteen_reason.void") : charge.returned_fen > 0 && yuan(charge.returned_fen)],
    ]),
    evidenceButton(charge.charge_id, charge.decision_id !== null, around, problem),
    problem);
}

/** The way to the counter, with this charge: there it is given back, or moved to whoever ate. @param {Charge | null} charge @param {Around} around */
export function toCounter(charge, around) {
  if (!charge?.is_posted || charge.name === null) return null;
  const open = (/** @type {Event} */ event) => {
    /** @type {HTMLElement} */ (event.target).closest("dialog")?.close();
    around.go("counter", charge.charge_id);
  };
  return h("p", { class: "way" }, h("button", { type: "button", onclick: open }, t("canteen_case.at_counter")), h("small", {}, t("canteen_case.at_counter_hint")));
}

/**
 * One of some decisions and its reason; closes its dialog when it is done.
 * @param {string} group of the decisions' words
 * @param {string} hints group of a line below each
 * @param {string[]} decisions
 * @param {(decision: string, note: string) => Promise<void>} run
 * @param {{around: Around, hint?: string}} options `hint` is the key of a line below the reason
 */
export function decisionForm(group, hints, decisions, run, { around, hint }) {
  const choices = decisions.map((each) =>
    h("label", { class: "check" }, h("input", { type: "radio", name: "decision", value: each, required: true, checked: decisions.length === 1 }), h("span", {}, t(`${group}.${each}`), h("small", {}, t(`${hints}.${each}`)))));
  const note = h("input", { name: "note", required: true, minlength: "2", maxlength: "300", autocomplete: "off" });
  const form = actionForm("canteen_case.decide", [h("fieldset", { class: "choices" }, h("legend", {}, t("canteen_case.decision")), ...choices), field("office.why", note, hint)], async (values) => {
    await run(values.decision, values.note);
    form.closest("dialog")?.close();
    await around.changed();
  });
  form.classList.add("decision");
  return form;
}

/** A choice of what a list shows. @param {string[]} names of `canteen_shown.` @param {() => void} changed */
export function shownChoice(names, changed) {
  const select = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": t("canteen_case.shown") }, ...names.map((name) => h("option", { value: name }, t(`canteen_shown.${name}`)))));
  select.addEventListener("change", changed);
  return select;
}
