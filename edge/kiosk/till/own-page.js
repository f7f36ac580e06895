/** The way to the diner's own page: offered to whoever has just been identified, a code when they want it. */

import { fill, h } from "/web/dom.js";
import { language, t } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

export class OwnPage {
  #commands;
  #place;
  #drawn = "";
  #endsAt = 0;
  #left = h("p", { class: "left" });
  #inside = h("div", { class: "sheet" });

  /** @param {import("./commands.js").Commands} commands @param {string} place of the till */
  constructor(commands, place) {
    this.#commands = commands;
    this.#place = place;
    this.button = h("button", { class: "my-page", type: "button", hidden: true, onclick: () => this.open() });
    this.element = h("section", { class: "own-page", hidden: true, role: "dialog" }, this.#inside);
    setInterval(() => this.#count(), 250);
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** Whether somebody may ask for theirs. */
  get isOffered() {
    return !this.button.hidden;
  }

  open() {
    this.#commands.send({ do: "my_page" });
  }

  close() {
    this.#commands.send({ do: "hide_page" });
  }

  /** @param {import("./till.js").TillScreen | null} screen @param {number} heardAt */
  render(screen, heardAt) {
    const page = screen?.own_page ?? null;
    const isOpen = page !== null && page.state !== "offered";
    this.button.hidden = page?.state !== "offered";
    this.element.hidden = !isOpen;
    const key = JSON.stringify([page?.state, page?.number, page?.masked_name, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    fill(this.button, symbol("code"), h("span", {}, t("till.my_page")));
    this.#endsAt = page && page.state === "shown" ? heardAt + page.seconds_left * 1000 : 0;
    if (!isOpen) {
      // A code that is over stays in no picture of the page.
      fill(this.#inside);
      return;
    }
    const close = h("button", { class: "no", type: "button", onclick: () => this.close() }, t("action.close"));
    const name = h("p", { class: "name" }, page.masked_name);
    if (page.state === "asking") fill(this.#inside, name, h("p", { class: "title" }, t("till.working")), close);
    else if (page.state === "silent") fill(this.#inside, name, h("p", { class: "title" }, t("till.my_page_silent")), h("p", { class: "way" }, t("till.my_page_silent_way")), close);
    else {
      const code = h("img", { class: "code", src: `${this.#place}/own-page/${page.number}.svg`, alt: t("till.my_page_code") });
      fill(this.#inside, code, h("div", { class: "words" }, name, h("p", { class: "title" }, t("till.my_page_scan")), h("p", { class: "way" }, t("till.my_page_what")), this.#left, close));
    }
    this.#count();
  }

  #count() {
    const seconds = this.#endsAt ? Math.ceil((this.#endsAt - performance.now()) / 1000) : 0;
    fill(this.#left, seconds > 0 ? t("till.seconds", { n: seconds }) : "");
  }
}
