/** What the plan's page shows of a merchant: meals and their prices, dishes, and orders for the takeaway window. */

import { h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { groupsOf, KEYS, present } from "./canteen-plan-rows.js";
import { sheetTable } from "./canteen-plan-table.js";
import { saveDishes, takeDishes } from "./canteen-plan-file.js";
import { rowName } from "./canteen-plan-words.js";

/**
 * @typedef {import("./canteen-plan-rows.js").Row} Row
 * @typedef {object} Desk
 * @property {import("./canteen-plan-draft.js").PlanDraft} draft
 * @property {boolean} mayWrite
 * @property {(table: string, row: Row, field: string, text: string) => void} typed
 * @property {() => void} regrouped after a group got another name
 * @property {(focus?: string) => void} redraw after rows came, went or moved; a path to stand at
 */

/** @param {Desk} desk @param {string} table @param {(row: Row) => string} [name] @returns {import("./canteen-plan-table.js").Sheet} */
const sheet = (desk, table, name = rowName) => ({ table, mayWrite: desk.mayWrite, rowName: name, typed: (row, field, text) => desk.typed(table, row, field, text) });

/** @returns {import("./canteen-plan-table.js").Column[]} */
const NAMES = () => [
  { field: "name/zh-CN", title: t("mealplan.name_chinese"), kind: "text", lang: "zh-CN" },
  { field: "name/en", title: t("mealplan.name_english"), kind: "text", lang: "en" },
];

/** @param {string} title words @param {(HTMLElement | null | false)[]} deeds @param {...(HTMLElement | null | false)} content */
const card = (title, deeds, ...content) => h("section", { class: "card" }, h("header", {}, h("h2", {}, title), ...deeds), ...content);

/** What can be done with a row. @param {Desk} desk @param {string} table @param {Row} row @param {{mayMove?: boolean, name?: string}} [options] */
export function rowDeeds(desk, table, row, { mayMove = false, name = rowName(row) } = {}) {
  const step = (/** @type {-1 | 1} */ by) => {
    const key = by < 0 ? "mealplan.move_up" : "mealplan.move_down";
    const run = () => {
      desk.draft.move(table, row, by);
      desk.redraw();
      /** @type {HTMLElement | null} */ (document.querySelector(`#canteen tr[data-row="${CSS.escape(row.id)}"] button[data-by="${by}"]`))?.focus();
    };
    return h("button", { type: "button", class: "quiet", data: { by: String(by) }, title: t(key), "aria-label": `${t(key)} ${name}`, onclick: run }, by < 0 ? "↑" : "↓");
  };
  const key = row.gone ? "mealplan.put_back" : "mealplan.take_out";
  const toggle = () => {
    desk.draft.toggle(table, row);
    desk.redraw();
  };
  return h("div", { class: "row-deeds" }, ...(mayMove && !row.gone ? [step(-1), step(1)] : []), h("button", { type: "button", class: "quiet", "aria-label": `${t(key)} ${name}`, onclick: toggle }, t(key)));
}

/** A button that adds a row and stands in its first field. @param {Desk} desk @param {string} key @param {string} part @param {string} merchant @param {string} field */
function adder(desk, key, part, merchant, field) {
  const run = () => {
    const row = desk.draft.add(part, merchant);
    desk.redraw(`${part}/${merchant}|${row.id}|${field}`);
  };
  return desk.mayWrite && h("button", { type: "button", onclick: run }, t(key));
}

/** @param {Desk} desk @param {string} merchant */
export function mealCard(desk, merchant) {
  const table = `period/${merchant}`;
  const groups = [...groupsOf(desk.draft.mine), ""];
  const rows = desk.draft.mine[table];
  const name = (/** @type {string} */ group) => group || (groups.length > 1 ? t("office.other_people") : t("mealplan.everybody"));
  const columns = [
    ...NAMES(),
    .../** @type {import("./canteen-plan-table.js").Column[]} */ ([{ field: "begins", title: t("mealplan.begins"), kind: "time" }, { field: "ends", title: t("mealplan.ends"), kind: "time" }]),
    ...groups.map((group) => /** @type {import("./canteen-plan-table.js").Column} */ ({ field: `fixed_fen/${group}`, title: t("mealplan.price_for", { group: name(group) }), kind: "money", empty: "–" })),
  ];
  const counts = [
    /** @type {import("./canteen-plan-table.js").Column} */ ({ field: "meal", title: t("mealplan.meal"), kind: "own", make: (row) => h("span", {}, rowName(row)) }),
    ...groups.map((group) => /** @type {import("./canteen-plan-table.js").Column} */ ({ field: `count_max/${group}`, title: name(group), kind: "whole", empty: t("mealplan.no_limit") })),
  ];
  const list = rows.length === 0 ? h("p", { class: "empty" }, t("mealplan.no_meals")) : sheetTable(sheet(desk, table), columns, rows, (row) => rowDeeds(desk, table, row));
  return h(
    "div", { class: "cards meals" },
    card(t("mealplan.meals"), [adder(desk, "mealplan.add_meal", "period", merchant, "name/zh-CN")], h("p", { class: "muted" }, t("mealplan.meals_hint")), list),
    present(desk.draft.mine, table).length > 0 && card(t("mealplan.counts"), [], h("p", { class: "muted" }, t("mealplan.counts_hint")), sheetTable(sheet(desk, table), counts, present(desk.draft.mine, table))),
  );
}

/** @param {Desk} desk @param {string} merchant @param {{text: string}} wanted what is looked for among the dishes */
export function dishCard(desk, merchant, wanted) {
  const table = `dish/${merchant}`;
  const rows = desk.draft.mine[table];
  const holders = (/** @type {Row} */ row) => new Map(present(desk.draft.mine, table).filter((other) => other !== row && other.key).map((other) => [other.key, rowName(other)]));
  const keyOptions = (/** @type {Row} */ row) => {
    const taken = holders(row);
    const keys = Array.from({ length: KEYS }, (_, index) => String(index + 1));
    return [{ value: "", words: t("mealplan.no_key") }, ...keys.map((key) => ({ value: key, words: taken.has(key) ? `F${key} · ${taken.get(key)}` : t("mealplan.key_free", { key: `F${key}` }) }))];
  };
  /** @type {import("./canteen-plan-table.js").Column[]} */
  const columns = [
    ...NAMES(),
    { field: "price_fen", title: t("mealplan.price"), kind: "money" },
    { field: "per_g", title: t("mealplan.per_grams"), kind: "whole", empty: t("mealplan.by_piece") },
    { field: "key", title: t("mealplan.key"), kind: "choice", options: keyOptions, shown: (_, value) => (value ? `F${value}` : "–") },
  ];
  const list = sheetTable(sheet(desk, table), columns, rows, (row) => rowDeeds(desk, table, row, { mayMove: true }));
  const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", value: wanted.text, placeholder: t("mealplan.find_dish"), "aria-label": t("mealplan.find_dish") }));
  const narrow = () => {
    wanted.text = search.value;
    const text = search.value.trim().toLowerCase();
    list.querySelectorAll("tbody tr").forEach((line, index) => {
      const row = rows[index];
      /** @type {HTMLElement} */ (line).hidden = text !== "" && !`${row["name/zh-CN"]} ${row["name/en"]} ${row.key && `f${row.key}`}`.toLowerCase().includes(text);
    });
  };
  search.addEventListener("input", narrow);
  narrow();
  return card(
    t("mealplan.dishes", { n: present(desk.draft.mine, table).length }),
    [rows.length > 8 ? search : null, ...files(desk, merchant), adder(desk, "mealplan.add_dish", "dish", merchant, "name/zh-CN")],
    h("p", { class: "muted free-keys" }, freeKeys(desk.draft, table)),
    rows.length === 0 ? h("p", { class: "empty" }, t("mealplan.no_dishes")) : list,
  );
}

/** A canteen has two hundred dishes and a spreadsheet. @param {Desk} desk @param {string} merchant */
function files(desk, merchant) {
  const save = h("button", { type: "button", onclick: () => saveDishes(desk.draft, merchant) }, t("mealplan.file_save"));
  if (!desk.mayWrite) return [save];
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", accept: ".csv,.txt,text/csv" }));
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) await takeDishes(desk.draft, merchant, file, () => desk.redraw());
  });
  return [save, h("label", { class: "button" }, t("mealplan.file_open"), input)];
}

