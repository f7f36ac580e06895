/** What an alarm is called, where it is, and how it stands, in words. */

import { subjectsOf } from "./alarm-book.js";
import { pointName } from "./point-name.js";
import { formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

/** @typedef {import("./alarm-book.js").Alarm} Alarm */

/** Two are what confirms a fire. */
const SIGNALS_NAMED = 2;

/** @param {Alarm} alarm */
export function kindWords(alarm) {
  return term("alarm_kind", alarm.kind);
}

/**
 * What it is about: a lane, a zone, a device, else the node that told it.
 * @param {Alarm} alarm
 * @param {any} site
 */
export function place(alarm, site) {
  if (alarm.subject.access_point) return pointName(site, alarm.subject.access_point);
  const [kind, id] = told(alarm) ?? subjectsOf(alarm)[0] ?? ["node", alarm.node ?? ""];
  // What a panel calls its point is what hangs on the wall.
  if (alarm.kind === "fire_point") return signalName(alarm, site);
  return localName(site?.names?.[kind]?.[id], id);
}

/** The identifier of a round or a roll-out says nothing to anybody: where on it, or which board, does. @param {Alarm} alarm */
function told({ subject, detail: { checkpoint, route, device, name } }) {
  if (subject.webhook) return ["webhook", name ?? subject.webhook];
  if (subject.round) return ["checkpoint", checkpoint ?? route ?? ""];
  return subject.rollout ? ["device", device ?? ""] : null;
}

/** A detector or call point, as its panel calls it. @param {Alarm} signal @param {any} site */
function signalName({ detail, subject }, site) {
  if (detail.text) return detail.text;
  return detail.point ? `${localName(site?.names?.device?.[detail.device], detail.device)} ${detail.point}` : localName(site?.names?.device?.[subject.device ?? ""], subject.device ?? "");
}

/** The detectors that a fire's line stands for; nothing without any. @param {Alarm[]} signals @param {any} site */
export function signalWords(signals, site) {
  if (signals.length === 0) return "";
  const named = signals.slice(0, SIGNALS_NAMED).map((signal) => signalName(signal, site));
  return t("desk.signals", { n: signals.length, names: named.join(" + ") });
}

/** Whether its cause has gone; what is over the moment it happens never stood. @param {Alarm} alarm */
export function hasReturned({ is_active: isActive, returned_at: returned, raised_at: raised }) {
  return !isActive && returned !== null && returned !== raised;
}

/**
 * How it stands, the most important word first.
 * @param {Alarm} alarm
 * @param {string} zone of time
 */
export function standing(alarm, zone) {
  if (alarm.closed_at !== null) return t("desk.left");
  const at = (/** @type {string} */ time) => ({ time: formatTime(time, zone) });
  /** @type {(string | false | null)[]} */
  const words = [
    alarm.is_stale && t("desk.stale"),
    alarm.acknowledged_at === null ? t("desk.unacknowledged") : t("desk.acknowledged", { who: alarm.acknowledged_by ?? "" }),
    hasReturned(alarm) && t("desk.returned", at(alarm.returned_at ?? "")),
    alarm.count > 1 && t("desk.times", { n: alarm.count }),
    alarm.is_chattering && t("desk.chattering"),
    alarm.is_first_up && t("desk.first_up"),
    alarm.escalation > 0 && t("desk.escalated", { n: alarm.escalation }),
    alarm.shelved && t("desk.shelved_until", at(alarm.shelved.until)),
    alarm.is_out_of_service && t("desk.out_of_service"),
    alarm.is_history && t("desk.history_only"),
  ];
  return words.filter(Boolean).join(" · ");
}
