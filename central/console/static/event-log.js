/**
 * Events as a guard reads them: one line per person and attempt. *Granted*, *answered* and *passed*
 * are three facts with one decision; the later ones complete the line of the first.
 */

/**
 * @typedef {import("./site-state.js").StoredEvent} StoredEvent
 * @typedef {object} Line
 * @property {string} key
 * @property {string} at ISO 8601
 * @property {string} node
 * @property {string} word key after `event.`
 * @property {import("/web/symbols.js").SymbolName} symbol
 * @property {0 | 1 | 2 | 3 | 4} priority 0: nothing that asks for attention
 * @property {any} data of the event that began the line
 * @property {string | null} name
 * @property {{at: string, data: any} | null} answered
 * @property {{at: string, isPassed: boolean} | null} outcome
 * @property {Line | null} settled the line of the doubt that this card settled
 * @property {Line | null} settledBy the line of the card that settled this doubt
 */

const LINE_COUNT_MAX = 300;
/** What is told later after it happened is history. */
const LIVE_MS = 60_000;
const PREFIX = "menshen.";
const GRANTED = "menshen.access.granted.v1";
const DENIED = "menshen.access.denied.v1";
const ANSWERED = "menshen.door.command_answered.v1";
const PASSED = "menshen.access.passed.v1";
const NOT_PASSED = "menshen.access.not_passed.v1";
/** Told every few seconds of each board that is updated: the page of boards shows it. */
const PROGRESSED = "menshen.board.update_progressed.v1";
const STATES_WORTH_A_LINE = new Set(["blocked", "fault", "emergency_open"]);

/**
 * How an event looks: its symbol, and its priority where it asks for attention.
 * @type {Record<string, (data: any) => [import("/web/symbols.js").SymbolName, 0 | 1 | 2 | 3 | 4]>}
 */
const LOOKS = {
  "access.granted": () => ["granted", 0],
  "access.denied": () => ["denied", 0],
  "access.passed": () => ["passed", 0],
  "access.not_passed": () => ["not_passed", 0],
  "door.state_changed": (data) => ["door", data.state === "emergency_open" ? 1 : 2],
  "door.fault_changed": (data) => ["door", data.faults?.length ? 2 : 0],
  "door.tampered": (data) => ["door", data.active ? 2 : 0],
  "device.lost": () => ["lost", 2],
  "device.returned": () => ["note", 0],
  "board.safe_state_entered": () => ["lost", 2],
  "board.fire_input_changed": (data) => ["door", data.is_active ? 1 : 0],
  "board.health_changed": (data) => ["note", data.faults?.length ? 3 : 0],
  "board.update_ended": (data) => ["note", data.outcome === "confirmed" || data.reason === "cancelled" ? 0 : 3],
  "node.neighbour_lost": () => ["lost", 2],
  "node.neighbour_returned": () => ["note", 0],
  "node.started": (data) => ["note", data.pipeline_missing?.length ? 3 : 0],
  "journal.unwritable": () => ["note", 2],
  "journal.dropped": () => ["note", 2],
  "journal.conflicted": () => ["note", 2],
  "ingest.limited": () => ["note", 3],
  "emergency.released": () => ["door", 1],
  "node.revoked": () => ["lost", 2],
  "certificate.expiring": () => ["lost", 3],
  "replica.age_changed": (data) => ["note", data.is_outdated ? 2 : 0],
  "fire.point_changed": (data) => ["note", data.conditions?.some((/** @type {string} */ each) => each === "fire") ? 1 : data.conditions?.length ? 3 : 0],
  "fire.confirmed": (data) => ["door", data.is_drill ? 3 : 1],
  "fire.release_answered": (data) => ["door", data.outcome === "confirmed" ? 0 : 1],
  "fire.path_changed": (data) => ["lost", data.is_up ? 0 : 2],
  "video.clip_kept": () => ["note", 0],
  "video.recording_checked": (data) => ["note", data.is_enough ? 0 : 3],
  "command.asked_here": () => ["note", 3],
  "command.answered": (data) => ["note", data.outcome === "done" ? 0 : data.outcome === "unknown" ? 2 : 3],
};

export class EventLog {
  /** @type {Line[]} newest first */
  lines = [];
  /** @type {Map<string, Line>} open lines by decision */
  #decisions = new Map();

  /** @param {StoredEvent} stored not told before; of facts of one decision, in their order */
  add(stored) {
    const { event } = stored;
    const decision = event.data.decision_id ?? null;
    const begun = decision === null ? undefined : this.#decisions.get(decision);
    if (event.type === ANSWERED) {
      if (begun) begun.answered = { at: event.time, data: event.data };
    } else if (begun && (event.type === PASSED || event.type === NOT_PASSED)) {
      begun.outcome = { at: event.time, isPassed: event.type === PASSED };
    } else if (event.type === PROGRESSED) {
      return;
    } else if (event.type !== "menshen.door.state_changed.v1" || STATES_WORTH_A_LINE.has(event.data.state)) {
      this.#begin(stored);
    }
  }

  /** @param {StoredEvent} stored */
  #begin({ position, node, event, holder_name: name, received_at: receivedAt }) {
    const word = event.type.replace(PREFIX, "").replace(/\.v\d+$/, "");
    const [symbol, priority] = LOOKS[word]?.(event.data) ?? ["note", event.class === "alarm" ? 3 : 0];
    const line = {
      key: String(position), at: event.time, node, word, symbol, priority,
      data: event.data, name, answered: null, outcome: null, settled: null, settledBy: null,
    };
    // What a terminal tells of a day without central stands where it happened, and pushes away nothing of now.
    const at = Date.parse(event.time);
    const isPast = Date.parse(receivedAt) - at > LIVE_MS;
    const place = isPast ? this.lines.findIndex((each) => Date.parse(each.at) <= at) : 0;
    this.lines.splice(place < 0 ? this.lines.length : place, 0, line);
    if (event.type === GRANTED || event.type === DENIED) this.#decisions.set(event.data.decision_id, line);
    if (event.data.confirms) this.#settle(line);
    for (const old of this.lines.splice(LINE_COUNT_MAX)) this.#decisions.delete(old.data.decision_id);
  }

  /** @param {Line} card the grant of a card that settled a doubt about a face */
  #settle(card) {
    const doubt = this.#decisions.get(card.data.confirms);
    if (!doubt) return;
    card.settled = doubt;
    doubt.settledBy = card;
  }
}

/**
 * How the gate took a person's grant, in the order in which it is worth saying.
 * @param {Line} line
 * @returns {{word: string, priority: 0 | 2, at: string} | null}
 */
export function progress({ outcome, answered, settledBy }) {
  if (settledBy) return { word: "settled", priority: 0, at: settledBy.at };
  if (outcome) return { word: outcome.isPassed ? "passed" : "not_passed", priority: 0, at: outcome.at };
  if (!answered) return null;
  const { outcome: word } = answered.data;
  return { word, priority: word === "confirmed" ? 0 : 2, at: answered.at };
}