/** The keys that no dish has, those in a row by the first and the last. @param {import("./canteen-plan-draft.js").PlanDraft} draft @param {string} table */
export function freeKeys({ mine }, table) {
  const taken = new Set(present(mine, table).map((row) => row.key));
  /** @type {number[][]} */
  const spans = [];
  for (let key = 1; key <= KEYS; key += 1) {
    if (taken.has(String(key))) continue;
    const last = spans.at(-1);
    if (last && last[1] === key - 1) last[1] = key;
    else spans.push([key, key]);
  }
  const words = spans.map(([first, last]) => (first === last ? `F${first}` : `F${first}–F${last}`)).join(t("mealplan.comma"));
  return words ? t("mealplan.free_keys", { keys: words }) : t("mealplan.no_free_key");
}

/** @param {Desk} desk @param {string} merchant */
export function orderCard(desk, merchant) {
  const { mine } = desk.draft;
  const table = `window/${merchant}`;
  const meals = present(mine, `period/${merchant}`);
  if (meals.length === 0) return null;
  const mealName = (/** @type {Row} */ row) => rowName(meals.find((each) => each.id === row.id) ?? row);
  const rows = meals.flatMap((meal) => mine[table].filter((row) => row.id === meal.id));
  const isTaking = rows.some((row) => row.takes);
  /** @type {import("./canteen-plan-table.js").Column[]} */
  const columns = [
    { field: "meal", title: t("mealplan.meal"), kind: "own", make: (row) => h("span", {}, mealName(row)) },
    { field: "takes", title: t("mealplan.takes_orders"), kind: "check" },
  ];
  const isOff = (/** @type {Row} */ row) => !row.takes;
  if (isTaking) {
    columns.push(
      { field: "until_min", title: t("mealplan.until_min"), kind: "whole", isOff },
      { field: "orders_max", title: t("mealplan.orders_max"), kind: "whole", empty: t("mealplan.no_limit"), isOff },
      { field: "dishes", title: t("mealplan.order_dishes"), kind: "own", isOff, make: (row, on) => dishChoice(desk, merchant, row, on) },
    );
  }
  const [rules] = mine[`orders/${merchant}`];
  /** @type {import("./canteen-plan-table.js").Column[]} */
  const general = [
    { field: "days_ahead", title: term("canteen_field", "days_ahead"), kind: "whole" },
    { field: "grace_min", title: term("canteen_field", "grace_min"), kind: "whole" },
    { field: "unclaimed", title: term("canteen_field", "unclaimed"), kind: "choice", options: () => ["charge", "release"].map((value) => ({ value, words: term("canteen_unclaimed", value) })), shown: (_, value) => term("canteen_unclaimed", value) },
  ];
  const made = { ...sheet(desk, table, mealName), typed: (/** @type {Row} */ row, /** @type {string} */ field, /** @type {string} */ text) => {
    desk.typed(table, row, field, text);
    if (field === "takes") desk.redraw(`${table}|${row.id}|takes`);
  } };
  return card(t("mealplan.orders"), [], h("p", { class: "muted" }, t("mealplan.orders_hint")), sheetTable(made, columns, rows), isTaking && sheetTable(sheet(desk, `orders/${merchant}`, () => ""), general, [rules]));
}

