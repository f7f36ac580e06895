/** The camera's picture as a mirror: people see by themselves where to stand. It is on while it is shown. */

import { fill, h } from "/web/dom.js";
import { symbol } from "/web/symbols.js";

export class Mirror {
  #place;
  #round = 0;
  #isOn = false;
  #picture = h("img", { alt: "" });
  #drawing = h("div", { class: "drawing" }, symbol("straight"));

  /** @param {string} place of the till, below which its picture is */
  constructor(place) {
    this.#place = place;
    this.element = h("div", { class: "sign-large mirror" });
    fill(this.element, this.#drawing, this.#picture);
    this.#picture.addEventListener("load", () => this.element.classList.add("has-picture"));
    this.#picture.addEventListener("error", () => this.element.classList.remove("has-picture"));
  }

  /** @param {boolean} isOn whether it is on the screen now */
  show(isOn) {
    if (isOn === this.#isOn) return;
    this.#isOn = isOn;
    this.element.classList.remove("has-picture");
    // Without an address the terminal need not send.
    if (isOn) this.#picture.setAttribute("src", `${this.#place}/live.mjpeg?round=${++this.#round}`);
    else this.#picture.removeAttribute("src");
  }
}
