/** Dishes as a table for a spreadsheet, and back: what a file says is typed into the page, and looked at like anything typed. */

import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { openDialog } from "./forms.js";
import { present } from "./canteen-plan-rows.js";

/**
 * @typedef {import("./canteen-plan-rows.js").Row} Row
 * @typedef {import("./canteen-plan-draft.js").PlanDraft} PlanDraft
 * @typedef {{row: Row | null, values: Record<string, string>}} Wanted of a dish that is there, or of a new one
 */

const FIELDS = ["name/zh-CN", "name/en", "price_fen", "per_g", "key"];
const HEADS = ["mealplan.name_chinese", "mealplan.name_english", "mealplan.price", "mealplan.per_grams", "mealplan.key"];
const ROWS_MAX = 2000;
const SIZE_MAX = 2_000_000;

/** Save the dishes that stand on the page. @param {PlanDraft} draft @param {string} merchant */
export function saveDishes(draft, merchant) {
  const head = [...HEADS.map((key) => t(key)), t("mealplan.identifier")];
  const rows = present(draft.mine, `dish/${merchant}`).map((row) => [...FIELDS.map((field) => (field === "key" && row.key ? `F${row.key}` : row[field] ?? "")), row.id]);
  const text = [head, ...rows].map((cells) => cells.map(quoted).join(",")).join("\r\n");
  const link = h("a", { href: URL.createObjectURL(new Blob(["\ufeff", text, "\r\n"], { type: "text/csv" })), download: `dishes-${merchant}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.getAttribute("href") ?? ""), 10_000);
}

/** A cell that no spreadsheet takes for a formula. @param {string} text */
function quoted(text) {
  const plain = /^\s*[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

/**
 * Take a file in; says first what it has.
 * @param {PlanDraft} draft @param {string} merchant @param {File} file @param {() => void} taken
 */
export async function takeDishes(draft, merchant, file, taken) {
  const rows = file.size > SIZE_MAX ? [] : cellsOf(decoded(await file.arrayBuffer())).filter((cells) => cells.some((cell) => cell.trim()));
  const table = `dish/${merchant}`;
  const known = present(draft.mine, table);
  const wanted = dishesOf(rows, known);
  if (file.size > SIZE_MAX || wanted.length === 0 || wanted.length > ROWS_MAX) {
    openDialog(t("mealplan.file"), h("p", { class: "problem" }, t("mealplan.file_unreadable", { n: ROWS_MAX })));
    return;
  }
  const changed = wanted.filter(({ row, values }) => row && FIELDS.some((field) => field in values && values[field] !== (row[field] ?? "")));
  const named = new Set(wanted.map(({ row }) => row));
  const rest = known.filter((row) => !named.has(row));
  const without = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  const count = (/** @type {string} */ key, /** @type {number} */ n) => h("li", {}, t(key, { n }));
  const run = () => {
    for (const { row, values } of wanted) {
      if (row) for (const [field, text] of Object.entries(values)) draft.set(table, row.id, field, text);
      else draft.add("dish", merchant, values);
    }
    if (without.checked) for (const row of rest) draft.toggle(table, row);
    dialog.close();
    taken();
  };
  const button = h("button", { type: "button", class: "primary", onclick: run }, t("mealplan.file_take"));
  const list = h("ul", {});
  fill(list, count("mealplan.file_new", wanted.filter(({ row }) => !row).length), count("mealplan.file_changed", changed.length), count("mealplan.file_same", wanted.filter(({ row }) => row).length - changed.length), count("mealplan.file_rest", rest.length));
  const dialog = openDialog(t("mealplan.file"), list, rest.length > 0 ? h("label", { class: "check" }, without, t("mealplan.file_without")) : null, h("p", { class: "muted" }, t("mealplan.file_hint")), h("footer", {}, button));
  button.focus();
}

/**
 * What the rows of a file say of dishes: found by their identifier, otherwise by a name.
 * @param {string[][]} rows @param {Row[]} known @returns {Wanted[]}
 */
function dishesOf(rows, known) {
  const taken = new Set();
  const isHead = rows.length > 0 && !/\d/.test(rows[0][2] ?? "");
  return rows.slice(isHead ? 1 : 0).map((cells) => {
    const texts = cells.map((cell) => cell.trim().replace(/^'(?=\s*[=+\-@])/, ""));
    const values = Object.fromEntries(FIELDS.map((field, index) => [field, texts[index] ?? ""]));
    values.key = values.key.replace(/^[Ff]/, "");
    values.price_fen = written(values.price_fen);
    const names = [values["name/zh-CN"], values["name/en"]].filter(Boolean);
    const free = known.filter((row) => !taken.has(row));
    const row = free.find(({ id }) => id === texts[FIELDS.length]) ?? free.find((each) => names.includes(each["name/zh-CN"]) || names.includes(each["name/en"])) ?? null;
    if (row) taken.add(row);
    return { row, values };
  });
}

/** An amount of a spreadsheet, which writes 12 and 12.5, as the page writes it. @param {string} text */
function written(text) {
  return /^\d+$/.test(text) ? `${text}.00` : /^\d+\.\d$/.test(text) ? `${text}0` : text;
}

/** A spreadsheet in China saves GBK where nobody asks it for UTF-8. @param {ArrayBuffer} bytes */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

/** RFC 4180, with whichever of comma, semicolon and tab the first line has. @param {string} text @returns {string[][]} */
function cellsOf(text) {
  const [first] = text.split(/\r?\n/, 1);
  const separator = ["\t", ";", ","].find((each) => first.includes(each)) ?? ",";
  const rows = [[""]];
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const row = rows[rows.length - 1];
    const letter = text[at];
    if (isQuoted && letter === '"' && text[at + 1] === '"') at += 1;
    else if (letter === '"' && (isQuoted || row[row.length - 1] === "")) {
      isQuoted = !isQuoted;
      continue;
    }
    if (!isQuoted && letter === separator) row.push("");
    else if (!isQuoted && (letter === "\n" || letter === "\r")) {
      if (letter === "\n") rows.push([""]);
    } else row[row.length - 1] += letter;
  }
  return rows;
}
