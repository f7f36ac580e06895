/** Forms of the access model: each opens on an entry, or on nothing, and returns a changed one. */

import { h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { field } from "./forms.js";
import { choices, identity, oneOf, optionsOf, passback, places, quantity, several, text, tick } from "./access-fields.js";
import { combinationsInWords } from "./access-words.js";

/**
 * @typedef {import("./access-fields.js").Option} Option
 * @typedef {{model: any, points: Option[], zone: string}} Around what an entry may name, and whose clocks
 * @typedef {{elements: HTMLElement[], read: () => Record<string, any> & {id: string}}} EntryForm
 */

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"];
const COMMON_COMBINATIONS = [["face"], ["card"], ["qr"], ["card", "pin"], ["face", "card"], ["face", "pin"], ["qr", "pin"]];
const TIME = "([01][0-9]|2[0-3]):[0-5][0-9]|24:00";

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function profileForm(entry, { model, points }) {
  const self = identity(entry);
  const permissions = several(t("rule.permissions"), "rule.add_permission", entry?.permissions ?? [null], (permission) => {
    const schedule = oneOf("rule.when", t("rule.always"), optionsOf(model.schedules), permission?.schedule);
    const where = places(t("rule_table.points"), permission, { model, points });
    const needs = requirement("rule.also_required", permission?.require);
    return {
      element: h("div", { class: "part" }, schedule.element, where.element, needs.element),
      read: () => ({ ...permission, schedule: schedule.read(), ...where.read(), require: needs.read() }),
    };
  });
  return {
    elements: [self.element, permissions.element],
    read: () => ({ ...entry, ...self.read(), permissions: permissions.read() }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function scheduleForm(entry, { model }) {
  const self = identity(entry);
  const intervals = several(t("rule.hours"), "rule.add_hours", entry?.intervals ?? [null], (interval) => {
    const days = choices(t("rule.days"), DAYS.map((day) => ({ value: day, words: term("day", day) })), interval?.days ?? DAYS.slice(0, 5));
    const times = hours(interval);
    return {
      element: h("div", { class: "part" }, days.element, times.element),
      read: () => ({ days: days.read(), ...times.read() }),
    };
  });
  const special = several(t("rule_table.special_days"), "rule.add_special", entry?.special ?? [], (item) => specialHours(item, model));
  const observes = tick("rule.observes_holidays", entry?.observes_holidays ?? true);
  return {
    elements: [
      self.element, intervals.element, h("p", { class: "muted" }, t("rule.hours_hint")),
      ...(model.special_days.length > 0 ? [special.element] : []),
      observes.element,
    ],
    read: () => ({ ...entry, ...self.read(), intervals: intervals.read(), special: special.read(), observes_holidays: observes.read() }),
  };
}

/** A part of a day. @param {any} given @returns {import("./access-fields.js").Part<{start: string, end: string}>} */
function hours(given) {
  const [start, end] = [given?.start ?? "08:00", given?.end ?? "18:00"].map((value) =>
    text("time", value, { required: true, pattern: TIME, maxlength: 5, inputmode: "numeric", class: "time" }),
  );
  return {
    element: h("div", { class: "from-to" }, field("rule.from", start), field("rule.to", end)),
    read: () => ({ start: start.value, end: end.value }),
  };
}

/** @param {any} item @param {any} model @returns {import("./access-fields.js").Part<any>} */
function specialHours(item, model) {
  const [first] = model.special_days;
  const days = oneOf("rule.on_days", null, optionsOf(model.special_days), item?.special_days ?? first?.id);
  const open = several(t("rule.hours"), "rule.add_hours", item?.hours ?? [], hours);
  return {
    element: h("div", { class: "part" }, days.element, open.element, h("small", {}, t("rule.closed_hint"))),
    read: () => ({ special_days: days.read(), hours: open.read() }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function groupForm(entry, { points }) {
  const self = identity(entry);
  const members = choices(t("rule_table.points"), points, entry?.points ?? []);
  return { elements: [self.element, members.element], read: () => ({ ...entry, ...self.read(), points: members.read() }) };
}

/** @param {any} entry @returns {EntryForm} */
export function areaForm(entry) {
  const self = identity(entry);
  const most = quantity("rule.occupancy_max", entry?.occupancy_max, { min: 1, step: 1 });
  const rule = passback("rule.passback", term("passback_mode", "off"), entry?.passback);
  const first = tick("rule.first_person_in", Boolean(entry?.first_person_in));
  const begins = quantity("rule.resets_at_h", entry?.first_person_in?.resets_at_h ?? 0, { min: 0, max: 23, step: 1, required: true });
  return {
    elements: [self.element, most.element, rule.element, first.element, begins.element],
    read: () => ({
      ...entry,
      ...self.read(),
      occupancy_max: most.read(),
      passback: rule.read() ?? { mode: "off", forgotten_after_min: null },
      first_person_in: first.read() ? { resets_at_h: begins.read() } : null,
    }),
  };
}

/** @param {any} entry rules of a point; only `id` where it has none yet @param {Around} around @returns {EntryForm} */
export function pointForm(entry, { model }) {
  const areas = optionsOf(model.areas);
  const from = oneOf("rule.from_area", t("rule.outside"), areas, entry.from_area);
  const to = oneOf("rule.to_area", t("rule.outside"), areas, entry.to_area);
  const credentials = several(t("rule.credentials"), "rule.add_credentials", entry.credentials ?? [], (rule) => credentialRule(rule, model));
  const own = passback("rule.own_passback", t("rule.as_the_area"), entry.passback);
  const two = tick("rule.two_person", Boolean(entry.two_person));
  const within = quantity("rule.within_s", entry.two_person?.within_s ?? 30, { min: 5, max: 120, required: true });
  const free = tick("rule.is_escort_free", entry.is_escort_free ?? false);
  const egress = tick("rule.is_egress", entry.is_egress ?? false);
  const accessible = tick("rule.is_accessible", entry.is_accessible ?? false);
  const assembly = tick("rule.is_assembly_point", entry.is_assembly_point ?? false);
  const open = quantity("rule.open_time_s_max", entry.open_time_s_max ?? 30, { min: 1, max: 3600, required: true });
  const usual = quantity("rule.access_time_s", entry.access_time_s, { min: 1, max: 60 });
  const extended = quantity("rule.extended_access_time_s", entry.extended_access_time_s, { min: 1, max: 180 });
  return {
    elements: [
      h("div", { class: "from-to" }, from.element, to.element),
      credentials.element,
      h("p", { class: "muted" }, t("rule.credentials_hint")),
      own.element,
      two.element, within.element, egress.element, free.element, accessible.element, assembly.element,
      h("div", { class: "from-to" }, usual.element, extended.element, open.element),
    ],
    read: () => ({
      ...entry,
      from_area: from.read(),
      to_area: to.read(),
      credentials: credentials.read(),
      passback: own.read(),
      two_person: two.read() ? { within_s: within.read() } : null,
      is_escort_free: free.read(),
      is_egress: egress.read(),
      is_accessible: accessible.read(),
      is_assembly_point: assembly.read(),
      open_time_s_max: open.read(),
      access_time_s: usual.read(),
      extended_access_time_s: extended.read(),
    }),
  };
}

/** @param {any} rule @param {any} model @returns {import("./access-fields.js").Part<any>} */
function credentialRule(rule, model) {
  const combinations = requirement("rule.any_of", rule?.require);
  const schedule = oneOf("rule.when", t("rule.always"), optionsOf(model.schedules), rule?.schedule);
  return {
    element: h("div", { class: "part" }, schedule.element, combinations.element),
    read: () => ({ schedule: schedule.read(), require: combinations.read() ?? { any_of: [] } }),
  };
}

/**
 * Combinations of which one has to be shown, or nothing.
 * @param {string} key of the legend
 * @param {{any_of: string[][]} | null | undefined} require
 * @returns {import("./access-fields.js").Part<{any_of: string[][]} | null>}
 */
export function requirement(key, require) {
  const chosen = (require?.any_of ?? []).map((kinds) => kinds.join("+"));
  const known = [...new Set([...COMMON_COMBINATIONS.map((kinds) => kinds.join("+")), ...chosen])];
  const combinations = choices(t(key), known.map((value) => ({ value, words: combinationsInWords([value.split("+")]) })), chosen);
  return {
    element: combinations.element,
    read: () => {
      const any = combinations.read();
      return any.length > 0 ? { any_of: any.map((value) => value.split("+")) } : null;
    },
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function levelForm(entry, { model, points }) {
  const self = identity(entry);
  const priority = quantity("rule.priority", entry?.priority ?? 10, { min: 1, max: 100, step: 1, required: true });
  const effect = oneOf("rule.effect", t("lockdown_effect.lock"), [{ value: "open", words: t("lockdown_effect.open") }], entry?.effect);
  const where = places(t("rule.level_points"), entry, { model, points });
  const admits = choices(t("rule.admits"), optionsOf(model.profiles), entry?.admits ?? []);
  return {
    elements: [self.element, h("div", { class: "from-to" }, priority.element, effect.element), where.element, admits.element],
    read: () => ({
      ...entry,
      ...self.read(),
      priority: priority.read(),
      effect: effect.read() ?? "lock",
      ...where.read(),
      admits: admits.read(),
    }),
  };
}
