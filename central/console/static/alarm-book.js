/** The alarms that stand, as central tells them one by one, in the order in which they ask for attention. */

/**
 * @typedef {{access_point: string | null, device: string | null, zone: string | null,
 *   checkpoint: string | null, camera: string | null, round: string | null}} Subject
 * @typedef {{kind: "snapshot" | "clip", sha256: string, camera: string}} Medium
 * @typedef {{until: string, by: string, reason: string}} Shelf
 * @typedef {{since: string, by: string, reason: string}} OutOfService
 * @typedef {{id: string, kind: string, priority: Priority, source: string, node: string | null,
 *   subject: Subject, condition: "active" | "returned" | "unknown", raised_at: string,
 *   last_raised_at: string, returned_at: string | null, is_active: boolean,
 *   acknowledged_at: string | null, acknowledged_by: string | null, is_latched: boolean,
 *   shelved: Shelf | null, is_suppressed: boolean, out_of_service: OutOfService | null,
 *   is_out_of_service: boolean, count: number, is_chattering: boolean, is_first_up: boolean,
 *   is_stale: boolean, is_gathered: boolean, is_history: boolean, escalation: number,
 *   event_position: number | null, detail: Record<string, any>, media: Medium[],
 *   closed_at: string | null, version: number}} Alarm as central's `AlarmView`
 */

/** @typedef {1 | 2 | 3 | 4} Priority */
/** @typedef {{is_on: boolean, since: string | null, gathered: Record<string, number>}} Flood */

/** @type {Priority[]} */
export const PRIORITIES = [1, 2, 3, 4];
/** More than the milliseconds of any time: what an order by two things is made of. */
const LATEST_MS = 1e13;
/** A confirmed fire, and what a single detector or call point signals. */
const FIRE = "fire";
const SIGNAL = "fire_point";

/** Whether somebody still has to say that they have seen it. @param {Alarm} alarm */
export function isUnacknowledged(alarm) {
  return alarm.acknowledged_at === null && !isAside(alarm);
}

/** Whether people or the site have decided not to be asked about it. @param {Alarm} alarm */
function isAside(alarm) {
  return !alarm.is_latched && (alarm.shelved !== null || alarm.is_suppressed || alarm.is_out_of_service);
}

/** What it is about, by kind; empty for the node itself. @param {Alarm} alarm @returns {[string, string][]} */
export function subjectsOf({ subject }) {
  return /** @type {[string, string][]} */ (Object.entries(subject).filter(([, id]) => id !== null));
}

/** Less is more urgent: what nobody has acknowledged, then the priority, then a fire. @param {Alarm} alarm */
export function urgency({ acknowledged_at: acknowledged, priority, kind }) {
  return 2 * ((acknowledged === null ? 0 : PRIORITIES.length) + priority) + (kind === FIRE ? 0 : 1);
}

/** In the order of urgency, then the newest. @param {Alarm} alarm */
function rank(alarm) {
  return urgency(alarm) * LATEST_MS + LATEST_MS - Date.parse(alarm.raised_at);
}

export class AlarmBook {
  /** Whether central has said what stands; never for those who may not see alarms. */
  isLoaded = false;
  /** Grows with every change. */
  revision = 0;
  /** @type {Map<string, {alarm: Alarm, rank: number}>} */
  #standing = new Map();
  /** @type {Flood} what came faster than people can follow, as numbers */
  flood = { is_on: false, since: null, gathered: {} };
  /** Of the newest change that central's list held. */
  #since = 0;
  /** @type {Alarm[] | null} */
  #shown = null;
  /** @type {Map<string, Alarm[]>} signals by the fire whose line stands for them; as old as `shown` */
  #signals = new Map();
  /** @type {Set<() => void>} told at once, not with the next frame: a page in the background draws none */
  #listeners = new Set();

  /** @param {() => void} listener */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  /** Begin anew. @param {{items: readonly Alarm[], aside: readonly Alarm[], flood: Flood, version: number}} list */
  apply({ items, aside, flood, version }) {
    this.#standing = new Map([...items, ...aside].map((alarm) => [alarm.id, { alarm, rank: rank(alarm) }]));
    this.#since = version;
    this.flood = flood;
    this.isLoaded = true;
    this.#changed();
  }

