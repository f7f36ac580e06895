/** What the pages know of the site: a snapshot of central and the deltas after it. */

import { AlarmBook } from "./alarm-book.js";
import { EventLog } from "./event-log.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {{position: number, received_at: string, node: string, event: any,
 *   holder_name: string | null}} StoredEvent
 * @typedef {{device: string, kind: string, access_points: string[], is_current: boolean, is_awaited?: boolean,
 *   state: string | null, since: string, detail: string}} Device
 * @typedef {{node: string, is_online: boolean, last_seen_at: string | null, status: any,
 *   contract: number | null, keys_at?: string | null, keys_wanted_at?: string | null,
 *   old_key_until?: string | null, gaps: Gap[], losses?: Gap[]}} NodeView
 * @typedef {{epoch: string, class: string, first: number, last: number}} Gap
 * @typedef {{isOnline: boolean, since: number}} Link
 */

/**
 * The word for a device of which nobody knows anything now.
 * @param {boolean | undefined} isAwaited its terminal has just started and was not answered yet
 */
export function unknownWord(isAwaited) {
  return isAwaited ? t("state.awaited") : t("state.stale");
}

/** More than any page follows at once; whoever has missed more looks again. */
const RECENT_MAX = 300;
/** More than a snapshot repeats. */
const TOLD_MAX = 10_000;

export class SiteState {
  isLoaded = false;
  /** @type {any} */
  site = null;
  epoch = "";
  peopleVersion = 0;
  /** Grows whenever something of recognition has changed. */
  recognitionVersion = 0;
  /** Grows whenever the access model, a lockdown or what is forgiven has changed. */
  accessVersion = 0;
  /** Grows whenever somebody has moved from one area to another. */
  musterVersion = 0;
  /** Grows whenever a command was asked for, fetched or answered. */
  commandsVersion = 0;
  /** Grows whenever a call for assistance is another one. */
  assistanceVersion = 0;
  /** Grows whenever something of fires has changed. */
  fireVersion = 0;
  /** Grows whenever a visit has changed, or a visitor has arrived. */
  visitsVersion = 0;
  videoVersion = 0;
  /** Grows whenever a round has come to something else, or others are planned. */
  patrolVersion = 0;
  /** Grows whenever something begins to wait for a second person, or no longer does. */
  approvalsVersion = 0;
  /** Grows whenever a board, an image or a roll-out has changed. */
  firmwareVersion = 0;
  /** Grows whenever a floor plan has changed. */
  plansVersion = 0;
  /** @type {Link} */
  link = { isOnline: true, since: Date.now() };
  /** @type {Map<string, NodeView>} */
  nodes = new Map();
  log = new EventLog();
  /** @type {StoredEvent[]} the newest events in the order in which they came, none left out between them */
  recent = [];
  /** Grows with each of these, and where some were left out. */
  arrived = 0;
  /** What stands up to here was told by a snapshot. */
  #toldUpTo = 0;
  /** @type {Set<number>} what was told since: beside a backlog not in the order of positions */
  #told = new Set();
  alarms = new AlarmBook();

  get zone() {
    return this.site?.time_zone ?? "UTC";
  }

  /** How long pictures of a kind are kept; for ever, as far as is known, until central has said it.
   * @param {string} kind */
  cropLifetimeMs(kind) {
    return (this.site?.crop_lifetime_h?.[kind] ?? Infinity) * 3_600_000;
  }

  /** @param {any} snapshot its alarms are null for those who may not see any */
  apply(snapshot) {
    if (snapshot.alarms) this.alarms.apply(snapshot.alarms);
    if (snapshot.epoch !== this.epoch) {
      // Another store of events: what was shown belongs to one that no longer exists.
      this.log = new EventLog();
      this.#toldUpTo = 0;
      this.#told.clear();
    }
    // What was not told before a stream broke off is not told by the next one.
    this.recent = [];
    this.arrived += 1;
    this.isLoaded = true;
    this.site = snapshot.site;
    this.epoch = snapshot.epoch;
    this.nodes = new Map(snapshot.nodes.map((/** @type {NodeView} */ node) => [node.node, node]));
    for (const stored of snapshot.events) this.#add(stored);
    this.#toldUpTo = Math.max(this.#toldUpTo, snapshot.position);
    this.peopleVersion = snapshot.people_version;
    // Nobody knows what was said of it while nobody listened.
    this.recognitionVersion += 1;
    this.accessVersion += 1;
    this.musterVersion += 1;
    this.visitsVersion += 1;
    this.videoVersion += 1;
    this.patrolVersion += 1;
    this.approvalsVersion += 1;
    this.commandsVersion += 1;
    this.assistanceVersion += 1;
    this.fireVersion += 1;
    this.plansVersion += 1;
    this.firmwareVersion += 1;
  }

  /** @param {string} name @param {any} data */
  take(name, data) {
    if (name === "event") this.#add(data);
    else if (name === "node") this.nodes.set(data.node, data);
    else if (name === "people") this.peopleVersion = data.version;
    else if (name === "recognition") this.recognitionVersion += 1;
    else if (name === "access") this.accessVersion += 1;
    else if (name === "muster") this.musterVersion += 1;
    else if (name === "visits") this.visitsVersion += 1;
    else if (name === "video") this.videoVersion += 1;
    else if (name === "patrol") this.patrolVersion += 1;
    else if (name === "approvals") this.approvalsVersion += 1;
    else if (name === "commands") this.commandsVersion += 1;
    else if (name === "assistance") this.assistanceVersion += 1;
    else if (name === "fire") this.fireVersion += 1;
    else if (name === "plans") this.plansVersion += 1;
    else if (name === "firmware") this.firmwareVersion += 1;
    else if (name === "alarm") this.alarms.take(data);
    else if (name === "alarm_flood") this.alarms.takeFlood(data);
  }

  /** @param {StoredEvent} stored */
  #add(stored) {
    const { position } = stored;
    if (position <= this.#toldUpTo || this.#told.has(position)) return;
    this.#told.add(position);
    if (this.#told.size > TOLD_MAX) this.#told.delete(/** @type {number} */ (this.#told.values().next().value));
    this.recent.push(stored);
    if (this.recent.length > RECENT_MAX) this.recent.shift();
    this.arrived += 1;
    this.log.add(stored);
  }

  /** Every device of every node, stale where nobody vouches for it now. */
  devices() {
    return [...this.nodes.values()].flatMap((node) =>
      (node.status?.devices ?? []).map((/** @type {Device} */ device) => this.#seen(node, device)),
    );
  }

  /** Devices that people pass. */
  gates() {
    return this.devices().filter((device) => device.kind !== "camera" && device.access_points.length > 0);
  }

  /** @param {NodeView} node @param {Device} device */
  #seen(node, device) {
    const seen = { ...device, node: node.node, isAwaited: false };
    if (!this.link.isOnline) return { ...seen, isStale: true, staleSince: this.link.since };
    if (!node.is_online) return { ...seen, isStale: true, staleSince: node.last_seen_at ?? device.since };
    return { ...seen, isStale: !device.is_current, isAwaited: device.is_awaited, staleSince: device.since };
  }
}
