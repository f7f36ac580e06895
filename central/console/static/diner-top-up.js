/** Money into the cash wallet, paid on this telephone at the provider's. */

import { post } from "./api.js";
import { actionForm, field } from "./forms.js";
import { h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

/** @typedef {{top_up_id: string, amount_fen: number, state: string, pay_url: string}} TopUp */

const AMOUNTS_FEN = [2000, 5000, 10000, 20000];
const OPEN = new Set(["created", "waiting"]);

/** Whether its payment may still come. @param {TopUp} topUp */
export const isWaiting = (topUp) => OPEN.has(topUp.state);

/** @param {import("./diner.js").Statement} statement @param {() => Promise<void>} renew */
export function topUpSection(statement, renew) {
  const [least, most] = statement.top_up ?? [0, 0];
  const input = /** @type {HTMLInputElement} */ (h("input", { name: "amount", inputmode: "decimal", required: true, autocomplete: "off" }));
  const taps = AMOUNTS_FEN.filter((fen) => fen >= least && fen <= most).map((fen) => {
    const choose = () => {
      input.value = String(fen / 100);
      input.setCustomValidity("");
    };
    return h("button", { type: "button", onclick: choose }, yuan(fen).replace(".00", ""));
  });
  input.addEventListener("input", () => input.setCustomValidity(isWithin(input.value, least, most) ? "" : t("diner.top_up_bounds", { least: yuan(least), most: yuan(most) })));
  const fields = [h("div", { class: "taps" }, ...taps), field("diner.amount", input)];
  const form = actionForm("diner.top_up", fields, async ({ amount }) => {
    const begun = await post("/diner/top-ups", { top_up_id: crypto.randomUUID(), amount_fen: fenOf(amount) });
    await renew();
    if (isLink(begun.pay_url)) location.assign(begun.pay_url);
  });
  const shown = statement.top_ups.map(line);
  const is = statement.top_ups.some(isWaiting);
  return h("details", { class: "top-up", open: is }, h("summary", {}, t("diner.top_up")), form, h("ul", {}, ...shown));
}

/** @param {TopUp} topUp */
function line(topUp) {
  const pay = isWaiting(topUp) && isLink(topUp.pay_url) ? h("a", { href: topUp.pay_url }, t("diner.pay")) : null;
  return h("li", {}, h("span", {}, yuan(topUp.amount_fen)), h("span", {}, term("payment_state", topUp.state)), pay);
}

/** @param {string} text @param {number} least @param {number} most */
function isWithin(text, least, most) {
  const fen = fenOf(text);
  return fen !== null && fen >= least && fen <= most;
}

/** A link that a browser opens, and not a script. @param {string} url */
function isLink(url) {
  return URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
}
