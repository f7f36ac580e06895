/** The lines above and below the cashier's work: which till, meal and mode; how central is heard, and who is here. */

import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, setLanguage, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";
import { symbol } from "/web/symbols.js";

/** @typedef {import("./till.js").TillScreen} TillScreen */

/** A mode is changed, and a till closed, while nothing is to be paid. */
const BETWEEN = new Set(["idle", "weighing", "collecting", "paid", "collected", "refused"]);
/** Modes whose amount stands without a key, before anybody has come. */
const BY_MEAL = new Set(["fixed", "count"]);

export class CashierBar {
  #commands;
  #close;
  #drawn = "";

  /** @param {import("./commands.js").Commands} commands @param {() => void} close asks for the close */
  constructor(commands, close) {
    this.#commands = commands;
    this.#close = close;
    this.element = h("header", { class: "bar" });
    this.foot = h("footer", { class: "foot" });
  }

  /** @param {TillScreen} screen @param {import("./till.js").Settings} settings */
  render(screen, { zone }) {
    const { name, till, period, link, eyes, mode, modes, phase, session } = screen;
    const operator = this.#commands.operator;
    const key = JSON.stringify([name, period, link, eyes, mode, modes, phase, session, operator, zone, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    const other = language() === "en" ? "zh-CN" : "en";
    const isBetween = BETWEEN.has(phase) || (phase === "confirming" && BY_MEAL.has(mode));
    fill(
      this.element,
      h("b", { class: "place" }, localName(name, till)),
      h("span", { class: "period" }, period ? localName(period.name, period.id) : t("till.between_meals")),
      h("span", { class: "space" }),
      modes.length > 1 && session && h("div", { class: "modes", role: "group", "aria-label": t("till.mode") }, ...modes.map((each) => this.#mode(each, mode, isBetween))),
      session && h("button", { type: "button", disabled: !isBetween, onclick: this.#close }, t("till.close")),
      h("button", { type: "button", lang: other, onclick: () => setLanguage(other) }, other === "en" ? "EN" : "中"),
    );
    fill(
      this.foot,
      h("span", { class: "link", "data-online": link.is_online }, ...linkWords(link, zone)),
      eyes === "lost" && h("span", { class: "eyes" }, symbol("lost"), t("till.eyes_lost")),
      h("span", { class: "space" }),
      operator && h("button", { type: "button", title: t("till.sign_out"), onclick: () => this.#commands.signOut() }, symbol("person"), operator),
    );
  }

  /** @param {string} each @param {string} mode of now @param {boolean} isBetween */
  #mode(each, mode, isBetween) {
    const change = () => each !== mode && this.#commands.send({ do: "mode", mode: each });
    return h("button", { type: "button", "aria-pressed": String(each === mode), disabled: each !== mode && !isBetween, onclick: change }, term("till_mode", each));
  }
}

/** @param {TillScreen["link"]} link @param {string} zone */
function linkWords({ is_online: isOnline, since, limit_left_fen: left }, zone) {
  if (isOnline) return [symbol("circle"), t("till.online")];
  return [symbol("triangle"), t("till.offline", { since: formatTime(since, zone).slice(0, -3), left: yuan(left) })];
}
