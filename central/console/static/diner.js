/** The diner's own page on their telephone: opened once by a link, and over after half an hour. */

import { ApiError, get, request } from "./api.js";
import { chargeList } from "./diner-charges.js";
import { debtSection, tellShown } from "./diner-debts.js";
import { mealSection } from "./diner-meals.js";
import { isNear, orderList } from "./diner-order-list.js";
import { orderSection } from "./diner-orders.js";
import { isWaiting, topUpSection } from "./diner-top-up.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, loadWords, setLanguage, t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { yuan } from "/web/money.js";

/** @typedef {import("./diner-charges.js").Charge} Charge */
/**
 * @typedef {{name: string, site: Record<string, string>, time_zone: string, expires_at: string,
 *   subsidy_fen: number, cash_fen: number, held_fen: number, debt_fen: number, charges: Charge[],
 *   debts: import("./diner-debts.js").Debt[],
 *   has_more: boolean, top_ups: import("./diner-top-up.js").TopUp[],
 *   names: Record<string, Record<string, string>>, top_up: [number, number] | null}} Statement
 */

/** So often the page looks whether a payment has come. */
const LOOK_MS = 3000;
/** One look of so many is for an order that is being handed out. */
const ORDER_LOOKS = 4;

await loadWords();
const secret = location.hash.slice(1);
// The secret leaves the address bar and the history before anybody can look over a shoulder.
history.replaceState(null, "", location.pathname);
const main = h("main", { id: "diner" });
document.body.append(main);
/** @type {Statement | null} */
let statement = null;
/** @type {import("./diner-meals.js").Meals | null} */
let meals = null;
/** @type {import("./diner-orders.js").Orders | null} */
let orders = null;
let looks = 0;
/** @type {string} what is said instead of the statement */
let refusal = "";
/** @type {LastAnswer<[Statement, import("./diner-meals.js").Meals, import("./diner-orders.js").Orders]>} */
const lastAnswer = new LastAnswer();
await begin();

async function begin() {
  await attempt(async () => {
    if (secret) await request("POST", "/diner/session", { body: { secret }, isSignIn: true });
    await load();
  });
  show();
  setInterval(look, LOOK_MS);
}

/** @param {() => Promise<void>} run */
async function attempt(run) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    refusal = error.sentence;
    if (error.status === 401) statement = null;
  }
}

async function load() {
  [statement, meals, orders] = await lastAnswer.of(Promise.all([get("/diner/statement"), get("/diner/meals"), get("/diner/orders")]));
  refusal = "";
}

/** Load and show again: something was done here. */
async function renew() {
  await attempt(load);
  show();
}

/** Look whether a payment has come, or an order was handed out, while somebody sees the page. */
async function look() {
  looks += 1;
  if (statement) await tellShown(statement);
  if (document.visibilityState !== "visible" || isBusy()) return;
  const isPaying = statement?.top_ups.some(isWaiting);
  if (!isPaying && !(looks % ORDER_LOOKS === 0 && orders?.orders.some(isNear))) return;
  await attempt(load);
  if (!isBusy()) show();
}

/** Whoever types an amount, or chooses dishes, goes on with it. */
function isBusy() {
  const at = document.activeElement;
  return at instanceof HTMLInputElement || at?.closest(".ordering, dialog") != null;
}

async function more() {
  const last = statement?.charges.at(-1);
  if (!statement || !last) return;
  const older = await get(`/diner/statement?before=${last.charge_id}`);
  // Another list may stand there by now, behind which this is not what comes next.
  if (statement.charges.at(-1) !== last) return;
  statement = { ...older, charges: [...statement.charges, ...older.charges] };
  show();
}

function show() {
  document.title = t("diner.title");
  const other = language() === "en" ? "zh-CN" : "en";
  const change = h("button", { class: "quiet", type: "button", lang: other }, other === "en" ? "EN" : "中");
  change.addEventListener("click", async () => {
    await setLanguage(other);
    show();
  });
  const where = statement?.site[language()] ?? t("diner.title");
  const head = h("header", {}, h("div", {}, h("h1", {}, where), statement ? h("p", {}, statement.name) : null), change);
  const problem = h("p", { class: "problem", role: "alert" }, refusal);
  if (statement) {
    fill(main, head, problem, ...sections(statement));
    tellShown(statement);
  }
  else fill(main, head, problem, h("p", { class: "muted" }, t("diner.ask_again")));
}

/** @param {Statement} now */
function sections(now) {
  const leave = h("button", { type: "button", onclick: end }, t("diner.leave"));
  const until = formatTime(now.expires_at, now.time_zone).slice(0, -3);
  return [
    orders?.orders.some((order) => order.state === "waiting") ? orderList(orders, now.time_zone, renew) : null,
    balances(now),
    now.debts.length > 0 ? debtSection(now, renew) : null,
    now.top_up ? topUpSection(now, renew) : null,
    orders && orders.offers.length > 0 ? orderSection(orders, now.time_zone, renew) : null,
    orders?.orders.length && !orders.orders.some((order) => order.state === "waiting") ? orderList(orders, now.time_zone, renew) : null,
    meals && meals.meals.length > 0 ? mealSection(meals, now.time_zone, renew) : null,
    chargeList(now, renew, more),
    h("footer", {}, h("p", { class: "muted" }, t("diner.until", { time: until })), leave),
  ].filter((section) => section !== null);
}

/** @param {Statement} now */
function balances(now) {
  const line = (/** @type {string} */ key, /** @type {number} */ fen) => h("div", {}, h("dt", {}, t(key)), h("dd", {}, yuan(fen)));
  return h(
    "section",
    { class: "balances" },
    h("h2", {}, t("diner.balance")),
    h("p", { class: "sum" }, yuan(now.subsidy_fen + now.cash_fen - now.held_fen)),
    h(
      "dl",
      {},
      line("diner.subsidy", now.subsidy_fen),
      line("diner.cash", now.cash_fen),
      now.held_fen ? line("diner.held", now.held_fen) : null,
      now.debt_fen ? line("diner.debt", now.debt_fen) : null,
    ),
    now.debt_fen ? h("p", { class: "muted" }, t("diner.debt_hint")) : null,
  );
}

async function end() {
  await attempt(async () => {
    await request("DELETE", "/diner/session");
    refusal = "";
  });
  statement = null;
  show();
}
