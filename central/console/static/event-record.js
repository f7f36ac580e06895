/** One event of the past, opened: what is known of it, with what belongs to the same decision, and its record. */

import { detail } from "./event-detail.js";
import { EventLog } from "./event-log.js";
import { placeOf } from "./event-tail.js";
import { placeName } from "./event-place.js";
import { h } from "/web/dom.js";
import { formatMinute, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/** So much later central heard of it is worth saying. */
const LATE_MS = 60_000;

/**
 * @param {import("./site-state.js").StoredEvent} stored
 * @param {readonly import("./site-state.js").StoredEvent[]} others that are shown beside it
 * @param {import("./event-line.js").Look} look
 * @param {any} site
 */
export function record(stored, others, look, site) {
  const { event, node, received_at: received } = stored;
  const zone = look.zone();
  const word = event.type.replace("menshen.", "").replace(/\.v\d+$/, "");
  const isLate = Date.parse(received) - Date.parse(event.time) > LATE_MS;
  const decision = event.data.decision_id;
  const log = new EventLog();
  const together = decision ? others.filter((each) => each.event.data.decision_id === decision) : [];
  for (const each of [...new Set([...together, stored])].sort((one, other) => one.position - other.position)) log.add(each);
  const line = log.lines.find((each) => each.data.decision_id === decision && decision) ?? log.lines[0];
  /** @type {[string, string | false][]} */
  const facts = [
    ["event_search.node", !line && node],
    ["event_search.class", term("class", event.class)],
    ["event_record.at", formatTime(event.time, zone)],
    ["event_record.received", isLate && formatTime(received, zone)],
    ["event_record.clock", event.clockquality !== "synchronised" && t("event_record.clock_unsure")],
    ["event_record.number", String(stored.position)],
  ];
  return h(
    "article",
    {},
    line
      ? detail(line, look, site, true)
      : h("div", {}, h("p", { class: "what" }, term("event", word)), h("p", { class: "name" }, placeName(placeOf(stored), site)), h("p", { class: "where" }, formatMinute(event.time, zone))),
    h("dl", { class: "facts" }, ...facts.filter(([, value]) => value).flatMap(([key, value]) => [h("dt", {}, t(key)), h("dd", {}, value)])),
    h("details", {}, h("summary", {}, t("event_record.raw")), h("pre", {}, JSON.stringify(event, null, 1))),
  );
}
