/** What the office did, newest first; a deed is taken back by another one. */

import "/web/data-table.js";
import { get } from "./api.js";
import { reason } from "./canteen-counter.js";
import { called, deedForm } from "./canteen-parts.js";
import { openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t } from "/web/i18n.js";
import { yuan } from "/web/money.js";

const CORRECTIONS = ["reversal", "refund", "wrong_person", "wrong_price"];

export class Deeds {
  #around;
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "office.no_deeds" }));
  #count = h("p", { class: "muted" });
  element = h("div", { class: "deeds-list" }, this.#count, this.#table);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    const { zone } = around.state();
    let people = /** @type {Record<string, string>} */ ({});
    this.#table.rowKey = (row) => row.deed_id;
    this.#table.columns = [
      { title: "office.time", cell: (row) => [formatMinute(row.done_at, zone)], order: (row) => row.done_at },
      { title: "office.deed", cell: (row) => [t(`canteen_kind.${row.kind}`), row.reversed_by ? h("small", { class: "p4" }, ` ${t("office.taken_back")}`) : null], order: (row) => row.kind },
      { title: "office.who", cell: (row) => [row.holder_id ? (people[row.holder_id] ?? t("office.person")) : row.merchant ? called(around.setting().merchants, row.merchant) : t("office.lines", { n: row.line_count })] },
      { title: "office.amount", cell: (row) => [yuan(row.amount_fen)], order: (row) => row.amount_fen, isNumber: true },
      { title: "office.done_by", cell: (row) => [row.done_by_name], order: (row) => row.done_by_name },
      { title: "office.approved_by", cell: (row) => [row.approved_by ?? ""] },
    ];
    this.#table.addEventListener("open", (event) => this.#open(/** @type {CustomEvent} */ (event).detail));
    this.#names = (found) => {
      people = found;
    };
  }

  /** @type {(found: Record<string, string>) => void} */
  #names;
  /** @type {any[]} */
  #items = [];

  async load() {
    const { items, people } = await get("/canteen/office/deeds");
    this.#names(people);
    this.#items = items;
    this.#table.rows = items;
    const moved = items.filter((/** @type {any} */ each) => each.kind === "wrong_person").length;
    fill(this.#count, t("office.wrong_persons", { n: moved }));
  }

  show() {}

  /** @param {string} id */
  #open(id) {
    const deed = this.#items.find((each) => each.deed_id === id);
    if (deed.reversed_by || CORRECTIONS.includes(deed.kind) || !this.#around.permissions.includes("canteen.refund")) return;
    const form = deedForm("canteen_kind.reversal", [h("p", {}, t("office.reversal_hint", { what: t(`canteen_kind.${deed.kind}`), amount: yuan(deed.amount_fen) })), reason()],
      (values) => ({ kind: "reversal", deed_id: id, reason: values.reason }), { path: "/corrections", around: this.#around });
    openDialog(t("canteen_kind.reversal"), form);
  }
}
