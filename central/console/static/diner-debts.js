/** What a diner owes and for which meals. What stands here is told: the page says so to central. */

import { ApiError, post, request } from "./api.js";
import { nameOf } from "./diner-charges.js";
import { actionButton } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {{charge_id: string, at: string, merchant: string, till: string, period: string, amount_fen: number,
 *   left_fen: number, cause: string, is_told: boolean, dispute: string | null, decision: string | null,
 *   note: string | null, can_dispute: boolean}} Debt
 * @typedef {import("./diner.js").Statement} Statement
 */

const REASONS = ["not_me", "amount", "twice", "other"];

/** @param {Statement} statement @param {() => Promise<void>} renew after something was done */
export function debtSection(statement, renew) {
  return h("section", { class: "debts" }, h("h2", {}, t("diner.debts")), h("ul", {}, ...statement.debts.map((debt) => row(statement, debt, renew))));
}

/** Say to central what has been shown; without an answer it is said with the next showing. @param {Statement} statement */
export async function tellShown(statement) {
  const fresh = statement.debts.filter((debt) => !debt.is_told);
  if (fresh.length === 0 || document.visibilityState !== "visible") return;
  try {
    await post("/diner/debts/told", { charge_ids: fresh.map((debt) => debt.charge_id) });
    for (const debt of fresh) debt.is_told = true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
}

/** @param {Statement} statement @param {Debt} debt @param {() => Promise<void>} renew */
function row(statement, debt, renew) {
  const problem = h("p", { class: "problem", role: "alert" });
  const what = debt.period ? nameOf(statement, "period", debt.period) : t("diner.meal");
  const where = `${formatTime(debt.at, statement.time_zone).slice(0, -3)} · ${nameOf(statement, "merchant", debt.merchant)} · ${nameOf(statement, "till", debt.till)}`;
  const left = debt.left_fen ? yuan(debt.left_fen) : t("diner.debt_over");
  const said = debt.dispute ? answer(debt) : null;
  return h("li", { data: { key: debt.charge_id } },
    h("div", { class: "owed" }, h("span", {}, what, h("small", {}, where)), h("b", {}, left)),
    h("p", { class: "muted" }, t(`diner_debt.${debt.cause}`)),
    said,
    debt.can_dispute ? dispute(debt, problem, renew) : null,
    problem);
}

/** @param {Debt} debt */
function answer({ dispute: said, decision, note }) {
  const came = decision ? t(`diner_debt.${decision}`) : t("diner.disputed_hint");
  return h("div", { class: "answer" }, h("p", {}, t("diner.answer", { reason: term("dispute_reason", said ?? ""), came })), note ? h("p", { class: "muted" }, note) : null);
}

/** @param {Debt} debt @param {HTMLElement} problem @param {() => Promise<void>} renew */
function dispute(debt, problem, renew) {
  const buttons = REASONS.map((reason) => {
    const button = actionButton("diner.dispute", async () => {
      await request("POST", `/diner/debts/${debt.charge_id}/dispute`, { body: { reason } });
      await renew();
    }, problem);
    button.textContent = term("dispute_reason", reason);
    return button;
  });
  return h("details", { class: "dispute" }, h("summary", {}, t("diner.dispute_debt")), h("div", { class: "taps" }, ...buttons));
}
