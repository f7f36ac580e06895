/** The keyboard of operator pages: keys and the sequence `g` + letter, listed by `?`. */

import { h } from "./dom.js";
import { t } from "./i18n.js";

const SEQUENCE_MS = 1500;

/** @type {Map<string, {words: () => string, run: () => void}>} */
const keys = new Map();
let prefixUntil = 0;

/**
 * Give a key a meaning on this page.
 * @param {string} key as KeyboardEvent.key, or `g x` for a sequence
 * @param {() => string} words what it does, for the list
 * @param {() => void} run
 */
export function onKey(key, words, run) {
  keys.set(key, { words, run });
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

/** @param {KeyboardEvent} event */
function handle(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
  // What Enter presses is pressed.
  if (event.key === "Enter" && event.target instanceof Element && event.target.closest("button, a, summary")) return;
  const isSecond = performance.now() < prefixUntil;
  prefixUntil = 0;
  const found = keys.get(isSecond ? `g ${event.key}` : event.key);
  if (found) {
    event.preventDefault();
    found.run();
  } else if (event.key === "g") {
    prefixUntil = performance.now() + SEQUENCE_MS;
  }
}

function showKeys() {
  const rows = [...keys].map(([key, { words }]) =>
    h("tr", {}, h("td", {}, ...key.split(" ").map((part) => h("kbd", {}, part))), h("td", {}, words())),
  );
  const close = h("button", { class: "quiet", onclick: () => dialog.close() }, t("action.close"));
  const dialog = /** @type {HTMLDialogElement} */ (
    h("dialog", { class: "keys", onclose: () => dialog.remove() }, h("h2", {}, t("keys.title")), h("table", {}, h("tbody", {}, ...rows)), close)
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Listen to the keyboard; once per page. */
export function listenToKeys() {
  onKey("?", () => t("keys.help"), showKeys);
  addEventListener("keydown", handle);
}
