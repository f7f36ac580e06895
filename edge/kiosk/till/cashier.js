/** The cashier's half: what is being paid, keys and dishes, the last charges, and how the till is. */

import { CashierBar } from "./cashier-bar.js";
import { Dishes } from "./dishes.js";
import { Keypad } from "./keypad.js";
import { LastCharges } from "./last-charges.js";
import { OrderList, handsOut, refusalWords, showsOrder } from "./orders.js";
import { Scale } from "./scale.js";
import { SessionPanel } from "./session-panel.js";
import { dishName, lineWords } from "./till-words.js";
import { mayPay } from "./diner.js";
import { formatTime } from "/web/format.js";
import { fill, h } from "/web/dom.js";
import { language, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";
import { symbol } from "/web/symbols.js";

/** @typedef {import("./till.js").TillState} TillState */
/** @typedef {import("./till.js").TillScreen} TillScreen */

const WITH_KEYPAD = new Set(["keyed", "count", "orders"]);
/** Modes whose amount stands without a key. */
const BY_MEAL = new Set(["fixed", "count"]);
const WITH_DISHES = new Set(["menu", "weighed"]);
/** Answers of the terminal that ask for a word. @type {Record<string, string>} */
const HINTS = { silent: "till.no_answer", not_now: "till.not_now", not_allowed: "till.not_allowed" };

export class CashierSide {
  #commands;
  #drawn = "";
  #now = h("section", { class: "now", role: "status", "aria-live": "polite" });
  #hint = h("p", { class: "hint", role: "alert" });
  #lines = h("ul", { class: "lines" });
  #wait = h("p", { class: "wait" });
  #fire = h("section", { class: "over fire", role: "alert" });
  #silent = h("section", { class: "over silent", role: "alert" });
  #countdown = h("b", {});

  /** @param {import("./commands.js").Commands} commands @param {import("/web/store.js").Store<TillState>} store */
  constructor(commands, store) {
    this.#commands = commands;
    this.bar = new CashierBar(commands, () => this.session.askToClose());
    this.keypad = new Keypad(commands);
    this.dishes = new Dishes(commands, () => store.schedule());
    this.orders = new OrderList(commands);
    this.scale = new Scale(commands);
    this.last = new LastCharges(commands, () => store.schedule());
    this.session = new SessionPanel(commands, () => store.schedule());
    const work = h("section", { class: "work" }, this.scale.element, this.keypad.element, this.#lines, this.orders.element, this.dishes.element, this.#wait);
    const inside = h("div", { class: "desk" }, this.bar.element, this.#now, this.#hint, work, this.last.element, this.bar.foot);
    this.element = h("section", { class: "cashier" }, inside, this.session.element, this.#silent, this.#fire);
  }

  /** @param {TillState} state */
  render(state) {
    const { screen, settings, isAnswering, isLost, silentSince } = state;
    const isFire = screen?.phase === "fire";
    this.element.dataset.phase = screen?.phase ?? "silent";
    this.element.dataset.mode = screen?.mode ?? "";
    this.#fire.hidden = !isFire;
    this.#silent.hidden = !isLost || isFire;
    this.#hint.dataset.answer = this.#commands.answer;
    const hint = HINTS[this.#commands.answer];
    fill(this.#hint, hint ? t(hint) : "");
    this.session.render(state);
    if (screen) {
      this.bar.render(screen, settings);
      this.scale.render(screen);
      this.dishes.render(screen);
      this.orders.render(screen);
      this.last.render(screen, settings);
      this.keypad.render(screen);
    }
    const key = JSON.stringify([screen, isAnswering, settings.zone, language()]);
    if (key !== this.#drawn) {
      this.#drawn = key;
      fill(this.#fire, symbol("door"), h("b", {}, t("till.fire")), h("span", {}, t("till.fire_cashier")));
      const since = formatTime(silentSince, settings.zone);
      fill(this.#silent, symbol("lost"), h("b", {}, t("till.silent")), h("span", {}, t("till.silent_way")), h("small", {}, t("till.since", { since })));
      if (screen) this.#draw(screen, settings.zone);
    }
  }

  /** @param {TillScreen} screen @param {string} zone */
  #draw(screen, zone) {
    const { mode, lines } = screen;
    this.#now.dataset.phase = screen.phase;
    this.keypad.element.hidden = !WITH_KEYPAD.has(mode);
    this.dishes.element.hidden = !WITH_DISHES.has(mode) || !screen.menu.length;
    this.#wait.hidden = WITH_KEYPAD.has(mode) || WITH_DISHES.has(mode);
    this.#lines.hidden = mode !== "menu" && mode !== "weighed" && !showsOrder(screen);
    fill(this.#wait, t(mayPay(screen) ? "till.pays_alone" : "till.nothing_to_type"));
    const shown = lines.filter((line) => line.item);
    fill(
      this.#lines,
      ...(shown.length
        ? shown.map((line) => h("li", {}, h("span", {}, dishName(screen, line.item), " ", h("small", {}, lineWords(line))), h("b", {}, yuan(line.amount_fen))))
        : [h("li", { class: "empty" }, t(mode === "weighed" ? "till.no_lines_weighed" : "till.no_lines"))]),
    );
    this.#lines.scrollTop = this.#lines.scrollHeight;
    this.#drawNow(screen, zone);
  }

  /** @param {TillScreen} screen @param {string} zone */
  #drawNow(screen, zone) {
    const { phase, amount_fen: amount, typed, mode, question, weight, order, has_orders: numbers } = screen;
    const isOver = phase === "paid" || phase === "collected" || phase === "refused";
    const name = screen.masked_name || (order?.masked_name ?? "");
    // Where the price is the meal's, the till waits for the next diner and nobody has failed to pay.
    const isNext = phase === "confirming" && BY_MEAL.has(mode);
    const isScaleOut = phase === "weighing" && (weight?.is_lost || weight?.is_overload);
    const words = isNext ? t("till.next_diner") : isScaleOut ? term("till_scale", weight.is_lost ? "lost" : "overload") : phaseWords(screen);
    const why = phase === "refused" ? refusalWords("till_why", screen, zone) : phase === "asking" ? term("till_asked", question?.kind ?? "") : waitingFor(screen);
    const hint = numbers.length ? t("till.has_orders", { numbers: numbers.join(" ") }) : "";
    const isTyped = typed !== "" && !isOver;
    const isNumber = isTyped && handsOut(screen) && !showsOrder(screen);
    const sum = isNumber ? typed : order ? order.number : isTyped && mode === "keyed" ? `¥${typed}` : amount === null ? "" : yuan(amount);
    fill(
      this.#now,
      h("div", { class: "state" }, h("p", { class: "phase" }, (phase === "paid" || phase === "collected") && symbol("granted"), words), h("p", { class: "who" }, [name, why, hint].filter(Boolean).join(" · "))),
      h("p", { class: "sum" }, isTyped && mode === "count" && h("small", {}, `×${typed}`), sum),
      h("div", { class: "deeds" }, ...this.#deeds(screen)),
    );
  }

  /** @param {TillScreen} screen @returns {HTMLElement[]} */
  #deeds(screen) {
    const { phase, mode, question, typed, lines } = screen;
    const send = (/** @type {string} */ deed) => () => this.#commands.send({ do: deed });
    const button = (/** @type {string} */ kind, /** @type {string} */ words, /** @type {string} */ key, /** @type {() => void} */ run) =>
      h("button", { class: kind, type: "button", onclick: run }, words, h("kbd", {}, key));
    const cancel = button("plain", t("till.cancel"), t("till.key_escape"), send("cancel"));
    if (phase === "choosing") return [button("primary", t("till.take"), t("till.key_enter"), send("confirm")), cancel];
    if (phase === "weighing") return lines.length > 0 ? [cancel] : [];
    if (phase === "confirming") return BY_MEAL.has(mode) && !typed ? [] : [cancel];
    if (phase === "collecting" && showsOrder(screen)) return [button("primary", t("till.ask_pin"), t("till.key_enter"), send("confirm")), cancel];
    if (phase === "collecting") return typed ? [button("primary", t("till.find_order"), t("till.key_enter"), send("confirm")), cancel] : [];
    if (phase !== "asking" || !question) return [];
    if (question.kind === "hand_out") {
      const no = button("plain", t("till.not_handed_out"), t("till.key_escape"), send("not_me"));
      return [button("primary", t("till.hand_out"), t("till.key_enter"), send("confirm")), no];
    }
    if (question.kind === "which") {
      const orders = question.orders.map(({ number }, index) => button("plain short", number, String(index + 1), () => this.#commands.send({ do: "choose", number: index + 1 })));
      return [...orders, button("plain short", t("till.no_order_taken"), t("till.key_escape"), send("not_me"))];
    }
    if (question.kind === "who") {
      const people = question.choices.map(({ number, masked_name: name }) =>
        button("plain", name, String(number), () => this.#commands.send({ do: "choose", number })),
      );
      return [...people, button("plain", t("till.neither"), t("till.key_escape"), send("not_me"))];
    }
    if (question.kind === "pin") return [button("plain", t("till.do_not_pay"), t("till.key_escape"), send("not_me"))];
    const yes = question.kind === "again" ? t("till.pay_again") : t("till.it_is_them");
    return [button("primary", yes, t("till.key_enter"), send("confirm")), button("plain", t("till.not_them"), t("till.key_escape"), send("not_me"))];
  }
}

/** What the till is at: what was ordered is paid already. @param {TillScreen} screen */
function phaseWords(screen) {
  if (handsOut(screen) && screen.phase === "refused") return t("till.orders_refused");
  if (handsOut(screen) && (screen.phase === "asking" || screen.phase === "working")) return t("till.orders_asking");
  return term("till_phase", screen.phase);
}

/** Whom it waits for. @param {TillScreen} screen */
function waitingFor(screen) {
  if (screen.phase === "confirming") return t("till.waits_for_diner");
  if (screen.phase !== "collecting") return "";
  return t(screen.order ? "till.waits_for_owner" : "till.waits_for_orders");
}
