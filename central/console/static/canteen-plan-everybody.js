/** What the plan's page shows for everybody: groups and limits. */

import { h } from "/web/dom.js";
import { localName, t, term } from "/web/i18n.js";
import { rowDeeds } from "./canteen-plan-cards.js";
import { groupsOf, LIMITS } from "./canteen-plan-rows.js";
import { inWords, sheetTable } from "./canteen-plan-table.js";

/**
 * @typedef {import("./canteen-plan-rows.js").Row} Row
 * @typedef {import("./canteen-plan-cards.js").Desk} Desk
 */

/** @param {Desk} desk */
export function groupCard(desk) {
  const table = "group/";
  const { mine, view } = desk.draft;
  const called = (/** @type {string} */ id) => (id ? localName(view.profile_names[id], id) : t("mealplan.choose"));
  const rows = mine[table];
  const used = new Set(rows.map((row) => row.profile));
  const options = (/** @type {Row} */ row) => view.profiles.filter((id) => id === row.profile || !used.has(id)).map((id) => ({ value: id, words: called(id) }));
  /** A name is taken when it is whole: the prices of the group go with it. @param {Row} row */
  function groupInput(row) {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "text", value: row.group, list: "canteen-groups", maxlength: 60, autocomplete: "off", disabled: Boolean(row.gone), "aria-label": `${called(row.profile)} ${t("mealplan.group")}` }));
    input.addEventListener("change", () => {
      desk.draft.rename(row, input.value);
      desk.regrouped();
    });
    return input;
  }
  /** @type {import("./canteen-plan-table.js").Column[]} */
  const columns = [
    { field: "profile", title: t("mealplan.profile"), kind: "choice", options, shown: (_, value) => called(value) },
    { field: "group", title: t("mealplan.group"), kind: desk.mayWrite ? "own" : "text", make: desk.mayWrite ? groupInput : undefined },
  ];
  const sheet = { table, mayWrite: desk.mayWrite, rowName: (/** @type {Row} */ row) => called(row.profile), typed: (/** @type {Row} */ row, /** @type {string} */ field, /** @type {string} */ text) => desk.typed(table, row, field, text) };
  const add = () => {
    const row = desk.draft.add("group", "");
    desk.redraw(`group/|${row.id}|profile`);
  };
  return h(
    "section", { class: "card" },
    h("header", {}, h("h2", {}, t("mealplan.groups")), desk.mayWrite && view.profiles.some((id) => !used.has(id)) && h("button", { type: "button", onclick: add }, t("mealplan.add_group"))),
    h("p", { class: "muted" }, t("mealplan.groups_hint")),
    h("datalist", { id: "canteen-groups" }, ...groupsOf(mine).map((group) => h("option", { value: group }))),
    rows.length === 0 ? h("p", { class: "empty" }, t(view.profiles.length === 0 ? "mealplan.no_profiles" : "mealplan.no_groups")) : sheetTable(sheet, columns, rows, (row) => rowDeeds(desk, table, row, { mayMove: true, name: called(row.profile) })),
  );
}

/** @param {Desk} desk */
export function limitCard(desk) {
  const table = "limit/";
  const [row] = desk.draft.mine[table];
  const lines = LIMITS.map((field) => {
    const kind = field === "repeat_s" ? "whole" : "money";
    const empty = { per_day_fen: t("mealplan.no_limit"), float_low_fen: t("mealplan.never") }[field] ?? "";
    const id = `limit-${field}`;
    const value = row[field] ?? "";
    const input = /** @type {HTMLInputElement} */ (h("input", { id, value, type: "text", inputmode: "decimal", autocomplete: "off", maxlength: 12, placeholder: empty, class: "money", "aria-describedby": `${id}-hint` }));
    input.addEventListener("input", () => desk.typed(table, row, field, input.value));
    input.addEventListener("focus", () => input.select());
    const shown = inWords({ field, title: "", kind, empty }, row, value);
    return h(
      "tr", {},
      h("th", { scope: "row" }, h("label", { for: id }, term("canteen_field", field)), h("small", { id: `${id}-hint` }, term("canteen_limit", field))),
      h("td", { class: "number", data: { path: `${table}||${field}` } }, desk.mayWrite ? input : shown),
    );
  });
  return h("section", { class: "card limits" }, h("h2", {}, t("mealplan.limits")), h("table", {}, h("tbody", {}, ...lines)));
}
