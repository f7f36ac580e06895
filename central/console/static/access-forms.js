/** Forms of the access model: each opens on an entry, or on nothing, and returns a changed one. */

import { h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { field } from "./forms.js";
import { choices, identity, oneOf, optionsOf, quantity, several, text, tick } from "./access-fields.js";
import { combinationsInWords } from "./access-words.js";

/**
 * @typedef {import("./access-fields.js").Option} Option
 * @typedef {{model: any, points: Option[]}} Around what an entry may name
 * @typedef {{elements: HTMLElement[], read: () => Record<string, any> & {id: string}}} EntryForm
 */

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"];
const COMMON_COMBINATIONS = [["face"], ["card"], ["qr"], ["card", "pin"], ["face", "card"], ["face", "pin"], ["qr", "pin"]];
const MODES = ["off", "soft", "hard", "timed"];
const TIME = "([01][0-9]|2[0-3]):[0-5][0-9]|24:00";

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function profileForm(entry, { model, points }) {
  const self = identity(entry);
  const permissions = several(t("rule.permissions"), "rule.add_permission", entry?.permissions ?? [null], (permission) => {
    const schedule = oneOf("rule.when", t("rule.always"), optionsOf(model.schedules), permission?.schedule);
    const places = choices(t("rule_table.points"), points, permission?.points ?? []);
    const groups = choices(t("rule.groups"), optionsOf(model.groups), permission?.groups ?? []);
    return {
      element: h("div", { class: "part" }, schedule.element, places.element, model.groups.length > 0 && groups.element),
      read: () => ({ ...permission, schedule: schedule.read(), points: places.read(), groups: groups.read() }),
    };
  });
  return {
    elements: [self.element, permissions.element],
    read: () => ({ ...entry, ...self.read(), permissions: permissions.read() }),
  };
}

/** @param {any} entry @returns {EntryForm} */
export function scheduleForm(entry) {
  const self = identity(entry);
  const intervals = several(t("rule.hours"), "rule.add_hours", entry?.intervals ?? [null], (interval) => {
    const days = choices(t("rule.days"), DAYS.map((day) => ({ value: day, words: term("day", day) })), interval?.days ?? DAYS.slice(0, 5));
    const [start, end] = [interval?.start ?? "08:00", interval?.end ?? "18:00"].map((value) =>
      text("time", value, { required: true, pattern: TIME, maxlength: 5, inputmode: "numeric", class: "time" }),
    );
    return {
      element: h("div", { class: "part" }, days.element, h("div", { class: "from-to" }, field("rule.from", start), field("rule.to", end))),
      read: () => ({ days: days.read(), start: start.value, end: end.value }),
    };
  });
  const observes = tick("rule.observes_holidays", entry?.observes_holidays ?? true);
  return {
    elements: [self.element, intervals.element, h("p", { class: "muted" }, t("rule.hours_hint")), observes.element],
    read: () => ({ ...entry, ...self.read(), intervals: intervals.read(), observes_holidays: observes.read() }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function groupForm(entry, { points }) {
  const self = identity(entry);
  const places = choices(t("rule_table.points"), points, entry?.points ?? []);
  return { elements: [self.element, places.element], read: () => ({ ...entry, ...self.read(), points: places.read() }) };
}

/** @param {any} entry @returns {EntryForm} */
export function areaForm(entry) {
  const self = identity(entry);
  const most = quantity("rule.occupancy_max", entry?.occupancy_max, { min: 1, step: 1 });
  const mode = oneOf("rule.passback", term("passback_mode", "off"), MODES.slice(1).map((value) => ({ value, words: term("passback_mode", value) })), entry?.passback.mode);
  const minutes = quantity("rule.forgotten_min", entry?.passback.forgotten_after_min, { min: 1, max: 10080, step: 1 });
  const first = tick("rule.first_person_in", Boolean(entry?.first_person_in));
  return {
    elements: [self.element, most.element, mode.element, minutes.element, first.element],
    read: () => ({
      ...entry,
      ...self.read(),
      occupancy_max: most.read(),
      passback: { mode: mode.read() ?? "off", forgotten_after_min: minutes.read() },
      first_person_in: first.read() ? (entry?.first_person_in ?? {}) : null,
    }),
  };
}

/** @param {any} entry rules of a point; only `id` where it has none yet @param {Around} around @returns {EntryForm} */
export function pointForm(entry, { model }) {
  const areas = optionsOf(model.areas);
  const from = oneOf("rule.from_area", t("rule.outside"), areas, entry.from_area);
  const to = oneOf("rule.to_area", t("rule.outside"), areas, entry.to_area);
  const credentials = several(t("rule.credentials"), "rule.add_credentials", entry.credentials ?? [], (rule) => credentialRule(rule, model));
  const two = tick("rule.two_person", Boolean(entry.two_person));
  const free = tick("rule.is_escort_free", entry.is_escort_free ?? false);
  const egress = tick("rule.is_egress", entry.is_egress ?? false);
  const accessible = tick("rule.is_accessible", entry.is_accessible ?? false);
  const open = quantity("rule.open_time_s_max", entry.open_time_s_max ?? 30, { min: 1, max: 3600, required: true });
  const extended = quantity("rule.extended_access_time_s", entry.extended_access_time_s, { min: 1, max: 180 });
  return {
    elements: [
      h("div", { class: "from-to" }, from.element, to.element),
      credentials.element,
      h("p", { class: "muted" }, t("rule.credentials_hint")),
      two.element, egress.element, free.element, accessible.element,
      h("div", { class: "from-to" }, open.element, extended.element),
    ],
    read: () => ({
      ...entry,
      from_area: from.read(),
      to_area: to.read(),
      credentials: credentials.read(),
      two_person: two.read() ? (entry.two_person ?? {}) : null,
      is_escort_free: free.read(),
      is_egress: egress.read(),
      is_accessible: accessible.read(),
      open_time_s_max: open.read(),
      extended_access_time_s: extended.read(),
    }),
  };
}

/** @param {any} rule @param {any} model @returns {import("./access-fields.js").Part<any>} */
function credentialRule(rule, model) {
  const chosen = (rule?.require.any_of ?? []).map((/** @type {string[]} */ kinds) => kinds.join("+"));
  const known = [...new Set([...COMMON_COMBINATIONS.map((kinds) => kinds.join("+")), ...chosen])];
  const combinations = choices(t("rule.any_of"), known.map((value) => ({ value, words: combinationsInWords([value.split("+")]) })), chosen);
  const schedule = oneOf("rule.when", t("rule.always"), optionsOf(model.schedules), rule?.schedule);
  return {
    element: h("div", { class: "part" }, schedule.element, combinations.element),
    read: () => ({ schedule: schedule.read(), require: { any_of: combinations.read().map((value) => value.split("+")) } }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function levelForm(entry, { model, points }) {
  const self = identity(entry);
  const priority = quantity("rule.priority", entry?.priority ?? 10, { min: 1, max: 100, step: 1, required: true });
  const effect = oneOf("rule.effect", t("lockdown_effect.lock"), [{ value: "open", words: t("lockdown_effect.open") }], entry?.effect);
  const places = choices(t("rule.level_points"), points, entry?.points ?? []);
  const groups = choices(t("rule.groups"), optionsOf(model.groups), entry?.groups ?? []);
  const admits = choices(t("rule.admits"), optionsOf(model.profiles), entry?.admits ?? []);
  return {
    elements: [self.element, h("div", { class: "from-to" }, priority.element, effect.element), places.element, ...(model.groups.length > 0 ? [groups.element] : []), admits.element],
    read: () => ({
      ...entry,
      ...self.read(),
      priority: priority.read(),
      effect: effect.read() ?? "lock",
      points: places.read(),
      groups: groups.read(),
      admits: admits.read(),
    }),
  };
}
