/** Which key protects the faces, how far its rotation is, and the button that begins one. */

import { ApiError, get, post } from "./api.js";
import { actionForm, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";

const RESTING_MS = 30_000;
const ROTATING_MS = 1_000;

/** @typedef {{key_id: string, is_rotating: boolean, is_credential: boolean, places: {count: number, old_count: number}[]}} Keys */

/** @returns {HTMLElement} */
export function keysSection() {
  /** @type {Keys | null} */
  let keys = null;
  /** What was asked before a rotation began knows nothing of it. @type {LastAnswer<Keys>} */
  const lastAnswer = new LastAnswer();
  const title = h("h2");
  const state = h("p", { class: "keys", role: "status" });
  const button = /** @type {HTMLButtonElement} */ (h("button", { type: "button" }));
  const show = () => {
    fill(title, t("privacy.keys"));
    fill(button, t("privacy.rotate"));
    button.disabled = !keys || keys.is_rotating;
    if (keys) fill(state, sentence(keys));
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(load, keys?.is_rotating ? ROTATING_MS : RESTING_MS);
  };
  const load = async () => {
    try {
      keys = await lastAnswer.of(get("/keys"));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(state, error.sentence);
    }
    show();
    again();
  };
  button.addEventListener("click", () => {
    const form = actionForm("privacy.rotate", [h("p", {}, t("privacy.rotate_hint"))], async () => {
      keys = await lastAnswer.of(post("/keys/rotation"));
      show();
      again();
      /** @type {HTMLDialogElement} */ (form.closest("dialog")).close();
    });
    openDialog(t("privacy.rotate"), form);
  });
  onLanguage(show);
  load();
  return h("section", {}, title, state, button);
}

/** @param {Keys} keys */
function sentence({ key_id: key, is_rotating: isRotating, places }) {
  const total = places.reduce((sum, place) => sum + place.count, 0);
  const old = places.reduce((sum, place) => sum + place.old_count, 0);
  return isRotating ? t("privacy.key_rotating", { key, done: total - old, total }) : t("privacy.key_rest", { key, total });
}
