/** Who cannot pay at any till, why, and how they can again: tills hear of it within seconds. */

import { get, request } from "./api.js";
import { ago, whose } from "./canteen-charge.js";
import { personSearch } from "./canteen-parts.js";
import { actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t, term, termsOf } from "/web/i18n.js";

/** @typedef {import("./canteen-parts.js").Around} Around */

export class Blocks {
  #around;
  #standing = h("section", { class: "card" });
  #lifted = h("details", { class: "card" });
  element = h("div", {});

  /** @param {Around} around */
  constructor(around) {
    this.#around = around;
    const search = personSearch((person) => {
      search.clear();
      search.input.value = "";
      blockDialog(person, around);
    }, "canteen_case.find_to_block");
    fill(this.element, around.permissions.includes("canteen.manage") ? h("div", { class: "bar" }, search.element) : null, this.#standing, this.#lifted);
  }

  async load() {
    const { items, lifted } = await get("/canteen/blocks");
    const { zone } = this.#around.state();
    const may = this.#around.permissions.includes("canteen.manage");
    const row = (/** @type {any} */ each) =>
      h("tr", { data: { key: each.holder_id } },
        h("td", {}, whose(each.name)),
        h("td", {}, term("block_reason", each.reason)),
        h("td", {}, each.note),
        h("td", {}, each.set_by),
        h("td", {}, ago(each.set_at, zone)),
        h("td", { class: "buttons" }, may ? h("button", { type: "button", class: "quiet", onclick: () => unblockDialog(each, this.#around) }, t("canteen_case.unblock")) : null));
    const past = (/** @type {any} */ each) =>
      h("tr", {}, h("td", {}, whose(each.name)), h("td", {}, `${term("block_reason", each.reason)} ${each.note}`), h("td", {}, `${each.set_by} · ${formatMinute(each.set_at, zone)}`), h("td", {}, each.lifted_note), h("td", {}, `${each.lifted_by} · ${formatMinute(each.lifted_at, zone)}`));
    fill(this.#standing, items.length === 0 ? h("p", { class: "empty" }, t("canteen_case.no_blocks")) : table(["office.who", "canteen_case.cause", "office.note", "canteen_case.decided_by", "canteen_case.age", ""], items.map(row)));
    this.#lifted.hidden = lifted.length === 0;
    fill(this.#lifted, h("summary", {}, t("canteen_case.lifted", { n: lifted.length })), table(["office.who", "canteen_case.cause", "canteen_case.blocked_by", "canteen_case.why_again", "canteen_case.unblocked_by"], lifted.map(past)));
  }
}

/** @param {string[]} keys @param {HTMLElement[]} rows */
function table(keys, rows) {
  return h("table", {}, h("thead", {}, h("tr", {}, ...keys.map((key) => h("th", { scope: "col" }, key && t(key))))), h("tbody", {}, ...rows));
}

/** @param {{holder_id: string, name: string | null}} person @param {Around} around */
export function blockDialog(person, around) {
  const reasons = h("select", { name: "reason", required: true }, ...termsOf("block_reason").map((each) => h("option", { value: each }, t(`block_reason.${each}`))));
  const note = h("input", { name: "note", required: true, minlength: "2", maxlength: "300", autocomplete: "off" });
  const form = actionForm("canteen_case.block", [h("p", {}, t("canteen_case.block_hint")), field("canteen_case.cause", reasons), field("office.note", note)], async (values) => {
    await request("PUT", `/canteen/blocks/${person.holder_id}`, { body: values });
    form.closest("dialog")?.close();
    await around.changed();
  });
  openDialog(t("canteen_case.block_who", { name: whose(person.name) }), form);
}

/** @param {{holder_id: string, name: string | null}} person @param {Around} around */
export function unblockDialog(person, around) {
  const note = h("input", { name: "note", required: true, minlength: "2", maxlength: "300", autocomplete: "off" });
  const form = actionForm("canteen_case.unblock", [field("canteen_case.why_again", note)], async (values) => {
    await request("DELETE", `/canteen/blocks/${person.holder_id}?${new URLSearchParams(values)}`);
    form.closest("dialog")?.close();
    await around.changed();
  });
  openDialog(t("canteen_case.unblock_who", { name: whose(person.name) }), form);
}
