/** Handing over: what the next shift must know, what stands, and who has taken over. */

import { wear } from "./style.js";
import { get, post } from "./api.js";
import { kindWords, place } from "./alarm-words.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

wear("desk.css");

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {{id: string, written_at: string, written_by: string, text: string, alarms: Alarm[],
 *   taken_at: string | null, taken_by: string | null, taken_note: string}} Handover
 */

const SHOWN = 5;

/**
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {string} username of who looks
 */
export async function openHandover(store, username) {
  const { site, zone, alarms } = store.state;
  const earlier = h("ol", { class: "handovers" });
  const problem = h("p", { class: "problem", role: "alert" });
  const text = h("textarea", { name: "text", required: true, maxlength: 4000, rows: 5 });
  const stands = [...alarms.shown, ...alarms.aside];
  const form = actionForm(
    "desk.hand_over",
    [
      field("desk.handover_text", text, "desk.handover_hint"),
      h("h3", {}, t("desk.handover_stands", { n: stands.length })),
      h("ul", { class: "standing" }, ...stands.slice(0, SHOWN).map((alarm) => line(alarm, site, zone)), stands.length > SHOWN && h("li", { class: "muted" }, t("desk.and_more", { n: stands.length - SHOWN }))),
    ],
    async (values) => {
      await post("/handovers", { text: values.text });
      dispatchEvent(new Event("handover"));
      /** @type {HTMLTextAreaElement} */ (text).value = "";
      await load();
    },
  );
  const dialog = openDialog(t("desk.handover"), form, h("h3", {}, t("desk.handovers")), problem, earlier);
  dialog.classList.add("handover");
  text.focus();
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    form.requestSubmit();
  });

  async function load() {
    const { items } = await get("/handovers");
    fill(earlier, ...items.slice(0, SHOWN).map((/** @type {Handover} */ each) => entry(each)));
    if (items.length === 0) fill(earlier, h("li", { class: "muted" }, t("desk.no_handovers")));
  }

  /** @param {Handover} handover */
  function entry(handover) {
    const taken = handover.taken_at && t("desk.taken", { who: handover.taken_by ?? "", time: formatTime(handover.taken_at, zone) });
    const take = async () => {
      await post(`/handovers/${handover.id}/take`, { note: "" });
      await load();
    };
    return h(
      "li",
      { data: { handover: handover.id } },
      h("p", {}, h("time", {}, formatTime(handover.written_at, zone)), " ", h("b", {}, handover.written_by), " · ", taken ?? t("desk.not_taken")),
      h("p", { class: "text" }, handover.text),
      h("small", {}, t("desk.handover_stood", { n: handover.alarms.length })),
      // Nobody takes over from themselves: two people know of it then.
      !handover.taken_at && handover.written_by !== username && actionButton("desk.take", take, problem, "primary"),
    );
  }

  await load().catch((/** @type {any} */ error) => fill(problem, error.sentence ?? String(error)));
}

/** @param {Alarm} alarm @param {any} site @param {string} zone */
function line(alarm, site, zone) {
  return h("li", { class: `p${alarm.priority}` }, prioritySign(alarm.priority), " ", h("time", {}, formatTime(alarm.raised_at, zone)), ` ${kindWords(alarm)} ${place(alarm, site)}`);
}
