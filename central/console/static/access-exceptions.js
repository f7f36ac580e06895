/** Forms of what departs from every day: special days, interlocks, temporary rules, fires, settings. */

import { get } from "./api.js";
import { field } from "./forms.js";
import { choices, identity, oneOf, places, quantity, several, text } from "./access-fields.js";
import { requirement } from "./access-forms.js";
import { personPicker } from "./person-picker.js";
import { fill, h } from "/web/dom.js";
import { formatDate, instantOf, minuteOf } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {import("./access-forms.js").Around} Around
 * @typedef {import("./access-forms.js").EntryForm} EntryForm
 */

const EFFECTS = ["permit", "refuse", "require"];

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function specialDaysForm(entry, { zone }) {
  const self = identity(entry);
  const dates = several(t("rule.dates"), "rule.add_date", entry?.dates ?? [null], (date) => {
    const input = text("date", date ?? formatDate(Date.now(), zone), { type: "date", required: true });
    return { element: field("rule.date", input), read: () => input.value };
  });
  return {
    elements: [self.element, dates.element, h("p", { class: "muted" }, t("rule.special_hint"))],
    read: () => ({ ...entry, ...self.read(), dates: dates.read() }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function interlockForm(entry, { points }) {
  const self = identity(entry);
  const doors = choices(t("rule_table.points"), points, entry?.points ?? []);
  return {
    elements: [self.element, doors.element, h("p", { class: "muted" }, t("rule.interlock_hint"))],
    read: () => ({ ...entry, ...self.read(), points: doors.read() }),
  };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function fireZoneForm(entry, around) {
  const self = identity(entry);
  const where = places(t("rule.zone_points"), entry, around);
  return { elements: [self.element, where.element], read: () => ({ ...entry, ...self.read(), ...where.read() }) };
}

/** @param {any} entry @param {Around} around @returns {EntryForm} */
export function temporaryRuleForm(entry, around) {
  const { zone } = around;
  const self = identity(entry);
  const effect = oneOf("rule.effect", null, EFFECTS.map((value) => ({ value, words: term("temporary_effect", value) })), entry?.effect);
  const today = formatDate(Date.now(), zone);
  const [from, until] = [entry ? minuteOf(entry.valid_from, zone) : `${today}T08:00`, entry ? minuteOf(entry.valid_until, zone) : `${today}T18:00`].map((value) =>
    text("at", value, { type: "datetime-local", required: true }),
  );
  const where = places(t("rule_table.points"), entry, around);
  const people = several(t("rule.holders"), "rule.add_holder", entry?.holders ?? [], holder);
  const needs = requirement("rule.any_of", entry?.require);
  const show = () => {
    needs.element.hidden = effect.read() !== "require";
  };
  effect.element.addEventListener("change", show);
  show();
  return {
    elements: [self.element, effect.element, needs.element, h("div", { class: "from-to" }, field("rule.from", from), field("rule.to", until)), where.element, people.element],
    read: () => ({
      ...entry,
      ...self.read(),
      effect: effect.read(),
      require: effect.read() === "require" ? needs.read() : null,
      valid_from: instantOf(from.value, zone),
      valid_until: instantOf(until.value, zone),
      ...where.read(),
      holders: people.read(),
    }),
  };
}

/** Somebody by name, or a question who. @param {string | null} id @returns {import("./access-fields.js").Part<string>} */
function holder(id) {
  if (id === null) {
    const picker = personPicker("holder", "rule.holder");
    return { element: picker, read: () => picker.querySelector("select")?.value ?? "" };
  }
  const name = h("span", {}, "…");
  get(`/people/${encodeURIComponent(id)}`).then(
    (person) => fill(name, person.name),
    () => fill(name, t("considered.removed")),
  );
  return { element: name, read: () => id };
}

/** What holds at all lanes. @param {any} model @returns {{elements: HTMLElement[], read: () => Record<string, number | null>}} */
export function settingsForm(model) {
  const refusals = quantity("rule_setting.refusals_max", model.refusals_max, { min: 1, max: 5, step: 1, required: true });
  const combine = quantity("rule_setting.combine_within_s", model.combine_within_s, { min: 5, max: 60, required: true });
  const escort = quantity("rule_setting.escort_within_s", model.escort_within_s, { min: 5, max: 120, required: true });
  return {
    elements: [refusals.element, combine.element, escort.element],
    read: () => ({ refusals_max: refusals.read(), combine_within_s: combine.read(), escort_within_s: escort.read() }),
  };
}