  /** @param {Flood} flood */
  takeFlood(flood) {
    this.flood = flood;
    this.#changed();
  }

  /** Take one that has changed; what the list has told in a newer state is left. @param {Alarm} alarm */
  take(alarm) {
    const known = this.#standing.get(alarm.id)?.alarm.version ?? this.#since;
    if (alarm.version <= known) return;
    if (alarm.closed_at !== null || alarm.is_gathered) this.#standing.delete(alarm.id);
    else this.#standing.set(alarm.id, { alarm, rank: rank(alarm) });
    this.#changed();
  }

  #changed() {
    this.revision += 1;
    this.#shown = null;
    for (const listener of this.#listeners) listener();
  }

  /** Everything that stands, whoever has laid it aside. */
  values() {
    return [...this.#standing.values()].map(({ alarm }) => alarm);
  }

  /** @param {string | null} id @returns {Alarm | undefined} */
  get(id) {
    return this.#standing.get(id ?? "")?.alarm;
  }

  /** What asks for attention, the most urgent first; the line of a fire stands for its signals. */
  get shown() {
    this.#shown ??= this.#listed();
    return this.#shown;
  }

  #listed() {
    const entries = [...this.#standing.values()].filter(({ alarm }) => !isAside(alarm)).sort((a, b) => a.rank - b.rank);
    this.#signals = new Map();
    /** @type {Map<string | null, Alarm>} the most urgent fire of each zone */
    const fires = new Map();
    for (const { alarm } of entries) if (alarm.kind === FIRE && !fires.has(alarm.subject.zone)) fires.set(alarm.subject.zone, alarm);
    const listed = [];
    for (const { alarm } of entries) {
      const fire = alarm.kind === SIGNAL && fires.get(alarm.detail.zone);
      // Of a fire that somebody has seen, a detector that joins is news.
      if (fire && urgency(fire) <= urgency(alarm)) this.#signals.set(fire.id, [...(this.#signals.get(fire.id) ?? []), alarm]);
      else listed.push(alarm);
    }
    return listed;
  }

  /** The signals of single detectors that the line of a fire stands for, the first one first. @param {Alarm} fire @returns {Alarm[]} */
  signalsOf(fire) {
    if (fire.kind !== FIRE || !this.shown) return [];
    return (this.#signals.get(fire.id) ?? []).toSorted((a, b) => Date.parse(a.raised_at) - Date.parse(b.raised_at) || (a.event_position ?? 0) - (b.event_position ?? 0));
  }

  /** How many of each kind a flood has gathered, the most first. @returns {[string, number][]} */
  get gathered() {
    return Object.entries(this.flood.gathered).sort(([, a], [, b]) => b - a);
  }

  /** What somebody has laid aside: on the shelf, or out of service. */
  get aside() {
    return this.values().filter(isAside);
  }

  /** The most urgent one that nobody has acknowledged. @returns {Alarm | null} */
  get top() {
    let best = null;
    for (const entry of this.#standing.values()) {
      if (isUnacknowledged(entry.alarm) && (!best || entry.rank < best.rank)) best = entry;
    }
    return best?.alarm ?? null;
  }

  /** How many there are of each priority, and how many of them are unacknowledged. */
  counts() {
    const counts = PRIORITIES.map((priority) => ({ priority, count: 0, unacknowledged: 0 }));
    for (const { alarm } of this.#standing.values()) {
      if (isAside(alarm)) continue;
      const of = counts[alarm.priority - 1];
      of.count += 1;
      if (alarm.acknowledged_at === null) of.unacknowledged += 1;
    }
    return counts;
  }

  /** Others about the same thing. @param {Alarm} alarm */
  around(alarm) {
    const wanted = new Set(subjectsOf(alarm).map(([, id]) => id));
    return this.values().filter(
      (other) => other.id !== alarm.id && subjectsOf(other).some(([, id]) => wanted.has(id)),
    );
  }
}
