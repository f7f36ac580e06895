/** Who is signed in. Without a session a page shows nothing but the question who is there. */

import { ApiError, request } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { field } from "./forms.js";
import { keepPurpose } from "./purpose-kept.js";

/** @typedef {{username: string, role: string, permissions: string[], needs_second_factor?: boolean,
 *   is_locked?: boolean}} Session */

/** @type {Promise<Session | null> | null} */
let asking = null;

/** @returns {Promise<Session | null>} the session of now; null where there is none */
export async function currentSession() {
  try {
    return await request("GET", "/sessions/current", { isSignIn: true });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** A name as strangers see it, each part by its first letter: as central masks names. @param {string} name */
export function masked(name) {
  return name.split(" ").map((part) => part.slice(0, 1) + "*".repeat(Math.min(3, Math.max(0, part.length - 1)))).join(" ");
}

/** End the session; every tab of this browser asks again who is there. */
export async function closeSession() {
  keepPurpose(null);
  await request("DELETE", "/sessions/current", { isSignIn: true });
  location.reload();
}

/**
 * Ask who is there.
 * @template {boolean} T
 * @param {T} [mayLeave] whether the question can be closed without an answer
 * @returns {Promise<T extends true ? Session | null : Session>} after a name and a password that central accepts
 */
export function signIn(mayLeave) {
  asking ??= ask(mayLeave ?? false).finally(() => {
    asking = null;
  });
  return /** @type {any} */ (asking);
}

/** @param {boolean} mayLeave @returns {Promise<Session | null>} */
function ask(mayLeave) {
  const name = h("input", { name: "username", autocomplete: "username", required: true, autofocus: true });
  const password = h("input", { name: "password", type: "password", autocomplete: "current-password", required: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "primary" }, t("action.sign_in"));
  const code = h("input", { name: "code", autocomplete: "one-time-code", inputmode: "text", required: true, minlength: 6, maxlength: 40 });
  const first = [field("field.username", name), field("field.password", password)];
  const fields = h("div", { class: "fields" }, ...first);
  let challenge = "";
  const form = h("form", {}, h("h1", {}, t("sign_in.title")), fields, problem, button);
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
          challenge = answer.challenge;
          fill(fields, field("account.code", code, "sign_in.code_hint"));
          fill(problem);
          code.focus();
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
