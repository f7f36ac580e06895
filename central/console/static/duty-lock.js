/** A guard's desk whose session is over: it goes on watching, says so, and lets the next guard take over. */

import { wear } from "./style.js";
import { ApiError, request } from "./api.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";
import { keepPurpose } from "./purpose-kept.js";
import { signIn } from "./session.js";

wear("desk.css");

/** @typedef {import("./session.js").Session} Session */

export class DutyLock {
  #onTaken;
  #onChange;
  #who = "";
  #card = /** @type {HTMLInputElement} */ (h("input", { name: "number", autocomplete: "off", required: true, maxlength: 64 }));
  #pin = /** @type {HTMLInputElement} */ (h("input", { name: "pin", type: "password", inputmode: "numeric", autocomplete: "off", required: true, pattern: "[0-9]{4,8}" }));
  #said = h("span", {});
  #problem = h("span", { class: "problem", role: "alert" });
  #labels = [h("span", {}), h("span", {})];
  #take = h("button", { class: "primary" });
  #other = h("button", { type: "button", onclick: () => this.#byPassword() });

  /**
   * @param {(session: Session) => void} onTaken called with who is on duty from now on
   * @param {() => void} onChange called when nobody is, or somebody is again
   */
  constructor(onTaken, onChange) {
    this.#onTaken = onTaken;
    this.#onChange = onChange;
    this.element = h(
      "form",
      { class: "duty-lock", hidden: true, role: "region" },
      h("strong", { role: "status" }, symbol("lock"), this.#said),
      h("label", {}, this.#labels[0], this.#card),
      h("label", {}, this.#labels[1], this.#pin),
      this.#take,
      this.#other,
      this.#problem,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#byCard();
    });
    // A reader types the number and presses Enter: the PIN comes next.
    this.#card.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !this.#card.value) return;
      event.preventDefault();
      this.#pin.focus();
    });
    onLanguage(() => this.#words());
  }

  get isLocked() {
    return !this.element.hidden;
  }

  /** @param {string} who was on duty last, masked */
  lock(who) {
    this.#who = who;
    if (!this.isLocked) keepPurpose(null);
    this.element.hidden = false;
    document.documentElement.dataset.locked = "";
    this.#words();
    this.#onChange();
  }

  unlock() {
    this.element.hidden = true;
    delete document.documentElement.dataset.locked;
    /** @type {HTMLFormElement} */ (this.element).reset();
    fill(this.#problem);
    this.#onChange();
  }

  /** Somebody wants to act. */
  ask() {
    this.#card.focus();
    fill(this.#problem, t("error.locked"));
  }

  #words() {
    fill(this.#said, t("duty.locked", { who: this.#who }));
    fill(this.#labels[0], t("duty.card"));
    fill(this.#labels[1], t("duty.pin"));
    fill(this.#take, t("duty.take_over"));
    fill(this.#other, t("duty.with_password"));
    this.#card.title = t("duty.card_hint");
  }

  async #byCard() {
    fill(this.#problem);
    try {
      const body = { number: this.#card.value, pin: this.#pin.value };
      this.#onTaken(await request("POST", "/sessions/card", { body, isSignIn: true }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(this.#problem, error.sentence);
      this.#pin.select();
    }
  }

  async #byPassword() {
    fill(this.#problem);
    const session = await signIn(true);
    if (session) this.#onTaken(session);
  }
}