/** @param {Desk} desk @param {string} merchant @param {Row} row @param {import("./canteen-plan-table.js").Sheet} on */
function dishChoice(desk, merchant, row, on) {
  const all = desk.draft.mine[`dish/${merchant}`];
  const may = (/** @type {Row} */ dish) => !dish.gone && !dish.per_g?.trim();
  const chosen = () => row.dishes.split(" ").filter(Boolean);
  const words = () => (chosen().length ? t("mealplan.dishes_chosen", { n: chosen().length }) : t("mealplan.all_by_piece"));
  const summary = h("summary", {}, words());
  const boxes = all.filter((dish) => may(dish) || chosen().includes(dish.id)).map((dish) => {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: chosen().includes(dish.id), disabled: !on.mayWrite }));
    box.addEventListener("change", () => {
      const wanted = new Set(chosen());
      if (box.checked) wanted.add(dish.id);
      else wanted.delete(dish.id);
      on.typed(row, "dishes", all.map(({ id }) => id).filter((id) => wanted.has(id)).join(" "));
      summary.textContent = words();
    });
    return h("label", { class: "check" }, box, may(dish) ? rowName(dish) : t("mealplan.not_ordered", { dish: rowName(dish) }));
  });
  return h("details", { class: "chosen" }, summary, h("div", {}, ...boxes));
}
