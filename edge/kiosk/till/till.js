/** A till's page: the diner's half and the cashier's, or one of them (`?side=diner`, `?side=cashier`). */

import { CashierSide } from "./cashier.js";
import { Commands } from "./commands.js";
import { DinerSide } from "./diner.js";
import { listenToTillKeys } from "./till-keys.js";
import { TillSound } from "./till-sound.js";
import { h } from "/web/dom.js";
import { loadWords, localName, onLanguage } from "/web/i18n.js";
import { LiveSource } from "/web/live-source.js";
import { Store } from "/web/store.js";

/**
 * @typedef {"idle" | "choosing" | "weighing" | "confirming" | "collecting" | "asking" | "working" | "paid" | "collected" | "refused" | "closed" | "fire"} Phase
 * @typedef {Record<string, string>} Name
 * @typedef {{item: string, count: number, weight_g: number | null, amount_fen: number}} Line
 * @typedef {{charge_id: string, number: string, masked_name: string, lines: Line[], names: Record<string, Name>, amount_fen: number,
 *   begins: string, ends: string, collected_at: string | null, till: string, till_name: Name}} Order
 * @typedef {{kind: "is_it_you" | "again" | "who" | "pin" | "which" | "hand_out", seconds_left: number, seconds: number,
 *   choices: {number: number, masked_name: string}[], orders: Order[], digit_count: number}} Question
 * @typedef {{charge_id: string, at: string, amount_fen: number, masked_name: string, order: string, is_void: boolean}} LastCharge
 * @typedef {{id: string, name: Name, price_fen: number, per_g: number | null, key: number | null}} Dish
 * @typedef {{grams: number | null, is_stable: boolean, is_overload: boolean, is_lost: boolean, tare_g: number}} Weight
 * @typedef {{closed_at: string, charge_count: number, charge_fen: number, void_count: number, void_fen: number,
 *   counted_charges: number | null, counted_fen: number | null}} Close
 * @typedef {{till: string, name: Name, revision: number, mode: string, modes: string[], is_attended: boolean, phase: Phase,
 *   amount_fen: number | null, typed: string, masked_name: string, refusal: string | null, question: Question | null,
 *   lines: Line[], order: Order | null, waiting: Order[], waiting_count: number, has_orders: string[], last: LastCharge[], can_void: string | null,
 *   link: {is_online: boolean, since: string, limit_left_fen: number},
 *   period: {id: string, name: Name, price_fen: number | null} | null, menu: Dish[], weight: Weight | null,
 *   eyes: "ok" | "lost" | "none", session: {opened_at: string, by: string} | null, close: Close | null,
 *   pin_length_max: number,
 *   own_page: {state: "offered" | "asking" | "shown" | "silent", number: number, masked_name: string, seconds_left: number, seconds: number} | null,
 *   self_service: {round: number, seconds_left: number} | null}} TillScreen of `edge/canteen/screen.py`
 * @typedef {{site: Name, zone: string, sound: {begins: string, percent: number}[]}} Settings
 * @typedef {object} TillState
 * @property {TillScreen | null} screen
 * @property {number} heardAt when the screen came, by `performance.now()`
 * @property {Settings} settings
 * @property {boolean} isAnswering whether the terminal is heard
 * @property {boolean} isLost whether it was asked and is not heard: a page that has just come says nothing yet
 * @property {number} silentSince milliseconds of the wall clock
 */

/** Until the terminal is asked again for what it did not tell. */
const RETRY_MS = 2_000;

await loadWords();
const place = location.pathname;
const asked = new URLSearchParams(location.search).get("side");
const side = asked === "diner" || asked === "cashier" ? asked : "both";

/** @type {Store<TillState>} */
const store = new Store({
  screen: null,
  heardAt: 0,
  settings: { site: {}, zone: "UTC", sound: [] },
  isAnswering: false,
  isLost: false,
  silentSince: Date.now(),
});
const commands = new Commands(place, () => store.schedule());
const diner = side === "cashier" ? null : new DinerSide(commands, place);
const cashier = side === "diner" ? null : new CashierSide(commands, store);
const sound = new TillSound();
const main = h("main", { class: `till ${side}` }, diner?.element, cashier?.element);
document.body.append(main);
listenToTillKeys({ store, commands, diner, cashier });

store.subscribe((state) => {
  if (state.screen) document.title = localName(state.screen.name, state.screen.till);
  diner?.render(state);
  cashier?.render(state);
  main.dataset.revision = String(state.screen?.revision ?? "");
});
onLanguage(() => store.schedule());

async function loadSettings() {
  const reply = await fetch(`${place}/settings`).catch(() => null);
  if (!reply?.ok) {
    setTimeout(loadSettings, RETRY_MS);
    return;
  }
  const settings = await reply.json();
  store.update((state) => Object.assign(state, { settings }));
}

new LiveSource(`${place}/stream`, (signal) => {
  if (signal.kind === "online") {
    loadSettings();
  } else if (signal.kind === "offline") {
    store.update((state) => Object.assign(state, { isAnswering: false, isLost: true, silentSince: signal.since }));
  } else if (signal.kind === "signed_out") {
    location.reload();
  } else if (signal.name === "screen") {
    const { settings } = store.state;
    sound.hear(signal.data, settings);
    store.update((state) => Object.assign(state, { screen: signal.data, heardAt: performance.now(), isAnswering: true, isLost: false }));
  }
}).restart();
