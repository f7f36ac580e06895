/** The diner's half: one amount, one sentence, one way on. Read at two metres, tray in hand. */

import { DinerLanguage } from "./diner-language.js";
import { Mirror } from "./mirror.js";
import { NumberPad } from "./number-pad.js";
import { choiceOf, handsOut, refusalWords, showsOrder } from "./orders.js";
import { OwnPage } from "./own-page.js";
import { SelfService, isSelfServed, mayChange, mayChoose } from "./self-service.js";
import { clauses, dishName, lineWords } from "./till-words.js";
import { fill, h } from "/web/dom.js";
import { language, localName, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";
import { symbol } from "/web/symbols.js";

/**
 * @typedef {import("./till.js").TillState} TillState
 * @typedef {import("./till.js").TillScreen} TillScreen
 * @typedef {{title: string, way?: string, sign?: import("/web/symbols.js").SymbolName, small?: string, isMirror?: boolean}} Said
 */

/** Phases in which the amount is what matters. */
const WITH_AMOUNT = new Set(["choosing", "weighing", "confirming", "asking", "working", "paid"]);
/** Modes whose price is the meal's: outside of meals nothing is sold. */
const BY_MEAL = new Set(["fixed", "count", "lane"]);
/** Crumbs, and the last digit's unrest. */
const EMPTY_G_MAX = 5;
const LINES_MAX = 4;
/** Questions about an order that show what is in it. */
const WITH_DISHES = new Set(["hand_out", "is_it_you"]);
/** Questions whose time is nobody's hurry. */
const UNCOUNTED = new Set(["who", "which", "hand_out"]);

export class DinerSide {
  #commands;
  #drawn = "";
  #countdown = h("span", { class: "seconds" });
  #bar = h("i", {});
  #amount = h("p", { class: "amount" });
  #message = h("section", { class: "message", role: "status", "aria-live": "assertive" });
  #choices = h("div", { class: "choices" });
  #lines = h("ul", { class: "lines" });
  #head = h("header", {});
  #language = new DinerLanguage();
  #next = h("button", { class: "next-diner", type: "button", hidden: true, onclick: () => this.#commands.send({ do: "cancel" }) });
  #number = h("button", { class: "by-number", type: "button", onclick: () => this.pad.open() });

  #mirror;

  /** @param {import("./commands.js").Commands} commands @param {string} place of the till */
  constructor(commands, place) {
    this.#commands = commands;
    this.#mirror = new Mirror(place);
    this.pad = new NumberPad(commands);
    this.choice = new SelfService(commands);
    this.page = new OwnPage(commands, place);
    this.element = h("section", { class: "diner" });
    const foot = h("footer", {}, this.#number, this.page.button, this.#next, this.#language.element);
    this.element.append(
      h("div", { class: "face" }, this.#head, this.#amount, this.#message, this.#lines, this.choice.element, this.#choices, foot),
      this.choice.warning,
      this.pad.element,
      this.page.element,
    );
    setInterval(() => this.#count(), 100);
  }

  /** When the time of a question is over, by `performance.now()`; 0 where there is none. */
  #endsAt = 0;
  #seconds = 1;

  /** @param {TillState} state */
  render({ screen, heardAt, isAnswering, settings }) {
    const isFire = screen?.phase === "fire";
    this.element.dataset.phase = isAnswering || isFire ? (screen?.phase ?? "silent") : "silent";
    const question = isAnswering ? screen?.question : null;
    this.#endsAt = question && !UNCOUNTED.has(question.kind) ? heardAt + question.seconds_left * 1000 : 0;
    this.#seconds = question?.seconds || 1;
    this.element.dataset.question = question?.kind ?? "";
    const mayType = isAnswering && screen !== null && mayTypeNumber(screen);
    if (!mayType) this.pad.close();
    this.pad.isForOrders = screen !== null && handsOut(screen);
    this.pad.render();
    const live = isAnswering ? screen : null;
    this.choice.render(live, heardAt);
    this.page.render(live, heardAt);
    this.#language.render(live);
    this.element.classList.toggle("is-choosing", live !== null && mayChoose(live));
    this.element.classList.toggle("may-change", live !== null && mayChange(live));
    const key = JSON.stringify([screen, isAnswering, settings.zone, language()]);
    if (key === this.#drawn) return this.#count();
    this.#drawn = key;
    this.#mirror.show(isAnswering && screen !== null && screen.eyes === "ok" && mayPay(screen));
    this.#number.hidden = !mayType;
    // Whoever is next need not wait until what is shown has run out.
    this.#next.hidden = !live || !isSelfServed(live) || (live.phase !== "paid" && live.phase !== "refused");
    fill(this.#next, t("till.next_choice"));
    fill(this.#number, symbol("keypad"), h("span", {}, t(screen && handsOut(screen) ? "till.by_order" : "till.by_number")));
    this.#draw(screen, isAnswering || isFire, settings.zone);
    this.#count();
  }

  /** @param {TillScreen | null} screen @param {boolean} isAnswering @param {string} zone */
  #draw(screen, isAnswering, zone) {
    if (!screen || !isAnswering) {
      fill(this.#head);
      fill(this.#amount);
      this.#say({ title: t("till.wait"), way: t("till.silent_diner") });
      fill(this.#lines);
      fill(this.#choices);
      return;
    }
    const { phase, amount_fen: amount, period, order } = screen;
    const isOrder = showsOrder(screen);
    fill(this.#head, h("b", {}, localName(screen.name, screen.till)), period && h("span", {}, localName(period.name, period.id)));
    const isOver = phase === "paid" || phase === "collected";
    const isChoosing = mayChoose(screen);
    // An order is called by its number: its money is no matter any more.
    const shown = isOrder ? (order?.number ?? "") : WITH_AMOUNT.has(phase) && amount !== null && !isChoosing ? yuan(amount) : "";
    this.#amount.dataset.length = String(shown.length);
    fill(this.#amount, isOver ? "" : shown);
    this.#say(isOver ? { title: "", sign: "granted" } : said(screen, zone), screen.masked_name || (isOrder ? (order?.masked_name ?? "") : ""));
    if (isOver) this.#paid(screen, shown);
    const hasLines = (phase === "choosing" && !isChoosing) || phase === "confirming" || (isOrder && WITH_DISHES.has(screen.question?.kind ?? ""));
    const lines = hasLines ? screen.lines.filter((line) => line.item) : [];
    const rest = lines.length - LINES_MAX;
    this.element.classList.toggle("has-lines", lines.length > 0);
    this.element.classList.toggle("of-order", isOrder);
    fill(
      this.#lines,
      rest > 0 && h("li", { class: "rest" }, t("till.more_lines", { n: rest })),
      ...lines.slice(-LINES_MAX).map((line) => h("li", {}, h("span", {}, dishName(screen, line.item), " ", h("small", {}, lineWords(line))), h("b", {}, yuan(line.amount_fen)))),
    );
    fill(this.#choices, ...this.#answers(screen));
  }

  /** @param {TillScreen} screen @param {string} amount */
  #paid({ masked_name: name, phase }, amount) {
    const sum = h("p", { class: "amount", "data-length": amount.length }, amount);
    const title = t(phase === "paid" ? "till.paid" : "till.collected");
    fill(this.#message, h("div", { class: "sign-large" }, symbol("granted")), h("p", { class: "title" }, title), sum, name && h("p", { class: "name" }, name));
  }

  /** @param {Said} words @param {string} [name] */
  #say({ title, way, sign, small, isMirror }, name) {
    fill(
      this.#message,
      isMirror && this.#mirror.element,
      sign && h("div", { class: "sign-large" }, symbol(sign)),
      name && h("p", { class: "name" }, name),
      title && h("p", { class: "title" }, ...clauses(title)),
      way && h("p", { class: "way" }, ...clauses(way)),
      small && h("p", { class: "small" }, small),
    );
  }

  /** @param {TillScreen} screen @returns {HTMLElement[]} */
  #answers(screen) {
    const { question } = screen;
    const send = (/** @type {import("./commands.js").Command} */ command) => () => this.#commands.send(command);
    const no = (/** @type {string} */ words, command = /** @type {import("./commands.js").Command} */ ({ do: "not_me" })) =>
      h("button", { class: "no", type: "button", onclick: send(command) }, words);
    if (mayChange(screen)) return [no(t("till.change_choice"), { do: "key", key: "back" }), no(t("till.cancel"), { do: "cancel" })];
    if (!question) return [];
    const yes = (/** @type {string} */ words) => h("button", { class: "yes", type: "button", onclick: send({ do: "confirm" }) }, words, this.#countdown, this.#bar);
    if (question.kind === "is_it_you") return [yes(t("till.it_is_me")), no(t("till.not_me"))];
    if (question.kind === "again") return [yes(t("till.pay_again")), no(t("till.do_not_pay"))];
    if (question.kind === "hand_out") return [yes(t("till.take_it")), no(t("till.not_mine"))];
    if (question.kind === "pin") return [this.#pinPad(question.digit_count)];
    if (question.kind === "which") {
      const orders = question.orders.map((order, index) =>
        h("button", { class: "yes one-order", type: "button", onclick: send({ do: "choose", number: index + 1 }) }, ...choiceOf(screen, order, index + 1)),
      );
      return [...orders, no(t("till.no_order_taken"))];
    }
    const people = question.choices.map(({ number, masked_name: name }) =>
      h("button", { class: "yes", type: "button", onclick: send({ do: "choose", number }) }, h("small", {}, String(number)), name),
    );
    return [...people, no(t("till.neither"))];
  }

  /** @param {number} count typed so far */
  #pinPad(count) {
    const key = (/** @type {string} */ name, /** @type {string} */ words) =>
      h("button", { type: "button", onclick: () => this.#commands.send({ do: "key", key: name }) }, words);
    const digits = [..."123456789"].map((digit) => key(digit, digit));
    const done = h("button", { class: "yes", type: "button", disabled: count === 0, onclick: () => this.#commands.send({ do: "confirm" }) }, t("till.done"));
    const no = h("button", { class: "no", type: "button", onclick: () => this.#commands.send({ do: "not_me" }) }, t("till.do_not_pay"));
    const dots = h("p", { class: "dots", "aria-label": t("till.digits", { n: count }) }, "●".repeat(count) || "–");
    return h("div", { class: "pin" }, dots, h("div", { class: "keys" }, ...digits, key("back", "⌫"), key("0", "0"), done), no);
  }

  /** Seconds are counted here: the terminal said once how many are left. */
  #count() {
    const leftMs = this.#endsAt - performance.now();
    const seconds = this.#endsAt && leftMs > 0 ? Math.ceil(leftMs / 1000) : 0;
    fill(this.#countdown, seconds ? t("till.seconds", { n: seconds }) : "");
    const share = this.#endsAt ? Math.max(0, Math.min(1, leftMs / 1000 / this.#seconds)) : 0;
    this.#bar.style.width = `${(share * 100).toFixed(0)}%`;
  }
}

/** Whether somebody who shows who they are pays something now. @param {TillScreen} screen */
export function mayPay({ phase, mode, period }) {
  return phase === "confirming" || phase === "collecting" || (phase === "idle" && mode === "lane" && period !== null);
}

/** Whether somebody may pay by the number of a card. @param {TillScreen} screen */
export function mayTypeNumber(screen) {
  return mayPay(screen) && screen.mode !== "lane";
}

/** @param {TillScreen} screen @param {string} zone @returns {Said} one sentence and the way on */
function said(screen, zone) {
  const { phase, question, refusal, amount_fen: amount } = screen;
  if (phase === "fire") return { title: t("till.fire"), way: t("till.fire_go"), sign: "door" };
  if (phase === "closed") return { title: t("till.closed"), way: t("till.closed_way") };
  if (phase === "refused") return { title: refusalWords("till_refusal", screen, zone), way: term("till_way", refusal ?? ""), small: handsOut(screen) ? "" : t("till.nothing_taken") };
  if (phase === "working") return { title: t("till.working") };
  if (question?.kind === "hand_out" && amount !== null) return { title: term("till_question", "hand_out"), small: t("till.paid_before", { amount: yuan(amount) }) };
  if (phase === "asking") return { title: question ? term("till_question", question.kind) : "" };
  // What was ordered is told once whoever it is of has shown it.
  if (phase === "collecting" && showsOrder(screen)) return { title: t("till.prove_order") };
  if (phase === "weighing") return weighing(screen);
  if (phase === "choosing") return { title: t(screen.mode === "keyed" ? "till.check_amount" : "till.check_meal") };
  if (mayPay(screen)) return invitation(screen);
  if (phase === "idle" && BY_MEAL.has(screen.mode)) return { title: t("till.no_period") };
  return { title: t(screen.is_attended ? "till.welcome" : "till.choose_here") };
}

/** @param {TillScreen} screen @returns {Said} */
function invitation(screen) {
  const { eyes } = screen;
  if (handsOut(screen)) return eyes === "ok" ? { title: t("till.code_or_face"), isMirror: true } : { title: t("till.code_or_card"), sign: "code" };
  return eyes === "ok" ? { title: t("till.look_or_card"), isMirror: true } : { title: t("till.card"), sign: "card" };
}

/** @param {TillScreen} screen @returns {Said} */
function weighing({ weight }) {
  if (!weight || weight.is_lost || weight.is_overload) return { title: t("till.scale_wait") };
  if ((weight.grams ?? 0) <= EMPTY_G_MAX) return { title: t("till.put_on_scale") };
  return { title: t("till.weighing"), way: weight.grams === null ? "" : t("till.grams", { n: weight.grams }) };
}
