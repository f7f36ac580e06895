/** What the forms of the access rules are made of: each part knows how to read itself. */

import { h } from "/web/dom.js";
import { localName, t } from "/web/i18n.js";
import { field } from "./forms.js";

/**
 * @template T
 * @typedef {{element: HTMLElement, read: () => T}} Part
 * @typedef {{value: string, words: string}} Option
 */

const SLUG = "[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?";

/**
 * Identifier and names; the identifier of something that is there cannot change.
 * @param {Record<string, any> | null} entry
 * @returns {Part<{id: string, name: Record<string, string>}>}
 */
export function identity(entry) {
  const id = text("rule_id", entry?.id, { required: true, maxlength: 63, pattern: SLUG, readonly: Boolean(entry) });
  const chinese = text("name_zh", entry?.name?.["zh-CN"], { maxlength: 60, lang: "zh-CN" });
  const english = text("name_en", entry?.name?.en, { maxlength: 60, lang: "en" });
  return {
    element: h(
      "div",
      { class: "identity" },
      field("rule.id", id, entry ? undefined : "rule.id_hint"),
      field("rule.name_zh", chinese),
      field("rule.name_en", english),
    ),
    read: () => ({
      id: id.value.trim(),
      name: Object.fromEntries([["zh-CN", chinese.value.trim()], ["en", english.value.trim()]].filter(([, name]) => name)),
    }),
  };
}

/** @param {string} name @param {string | number | null | undefined} value @param {Record<string, any>} [more] */
export function text(name, value, more = {}) {
  return /** @type {HTMLInputElement} */ (h("input", { name, value, autocomplete: "off", ...more }));
}

/**
 * Several of a few, as ticks.
 * @param {string} legend words
 * @param {Option[]} options
 * @param {readonly string[]} chosen
 * @returns {Part<string[]>}
 */
export function choices(legend, options, chosen) {
  const inputs = options.map(({ value }) => /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", value, checked: chosen.includes(value) })));
  return {
    element: h(
      "fieldset",
      {},
      h("legend", {}, legend),
      h("div", { class: "checks" }, ...options.map(({ words }, index) => h("label", { class: "check" }, inputs[index], words))),
      options.length === 0 && h("small", {}, t("rule.nothing_yet")),
    ),
    read: () => inputs.filter((input) => input.checked).map((input) => input.value),
  };
}

/**
 * Points and groups of points; groups only where there are any.
 * @param {string} legend words
 * @param {any} selection what is chosen; null is nothing
 * @param {{model: any, points: Option[]}} around
 * @returns {Part<{points: string[], groups: string[]}>}
 */
export function places(legend, selection, { model, points }) {
  const chosen = choices(legend, points, selection?.points ?? []);
  const groups = choices(t("rule.groups"), optionsOf(model.groups), selection?.groups ?? []);
  return {
    element: h("div", { class: "places" }, chosen.element, model.groups.length > 0 && groups.element),
    read: () => ({ points: chosen.read(), groups: groups.read() }),
  };
}

/**
 * A rule of anti-passback, or nothing.
 * @param {string} key of the label
 * @param {string} nothing words for none
 * @param {any} rule
 * @returns {Part<any>}
 */
export function passback(key, nothing, rule) {
  const isOff = nothing === t("passback_mode.off");
  const modes = ["off", "soft", "hard", "timed"].slice(isOff ? 1 : 0);
  const mode = oneOf(key, nothing, modes.map((value) => ({ value, words: t(`passback_mode.${value}`) })), rule?.mode);
  const minutes = quantity("rule.forgotten_min", rule?.forgotten_after_min, { min: 1, max: 10080, step: 1 });
  const show = () => {
    minutes.element.hidden = mode.read() !== "timed";
  };
  mode.element.addEventListener("change", show);
  show();
  return {
    element: h("div", { class: "from-to" }, mode.element, minutes.element),
    read: () => {
      const chosen = mode.read();
      return chosen && { mode: chosen, forgotten_after_min: chosen === "timed" ? minutes.read() : null };
    },
  };
}

/**
 * One of several; the first is nothing, where that can be.
 * @param {string} key of the label
 * @param {string | null} nothing words
 * @param {Option[]} options
 * @param {string | null | undefined} chosen
 * @returns {Part<string | null>}
 */
export function oneOf(key, nothing, options, chosen) {
  const select = /** @type {HTMLSelectElement} */ (
    h("select", {}, nothing !== null && h("option", { value: "" }, nothing), ...options.map(({ value, words }) => h("option", { value, selected: value === chosen }, words)))
  );
  return { element: field(key, select), read: () => select.value || null };
}

/**
 * A tick.
 * @param {string} key
 * @param {boolean} isChecked
 * @returns {Part<boolean>}
 */
export function tick(key, isChecked) {
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: isChecked }));
  return { element: h("label", { class: "check" }, input, t(key)), read: () => input.checked };
}

/**
 * A number, or nothing.
 * @param {string} key
 * @param {number | null | undefined} value
 * @param {Record<string, any>} [more] attributes
 * @returns {Part<number | null>}
 */
export function quantity(key, value, more = {}) {
  const input = text("", value, { type: "number", inputmode: "decimal", ...more });
  return { element: field(key, input), read: () => (input.value === "" ? null : Number(input.value)) };
}

/**
 * A list of parts that grows and shrinks.
 * @template T
 * @param {string} legend words
 * @param {string} addKey
 * @param {readonly any[]} items
 * @param {(item: any) => Part<T>} makePart `item` is null for a new one
 * @returns {Part<T[]>}
 */
export function several(legend, addKey, items, makePart) {
  /** @type {Part<T>[]} */
  const parts = [];
  const list = h("div", { class: "several" });
  /** @param {any} item */
  const add = (item) => {
    const part = makePart(item);
    const remove = h("button", { type: "button", class: "quiet" }, t("rule.remove"));
    const row = h("div", { class: "row" }, part.element, remove);
    remove.addEventListener("click", () => {
      parts.splice(parts.indexOf(part), 1);
      row.remove();
      more.focus();
    });
    parts.push(part);
    list.append(row);
    return row;
  };
  const more = h("button", { type: "button" }, t(addKey));
  more.addEventListener("click", () => /** @type {HTMLElement | null} */ (add(null).querySelector("input, select"))?.focus());
  for (const item of items) add(item);
  return {
    element: h("fieldset", {}, h("legend", {}, legend), list, more),
    read: () => parts.map((part) => part.read()),
  };
}

/** Entries of the model as options. @param {readonly any[]} entries @returns {Option[]} */
export function optionsOf(entries) {
  return entries.map(({ id, name }) => ({ value: id, words: localName(name, id) }));
}
