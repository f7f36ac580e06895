/** The access model as tables: what they say, and which form changes a row. */

import { pointName } from "./point-name.js";
import { combinationsInWords, hoursInWords, nameOf, passbackInWords, placesInWords, when } from "./access-words.js";
import { h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

/**
 * @typedef {{model: any, site: any, zone: string}} Shown
 * @typedef {object} Table
 * @property {string} name of the model's table
 * @property {string | null} addKey words of the button; null where rows are the site's
 * @property {(shown: () => Shown) => import("/web/data-table.js").Column[]} columns
 * @property {(shown: Shown) => any[]} rows
 * @property {string} form its function in one of the modules of forms
 */

/** @type {Table[]} */
export const TABLES = [
  {
    name: "profiles",
    addKey: "access.add_profile",
    rows: ({ model }) => model.profiles,
    form: "profileForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule.permissions", cell: (profile) => lines(profile.permissions.map((/** @type {any} */ permission) => permissionInWords(permission, shown()))) },
    ],
  },
  {
    name: "schedules",
    addKey: "access.add_schedule",
    rows: ({ model }) => model.schedules,
    form: "scheduleForm",
    columns: () => [
      named("rule.name"),
      { title: "rule.hours", cell: (schedule) => lines(hoursInWords(schedule)) },
      { title: "rule.holidays", cell: (schedule) => [schedule.observes_holidays ? t("rule.observed") : t("rule.not_observed")] },
    ],
  },
  {
    name: "points",
    addKey: null,
    rows: ({ model, site }) => pointRows(model, site),
    form: "pointForm",
    columns: (shown) => [
      { title: "rule.point", cell: (point) => [rowButton(pointName(shown().site, point.id))], order: (point) => pointName(shown().site, point.id) },
      { title: "rule.leads", cell: (point) => [leads(point, shown().model)] },
      { title: "rule.credentials", cell: (point) => lines((point.credentials ?? []).map((/** @type {any} */ rule) => `${when(rule.schedule, shown().model)}: ${combinationsInWords(rule.require.any_of)}`)) },
      { title: "rule.more", cell: (point) => [pointMarks(point).join(", ")] },
    ],
  },
  {
    name: "groups",
    addKey: "access.add_group",
    rows: ({ model }) => model.groups,
    form: "groupForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule_table.points", cell: (group) => [group.points.map((/** @type {string} */ id) => pointName(shown().site, id)).join(", ")] },
    ],
  },
  {
    name: "areas",
    addKey: "access.add_area",
    rows: ({ model }) => model.areas,
    form: "areaForm",
    columns: () => [
      named("rule.name"),
      { title: "rule.occupancy_max", cell: (area) => [area.occupancy_max ?? ""], isNumber: true },
      { title: "rule.passback", cell: (area) => [passbackInWords(area.passback)] },
      { title: "rule.more", cell: (area) => [area.first_person_in ? t("rule.first_person_in") : ""] },
    ],
  },
  {
    name: "special_days",
    addKey: "access.add_special_days",
    rows: ({ model }) => model.special_days,
    form: "specialDaysForm",
    columns: () => [named("rule.name"), { title: "rule.dates", cell: (days) => [days.dates.join(t("list.comma"))] }],
  },
  {
    name: "temporary_rules",
    addKey: "access.add_temporary_rule",
    rows: ({ model }) => model.temporary_rules,
    form: "temporaryRuleForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule.effect", cell: (rule) => [term("temporary_effect", rule.effect), rule.require && `: ${combinationsInWords(rule.require.any_of)}`] },
      { title: "rule_table.points", cell: (rule) => [placesInWords(rule, shown().model, (id) => pointName(shown().site, id))] },
      { title: "rule.holders_short", cell: (rule) => [rule.holders.length > 0 ? t("rule.people_count", { n: rule.holders.length }) : t("rule.everybody")] },
      { title: "rule.from", cell: (rule) => [formatMinute(rule.valid_from, shown().zone)], order: (rule) => rule.valid_from },
      { title: "rule.to", cell: (rule) => [formatMinute(rule.valid_until, shown().zone), isOver(rule) && ` · ${t("rule.over")}`], order: (rule) => rule.valid_until },
    ],
  },
  {
    name: "interlocks",
    addKey: "access.add_interlock",
    rows: ({ model }) => model.interlocks,
    form: "interlockForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule_table.points", cell: (lock) => [lock.points.map((/** @type {string} */ id) => pointName(shown().site, id)).join(", ")] },
    ],
  },
  {
    name: "fire_zones",
    addKey: "access.add_fire_zone",
    rows: ({ model }) => model.fire_zones,
    form: "fireZoneForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule_table.points", cell: (zone) => [placesInWords(zone, shown().model, (id) => pointName(shown().site, id)) || t("rule.every_point")] },
    ],
  },
  {
    name: "lockdown_levels",
    addKey: "access.add_level",
    rows: ({ model }) => model.lockdown_levels.toSorted((/** @type {any} */ a, /** @type {any} */ b) => b.priority - a.priority),
    form: "levelForm",
    columns: (shown) => [
      named("rule.name"),
      { title: "rule.priority", cell: (level) => [level.priority], isNumber: true },
      { title: "rule.effect", cell: (level) => [term("lockdown_effect", level.effect)] },
      { title: "rule_table.points", cell: (level) => [levelPlaces(level, shown())] },
      { title: "rule.admits", cell: (level) => [level.admits.map((/** @type {string} */ id) => nameOf(shown().model.profiles, id)).join(", ")] },
    ],
  },
];

