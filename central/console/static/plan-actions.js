/** What can be done about a thing on the plan: see it, act on its gate, or read what is known. */

import { subjectName } from "./plan-places.js";
import { planSymbol } from "./plan-symbols.js";
import { openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/**
 * @param {import("./plan.js").Item} item
 * @param {import("./plan.js").Store} store
 * @param {import("./session.js").Session} session
 */
export async function openPlace(item, store, session) {
  const { subject, place } = item;
  const { state } = store;
  const maySend = session.permissions.includes("commands.send");
  if (place.kind === "access_point" && subject && maySend) {
    const gate = state.gates().find((each) => each.node === subject.node && each.device === subject.device);
    const { openGate } = await import("./gate-commands.js");
    openGate(gate ?? { device: subject.device ?? "", node: subject.node ?? "", access_points: [place.id] }, store);
    return;
  }
  const look = planSymbol(item, state);
  const since = look.since === null ? null : t("since", { time: formatTime(look.since, state.zone) });
  openDialog(
    subjectName(item, state.site),
    h("p", {}, [term("plan_kind", place.kind), look.word, since].filter(Boolean).join(" · ")),
    h("p", { class: "muted" }, subject ? (subject.node ?? "") : t("plan.unknown_subject")),
  );
}
