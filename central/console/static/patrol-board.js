/** The board: a line for each round, a cell for each stop. Grey is as it should be. */

import { fill, h, renderRows } from "/web/dom.js";
import { formatDate, formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{checkpoint: string, from_at: string, until_at: string, late_at: string, status: string,
 *   scanned_at: string | null, received_at: string | null, holder_id: string | null, by: string,
 *   guard: string | null, is_out_of_order: boolean, is_fallback: boolean, is_time_unsure: boolean,
 *   is_reported_late: boolean, told: Record<string, string>, is_abnormal_now: boolean}} Stop
 * @typedef {{round_id: string, route: string, route_name: any, shift: string, shift_name: any, starts_at: string,
 *   closes_at: string, is_ordered: boolean, phase: "coming" | "walking" | "over", guards: string[],
 *   people: Record<string, string>, done_count: number, abnormal_count: number, next_index: number | null,
 *   stops: Stop[]}} Round
 * @typedef {{id: string, name: any, zone: string}} Checkpoint
 * @typedef {{at: string, has_plan: boolean, rounds: Round[], checkpoints: Checkpoint[],
 *   silent: {node: string, last_seen_at: string | null}[]}} BoardData
 */

/** Which sign a stop has, and what it says; nothing where all is well. @param {Stop} stop */
export function faults(stop) {
  const found = [];
  if (stop.status === "missed" || stop.guard === "wrong" || stop.guard === "unknown") found.push(3);
  else if (stop.is_abnormal_now) found.push(4);
  return /** @type {(3 | 4)[]} */ (found);
}

/** Everything that there is to say of a stop. @param {Stop} stop @param {string} zone */
export function said(stop, zone) {
  const words = [term("patrol_status", stop.status)];
  if (stop.scanned_at) words.push(formatTime(stop.scanned_at, zone));
  if (stop.guard === "wrong" || stop.guard === "unknown") words.push(t(`patrol.guard_${stop.guard}`));
  if (stop.is_out_of_order) words.push(t("patrol.out_of_order"));
  if (stop.is_reported_late && stop.received_at) words.push(t("patrol.reported_late", { time: formatTime(stop.received_at, zone) }));
  if (stop.is_fallback) words.push(t("patrol.fallback"));
  if (stop.is_time_unsure) words.push(t("patrol.time_unsure"));
  const first = Object.values(stop.told).toSorted()[0];
  if (first) words.push(t("patrol.alarm_given", { time: formatTime(first, zone) }));
  return words.join(" · ");
}

