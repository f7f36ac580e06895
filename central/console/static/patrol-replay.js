/** A round, minute by minute: on the floor plan where its checkpoints are placed, else on a line. */

import { get } from "./api.js";
import { faults, said } from "./patrol-board.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { draw } from "/web/symbols.js";

const STEP_MS = 400;

/**
 * @typedef {import("./patrol-board.js").Round} Round
 * @typedef {{scan_id: string, checkpoint: string, scanned_at: string, received_at: string, holder_id: string | null,
 *   index: number | null, is_fallback: boolean, is_time_unsure: boolean}} Scan
 * @typedef {Round & {scans: Scan[]}} Detail
 * @typedef {{x: number, y: number}} Spot
 * @typedef {{width: number, height: number, drawing: string | null, spots: Map<string, Spot>}} Sheet
 */

export class Replay {
  #state;
  /** @type {Detail | null} */
  #round = null;
  /** @type {Map<string, any>} */
  #names = new Map();
  /** @type {Sheet | null} */
  #sheet = null;
  #at = 0;
  #asked = 0;
  /** @type {ReturnType<typeof setInterval> | null} */
  #playing = null;
  #head = h("header");
  #picture = draw("svg", { class: "walk", role: "img" });
  #slider = /** @type {HTMLInputElement} */ (h("input", { type: "range", min: 0, step: 1 }));
  #clock = h("output");
  #play = h("button", { type: "button", onclick: () => this.play() });
  #stops = h("tbody");
  #columns = h("tr");
  #aside = h("p", { class: "muted" });
  element = h(
    "section",
    { class: "replay", hidden: true },
    this.#head,
    h("div", { class: "picture" }, this.#picture),
    h("div", { class: "time" }, this.#play, this.#slider, this.#clock),
    h("table", {}, h("thead", {}, this.#columns), this.#stops),
    this.#aside,
  );

  /** @param {() => import("./site-state.js").SiteState} state */
  constructor(state) {
    this.#state = state;
    this.#slider.addEventListener("input", () => this.#go(Number(this.#slider.value)));
  }

  /** @param {string} id of a round */
  async open(id) {
    this.#stop();
    const mine = ++this.#asked;
    const [round, plans, known] = await Promise.all([get(`/patrol/rounds/${id}`), get("/plans"), get("/patrol/routes")]);
    if (mine !== this.#asked) return;
    this.#names = new Map(known.checkpoints.map((/** @type {any} */ each) => [each.id, each.name]));
    this.#round = round;
    this.#sheet = sheetOf(round, plans.items);
    this.#at = this.#last();
    this.show();
  }

  /** Ask again for the round that is shown. */
  async reload() {
    if (!this.#round) return;
    const mine = ++this.#asked;
    const round = await get(`/patrol/rounds/${this.#round.round_id}`);
    if (mine !== this.#asked) return;
    const wasLast = this.#at === this.#last();
    this.#round = round;
    if (wasLast) this.#at = this.#last();
    this.show();
  }

  #begin() {
    return Math.min(Date.parse(this.#round?.starts_at ?? ""), ...(this.#round?.scans ?? []).map((scan) => Date.parse(scan.scanned_at)));
  }

  /** Seconds from the beginning to the last scan, or to the end. */
  #last() {
    const scans = this.#round?.scans ?? [];
    const end = scans.length > 0 ? Date.parse(scans[scans.length - 1].scanned_at) : Date.parse(this.#round?.closes_at ?? "");
    return Math.ceil((end - this.#begin()) / 1000);
  }

  #length() {
    return Math.max(this.#last(), Math.ceil((Date.parse(this.#round?.closes_at ?? "") - this.#begin()) / 1000));
  }

  /** @param {string} checkpoint */
  #name(checkpoint) {
    return localName(this.#names.get(checkpoint), checkpoint);
  }

  show() {
    const round = this.#round;
    this.element.hidden = !round;
    if (!round) return;
    const { zone } = this.#state();
    const guards = round.guards.map((id) => round.people[id] ?? t("considered.removed")).join(t("patrol.comma"));
    fill(
      this.#head,
      h("h2", {}, localName(round.route_name, round.route)),
      h("span", { class: "muted" }, t("patrol.round_of", { from: formatTime(round.starts_at, zone), until: formatTime(round.closes_at, zone), who: guards || t("patrol.anybody") })),
    );
    this.#slider.max = String(this.#length());
    this.#slider.ariaLabel = t("patrol.slider");
    fill(this.#columns, ...["#", t("patrol.checkpoint"), t("patrol.expected"), t("patrol.was"), t("patrol.guard")].map((words) => h("th", {}, words)));
    renderRows(this.#stops, round.stops.map((stop, index) => ({ stop, index })), {
      key: ({ index }) => String(index),
      create: () => h("tr", {}, h("td"), h("td"), h("td"), h("td"), h("td")),
      update: (row, { stop, index }) => {
        const [number, name, when, was, who] = row.children;
        const [fault] = faults(stop);
        row.className = fault ? `p${fault}` : "";
        fill(number, String(index + 1));
        fill(name, this.#name(stop.checkpoint));
        fill(when, `${formatTime(stop.from_at, zone).slice(-8, -3)} - ${formatTime(stop.until_at, zone).slice(-8, -3)}`);
        fill(was, said(stop, zone));
        fill(who, stop.holder_id ? (round.people[stop.holder_id] ?? t("considered.removed")) : stop.scanned_at ? t("patrol.nobody_known") : "");
      },
    });
    const spare = round.scans.filter((scan) => scan.index === null).length;
    fill(this.#aside, spare > 0 && t("patrol.repeated", { n: spare }));
    this.#draw();
  }

  /** @param {number} at seconds */
  #go(at) {
    this.#at = Math.max(0, Math.min(this.#length(), at));
    this.#draw();
  }

  /** To the next scan, or the one before. @param {1 | -1} by */
  step(by) {
    if (!this.#round) return;
    const times = this.#round.scans.map((scan) => Math.ceil((Date.parse(scan.scanned_at) - this.#begin()) / 1000));
    const found = by > 0 ? times.find((each) => each > this.#at) : times.findLast((each) => each < this.#at);
    this.#go(found ?? (by > 0 ? this.#length() : 0));
  }

  /** Walk the round again, or stand still. */
  play() {
    if (!this.#round) return;
    if (this.#playing) return this.#stop();
    if (this.#at >= this.#last()) this.#go(0);
    this.#playing = setInterval(() => {
      this.#go(this.#at + Math.max(1, Math.round(this.#length() / 40)));
      if (this.#at >= this.#length()) this.#stop();
    }, STEP_MS);
    this.#draw();
  }

  #stop() {
    if (this.#playing) clearInterval(this.#playing);
    this.#playing = null;
    if (this.#round) this.#draw();
  }

  #draw() {
    const round = this.#round;
    if (!round) return;
    const { zone } = this.#state();
    const now = this.#begin() + this.#at * 1000;
    this.#slider.value = String(this.#at);
    fill(this.#clock, formatTime(now, zone));
    fill(this.#play, t(this.#playing ? "patrol.pause" : "patrol.play"));
    const sheet = this.#sheet ?? lineOf(round);
    const size = Math.max(sheet.width, sheet.height * 2) / 90;
    this.#picture.setAttribute("viewBox", `0 0 ${sheet.width} ${sheet.height}`);
    const seen = round.scans.filter((scan) => Date.parse(scan.scanned_at) <= now && sheet.spots.has(scan.checkpoint));
    const path = seen.map((scan) => /** @type {Spot} */ (sheet.spots.get(scan.checkpoint)));
    const parts = [];
    if (sheet.drawing) parts.push(draw("image", { href: `/api/v1/plans/drawings/${sheet.drawing}`, width: String(sheet.width), height: String(sheet.height), class: "floor" }));
    parts.push(draw("polyline", { points: path.map(({ x, y }) => `${x},${y}`).join(" "), "stroke-width": String(size / 3), class: "path" }));
    for (const [checkpoint, { x, y }] of sheet.spots) {
      const stops = round.stops.filter((stop) => stop.checkpoint === checkpoint);
      const numbers = round.stops.flatMap((stop, index) => (stop.checkpoint === checkpoint ? [index + 1] : []));
      const isSeen = seen.some((scan) => scan.checkpoint === checkpoint);
      const isMissed = !isSeen && stops.some((stop) => Date.parse(stop.late_at) < now);
      const fault = isMissed ? 3 : isSeen ? stops.flatMap(faults)[0] : undefined;
      const mark = draw("g", { class: `spot${isSeen ? " is-seen" : ""}${fault ? ` p${fault}` : ""}` });
      const text = draw("text", { x: String(x), y: String(y + size * 0.45), "text-anchor": "middle", "font-size": String(size * 1.25) });
      text.textContent = isMissed ? "×" : numbers.join("/");
      const label = draw("text", { x: String(x), y: String(y + size * 3), "text-anchor": "middle", "font-size": String(size * 1.2), class: "label" });
      label.textContent = this.#name(checkpoint);
      const title = draw("title", {});
      title.textContent = `${this.#name(checkpoint)}: ${term("patrol_status", isSeen ? (stops[0]?.status ?? "done") : isMissed ? "overdue" : "waiting")}`;
      mark.append(title, draw("circle", { cx: String(x), cy: String(y), r: String(size * 1.3), "stroke-width": String(size / 6) }), text, label);
      parts.push(mark);
    }
    const last = path.at(-1);
    if (last) parts.push(draw("circle", { cx: String(last.x), cy: String(last.y), r: String(size * 1.9), "stroke-width": String(size / 4), class: "guard" }));
    this.#picture.replaceChildren(...parts);
  }
}

/** The plan that has most of a round's checkpoints; nothing where none has any. @param {Round} round @param {any[]} plans @returns {Sheet | null} */
function sheetOf(round, plans) {
  const wanted = new Set(round.stops.map((stop) => stop.checkpoint));
  const found = plans
    .map((plan) => {
      const places = plan.places.filter((/** @type {any} */ place) => place.kind === "checkpoint" && wanted.has(place.id));
      const spots = new Map(places.map((/** @type {any} */ place) => [place.id, { x: place.x * plan.width, y: place.y * plan.height }]));
      return { width: plan.width, height: plan.height, drawing: plan.drawing, spots };
    })
    .toSorted((one, other) => other.spots.size - one.spots.size)[0];
  return found && found.spots.size > 0 ? found : null;
}

/** The checkpoints on a line, in rows of ten. @param {Round} round @returns {Sheet} */
function lineOf(round) {
  const names = [...new Set(round.stops.map((stop) => stop.checkpoint))];
  const spots = new Map(names.map((name, index) => [name, { x: 60 + (index % 10) * 90, y: 40 + Math.floor(index / 10) * 90 }]));
  return { width: 930, height: 100 + Math.floor((names.length - 1) / 10) * 90, drawing: null, spots };
}
