/** Lockdown levels: which are on, and setting one off with a clear question first. */

import { request } from "./api.js";
import { levelPlaces } from "./access-tables.js";
import { nameOf } from "./access-words.js";
import { actionForm, field, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{level: string, since: string, set_by: string, reason: string}} Lockdown
 * @typedef {{model: any, site: any, zone: string, active: Lockdown[], maySet: boolean,
 *   onChanged: () => Promise<void>}} Given
 */

/** The levels of the model in force. @param {Given} given */
export function lockdowns(given) {
  const levels = given.model.lockdown_levels.toSorted((/** @type {any} */ a, /** @type {any} */ b) => b.priority - a.priority);
  return h(
    "section",
    { class: "lockdowns", "aria-label": t("lockdown_words.title") },
    h("h2", {}, t("lockdown_words.title")),
    h("ul", {}, ...levels.map((/** @type {any} */ level) => row(level, given))),
    levels.length === 0 && h("p", { class: "muted" }, t("lockdown_words.none")),
  );
}

/** @param {any} level @param {Given} given */
function row(level, given) {
  const lockdown = given.active.find((active) => active.level === level.id);
  const name = localName(level.name, level.id);
  const on = lockdown && t("lockdown_words.on", { since: formatTime(lockdown.since, given.zone), who: lockdown.set_by, reason: lockdown.reason });
  const button = lockdown
    ? h("button", { type: "button", onclick: () => askToEnd(level, given) }, t("lockdown_words.end"))
    : h("button", { type: "button", class: "danger", onclick: () => askToSet(level, given) }, t("lockdown_words.set"));
  return h(
    "li",
    { class: lockdown ? "is-on" : "", data: { level: level.id } },
    lockdown && prioritySign(1),
    h("div", {}, h("strong", {}, name), h("span", { class: "state" }, on || t("lockdown_words.off")), h("small", {}, effect(level, given))),
    given.maySet && button,
  );
}

/** @param {any} level @param {Given} given */
function effect(level, given) {
  const places = levelPlaces(level, given);
  if (level.effect === "open") return t("lockdown_words.opens", { places });
  const admits = level.admits.map((/** @type {string} */ id) => nameOf(given.model.profiles, id)).join(", ");
  return admits ? t("lockdown_words.locks_but", { places, admits }) : t("lockdown_words.locks", { places });
}

/** @param {any} level @param {Given} given */
function askToSet(level, given) {
  const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true });
  const form = actionForm("lockdown_words.set_now", [h("p", {}, effect(level, given)), h("p", {}, t("lockdown_words.set_hint")), field("lockdown_words.reason", reason)], async (values) => {
    await request("PUT", `/lockdowns/${encodeURIComponent(level.id)}`, { body: { reason: values.reason } });
    dialog.close();
    await given.onChanged();
  });
  form.querySelector("button")?.classList.replace("primary", "danger");
  const dialog = openDialog(t("lockdown_words.set_sure", { name: localName(level.name, level.id) }), form);
}

/** @param {any} level @param {Given} given */
function askToEnd(level, given) {
  const form = actionForm("lockdown_words.end_now", [h("p", {}, t("lockdown_words.end_hint"))], async () => {
    await request("DELETE", `/lockdowns/${encodeURIComponent(level.id)}`);
    dialog.close();
    await given.onChanged();
  });
  const dialog = openDialog(t("lockdown_words.end_sure", { name: localName(level.name, level.id) }), form);
}
