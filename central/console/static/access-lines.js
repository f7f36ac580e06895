/** Lines of central's check in the words of the page. */

import { pointName } from "./point-name.js";
import { nameOf } from "./access-words.js";
import { h } from "/web/dom.js";
import { hasWords, t, term } from "/web/i18n.js";

/** @typedef {{code: string, arguments: Record<string, string>, text: string}} Finding */

/** @type {Record<string, string>} what arguments name, by table */
const TABLES = {
  point: "points",
  area: "areas",
  group: "groups",
  level: "lockdown_levels",
  schedule: "schedules",
  profile: "profiles",
  interlock: "interlocks",
  rule: "temporary_rules",
};

/**
 * Lines under a heading.
 * @param {string} key
 * @param {readonly Finding[]} lines
 * @param {string} kind class
 * @param {{model: any, site: any}} shown what the lines are about
 */
export function findings(key, lines, kind, shown) {
  return lines.length > 0 && h("section", { class: `notice ${kind}`, role: "alert" }, h("h3", {}, t(key)), h("ul", {}, ...lines.map((line) => item(line, shown))));
}

/** @param {Finding} line @param {{model: any, site: any}} shown */
function item(line, shown) {
  const key = `access_check.${line.code}`;
  // A newer central may say what this page has no words for.
  if (!hasWords(key)) return h("li", { lang: "en" }, line.text);
  return h("li", {}, inWords(key, line.arguments, shown));
}

/** @param {string} key @param {Record<string, string>} given @param {{model: any, site: any}} shown */
function inWords(key, given, shown) {
  /** @param {string} table @param {string} id */
  const named = (table, id) => (table === "points" ? pointName(shown.site, id) : nameOf(shown.model[table] ?? [], id));
  const values = { ...given };
  for (const [name, table] of Object.entries(TABLES)) if (name in given) values[name] = named(table, given[name]);
  if (given.table) values.entry = t("rule.entry", { table: term("rule_table", given.table), name: named(given.table, given.entry) });
  const words = t(key, values);
  const { at_table: table, at_entry: entry, at_field: name } = given;
  const place = [
    table && (entry ? t("rule.entry", { table: term("rule_table", table), name: named(table, entry) }) : term("rule_table", table)),
    name && hasWords(`rule_field.${name}`) && t(`rule_field.${name}`),
  ].filter(Boolean);
  return place.length > 0 ? t("rule.at_place", { place: place.join(" · "), words }) : words;
}
