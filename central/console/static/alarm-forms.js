/** What a guard is asked before something is done about an alarm: how long, why, or whether they are sure. */

import { wear } from "./style.js";
import { post } from "./api.js";
import { kindWords, place } from "./alarm-words.js";
import { actionForm, field, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { t, termsOf } from "/web/i18n.js";

wear("desk.css");

/** @typedef {import("./alarm-book.js").Alarm} Alarm */

/** One for each digit. */
const MINUTES = [5, 15, 30, 60, 240, 480];

/**
 * @param {string} title @param {string} hint words @param {string} key of the button's words
 * @param {() => Promise<void>} run
 */
export function askFor(title, hint, key, run) {
  const form = actionForm(key, [h("p", {}, hint)], async () => {
    await run();
    dialog.close();
  });
  const dialog = openDialog(title, form);
  /** @type {HTMLElement | null} */ (form.querySelector("button.primary"))?.focus();
}

/** Lay an alarm aside for a time: a digit chooses how long, then why. @param {Alarm} alarm @param {any} site */
export function askToShelve(alarm, site) {
  const times = MINUTES.map((minutes, index) =>
    h(
      "label",
      { class: "time" },
      h("input", { type: "radio", name: "minutes", value: minutes, checked: index === 1 }),
      h("kbd", {}, index + 1),
      minutes < 60 ? t("desk.minutes", { n: minutes }) : t("desk.hours", { n: minutes / 60 }),
    ),
  );
  const reason = reasonInput();
  const form = actionForm("desk.shelve", [h("fieldset", { class: "times" }, h("legend", {}, t("desk.shelve_for")), ...times), field("desk.reason", reason), usual(reason)], async (values) => {
    await post(`/alarms/${alarm.id}/shelve`, { minutes: Number(values.minutes), reason: values.reason });
    dialog.close();
  });
  const dialog = openDialog(t("desk.shelve_title", { what: `${kindWords(alarm)} ${place(alarm, site)}` }), form);
  form.addEventListener("keydown", (event) => {
    const radio = times[Number(event.key) - 1]?.querySelector("input");
    if (!radio || event.target === reason) return;
    event.preventDefault();
    radio.checked = true;
    reason.focus();
  });
  times[1].querySelector("input")?.focus();
}

/** Take the source of an alarm out of service until somebody returns it. @param {Alarm} alarm @param {any} site */
export function askToTakeOut(alarm, site) {
  const reason = reasonInput();
  const form = actionForm("desk.take_out", [h("p", {}, t("desk.take_out_hint")), field("desk.reason", reason), usual(reason)], async (values) => {
    await post(`/alarms/${alarm.id}/out-of-service`, { reason: values.reason });
    dialog.close();
  });
  const dialog = openDialog(t("desk.take_out_title", { what: `${kindWords(alarm)} ${place(alarm, site)}` }), form);
  reason.focus();
}

/** @param {Alarm} alarm @param {(note: string) => Promise<void>} run */
export function askForNote(alarm, run) {
  const note = h("textarea", { name: "note", required: true, maxlength: 500, rows: 4 });
  const form = actionForm("action.save", [field("desk.note", note)], async (values) => {
    await run(values.note);
    dialog.close();
  });
  const dialog = openDialog(t("desk.note_title", { what: kindWords(alarm) }), form);
  note.focus();
  note.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
}

function reasonInput() {
  return /** @type {HTMLInputElement} */ (h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" }));
}

/** Reasons that are given often, at a press. @param {HTMLInputElement} reason */
function usual(reason) {
  const put = (/** @type {string} */ words) => () => {
    reason.value = words;
    reason.focus();
  };
  const all = termsOf("shelf_reason").map((name) => t(`shelf_reason.${name}`));
  return h("p", { class: "usual" }, ...all.map((words) => h("button", { type: "button", class: "quiet", onclick: put(words) }, words)));
}