/** Where a level holds, in words. @param {any} level @param {Shown} shown */
export function levelPlaces(level, { model, site }) {
  return placesInWords(level, model, (id) => pointName(site, id)) || t("rule.every_entrance");
}

/** @param {any} rule */
const isOver = ({ valid_until: until }) => Date.parse(until) <= Date.now();

/** @param {string} words */
const rowButton = (words) => h("button", { class: "plain", type: "button" }, words);

/** @param {string} title @returns {import("/web/data-table.js").Column} */
function named(title) {
  return { title, cell: (entry) => [rowButton(localName(entry.name, entry.id))], order: (entry) => localName(entry.name, entry.id) };
}

/** @param {string[]} words */
const lines = (words) => words.map((line) => h("div", {}, line));

/** @param {any} permission @param {Shown} shown */
function permissionInWords(permission, { model, site }) {
  const places = placesInWords(permission, model, (id) => pointName(site, id));
  const needs = permission.require ? ` (${combinationsInWords(permission.require.any_of)})` : "";
  return `${places}: ${when(permission.schedule, model)}${needs}`;
}

/** Every point of the site, and points that only the model knows. @param {any} model @param {any} site */
function pointRows(model, site) {
  const known = new Map(model.points.map((/** @type {any} */ point) => [point.id, point]));
  const ids = new Set([...Object.keys(site?.access_points ?? {}), ...known.keys()]);
  return [...ids].map((id) => known.get(id) ?? { id });
}

/** @param {any} point @param {any} model */
function leads({ from_area: from, to_area: to }, model) {
  if (!from && !to) return "";
  const [begin, end] = [from, to].map((id) => (id ? nameOf(model.areas, id) : t("rule.outside")));
  return t("rule.from_to", { from: begin, to: end });
}

/** @param {any} point */
function pointMarks(point) {
  return [
    point.is_egress && t("rule.is_egress"),
    point.two_person && t("rule.two_person"),
    point.is_escort_free && t("rule.is_escort_free"),
    point.is_accessible && t("rule.is_accessible"),
    point.is_assembly_point && t("rule.is_assembly_point"),
    point.passback && passbackInWords(point.passback),
  ].filter(Boolean);
}
