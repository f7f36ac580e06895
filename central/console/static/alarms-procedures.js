/** What to do about each kind of alarm, and at single places: as shipped, or as the site writes it. */

import "/web/data-table.js";
import { get, request } from "./api.js";
import { stepsOf } from "./alarm-record.js";
import { place } from "./alarm-words.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {1 | 2 | 3 | 4} Priority
 * @typedef {{key: string, text: Record<string, string>, is_shipped: boolean, priority: Priority, shipped_priority: Priority,
 *   has_own_priority: boolean, is_latched: boolean, changed_by: string | null, changed_at: string | null}} Procedure
 * @typedef {import("./alarms-lists.js").Context} Context
 */

const LENGTH_MAX = 4000;
const ROWS = 8;
/** @type {Priority[]} */
const PRIORITIES = [1, 2, 3, 4];

/** @param {string} key a kind, or one source */
const kindOf = (key) => key.split(":")[0];

/** Where a source is, as the site calls it; empty for a kind as such. @param {string} source @param {any} site */
export function sourcePlace(source, site) {
  const [, kind, ...rest] = source.split(":");
  const [id, node = null] = rest.join(":").split("@");
  if (!kind) return "";
  const subject = kind === "node" ? {} : { [kind]: id };
  return place(/** @type {any} */ ({ subject, node: kind === "node" ? id : node, detail: {} }), site);
}

export class AlarmProcedures {
  #context;
  /** @type {Procedure[]} */
  #items = [];
  #search = /** @type {HTMLInputElement} */ (h("input", { type: "search", oninput: () => this.show() }));
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "alarm_page.no_procedure" }));
  #hint = h("p", { class: "muted" });
  element = h("div", { class: "procedures" }, h("p", {}, this.#search), this.#hint, this.#table);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#table.rowKey = (row) => row.key;
    this.#table.columns = [
      { title: "alarm_page.what", cell: (row) => [prioritySign(row.priority), h("b", {}, term("alarm_kind", kindOf(row.key)))], order: (row) => row.priority },
      { title: "alarm_page.where", cell: (row) => [sourcePlace(row.key, context.state().site) || h("span", { class: "muted" }, t("alarm_page.everywhere"))] },
      { title: "alarm_page.first_step", cell: (row) => [stepsOf(localName(row.text, ""))[0]?.textContent] },
      { title: "alarm_page.whose", cell: (row) => [row.is_shipped ? h("span", { class: "muted" }, t("alarm_page.as_shipped")) : t("alarm_page.own_by", { who: row.changed_by, time: formatTime(row.changed_at, context.state().zone) })] },
    ];
    this.#table.addEventListener("open", (event) => {
      const found = this.#items.find(({ key }) => key === /** @type {CustomEvent} */ (event).detail);
      if (!found) return;
      if (context.permissions.includes("alarms.manage")) editProcedure(found, sourcePlace(found.key, context.state().site), () => this.load());
      else openDialog(term("alarm_kind", kindOf(found.key)), h("ol", { class: "steps" }, ...stepsOf(localName(found.text, ""))));
    });
  }

  async load() {
    this.#items = (await get("/alarms/procedures")).items;
    this.show();
  }

  /** @param {1 | -1} step */
  move(step) {
    this.#table.move(step);
  }

  search() {
    this.#search.focus();
  }

  show() {
    const { site } = this.#context.state();
    this.#search.placeholder = t("alarm_page.search");
    this.#search.ariaLabel = t("alarm_page.search");
    fill(this.#hint, t(this.#context.permissions.includes("alarms.manage") ? "alarm_page.procedures_hint" : "alarm_page.procedures_read"));
    const wanted = this.#search.value.trim().toLowerCase();
    // What the site has written itself comes first: it is what somebody looks for.
    const rank = (/** @type {Procedure} */ { key, is_shipped: isShipped }) => (key.includes(":") ? 0 : isShipped ? 2 : 1);
    this.#table.rows = this.#items.toSorted((a, b) => rank(a) - rank(b)).filter(({ key, text }) => `${term("alarm_kind", kindOf(key))} ${sourcePlace(key, site)} ${localName(text, "")}`.toLowerCase().includes(wanted));
  }
}

/**
 * Write what to do, and see it as the console will show it.
 * @param {Procedure} procedure that holds now
 * @param {string} where empty for the kind as such
 * @param {() => Promise<void>} done
 */
export function editProcedure(procedure, where, done) {
  const kind = kindOf(procedure.key);
  const preview = h("ol", { class: "steps" });
  const texts = ["zh-CN", "en"].map((name) => {
    const area = /** @type {HTMLTextAreaElement} */ (h("textarea", { name, lang: name, rows: ROWS, maxlength: LENGTH_MAX, required: true, oninput: show }));
    area.value = procedure.text[name] ?? "";
    return area;
  });
  function show() {
    fill(preview, ...stepsOf(texts[language() === "en" ? 1 : 0].value));
  }
  const priority = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      { name: "priority", disabled: procedure.is_latched },
      h("option", { value: "" }, t("alarm_page.priority_shipped", { n: procedure.shipped_priority })),
      ...PRIORITIES.map((each) => h("option", { value: each }, `${each} ${t(`desk.priority_${each}`)}`)),
    )
  );
  priority.value = procedure.has_own_priority ? String(procedure.priority) : "";
  /** @param {Record<string, string>} text */
  const put = async (text) => {
    await request("PUT", "/alarms/procedures", { body: { key: procedure.key, text, priority: priority.value ? Number(priority.value) : null } });
    dialog.close();
    await done();
  };
  const shown = h("section", { class: "preview" }, h("h3", {}, t("alarm_page.preview")), preview);
  const fields = [
    field("alarm_page.priority", priority, "alarm_page.priority_hint"),
    h("div", { class: "texts" }, field("alarm_page.text_zh", texts[0]), field("alarm_page.text_en", texts[1])),
    h("p", { class: "muted" }, t("alarm_page.text_hint")),
    shown,
  ];
  // An untouched text is not the site's own: a priority alone may be.
  const form = actionForm("action.save", fields, async (values) => {
    const isSame = procedure.is_shipped && texts.every((area) => area.value === procedure.text[area.name]);
    await put(isSame ? {} : { "zh-CN": values["zh-CN"], en: values.en });
  });
  const problem = h("p", { class: "problem", role: "alert" });
  if (!procedure.is_shipped) form.querySelector("footer")?.prepend(actionButton("alarm_page.take_back", () => put({}), problem, "quiet"));
  const dialog = openDialog([term("alarm_kind", kind), where].filter(Boolean).join(" "), form, problem);
  dialog.classList.add("wide");
  show();
}
