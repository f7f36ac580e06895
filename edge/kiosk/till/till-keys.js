/** The till's keyboard: digits, F-keys for dishes, Enter, Esc, one key for a void. */

import { mayTypeNumber } from "./diner.js";
import { handsOut } from "./orders.js";
import { isSelfServed } from "./self-service.js";

/**
 * @typedef {object} Listening
 * @property {import("/web/store.js").Store<import("./till.js").TillState>} store
 * @property {import("./commands.js").Commands} commands
 * @property {import("./diner.js").DinerSide | null} diner
 * @property {import("./cashier.js").CashierSide | null} cashier
 */

/** @param {Listening} listening */
export function listenToTillKeys(listening) {
  // A touch leaves the keyboard where it is: the next Enter presses no button once more.
  addEventListener("pointerdown", (event) => {
    if (event.target instanceof Element && event.target.closest("button")) event.preventDefault();
  });
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const { diner, cashier, store } = listening;
    // What Enter presses is pressed.
    if (event.key === "Enter" && event.target instanceof Element && event.target.closest("button")) return;
    const isTyping = event.target instanceof Element && event.target.closest("input") !== null;
    if (cashier?.session.isOpen) {
      if (event.key === "Escape") cashier.session.leave();
      else if (event.key === "Enter" && !isTyping && store.state.isAnswering) cashier.session.enter();
      return;
    }
    if (isTyping && !/^F\d+$/.test(event.key)) return;
    if (pressed(event, listening)) event.preventDefault();
    else if (diner?.pad.isOpen && event.key.length === 1) event.preventDefault();
  });
}

/** @param {KeyboardEvent} event @param {Listening} listening @returns {boolean} whether it meant something */
function pressed({ key, shiftKey }, { store, commands, diner, cashier }) {
  const { screen, isAnswering } = store.state;
  if (!screen || !isAnswering || screen.phase === "fire") return false;
  if (diner?.pad.isOpen) return diner.pad.press(key);
  if (diner?.page.isOpen && (key === "Escape" || key === "q")) {
    diner.page.close();
    return true;
  }
  if (diner?.page.isOffered && key === "q") {
    diner.page.open();
    return true;
  }
  if (diner && !cashier && diner.choice.press(key, screen)) return true;
  if (cashier?.last.isAsking && (key === "Enter" || key === "Escape")) {
    cashier.last.answer(key === "Enter");
    return true;
  }
  const { question } = screen;
  const isChoosing = question?.kind === "who" || question?.kind === "which";
  if (isChoosing && /^[1-9]$/.test(key)) commands.send({ do: "choose", number: Number(key) });
  else if (key === "Enter") commands.send({ do: "confirm" });
  else if (key === "Escape") commands.send({ do: question || !(cashier || isSelfServed(screen)) ? "not_me" : "cancel" });
  else if (key === "Backspace") commands.send({ do: "key", key: "back" });
  else if (/^[0-9]$/.test(key) && (question?.kind === "pin" || cashier)) commands.send({ do: "key", key });
  else if (/^[0-9]$/.test(key) && diner && mayTypeNumber(screen)) diner.pad.open(key);
  else if (!cashier && isSelfServed(screen) && /^F\d+$/.test(key)) return pick(Number(key.slice(1)) + (shiftKey ? 12 : 0), screen, commands);
  else return cashier !== null && ofCashier(key, shiftKey, screen, commands, cashier);
  return true;
}

/**
 * @param {string} key @param {boolean} isShifted @param {import("./till.js").TillScreen} screen
 * @param {import("./commands.js").Commands} commands @param {import("./cashier.js").CashierSide} cashier
 */
function ofCashier(key, isShifted, screen, commands, cashier) {
  if (/^F\d+$/.test(key)) return pick(Number(key.slice(1)) + (isShifted ? 12 : 0), screen, commands);
  if (handsOut(screen) && /^[a-z]$/i.test(key)) commands.send({ do: "key", key: key.toUpperCase() });
  else if (key === ".") commands.send({ do: "key", key });
  else if (key === "Delete" || key === "-") cashier.last.ask();
  else if (key === "*") commands.send({ do: "tare" });
  else if (key === "/") cashier.dishes.focus();
  else return false;
  return true;
}

/** @param {number} key @param {import("./till.js").TillScreen} screen @param {import("./commands.js").Commands} commands */
function pick(key, { menu }, commands) {
  const dish = menu.find((each) => each.key === key);
  if (dish) commands.send({ do: "dish", dish: dish.id });
  return dish !== undefined;
}
