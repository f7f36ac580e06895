/** The personnel office's file: choose it, see what it would change, apply it. */

import "/web/data-table.js";
import { nameOf } from "./access-words.js";
import { get, post, request } from "./api.js";
import { pointName } from "./point-name.js";
import { actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatDate } from "/web/format.js";
import { t, termsOf } from "/web/i18n.js";

const ROWS_SHOWN_MAX = 200;

/**
 * @typedef {{field: string, before: any, after: any}} FieldChange
 * @typedef {{key: string, row: number | null, kind: string, number: string, name: string,
 *   fields: FieldChange[], code?: string, column?: string}} Row
 * @typedef {import("./person-dialog.js").Context} Context
 */

/** @param {Context} context */
export function openImport(context) {
  const input = h("input", { type: "file", name: "file", required: true, accept: ".xlsx,.csv,.txt" });
  const outcome = h("div", { class: "import" });
  const form = actionForm("import.compare", [h("p", { class: "muted" }, t("import.hint")), field("import.file", input)], async () => {
    fill(outcome);
    const [preview, { model }] = await Promise.all([request("POST", "/people/imports", { form: new FormData(form) }), get("/access-model")]);
    fill(outcome, ...shown(preview, context, model));
  });
  openDialog(t("import.title"), form, outcome).classList.add("wide");
}

/** @param {any} preview @param {Context} context @param {any} model */
function shown(preview, context, model) {
  const rows = rowsOf(preview);
  const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "import.empty" }));
  table.rowKey = (row) => row.key;
  table.columns = columns(context.state, model);
  const rest = h("p", { class: "muted" });
  const filters = h("div", { class: "filters", role: "group" });
  /** @param {string} kind */
  const choose = (kind) => {
    const found = rows.filter((row) => kind === "all" || row.kind === kind);
    table.rows = found.slice(0, ROWS_SHOWN_MAX);
    fill(rest, found.length > ROWS_SHOWN_MAX && t("import.rest", { n: found.length - ROWS_SHOWN_MAX }));
    for (const button of filters.children) button.setAttribute("aria-pressed", String(button === buttons.get(kind)));
  };
  const kinds = termsOf("import_kind").filter((kind) => kind === "all" || rows.some((row) => row.kind === kind));
  const buttons = new Map(
    kinds.map((kind) => {
      const count = kind === "all" ? rows.length : rows.filter((row) => row.kind === kind).length;
      return [kind, h("button", { type: "button", class: "quiet", onclick: () => choose(kind) }, `${t(`import_kind.${kind}`)} ${count}`)];
    }),
  );
  filters.append(...buttons.values());
  choose("all");
  const ignored = preview.ignored_columns.length > 0 && t("import.ignored", { names: preview.ignored_columns.join(", ") });
  const still = `${preview.counts.unchanged} ${t("import_kind.unchanged")}`;
  return [filters, table, rest, h("p", { class: "muted" }, still), ignored && h("p", { class: "muted" }, ignored), applying(preview, context)];
}

/** @param {any} preview @param {Context} context */
function applying(preview, context) {
  const { counts } = preview;
  if (!counts.new && !counts.changed && !counts.leavers && !counts.missing) return h("p", { role: "status" }, t("import.nothing"));
  const boxes = [];
  if (counts.missing) boxes.push(check("leavers_missing", t("import.missing_too", { n: counts.missing })));
  if (preview.is_missing_unlikely) boxes.push(check("missing_confirmed", t("import.missing_sure")));
  const form = actionForm("import.apply", boxes, async (values) => {
    const wish = { token: preview.token, leavers_missing: "leavers_missing" in values, missing_confirmed: "missing_confirmed" in values };
    const done = await post(`/people/imports/${preview.import_id}/apply`, wish);
    form.replaceWith(h("p", { class: "done", role: "status" }, t("import.done", { ...done, off: done.switched_off })));
    context.onChanged();
  });
  return form;
}

/** @param {string} name @param {string} words */
function check(name, words) {
  return h("label", { class: "check" }, h("input", { type: "checkbox", name }), words);
}

/** @param {any} preview @returns {Row[]} */
function rowsOf({ changes, refusals, missing }) {
  const refused = refusals.map((/** @type {any} */ one) => ({ ...one, key: `r${one.row}`, kind: "refused", number: "", name: "", fields: [] }));
  const gone = missing.map((/** @type {any} */ one) => ({ ...one, key: one.holder_id, row: null, kind: "missing", fields: [] }));
  return [...refused, ...changes.map((/** @type {any} */ one) => ({ ...one, key: `c${one.row}` })), ...gone];
}

/** @param {Context["state"]} state @param {any} model @returns {import("/web/data-table.js").Column[]} */
function columns(state, model) {
  return [
    { title: "import.row", cell: (row) => [row.row ?? ""], order: (row) => row.row ?? 0, isNumber: true },
    { title: "import.what", cell: (row) => [t(`import_kind.${row.kind}`)], order: (row) => row.kind },
    { title: "field.number", cell: (row) => [row.number], order: (row) => row.number },
    { title: "field.name", cell: (row) => [row.name], order: (row) => row.name },
    { title: "import.change", cell: (row) => (row.code ? [mistake(row)] : row.fields.map((/** @type {FieldChange} */ one) => line(row, one, { ...state(), model }))) },
  ];
}

/** @param {Row} row */
function mistake({ column, code }) {
  return h("span", { class: "p4" }, `${t(`roster_column.${column}`)} · ${t(`roster_mistake.${code}`)}`);
}

/** @typedef {{site: any, zone: string, model: any}} Shown */

/** @param {Row} row @param {FieldChange} change @param {Shown} state */
function line(row, { field: name, before, after }, state) {
  const to = value(name, after, state);
  const words = row.kind === "new" ? to : `${value(name, before, state)} → ${to}`;
  return h("div", {}, h("span", { class: "muted" }, `${t(`roster_column.${name}`)} `), words);
}

/** @param {string} name @param {any} said @param {Shown} state */
function value(name, said, { site, zone, model }) {
  if (name === "access_points") return said === null ? t("people.everywhere") : said.map((/** @type {string} */ id) => pointName(site, id)).join(", ") || t("import.nobody");
  if (said === null || said === "") return t("import.nobody");
  if (name === "profiles") return said.map((/** @type {string} */ id) => nameOf(model.profiles, id)).join(", ") || t("import.nobody");
  if (name === "is_active") return t(`roster_state.${said}`);
  if (name === "valid_from") return formatDate(said, zone);
  // The last day counts: validity ends when the next one begins.
  if (name === "valid_until") return formatDate(Date.parse(said) - 1, zone);
  return String(said);
}
