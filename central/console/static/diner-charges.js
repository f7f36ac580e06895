/** What a diner paid: each meal with its receipt, one tap to say that it is wrong, and stars. */

import { request } from "./api.js";
import { actionButton } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {{charge_id: string, at: string, merchant: string, till: string, period: string,
 *   mode: string, amount_fen: number, subsidy_fen: number, cash_fen: number, debt_fen: number,
 *   returned_fen: number, stars: number | null, can_dispute: boolean, can_rate: boolean,
 *   lines: {item: string, count: number, weight_g: number | null, amount_fen: number}[],
 *   dispute: {reason: string, decision: string | null, note: string} | null}} Charge
 * @typedef {import("./diner.js").Statement} Statement
 */

const REASONS = ["not_me", "amount", "twice", "other"];
const STARS = [1, 2, 3, 4, 5];
/** Receipts that are open stay so when the page is drawn again. @type {Set<string>} */
const open = new Set();

/** @param {Statement} statement @param {string} kind @param {string} id */
export function nameOf(statement, kind, id) {
  return statement.names[`${kind}/${id}`]?.[language()] ?? id;
}

/**
 * @param {Statement} statement
 * @param {() => Promise<void>} renew after something was done
 * @param {() => Promise<void>} more loads older ones
 */
export function chargeList(statement, renew, more) {
  const problem = h("p", { class: "problem", role: "alert" });
  const rows = statement.charges.map((charge) => row(statement, charge, renew));
  return h(
    "section",
    { class: "charges" },
    h("h2", {}, t("diner.charges")),
    rows.length ? h("ul", {}, ...rows) : h("p", { class: "empty" }, t("diner.no_charges")),
    problem,
    statement.has_more ? actionButton("diner.more", more, problem) : null,
  );
}

/** @param {Statement} statement @param {Charge} charge @param {() => Promise<void>} renew */
function row(statement, charge, renew) {
  const isGone = charge.returned_fen >= charge.amount_fen;
  const what = charge.period ? nameOf(statement, "period", charge.period) : t("diner.meal");
  const where = [formatTime(charge.at, statement.time_zone).slice(0, -3), nameOf(statement, "merchant", charge.merchant)];
  const amount = h("b", { class: isGone ? "is-gone" : "" }, yuan(charge.amount_fen));
  const state = stateOf(charge);
  const summary = h(
    "summary",
    {},
    h("span", {}, h("span", {}, what), h("small", {}, where.join(" · ")), state ? h("small", { class: "state" }, state) : null),
    amount,
  );
  const receipt = h("details", { open: open.has(charge.charge_id) }, summary, ...inside(statement, charge, renew));
  receipt.addEventListener("toggle", () => {
    if (/** @type {HTMLDetailsElement} */ (receipt).open) open.add(charge.charge_id);
    else open.delete(charge.charge_id);
  });
  return h("li", { data: { key: charge.charge_id } }, receipt);
}

/** @param {Charge} charge */
function stateOf(charge) {
  if (charge.returned_fen >= charge.amount_fen) return t("diner.returned");
  if (charge.returned_fen > 0) return t("diner.returned_part", { amount: yuan(charge.returned_fen) });
  if (charge.dispute?.decision) return term("dispute_decision", charge.dispute.decision);
  return charge.dispute ? t("diner.disputed") : "";
}

/** @param {Statement} statement @param {Charge} charge @param {() => Promise<void>} renew */
function inside(statement, charge, renew) {
  const problem = h("p", { class: "problem", role: "alert" });
  // What is owed for a meal is disputed where the debt stands, once and not twice.
  const isOwed = statement.debts.some((debt) => debt.charge_id === charge.charge_id);
  return [
    h("ul", { class: "receipt" }, ...charge.lines.map((line) => receiptLine(statement, line)), ...paidBy(charge)),
    charge.dispute ? answer(charge.dispute) : null,
    charge.can_rate ? stars(charge, problem, renew) : null,
    charge.can_dispute && !isOwed ? dispute(charge, problem, renew) : null,
    problem,
  ].filter((part) => part !== null);
}

/** @param {Statement} statement @param {Charge["lines"][number]} line */
function receiptLine(statement, line) {
  const name = line.item ? nameOf(statement, "dish", line.item) : t("diner.meal");
  const many = line.count > 1 ? ` ×${line.count}` : "";
  const weight = line.weight_g ? ` ${t("diner.grams", { grams: line.weight_g })}` : "";
  return h("li", {}, h("span", {}, `${name}${many}${weight}`), h("span", {}, yuan(line.amount_fen)));
}

/** @param {Charge} charge */
function paidBy(charge) {
  /** @type {[string, number][]} */
  const parts = [
    ["diner.subsidy", charge.subsidy_fen],
    ["diner.cash", charge.cash_fen],
    ["diner.debt", charge.debt_fen],
  ];
  return parts
    .filter(([, fen]) => fen > 0)
    .map(([key, fen]) => h("li", { class: "paid" }, h("span", {}, t(key)), h("span", {}, yuan(fen))));
}

/** @param {{reason: string, decision: string | null, note: string}} said */
function answer(said) {
  const reason = term("dispute_reason", said.reason);
  const came = said.decision ? term("dispute_decision", said.decision) : t("diner.disputed_hint");
  return h("div", { class: "answer" }, h("p", {}, t("diner.answer", { reason, came })), said.note ? h("p", { class: "muted" }, said.note) : null);
}

/** @param {Charge} charge @param {HTMLElement} problem @param {() => Promise<void>} renew */
function stars(charge, problem, renew) {
  const buttons = STARS.map((count) => {
    const isOn = count <= (charge.stars ?? 0);
    const button = actionButton("diner.star", () => rate(charge, count, renew), problem, "star");
    button.setAttribute("aria-label", t("diner.stars", { count }));
    button.setAttribute("aria-pressed", String(isOn));
    return button;
  });
  return h("div", { class: "stars" }, h("span", {}, t("diner.rate")), h("span", {}, ...buttons));
}

/** @param {Charge} charge @param {number} count @param {() => Promise<void>} renew */
async function rate(charge, count, renew) {
  await request("PUT", `/diner/charges/${charge.charge_id}/rating`, { body: { stars: count } });
  await renew();
}

/** @param {Charge} charge @param {HTMLElement} problem @param {() => Promise<void>} renew */
function dispute(charge, problem, renew) {
  const buttons = REASONS.map((reason) => {
    const button = actionButton("diner.dispute", () => say(charge, reason, renew), problem);
    button.textContent = term("dispute_reason", reason);
    return button;
  });
  return h("div", { class: "dispute" }, h("p", {}, t("diner.dispute")), h("div", { class: "taps" }, ...buttons));
}

/** @param {Charge} charge @param {string} reason @param {() => Promise<void>} renew */
async function say(charge, reason, renew) {
  await request("POST", `/diner/charges/${charge.charge_id}/dispute`, { body: { reason } });
  await renew();
}
