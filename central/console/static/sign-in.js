/** The question who is there: a name and a password, a code, or the way to the identity provider. */

import { ApiError, request } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { field } from "./forms.js";
import { providerButton, takeOutcome } from "./provider-sign-in.js";

/** @typedef {import("./session.js").Session} Session */

/** @param {boolean} mayLeave @returns {Promise<Session | null>} */
export function ask(mayLeave) {
  const name = h("input", { name: "username", autocomplete: "username", required: true, autofocus: true });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary" }, t("action.sign_in"));
  const code = h("input", { name: "code", autocomplete: "one-time-code", inputmode: "text", required: true, minlength: 6, maxlength: 40 });
  const first = [field("field.username", name), field("field.password", password)];
  const fields = h("div", { class: "fields" }, ...first);
  let challenge = "";
  const others = h("div", { class: "others" });
  const form = h("form", {}, h("h1", {}, t("sign_in.title")), fields, problem, button, others);
  const askCode = (/** @type {string} */ given) => {
    challenge = given;
    fill(fields, field("account.code", code, "sign_in.code_hint"));
    fill(problem);
    fill(others);
    code.focus();
  };
  takeOutcome().then(async (outcome) => {
    if (outcome.challenge) return askCode(outcome.challenge);
    fill(problem, outcome.problem);
    const provider = await providerButton();
    if (!challenge) fill(others, provider);
  });
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { class: "sign-in" }, form));
  dialog.addEventListener("cancel", (event) => mayLeave || event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null);
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      button.setAttribute("disabled", "");
      try {
        const body = Object.fromEntries(new FormData(/** @type {HTMLFormElement} */ (form)));
        const answer = await request("POST", challenge ? "/sessions/second-factor" : "/sessions", { body: challenge ? { challenge, code: body.code } : body, isSignIn: true });
        if (answer.challenge) {
          askCode(answer.challenge);
          return;
        }
        resolve(answer);
        dialog.remove();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.code === "sign_in_again") {
          challenge = "";
          fill(fields, ...first);
        }
        fill(problem, error.sentence);
        /** @type {HTMLInputElement} */ (challenge ? code : password).select();
      } finally {
        button.removeAttribute("disabled");
      }
    });
  });
}
