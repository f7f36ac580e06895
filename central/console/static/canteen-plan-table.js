/** A table that is typed into like a sheet: arrows and Enter go up and down, each cell says what is wrong with it. */

import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";
import { pathOf, tidied, timeOf } from "./canteen-plan-rows.js";

/**
 * @typedef {import("./canteen-plan-rows.js").Row} Row
 * @typedef {{value: string, words: string}} Option
 * @typedef {object} Column
 * @property {string} field
 * @property {string} title words
 * @property {"text" | "money" | "whole" | "time" | "choice" | "check" | "own"} kind
 * @property {(row: Row) => Option[]} [options] of a choice; asked for when it is opened
 * @property {(row: Row, value: string) => string} [shown] what a value is called
 * @property {(row: Row, sheet: Sheet) => HTMLElement} [make] of a cell of its own
 * @property {string} [empty] what stands where nothing is typed
 * @property {(row: Row) => boolean} [isOff] nothing is typed there
 * @property {string} [lang] of the words that are typed
 *
 * @typedef {object} Sheet
 * @property {string} table
 * @property {boolean} mayWrite
 * @property {(row: Row, field: string, text: string) => void} typed
 * @property {(row: Row) => string} rowName for those who do not see the table
 */

/**
 * @param {Sheet} sheet
 * @param {Column[]} columns
 * @param {Row[]} rows
 * @param {(row: Row, index: number) => HTMLElement | null} [deeds] at the end of a row
 */
export function sheetTable(sheet, columns, rows, deeds) {
  const head = columns.map((column) => h("th", { scope: "col", class: isNumber(column) ? "number" : "" }, column.title));
  const lines = rows.map((row, index) =>
    h("tr", { class: row.gone ? "is-gone" : "", data: { row: row.id } }, ...columns.map((column) => cell(sheet, column, row)), sheet.mayWrite && deeds ? h("td", { class: "buttons" }, deeds(row, index)) : null),
  );
  const element = h("table", { class: "sheet" }, h("thead", {}, h("tr", {}, ...head, sheet.mayWrite && deeds ? h("td", {}) : null)), h("tbody", {}, ...lines));
  element.addEventListener("keydown", move);
  return element;
}

/** @param {Column} column */
const isNumber = ({ kind }) => kind === "money" || kind === "whole";

/** @param {Sheet} sheet @param {Column} column @param {Row} row */
function cell(sheet, column, row) {
  const place = h("td", { class: `${isNumber(column) ? "number" : ""} cell-${column.kind}`, data: { path: pathOf(sheet.table, row.id, column.field) } });
  if (column.isOff?.(row)) place.append(h("span", { class: "muted" }, "–"));
  else if (column.make) place.append(column.make(row, sheet));
  else if (!sheet.mayWrite || row.gone) place.append(inWords(column, row, row[column.field] ?? ""));
  else place.append(input(sheet, column, row));
  return place;
}

/** @param {Column} column @param {Row} row @param {string} value */
export function inWords(column, row, value) {
  if (column.shown) return column.shown(row, value);
  if (column.kind === "check") return value ? "✓" : "–";
  const fen = column.kind === "money" ? fenOf(value) : null;
  return fen === null ? value || column.empty || "–" : yuan(fen);
}

/** @param {Sheet} sheet @param {Column} column @param {Row} row */
function input(sheet, column, row) {
  const value = row[column.field] ?? "";
  const label = `${sheet.rowName(row)} ${column.title}`.trim();
  if (column.kind === "choice") return select(sheet, column, row, label);
  if (column.kind === "check") {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", "aria-label": label, checked: value === "1" }));
    box.addEventListener("change", () => sheet.typed(row, column.field, box.checked ? "1" : ""));
    return box;
  }
  const made = /** @type {HTMLInputElement} */ (
    h("input", { type: "text", value, "aria-label": label, placeholder: column.empty, autocomplete: "off", lang: column.lang, maxlength: 60, inputmode: column.kind === "money" ? "decimal" : column.kind === "text" ? null : "numeric", class: column.kind === "money" ? "money" : "" })
  );
  made.addEventListener("input", () => sheet.typed(row, column.field, made.value));
  if (column.kind === "text") return made;
  made.addEventListener("change", () => {
    made.value = written(column, made.value);
    sheet.typed(row, column.field, made.value);
  });
  made.addEventListener("focus", () => made.select());
  return made;
}

