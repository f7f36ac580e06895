/** The plan: shifts, routes and who is on duty, changed in a draft whose rounds are seen beforehand. */

import { get, post, request } from "./api.js";
import { actionButton } from "./forms.js";
import { editDuty, editRoute, editShift } from "./patrol-forms.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

const DUTY_DAYS = 7;
const PREVIEW_MS = 300;

/**
 * @typedef {{checkpoint: string, from_min: number, until_min: number}} PlanStop
 * @typedef {{id: string, name: any, intervals: any[], observes_holidays: boolean, guards: string[]}} Shift
 * @typedef {{id: string, name: any, shift: string, is_ordered: boolean, first_min: number, every_min: number | null,
 *   tolerance_min: number, missed_after_min: number, stops: PlanStop[]}} Route
 * @typedef {{shifts: Shift[], routes: Route[]}} PlanDocument
 * @typedef {{version: number, plan: PlanDocument, changed_by: string | null, changed_at: string | null,
 *   checkpoints: {id: string, name: any, zone: string}[], people: Record<string, string>}} Kept
 */

export class Plan {
  #state;
  #mayPlan;
  /** @type {Kept | null} */
  #kept = null;
  /** @type {PlanDocument | null} what is being changed; null: nothing is */
  #draft = null;
  #madeFrom = 0;
  /** @type {{items: any[], people: Record<string, string>}} */
  #duties = { items: [], people: {} };
  #bar = h("div", { class: "draft-bar", hidden: true });
  #problem = h("p", { class: "problem", role: "alert" });
  #shifts = h("section", { "aria-live": "off" });
  #routes = h("section");
  #duty = h("section");
  #preview = h("section");
  element = h("div", { class: "plan" }, this.#bar, this.#problem, this.#shifts, this.#routes, this.#preview, this.#duty);

  /** @param {() => import("./site-state.js").SiteState} state @param {boolean} mayPlan */
  constructor(state, mayPlan) {
    this.#state = state;
    this.#mayPlan = mayPlan;
  }

  async load() {
    [this.#kept, this.#duties] = await Promise.all([get("/patrol/routes"), get(`/patrol/duties?days=${DUTY_DAYS}`)]);
    this.show();
  }

  get #plan() {
    return this.#draft ?? this.#kept?.plan ?? { shifts: [], routes: [] };
  }

  /** Names of everybody who is known here. */
  get #people() {
    return { ...this.#duties.people, ...this.#kept?.people, ...this.#added };
  }

  /** @type {Record<string, string>} */
  #added = {};

  /** @param {Partial<PlanDocument>} change */
  #change(change) {
    if (!this.#draft) this.#madeFrom = this.#kept?.version ?? 0;
    this.#draft = { ...this.#plan, ...change };
    this.show();
  }

  show() {
    if (!this.#kept) return;
    this.#showBar();
    this.#showShifts();
    this.#showRoutes();
    this.#showDuties();
    this.#showPreview();
  }

  #showBar() {
    this.#bar.hidden = !this.#draft;
    if (!this.#draft) return;
    const save = async () => {
      await request("PUT", "/patrol/routes", { body: { made_from: this.#madeFrom, plan: this.#draft } });
      this.#draft = null;
      await this.load();
    };
    fill(
      this.#bar,
      h("span", {}, t("patrol.draft")),
      h("button", { type: "button", class: "quiet", onclick: () => { this.#draft = null; fill(this.#problem); this.show(); } }, t("patrol.discard")),
      actionButton("patrol.save", save, this.#problem, "primary"),
    );
  }

  /** @param {string} key @param {() => void} add @param {boolean} [mayAdd] */
  #header(key, add, mayAdd = true) {
    return h("header", {}, h("h2", {}, t(key)), this.#mayPlan && mayAdd && h("button", { type: "button", onclick: add }, t(`${key}_add`)));
  }

  /** @param {string} name @param {() => void} open */
  #opener(name, open) {
    return this.#mayPlan ? h("button", { type: "button", class: "plain", onclick: open }, name) : name;
  }

  /** @param {readonly string[]} guards */
  #names(guards) {
    return guards.map((id) => this.#people[id] ?? t("considered.removed")).join(t("patrol.comma")) || t("patrol.anybody");
  }

  #showShifts() {
    const { shifts, routes } = this.#plan;
    const edit = (/** @type {Shift | null} */ shift) =>
      editShift(shift, {
        people: this.#people,
        known: shifts.map(({ id }) => id),
        mayRemove: !routes.some((route) => route.shift === shift?.id),
        done: (changed, people) => {
          Object.assign(this.#added, people);
          this.#change({ shifts: replaced(shifts, shift, changed) });
        },
      });
    const rows = shifts.map((shift) =>
      h("tr", {}, h("td", {}, this.#opener(localName(shift.name, shift.id), () => edit(shift))), h("td", {}, shift.intervals.map(hoursWords).join("; ")), h("td", {}, this.#names(shift.guards))),
    );
    fill(this.#shifts, this.#header("patrol.shifts", () => edit(null)), rows.length === 0 ? h("p", { class: "empty" }, t("patrol.shifts_empty")) : table(["patrol.shift", "patrol.hours", "patrol.guards"], rows));
  }

  #showRoutes() {
    const { shifts, routes } = this.#plan;
    const edit = (/** @type {Route | null} */ route) =>
      editRoute(route, {
        shifts,
        checkpoints: this.#kept?.checkpoints ?? [],
        known: routes.map(({ id }) => id),
        done: (changed) => this.#change({ routes: replaced(routes, route, changed) }),
      });
    const rows = routes.map((route) => {
      const shift = shifts.find(({ id }) => id === route.shift);
      const often = route.every_min === null ? t("patrol.once") : t("patrol.every", { n: route.every_min });
      return h(
        "tr", {},
        h("td", {}, this.#opener(localName(route.name, route.id), () => edit(route))),
        h("td", {}, route.stops.map((stop) => this.#checkpoint(stop.checkpoint)).join(route.is_ordered ? " → " : t("patrol.comma"))),
        h("td", {}, `${localName(shift?.name, route.shift)} · ${often}`),
        h("td", {}, t("patrol.minutes", { n: Math.max(...route.stops.map((stop) => stop.until_min)) })),
      );
    });
    const isReady = shifts.length > 0 && (this.#kept?.checkpoints.length ?? 0) > 0;
    const empty = t(shifts.length === 0 ? "patrol.routes_need_shift" : isReady ? "patrol.routes_empty" : "patrol.routes_need_checkpoint");
    fill(this.#routes, this.#header("patrol.routes", () => edit(null), isReady), rows.length === 0 ? h("p", { class: "empty" }, empty) : table(["patrol.route", "patrol.stops", "patrol.shift", "patrol.length"], rows));
  }

  /** @param {string} id */
  #checkpoint(id) {
    return localName(this.#kept?.checkpoints.find((each) => each.id === id)?.name, id);
  }

  #showDuties() {
    const shifts = this.#kept?.plan.shifts ?? [];
    this.#duty.hidden = shifts.length === 0;
    const days = [...new Set(this.#duties.items.map(({ day }) => day))];
    const cell = (/** @type {string} */ day, /** @type {Shift} */ shift) => {
      const duty = this.#duties.items.find((each) => each.day === day && each.shift === shift.id);
      if (!duty) return h("td");
      const words = this.#names(duty.guards);
      const open = () => editDuty(duty, { title: `${localName(shift.name, shift.id)} ${day}`, people: this.#people, done: () => this.load() });
      return h("td", { class: duty.is_usual ? "muted" : "" }, this.#opener(words, open), !duty.is_usual && ` ${t("patrol.duty_changed")}`);
    };
    const head = h("tr", {}, h("th", {}, t("patrol.day")), ...shifts.map((shift) => h("th", {}, localName(shift.name, shift.id))));
    fill(this.#duty, h("header", {}, h("h2", {}, t("patrol.duties"))), h("table", {}, h("thead", {}, head), h("tbody", {}, ...days.map((day) => h("tr", {}, h("td", {}, day), ...shifts.map((shift) => cell(day, shift)))))));
  }

  #asked = 0;

  async #showPreview() {
    const mine = ++this.#asked;
    const { routes } = this.#plan;
    this.#preview.hidden = routes.length === 0 || !this.#mayPlan;
    if (this.#preview.hidden) return;
    await new Promise((resolve) => setTimeout(resolve, PREVIEW_MS));
    if (mine !== this.#asked) return;
    let words;
    try {
      const { rounds, has_more: hasMore } = await post("/patrol/preview", { made_from: 0, plan: this.#plan });
      if (mine !== this.#asked) return;
      words = [this.#coming(rounds), hasMore && h("p", { class: "muted" }, t("patrol.preview_more"))];
    } catch (/** @type {any} */ error) {
      words = [h("p", { class: "problem" }, error.sentence ?? String(error))];
    }
    fill(this.#preview, h("header", {}, h("h2", {}, t("patrol.preview"))), ...words);
  }

  /** @param {any[]} rounds */
  #coming(rounds) {
    const { zone } = this.#state();
    if (rounds.length === 0) return h("p", { class: "empty" }, t("patrol.preview_none"));
    /** @type {Map<string, string[]>} */
    const groups = new Map();
    for (const round of rounds) {
      const key = `${round.day}\n${round.route}`;
      groups.set(key, [...(groups.get(key) ?? []), formatTime(round.starts_at, zone, Date.parse(round.starts_at)).slice(0, 5)]);
    }
    const rows = [...groups].map(([key, times]) => {
      const [day, id] = key.split("\n");
      const route = this.#plan.routes.find((each) => each.id === id);
      return h("tr", {}, h("td", {}, day), h("td", {}, localName(route?.name, id)), h("td", {}, times.join("  ")));
    });
    return table(["patrol.shift_day", "patrol.route", "patrol.starts"], rows);
  }

  /** Of today in the site's zone. */
  get today() {
    return formatDate(Date.now(), this.#state().zone);
  }
}

/** @param {string[]} keys of the columns @param {HTMLElement[]} rows */
function table(keys, rows) {
  return h("table", {}, h("thead", {}, h("tr", {}, ...keys.map((key) => h("th", {}, t(key))))), h("tbody", {}, ...rows));
}

/** @param {{days: string[], start: string, end: string}} interval */
function hoursWords({ days, start, end }) {
  const isEvery = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].every((day) => days.includes(day));
  return `${isEvery ? t("patrol.every_day") : days.map((day) => term("day", day)).join(t("patrol.comma"))} ${start} - ${end}`;
}

/** A list in which an entry is another one, a new one, or gone. @template {{id: string}} T @param {readonly T[]} entries @param {T | null} before @param {T | null} after @returns {T[]} */
function replaced(entries, before, after) {
  if (!before) return after ? [...entries, after] : [...entries];
  return entries.flatMap((entry) => (entry.id === before.id ? (after ? [after] : []) : [entry]));
}
