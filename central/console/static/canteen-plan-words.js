/** The canteen's plan in words: what changes from what to what, and what cannot be. */

import { h } from "/web/dom.js";
import { localName, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";
import { groupsOf, pathOf } from "./canteen-plan-rows.js";

/**
 * @typedef {{merchant: string, part: string, item: string, field: string, before: any, after: any}} Change
 * @typedef {{code: string, merchant: string, part: string, item: string, field: string, others: string[], detail: string}} Problem
 * @typedef {{where: string, what: string, before: string, after: string}} Line
 * @typedef {(part: string, merchant: string, id: string) => string} NameOf
 */

/**
 * How things of a plan are called, also those that it no longer has.
 * @param {import("./canteen-plan-draft.js").PlanDraft} draft
 * @param {Record<string, Record<string, string>>} [gone] by `part/id`
 * @returns {NameOf}
 */
export function namer(draft, gone = {}) {
  return (part, merchant, id) => {
    if (part === "merchant") return localName(draft.view.merchants.find((each) => each.id === id)?.name, id);
    if (part === "group") return id || t(groupsOf(draft.mine).length > 0 ? "office.other_people" : "mealplan.everybody");
    if (part === "profile") return localName(draft.view.profile_names[id], id);
    const table = `${part === "window" ? "period" : part}/${merchant}`;
    const row = [draft.mine, draft.base].map((tables) => tables[table]?.find((each) => each.id === id)).find(Boolean);
    return (row && rowName(row)) || localName(gone[`${part}/${id}`], id);
  };
}

/** @param {import("./canteen-plan-rows.js").Row} row */
export function rowName(row) {
  const known = { "zh-CN": row["name/zh-CN"]?.trim(), en: row["name/en"]?.trim() };
  return localName(known, "") || known["zh-CN"] || known.en || "";
}

/** @param {any} name by language */
const anyName = (name) => localName(name, "") || Object.values(name ?? {}).find(Boolean) || "";

/** Changes, a line for each. @param {Change[]} changes @param {NameOf} nameOf @returns {Line[]} */
export function inLines(changes, nameOf) {
  return changes.flatMap((change) => linesOf(change, nameOf));
}

/** @param {Change} change @param {NameOf} nameOf @returns {Line[]} */
function linesOf(change, nameOf) {
  const { part, item, merchant, field, before, after } = change;
  const where = merchant ? nameOf("merchant", merchant, merchant) : t("mealplan.everybody");
  const line = (/** @type {string} */ what, /** @type {string} */ one, /** @type {string} */ other) => ({ where, what, before: one, after: other });
  const called = (/** @type {any} */ value) => anyName(value?.name) || nameOf(part, merchant, item);
  if (field === "order") {
    const names = (/** @type {string[]} */ ids) => ids.map((id) => nameOf(part === "group" ? "profile" : part, merchant, id)).join(t("mealplan.comma"));
    return [line(t("mealplan.order_of", { what: term("canteen_part", part) }), names(before), names(after))];
  }
  if (part === "limit" || part === "float" || part === "orders") return [line(term("canteen_field", item), inField(item, before, nameOf, merchant), inField(item, after, nameOf, merchant))];
  if (part === "group") return [line(t("mealplan.group_of", { profile: nameOf("profile", "", item) }), before ?? "–", after ?? "–")];
  const title = (/** @type {any} */ value) => `${term("canteen_part", part)} ${called(value)}`;
  if (!field) return [line(title(after ?? before), before ? summary(part, before, nameOf, merchant) : t("mealplan.not_there"), after ? summary(part, after, nameOf, merchant) : t("mealplan.taken_out"))];
  const what = `${title(null)} · ${term("canteen_field", field)}`;
  if (field !== "fixed_fen" && field !== "count_max") return [line(what, inField(field, before, nameOf, merchant), inField(field, after, nameOf, merchant))];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((group) => before[group] !== after[group])
    .map((group) => line(t("mealplan.for_group", { what, group: nameOf("group", "", group) }), inField(field, before[group], nameOf, merchant), inField(field, after[group], nameOf, merchant)));
}

/** @param {string} field @param {any} value @param {NameOf} nameOf @param {string} merchant @returns {string} */
function inField(field, value, nameOf, merchant) {
  if (field === "name") return [value["zh-CN"], value.en].filter(Boolean).join(" / ");
  if (field === "per_g") return value === null ? t("mealplan.by_piece") : t("mealplan.grams", { n: value });
  if (field === "orders_max" && value === null) return t("mealplan.no_limit");
  if (field === "dishes") return value.length ? value.map((/** @type {string} */ id) => nameOf("dish", merchant, id)).join(t("mealplan.comma")) : t("mealplan.all_by_piece");
  if (value === null || value === undefined) return "–";
  if (field === "fixed_fen" || field.endsWith("_fen")) return yuan(value);
  if (field === "key") return `F${value}`;
  if (field === "begins" || field === "ends") return value.slice(0, 5);
  if (field === "unclaimed") return term("canteen_unclaimed", value);
  if (field === "repeat_s") return t("mealplan.minutes", { n: Number((value / 60).toFixed(2)) });
  if (field === "until_min" || field === "grace_min") return t("mealplan.minutes", { n: value });
  return String(value);
}

/** What something is that is new or gone. @param {string} part @param {any} value @param {NameOf} nameOf @param {string} merchant */
function summary(part, value, nameOf, merchant) {
  const say = (/** @type {string} */ field) => inField(field, value[field], nameOf, merchant);
  if (part === "dish") return [`${say("price_fen")} / ${say("per_g")}`, value.key ? say("key") : ""].filter(Boolean).join(t("mealplan.comma"));
  if (part === "window") return [t("mealplan.until_before", { n: value.until_min }), say("dishes"), value.orders_max ? t("mealplan.at_most", { n: value.orders_max }) : ""].filter(Boolean).join(t("mealplan.comma"));
  const prices = Object.entries(value.fixed_fen).map(([group, fen]) => `${nameOf("group", "", group)} ${yuan(/** @type {number} */ (fen))}`);
  const counts = Object.entries(value.count_max).map(([group, count]) => `${nameOf("group", "", group)} ${t("mealplan.at_most", { n: String(count) })}`);
  return [`${say("begins")}–${say("ends")}`, ...prices, ...counts].join(t("mealplan.comma"));
}

/** @param {Line[]} lines */
export function changeTable(lines) {
  const head = ["where", "what", "before", "after"].map((key) => h("th", { scope: "col" }, t(`mealplan.column_${key}`)));
  const rows = lines.map((line) => h("tr", {}, h("td", {}, line.where), h("td", {}, line.what), h("td", { class: "muted" }, line.before), h("td", {}, h("strong", {}, line.after))));
  return h("div", { class: "lines" }, h("table", { class: "changes" }, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}

/**
 * A line of what cannot be, and the cells that it is about.
 * @param {Problem} problem @param {import("./canteen-plan-draft.js").PlanDraft} draft @param {NameOf} nameOf
 * @returns {{words: string, paths: string[]}}
 */
export function placed(problem, draft, nameOf) {
  const { part, merchant, item } = problem;
  const named = part === "group" ? "profile" : part;
  const values = { item: part === "limit" ? term("canteen_field", item) : nameOf(named, merchant, item), others: problem.others.map((id) => nameOf(named, merchant, id)).join(t("mealplan.comma")) };
  const words = t(`canteen_problem.${problem.code}`, values);
  if (part === "limit") return { words, paths: [pathOf("limit/", "", item)] };
  if (part === "group") {
    const rows = draft.mine["group/"].filter((row) => !row.gone && row.profile === item);
    return { words, paths: rows.map((row) => pathOf("group/", row.id, problem.field || "group")) };
  }
  const first = part === "window" ? "takes" : "name/zh-CN";
  const field = problem.field === "name" || !problem.field ? first : problem.field;
  return { words, paths: [item, ...problem.others].map((id) => pathOf(`${part}/${merchant}`, id, field)) };
}

/** Where in the tables central did not understand something, as it says places: `body.plan.merchants.0.dishes.3.price_fen`. @param {string} place @param {any} plan that was sent */
export function pathOfMistake(place, plan) {
  const [, , what, index, list, number, field, more] = place.split(".");
  if (what === "limits") return pathOf("limit/", "", index);
  if (what !== "merchants") return "";
  const merchant = plan.merchants[Number(index)];
  const part = { periods: "period", dishes: "dish" }[list];
  const item = part && merchant?.[list][Number(number)];
  return item ? pathOf(`${part}/${merchant.merchant}`, item.id, more ? `${field}/${more}` : field) : "";
}
