/** The button that calls somebody, what became of the call, and a calm line for staff. */

import { fill, h } from "/web/dom.js";
import { language, t } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

/**
 * @typedef {{call: "none" | "calling" | "asked" | "coming" | "unreachable", is_outdated: boolean, is_cut_off: boolean}} Standing
 * @typedef {{has_button: boolean, ask: Record<string, string>}} Settings
 */

export class AssistanceButton {
  #path;
  #said = "";
  /** Nobody presses twice: until the terminal has answered, a press is the one before. */
  #isPressed = false;
  #hasFailed = false;
  #button = h("button", { class: "call", type: "button", onclick: () => this.#press() });
  #answer = h("p", { class: "answer", role: "status", "aria-live": "polite" });
  #staff = h("p", { class: "staff" });
  /** @type {() => void} */
  #changed;

  /** @param {string} path of the lane @param {() => void} changed draws the screen again */
  constructor(path, changed) {
    this.#path = path;
    this.#changed = changed;
    this.element = h("section", { class: "assistance", hidden: true }, this.#button, this.#answer);
    this.staff = this.#staff;
  }

  async #press() {
    if (this.#isPressed) return;
    this.#isPressed = true;
    this.#hasFailed = false;
    this.#changed();
    try {
      const reply = await fetch(`${this.#path}/assistance`, { method: "POST" });
      this.#hasFailed = !reply.ok;
    } catch {
      this.#hasFailed = true;
    }
    this.#isPressed = false;
    this.#changed();
  }

  /** @param {{assistance: Settings | null, standing: Standing | null, isOnline: boolean}} state */
  render({ assistance, standing, isOnline }) {
    this.element.hidden = !assistance?.has_button;
    const told = isOnline ? (standing?.call ?? "none") : "none";
    if (told !== "none") this.#hasFailed = false;
    const call = this.#hasFailed ? "unreachable" : this.#isPressed && told === "none" ? "calling" : told;
    const staff = [standing?.is_outdated && t("kiosk.is_outdated"), standing?.is_cut_off && t("kiosk.is_cut_off")];
    const lines = this.#lines(call, assistance?.ask ?? {});
    const key = JSON.stringify([language(), lines, staff]);
    if (key === this.#said) return;
    this.#said = key;
    this.element.dataset.call = call;
    fill(this.#button, symbol("person"), h("span", {}, t("kiosk.call")));
    fill(this.#answer, ...lines.map((line, index) => h(index ? "span" : "b", {}, line)));
    fill(this.#staff, staff.filter(Boolean).join(" · "));
  }

  /** @param {string} call @param {Record<string, string>} ask @returns {string[]} */
  #lines(call, ask) {
    if (call === "calling") return [t("kiosk.calling")];
    if (call === "asked") return [t("kiosk.asked"), t("kiosk.asked_way")];
    if (call === "coming") return [t("kiosk.coming")];
    if (call !== "unreachable") return [];
    const who = ask[language()];
    return [t("kiosk.unreachable"), who ? t("kiosk.unreachable_ask", { who }) : t("kiosk.unreachable_way")];
  }
}
