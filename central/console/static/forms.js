/** Dialogs and forms: pressed at once, then the world's answer, and errors that say what to do. */

import { ApiError } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

/** So long nobody wonders; after it, words say that nothing has come back. */
export const NO_ANSWER_MS = 2000;

/**
 * An input under its label.
 * @param {string} key of the label's words
 * @param {HTMLElement} input
 * @param {string} [hint] key of a line below
 */
export function field(key, input, hint) {
  return h("label", { class: "field" }, h("span", {}, t(key)), input, hint ? h("small", {}, t(hint)) : null);
}

/**
 * Open a dialog that is removed when it closes.
 * @param {string} title words
 * @param {...import("/web/dom.js").Child} content
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, ...content) {
  const close = h("button", { class: "quiet close", type: "button", "aria-label": t("action.close") }, "×");
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", {}, h("header", {}, h("h2", {}, title), close), ...content));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * A button that is pressed at once, stays so until the world has answered, and says a refusal.
 * @param {string} key of the words
 * @param {() => Promise<void>} run
 * @param {HTMLElement} problem where a refusal is said
 * @param {string} [kind] class
 */
export function actionButton(key, run, problem, kind = "") {
  const button = h("button", { type: "button", class: kind }, t(key));
  button.addEventListener("click", () => attempt(button, problem, run));
  return button;
}

/**
 * A form with one button.
 * @param {string} key of the button's words
 * @param {HTMLElement[]} fields
 * @param {(values: Record<string, string>) => Promise<void>} run
 */
export function actionForm(key, fields, run) {
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary" }, t(key));
  const form = /** @type {HTMLFormElement} */ (h("form", {}, ...fields, problem, h("footer", {}, button)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
    attempt(button, problem, () => run(values));
  });
  return form;
}

/** @param {HTMLElement} button @param {HTMLElement} problem @param {() => Promise<void>} run */
async function attempt(button, problem, run) {
  button.setAttribute("disabled", "");
  button.setAttribute("aria-busy", "true");
  fill(problem);
  const late = setTimeout(() => fill(problem, t("action.no_answer_yet")), NO_ANSWER_MS);
  try {
    await run();
    if (problem.textContent === t("action.no_answer_yet")) fill(problem);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fill(problem, error.sentence);
  } finally {
    clearTimeout(late);
    button.removeAttribute("disabled");
    button.removeAttribute("aria-busy");
  }
}
