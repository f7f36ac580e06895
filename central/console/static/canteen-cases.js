/** What waits for a person: what could not be posted, what diners say is wrong, what is owed; and who cannot pay. */

import { get } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const LISTS = ["exceptions", "disputes", "debts", "blocks"];

export class Cases {
  #around;
  #name = LISTS[0];
  /** @type {Record<string, number>} how many wait */
  #counts = {};
  /** @type {{element: HTMLElement, load: () => Promise<void>} | null} */
  #shown = null;
  #choices = h("div", { class: "bar", role: "group" });
  #body = h("div", { class: "case-list" });
  element = h("div", { class: "cases" }, this.#choices, this.#body);

  /** @param {import("./canteen-parts.js").Around} around @param {string} wanted one of the lists, as the address says */
  constructor(around, wanted) {
    this.#around = around;
    if (LISTS.includes(wanted)) this.#name = wanted;
  }

  async load() {
    this.#counts = await get("/diners/waiting");
    if (this.#shown) {
      this.#draw();
      await this.#shown.load();
    } else await this.#choose(this.#name);
  }

  show() {}

  #draw() {
    const button = (/** @type {string} */ name) =>
      h("button", { type: "button", "aria-pressed": String(name === this.#name), onclick: () => this.#around.attempt(() => this.#choose(name)) },
        t(`canteen_list.${name}`), this.#counts[name] ? h("b", { class: "count" }, this.#counts[name]) : null);
    fill(this.#choices, ...LISTS.map(button));
    this.#choices.ariaLabel = t("canteen_tab.cases");
  }

  /** @param {string} name */
  async #choose(name) {
    this.#name = name;
    this.#around.address("cases", name);
    this.#draw();
    // Nothing of the list before stands under this one's name.
    fill(this.#body);
    const made = await this.#list(name);
    if (this.#name !== name) return;
    this.#shown = made;
    fill(this.#body, made.element);
    await made.load();
  }

  /** @param {string} name */
  async #list(name) {
    switch (name) {
      case "disputes": return new (await import("./canteen-disputes.js")).Disputes(this.#around);
      case "debts": return new (await import("./canteen-debts.js")).Debts(this.#around);
      case "blocks": return new (await import("./canteen-blocks.js")).Blocks(this.#around);
      default: return new (await import("./canteen-exceptions.js")).Exceptions(this.#around);
    }
  }
}
