/** Roll-outs: one image on its way to many boards, in stages, each board a square. */

import { get } from "./api.js";
import { RollOutCard } from "./boards-rollout.js";
import { fill, h, renderRows } from "/web/dom.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {import("./boards.js").Context} Context
 * @typedef {import("./boards-rollout.js").RollOut} RollOut
 */

export class RollOuts {
  #context;
  /** @type {Map<string, RollOutCard>} */
  #cards = new Map();
  /** @type {string | null} */
  #chosen = null;
  #new = h("button", { type: "button", class: "primary", onclick: () => this.#ask() });
  #list = h("ul", { class: "rollouts" });
  #empty = h("div", { class: "empty first" });
  #bar = h("div", { class: "filters bar" }, this.#new);
  element = h("section", {}, this.#bar, this.#list, this.#empty);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#bar.hidden = !context.mayManage;
  }

  async #ask() {
    (await import("./boards-new.js")).askForRollOut(this.#context);
  }

  show() {
    const { rollOuts, images } = this.#context.view;
    fill(this.#new, t("boards.new"), " ", h("kbd", {}, "n"));
    this.#empty.hidden = rollOuts.length > 0;
    fill(this.#empty, h("h2", {}, t("boards.no_rollouts")), h("p", {}, t(!this.#context.mayManage ? "boards.no_rollouts_read" : images.length ? "boards.no_rollouts_hint" : "boards.no_rollouts_no_image")));
    if (!rollOuts.some(({ rollout_id: id }) => id === this.#chosen)) this.#chosen = rollOuts[0]?.rollout_id ?? null;
    if (this.#chosen !== null) this.#open(this.#chosen);
    renderRows(this.#list, rollOuts, {
      key: (rollOut) => rollOut.rollout_id,
      create: (rollOut) => {
        const card = new RollOutCard(this.#context, () => this.choose(rollOut.rollout_id));
        this.#cards.set(rollOut.rollout_id, card);
        return card.element;
      },
      update: (_, rollOut) => this.#cards.get(rollOut.rollout_id)?.show(rollOut, rollOut.rollout_id === this.#chosen),
    });
  }

  /** @param {string} id of a roll-out */
  choose(id) {
    this.#chosen = id;
    this.show();
    this.#open(id);
    this.#list.querySelector(`[data-key="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
  }

  /** What is over brings its boards when it is looked at. @param {string} id */
  async #open(id) {
    const rollOut = this.#context.view.rollOuts.find((each) => each.rollout_id === id);
    if (!rollOut || rollOut.boards) return;
    Object.assign(rollOut, await get(`/firmware/rollouts/${id}`));
    this.show();
  }

  /** Choose the next one, or the one before. @param {1 | -1} by */
  move(by) {
    const ids = this.#context.view.rollOuts.map(({ rollout_id: id }) => id);
    if (ids.length === 0) return;
    const at = ids.indexOf(this.#chosen ?? "");
    this.choose(ids[Math.min(ids.length - 1, Math.max(0, at + by))]);
  }

  /** From square to square. @param {1 | -1} by */
  step(by) {
    this.#card?.step(by);
  }

  /** @param {string} key */
  press(key) {
    this.#card?.press(key);
  }

  tick() {
    for (const card of this.#cards.values()) card.tick();
  }

  get #card() {
    return this.#chosen === null ? undefined : this.#cards.get(this.#chosen);
  }
}