/** @param {number} ms */
function countdown(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [h_, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return h_ > 0 ? `${h_}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

export class Board {
  #state;
  #open;
  /** @type {BoardData | null} */
  #data = null;
  /** Central's clock less this machine's. */
  #ahead = 0;
  /** @type {string | null} */
  #chosen = null;
  #silent = h("p", { class: "silent", role: "status" });
  #list = h("ul", { class: "rounds" });
  #empty = h("p", { class: "empty" });
  element = h("section", {}, this.#silent, this.#list, this.#empty);

  /** @param {() => import("./site-state.js").SiteState} state @param {(id: string) => void} open */
  constructor(state, open) {
    this.#state = state;
    this.#open = open;
  }

  /** @param {BoardData} data */
  take(data) {
    this.#data = data;
    this.#ahead = Date.parse(data.at) - Date.now();
    this.show();
  }

  show() {
    if (!this.#data) return;
    const { zone } = this.#state();
    const { rounds, silent, has_plan: hasPlan } = this.#data;
    this.#silent.hidden = silent.length === 0;
    fill(this.#silent, h("i", { class: "hatch" }), ...silent.map(({ node, last_seen_at: at }) => h("span", {}, at ? t("patrol.silent", { node, time: formatTime(at, zone) }) : t("patrol.silent_never", { node }))));
    this.#empty.hidden = rounds.length > 0;
    fill(this.#empty, t(hasPlan ? "patrol.empty" : "patrol.no_plan"));
    renderRows(this.#list, rounds, {
      key: (round) => round.round_id,
      create: (round) => this.#row(round),
      update: (row, round) => this.#update(row, round),
    });
    this.tick();
  }

  /** @param {Round} round */
  #row(round) {
    const button = h("button", { type: "button", class: "plain", onclick: () => this.choose(round.round_id) });
    return h("li", {}, h("div", { class: "head" }, h("time"), button, h("span", { class: "who muted" }), h("span", { class: "next" }), h("span", { class: "count" })), h("ol", { class: "stops" }));
  }

  /** @param {HTMLElement} row @param {Round} round */
  #update(row, round) {
    const { zone } = this.#state();
    const [head, stops] = row.children;
    const [time, name, who, , count] = head.children;
    row.className = `is-${round.phase}${round.abnormal_count ? " is-abnormal" : ""}${this.#chosen === round.round_id ? " is-chosen" : ""}`;
    const day = formatDate(round.starts_at, zone);
    const isToday = day === formatDate(Date.now() + this.#ahead, zone);
    fill(time, !isToday && h("span", { class: "muted" }, `${day.slice(5)} `), formatTime(round.starts_at, zone, Date.parse(round.starts_at)).slice(0, 5));
    fill(name, localName(round.route_name, round.route));
    fill(who, round.guards.map((id) => round.people[id] ?? t("considered.removed")).join(t("patrol.comma")) || t("patrol.anybody"));
    const bad = round.abnormal_count > 0;
    fill(count, bad && prioritySign(round.stops.some((stop) => faults(stop).includes(3)) ? 3 : 4), t("patrol.count", { n: round.done_count, all: round.stops.length }), bad && h("b", {}, ` ${t("patrol.abnormal", { n: round.abnormal_count })}`));
    renderRows(stops, round.stops.map((stop, index) => ({ stop, index })), {
      key: ({ index }) => String(index),
      create: () => h("li"),
      update: (cell, { stop, index }) => {
        const label = `${index + 1} ${this.checkpointName(stop.checkpoint)}: ${said(stop, zone)}`;
        const [fault] = faults(stop);
        cell.className = `stop ${stop.status}${fault ? ` p${fault}` : ""}${stop.is_reported_late ? " is-reported-late" : ""}${index === round.next_index && round.phase === "walking" ? " is-next" : ""}`;
        cell.title = label;
        cell.ariaLabel = label;
        fill(cell, SIGNS[stop.status] ?? String(index + 1));
      },
    });
  }

  /** Count down to what is due next. */
  tick() {
    const now = Date.now() + this.#ahead;
    for (const row of /** @type {HTMLElement[]} */ ([...this.#list.children])) {
      const round = this.#data?.rounds.find((each) => each.round_id === row.dataset.key);
      const place = row.querySelector(".next");
      if (!round || !place) continue;
      const stop = round.next_index === null ? null : round.stops[round.next_index];
      if (round.phase === "coming") fill(place, t("patrol.begins_in", { time: countdown(Date.parse(round.starts_at) - now) }));
      else if (stop && Date.parse(stop.until_at) > now) fill(place, t("patrol.next_in", { name: this.checkpointName(stop.checkpoint), time: countdown(Date.parse(stop.until_at) - now) }));
      else if (stop) fill(place, t("patrol.overdue_by", { name: this.checkpointName(stop.checkpoint), time: countdown(now - Date.parse(stop.until_at)) }));
      else fill(place, t("patrol.over"));
    }
  }

  /** @param {string} id */
  checkpointName(id) {
    return localName(this.#data?.checkpoints.find((each) => each.id === id)?.name, id);
  }

  /** @param {string} id of a round */
  choose(id) {
    this.#chosen = id;
    this.show();
    this.#list.querySelector(`[data-key="${CSS.escape(id)}"]`)?.scrollIntoView({ block: "nearest" });
    this.#open(id);
  }

  /** Choose the next round, or the one before. @param {1 | -1} by */
  move(by) {
    const rounds = this.#data?.rounds ?? [];
    if (rounds.length === 0) return;
    const at = rounds.findIndex((each) => each.round_id === this.#chosen);
    const to = at === -1 ? 0 : Math.min(rounds.length - 1, Math.max(0, at + by));
    this.choose(rounds[to].round_id);
  }
}

/** @type {Record<string, string>} */
const SIGNS = { done: "✓", early: "✓", late: "✓", missed: "×", overdue: "!" };