/** What was typed, as it is written; as it was typed where it is nothing. @param {Column} column @param {string} text */
function written({ kind }, text) {
  if (kind === "time") return timeOf(text) ?? text;
  const fen = kind === "money" ? fenOf(tidied(text)) : null;
  return fen === null ? tidied(text) : yuan(fen).replace(/[¥,]/g, "");
}

/** Its options are made when it is opened: a menu of two hundred dishes has five thousand. @param {Sheet} sheet @param {Column} column @param {Row} row @param {string} label */
function select(sheet, column, row, label) {
  const value = row[column.field] ?? "";
  const made = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": label }));
  const offer = () => {
    const now = row[column.field] ?? "";
    const found = column.options?.(row) ?? [];
    const all = found.some((each) => each.value === now) ? found : [{ value: now, words: column.shown?.(row, now) ?? now }, ...found];
    fill(made, ...all.map((each) => h("option", { value: each.value, selected: each.value === now }, each.words)));
    made.value = now;
  };
  fill(made, h("option", { value, selected: true }, column.shown?.(row, value) ?? value));
  for (const event of ["pointerdown", "focus"]) made.addEventListener(event, offer);
  made.addEventListener("change", () => sheet.typed(row, column.field, made.value));
  return made;
}

/** Up and down in a column. @param {KeyboardEvent} event */
function move(event) {
  const from = /** @type {HTMLElement} */ (event.target);
  if (event.isComposing || event.altKey || event.ctrlKey || !(from instanceof HTMLInputElement)) return;
  const by = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey) ? -1 : event.key === "ArrowDown" || event.key === "Enter" ? 1 : 0;
  if (by === 0 || from.list) return;
  const place = /** @type {HTMLTableCellElement | null} */ (from.closest("td"));
  let line = place?.parentElement;
  do line = /** @type {HTMLElement | null | undefined} */ (by > 0 ? line?.nextElementSibling : line?.previousElementSibling);
  while (line && (line.hidden || line.classList.contains("is-gone")));
  event.preventDefault();
  /** @type {HTMLElement | null | undefined} */ (line?.children[place?.cellIndex ?? 0]?.querySelector("input"))?.focus();
}

/**
 * Say at each cell what it was, and what is wrong with it.
 * @param {HTMLElement} root
 * @param {{was: (path: string) => string | null, fault: (path: string) => string, theirs: (path: string) => string}} said
 */
export function mark(root, { was: wasAt, fault: faultAt, theirs: theirsAt }) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-path]"))) {
    const path = place.dataset.path ?? "";
    const [was, fault, theirs] = [wasAt(path), faultAt(path), theirsAt(path)];
    place.classList.toggle("is-changed", was !== null);
    const lines = [
      fault ? h("small", { class: "problem" }, fault) : null,
      theirs ? h("small", { class: "p3" }, theirs) : null,
      was !== null && was !== "" ? h("small", { class: "was" }, t("mealplan.was", { before: was })) : null,
    ].filter((each) => each !== null);
    const known = place.querySelector(":scope > .says");
    if (lines.length === 0) known?.remove();
    else if (known) fill(known, ...lines);
    else place.append(h("div", { class: "says", id: `says ${path}`.replaceAll(" ", "_") }, ...lines));
    const control = place.querySelector("input, select");
    const said = place.querySelector(":scope > .says")?.id ?? "";
    for (const [name, value] of [["aria-invalid", "true"], ["aria-errormessage", said]]) {
      if (fault) control?.setAttribute(name, value);
      else control?.removeAttribute(name);
    }
  }
}
