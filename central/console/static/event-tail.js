/** The live end of a search: which new events belong to it, and where they stand among those that are shown. Pure. */

/**
 * @typedef {import("./site-state.js").StoredEvent} StoredEvent
 * @typedef {{since: string, until: string, type: string, class: string, place: string, node: string, person: string}} Wanted
 *   instants in ISO 8601; an empty field is no condition, and an empty `until` is now
 */

/** More rows than this no page holds: the oldest go, and *More* fetches them again. */
export const ROWS_MAX = 1000;

/** What an event is about, as central files it. @param {StoredEvent} stored */
export function placeOf({ node, event: { data } }) {
  return data.access_point ?? data.checkpoint ?? data.zone ?? data.camera ?? data.device ?? node;
}

/** Whether a search would find an event. @param {StoredEvent} stored @param {Wanted} wanted */
export function belongs(stored, wanted) {
  const { event, node } = stored;
  const at = Date.parse(event.time);
  if (wanted.since && at < Date.parse(wanted.since)) return false;
  if (wanted.until && at >= Date.parse(wanted.until)) return false;
  if (wanted.type && event.type !== wanted.type) return false;
  if (wanted.class && event.class !== wanted.class) return false;
  if (wanted.node && node !== wanted.node) return false;
  if (wanted.place && placeOf(stored) !== wanted.place) return false;
  return !wanted.person || event.data.holder_id === wanted.person;
}

/**
 * Put new events among those that are shown, newest first; an event that came late stands where it happened.
 * @param {readonly StoredEvent[]} shown newest first
 * @param {readonly StoredEvent[]} fresh in any order
 * @param {boolean} isWhole whether nothing older than what is shown is left at central
 * @returns {{items: StoredEvent[], isCut: boolean}} `isCut`: the oldest had to go
 */
export function merged(shown, fresh, isWhole) {
  const known = new Set(shown.map(({ position }) => position));
  const oldest = shown.at(-1);
  // What is older than the last row is found by going on from there, not by jumping the queue.
  const wanted = fresh.filter((each) => !known.has(each.position) && (isWhole || !oldest || isNewer(each, oldest)));
  const items = [...shown, ...wanted].sort((one, other) => (isNewer(one, other) ? -1 : 1));
  return { items: items.slice(0, ROWS_MAX), isCut: items.length > ROWS_MAX };
}

/** @param {StoredEvent} one @param {StoredEvent} other */
function isNewer(one, other) {
  const difference = Date.parse(one.event.time) - Date.parse(other.event.time);
  return difference > 0 || (difference === 0 && one.position > other.position);
}
