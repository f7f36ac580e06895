/** Forms: fields made from settings, buttons that are pressed at once, refusals that say what to do. */

import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { ApiError } from "./api.js";

/** @typedef {{name: string, type: string, default: string, is_required: boolean, choices: string[], is_secret: boolean}} Setting */

/**
 * A control under its label.
 * @param {HTMLElement | string} label
 * @param {HTMLElement} control
 */
export function field(label, control) {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

/**
 * A choice.
 * @param {string} name
 * @param {[string, string][]} options value and words
 * @param {string} [chosen]
 */
export function select(name, options, chosen = "") {
  const made = h("select", { name }, ...options.map(([value, words]) => h("option", { value, selected: value === chosen }, words)));
  return /** @type {HTMLSelectElement} */ (made);
}

/**
 * The control of a setting.
 * @param {Setting} setting
 * @param {string} [value] instead of the default
 */
export function settingField(setting, value = setting.default) {
  const { name } = setting;
  const label = h("code", {}, name);
  if (setting.type === "bool") return field(label, select(name, [["true", t("value.yes")], ["false", t("value.no")]], value));
  if (setting.choices.length > 0) return field(label, select(name, setting.choices.map((choice) => [choice, choice]), value));
  const isNumber = setting.type === "int" || setting.type === "float";
  const type = setting.is_secret ? "password" : isNumber ? "number" : "text";
  const step = setting.type === "float" ? "any" : null;
  return field(label, h("input", { name, type, step, value, required: setting.is_required, autocomplete: "off" }));
}

/**
 * The values of the controls below an element, by name.
 * @param {Element} root
 * @returns {Record<string, string>}
 */
export function valuesOf(root) {
  const controls = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[name]"));
  return Object.fromEntries([...controls].map((control) => [control.name, control.value]));
}

/**
 * Run what a press asks for; the button shows that it is pressed until the world has answered.
 * @param {HTMLElement} button
 * @param {HTMLElement} problem where a refusal is said
 * @param {() => Promise<any>} run
 */
export async function attempt(button, problem, run) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  fill(problem);
  try {
    await run();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill(problem, error.sentence);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** Where a refusal is said. */
export function problemLine() {
  return h("p", { class: "problem", role: "alert" });
}

/**
 * A button that runs something.
 * @param {string} words
 * @param {HTMLElement} problem
 * @param {() => Promise<any>} run
 * @param {string} [kind] class
 */
export function actionButton(words, problem, run, kind = "") {
  const button = h("button", { type: "button", class: kind }, words);
  button.addEventListener("click", () => attempt(button, problem, run));
  return button;
}

/**
 * Open a dialog that is removed when it closes; its form closes it when the order was taken.
 * @param {string} title
 * @param {string} yes words of the form's button
 * @param {HTMLElement[]} fields
 * @param {() => Promise<any>} run
 */
export function openDialog(title, yes, fields, run) {
  const problem = problemLine();
  const button = h("button", { class: "primary" }, yes);
  const cancel = h("button", { type: "button" }, t("action.cancel"));
  const form = h("form", {}, ...fields, problem, h("footer", {}, cancel, button));
  const close = h("button", { class: "quiet close", type: "button", "aria-label": t("action.close") }, "×");
  const head = h("header", {}, h("h2", {}, title), close);
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", {}, head, form));
  for (const each of [close, cancel]) each.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(button, problem, async () => {
      await run();
      dialog.close();
    });
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement | null} */ (form.querySelector("select, input"))?.focus();
  return dialog;
}

/**
 * Words for a name of a driver's world; the name itself, as code, where there are none.
 * @param {string} group
 * @param {string} name
 */
export function nameOf(group, name) {
  const words = term(group, name);
  return words === name ? h("code", {}, name) : words;
}
