/** What a charge paid by face rests on: for who looks into a dispute, each time with a purpose, and in the audit log. */

import { get } from "./api.js";
import { actionButton, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/**
 * A small button beside a charge; nothing where it was not paid by a face, or the viewer may not see it.
 * @param {string} chargeId @param {boolean} isByFace @param {import("./canteen-parts.js").Around} around @param {Element} problem says why it cannot be shown
 */
export function evidenceButton(chargeId, isByFace, around, problem) {
  if (!isByFace || !around.permissions.includes("canteen.evidence")) return null;
  return actionButton("office.evidence", () => showEvidence(chargeId, around), problem, "quiet");
}

/** @param {string} chargeId @param {import("./canteen-parts.js").Around} around */
async function showEvidence(chargeId, around) {
  // What a decision was made on weighs more than a counter: it comes with the first look.
  const [{ considered }, { position, event, holder_name: name }] = await Promise.all([import("./considered.js"), get(`/canteen/charges/${chargeId}/decision`)]);
  const look = /** @type {any} */ ({ showsCandidates: around.permissions.includes("events.candidates") });
  const line = /** @type {any} */ ({ key: String(position), data: event.data });
  // In a lane it was the gate that decided, and the passage that agreed.
  const agreed = term("payer_agreed", event.data.confirmed ?? "passage");
  const facts = [
    ["office.evidence_whom", name ?? t("considered.removed")],
    ["office.evidence_at", formatMinute(event.time, around.state().zone)],
    ["office.evidence_agreed", agreed],
  ];
  const dialog = openDialog(
    t("office.evidence_title"),
    h("dl", { class: "facts" }, ...facts.flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])),
    considered(line, look, true),
    event.data.confirmed ? h("p", { class: "muted" }, t("office.evidence_no_picture")) : null,
  );
  dialog.classList.add("evidence");
}
