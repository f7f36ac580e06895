/** The operator's cash drawer at the counter: opened with a float, counted blind, its difference explained. */

import { get, post } from "./api.js";
import { moneyInput, newKey } from "./canteen-parts.js";
import { actionForm, field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

/**
 * @typedef {{at: string, kind: string, cash_fen: number, reason: string}} Entry
 * @typedef {{counted_fen: number, notes: Record<string, number> | null, counted_by_name: string, counted_at: string, in_fen: number,
 *   out_fen: number, expected_fen: number, difference_fen: number, explanation: string, explained_by_name: string, entries: Entry[]}} Count
 * @typedef {{drawer_id: string, operator_id: string, operator_name: string, float_fen: number, opened_at: string, count: Count | null}} Drawer
 */

export class CashDrawer {
  #around;
  /** @type {Drawer | null} */
  #drawer = null;
  element = h("section", { class: "card drawer" });

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
  }

  /** Whether cash can be taken. */
  get isOpen() {
    return this.#drawer?.count === null;
  }

  async load() {
    this.#show((await get("/canteen/office/drawers/own")).drawer);
  }

  /** @param {Drawer | null} drawer */
  #show(drawer) {
    this.#drawer = drawer;
    if (drawer === null) fill(this.element, h("h2", {}, t("drawer.title")), this.#opening());
    else if (drawer.count === null) this.#open(drawer);
    else fill(this.element, h("h2", {}, t("drawer.title")), h("p", {}, outcome(drawer.count)), explaining(drawer, this.#around));
  }

  #opening() {
    const key = newKey();
    const form = actionForm("drawer.open", [field("drawer.float", moneyInput("float"), "drawer.float_hint")], async ({ float }) => {
      await post("/canteen/office/drawers", { key, float_fen: fenOf(float) ?? 0 });
      await this.#around.changed();
    });
    form.classList.add("inline");
    return form;
  }

  /** @param {Drawer} drawer */
  #open(drawer) {
    const since = t("drawer.since", { time: formatMinute(drawer.opened_at, this.#around.state().zone), amount: yuan(drawer.float_fen) });
    fill(this.element, h("header", {}, h("h2", {}, t("drawer.title")), h("span", {}, since),
      h("button", { type: "button", onclick: async () => (await import("./canteen-drawer-count.js")).changeDialog(drawer) }, t("drawer.change")),
      h("button", { type: "button", onclick: async () => (await import("./canteen-drawer-count.js")).countDialog(drawer, this.#around) }, t("drawer.count"))));
  }
}

/**
 * A sentence for a difference.
 * @param {Drawer} drawer @param {import("./canteen-parts.js").Around} around @param {Element} [within] a dialog's body that says so then
 */
export function explaining(drawer, around, within) {
  const words = h("input", { name: "words", required: true, maxlength: "200", autocomplete: "off", placeholder: t("office.explain") });
  return actionForm("drawer.explain", [field("drawer.what_is_it", words)], async (values) => {
    await post(`/canteen/office/drawers/${drawer.drawer_id}/explanation`, values);
    if (within) fill(within, h("p", { class: "done", role: "status" }, t("drawer.explained")));
    await around.changed();
  });
}

/** What a count came to, in one line. @param {Count} count */
export function outcome(count) {
  const key = count.difference_fen === 0 ? "drawer.fits" : count.difference_fen > 0 ? "drawer.more" : "drawer.less";
  return t(key, { counted: yuan(count.counted_fen), expected: yuan(count.expected_fen), difference: yuan(Math.abs(count.difference_fen)) });
}
