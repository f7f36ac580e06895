/** A roll-call: who is missing, who is safe, ticked by all guards at once; earlier ones to look at. */

import { get, post, request } from "./api.js";
import { pointName } from "./point-name.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";

/**
 * @typedef {{number: number, name: string | null, area: string, since: string, node: string,
 *   is_found: boolean, is_safe: boolean, marked_at: string | null, marked_by: string,
 *   access_point: string}} Listed
 * @typedef {{area: string, name: Record<string, string>, count: number, missing_count: number,
 *   unnamed_count: number}} AreaCount
 * @typedef {{roll_call_id: string, cause: string, reason: string, started_at: string,
 *   started_by: string, ended_at: string | null, ended_by: string | null, count: number,
 *   missing_count: number}} Line
 * @typedef {Line & {areas: AreaCount[], silent_nodes: any[], people: Listed[]}} RollCall
 */

export class RollCalls {
  /** Begins one, or goes back to the one that goes on. */
  button = h("button", { type: "button" });
  element = h("div", { class: "roll-call", hidden: true });
  earlier = h("details", { class: "earlier", hidden: true });
  /** @type {Line[]} */
  #lines = [];
  /** @type {RollCall | null} */
  #shown = null;
  /** @type {string | null} what somebody chose to look at; empty: nothing */
  #chosen = null;
  /** @type {LastAnswer<[Line[], RollCall | null]>} */
  #lastAnswer = new LastAnswer();
  #problem = h("p", { class: "problem", role: "alert" });
  #head = h("header");
  #silent = h("div");
  #areas = h("div", { class: "areas" });
  #add;
  #state;
  #mayCall;
  #silence;
  #changed;

  /**
   * @param {{state: () => import("./site-state.js").SiteState, mayCall: boolean,
   *   silence: (node: any, zone: string) => HTMLElement, changed: () => void}} given
   */
  constructor({ state, mayCall, silence, changed }) {
    this.#state = state;
    this.#mayCall = mayCall;
    this.#silence = silence;
    this.#changed = changed;
    this.#add = h("div", { class: "add" });
    this.element.append(this.#head, this.#problem, this.#silent, this.#areas, this.#add);
    this.button.addEventListener("click", () => (this.#open ? this.#choose(null) : this.#askToBegin()));
    // Nothing moves under the mouse: who was ticked leaves the missing once it is elsewhere.
    this.#areas.addEventListener("pointerleave", () => this.show());
  }

  /** Whether a roll-call stands in place of who is inside. */
  get isShown() {
    return this.#shown !== null;
  }

  get #open() {
    return this.#lines.find((line) => line.ended_at === null);
  }

  async load() {
    [this.#lines, this.#shown] = await this.#lastAnswer.of(this.#ask());
    this.show();
  }

  /** @returns {Promise<[Line[], RollCall | null]>} */
  async #ask() {
    const { items: lines } = await get("/roll-calls");
    const wanted = this.#chosen ?? lines.find((/** @type {Line} */ line) => line.ended_at === null)?.roll_call_id;
    return [lines, wanted ? await get(`/roll-calls/${wanted}`) : null];
  }

  show() {
    const open = this.#open;
    this.button.hidden = open ? this.#shown?.roll_call_id === open.roll_call_id : !this.#mayCall;
    this.button.className = open ? "primary" : "danger";
    fill(this.button, open ? t("roll_call.back") : t("roll_call.begin"));
    this.#showEarlier();
    this.element.hidden = this.#shown === null;
    if (this.#shown) this.#showList(this.#shown);
  }

  #showEarlier() {
    const { zone } = this.#state();
    const ended = this.#lines.filter((line) => line.ended_at !== null);
    const lines = ended.map((line) => {
      const words = t("roll_call.line", { time: formatTime(line.started_at, zone), reason: line.reason, n: line.missing_count, all: line.count });
      return h("li", {}, h("button", { type: "button", class: "plain", onclick: () => this.#choose(line.roll_call_id) }, words));
    });
    this.earlier.hidden = ended.length === 0;
    fill(this.earlier, h("summary", {}, t("roll_call.earlier")), h("ul", {}, ...lines));
  }

  /** @param {string | null} id of a roll-call; null: the one that goes on; empty: none */
  async #choose(id) {
    this.#chosen = id;
    await this.#reload();
  }

  async #reload() {
    await this.load();
    this.#changed();
  }

  /** @param {RollCall} call */
  #showList(call) {
    const { zone } = this.#state();
    const isOpen = call.ended_at === null;
    const who = call.cause === "fire" ? t("roll_call.by_fire") : call.started_by;
    const from = { reason: call.reason, time: formatTime(call.started_at, zone) };
    const words = isOpen ? t("roll_call.begun", { ...from, who }) : t("roll_call.ended", { ...from, until: formatTime(call.ended_at ?? "", zone), who: call.ended_by ?? "" });
    fill(
      this.#head,
      h("h2", {}, t("roll_call.title")),
      h("strong", { class: `missing${call.missing_count ? " p1" : ""}` }, t("roll_call.missing", { n: call.missing_count })),
      h("span", { class: "safe" }, t("roll_call.safe", { n: call.count - call.missing_count })),
      h("span", { class: "muted" }, words),
      h("button", { type: "button", class: "quiet", onclick: () => this.#choose("") }, t("roll_call.inside")),
      isOpen && this.#mayCall && h("button", { type: "button", onclick: () => this.#askToEnd(call) }, t("roll_call.end")),
    );
    fill(this.#silent, ...call.silent_nodes.map((node) => this.#silence(node, zone)));
    const found = call.people.filter((person) => person.is_found);
    const places = call.areas.map((area) => ({ ...area, people: call.people.filter((person) => !person.is_found && person.area === area.area) }));
    const missing = found.filter((person) => !person.is_safe).length;
    const beside = { area: "", name: {}, count: found.length, missing_count: missing, unnamed_count: 0, people: found };
    renderRows(this.#areas, found.length > 0 ? [...places, beside] : places, {
      key: ({ area }) => area,
      create: ({ area }) => h("section", { data: { area } }, h("header"), h("table", {}, h("tbody")), h("p", { class: "unnamed" })),
      update: (section, place) => this.#showArea(section, place, isOpen && this.#mayCall, zone),
    });
    this.#add.hidden = !isOpen || !this.#mayCall;
    if (this.#add.lang !== language()) fill(this.#add, this.#addForm());
    this.#add.lang = language();
  }

  /** @param {HTMLElement} section @param {AreaCount & {people: Listed[]}} place @param {boolean} mayMark @param {string} zone */
  #showArea(section, { area, name, count, missing_count: missing, unnamed_count: unnamed, people }, mayMark, zone) {
    const label = area ? localName(name, area) : t("roll_call.found");
    const [head, table, left] = section.children;
    section.ariaLabel = label;
    fill(head, h("h2", {}, label), h("span", { class: "size" }, t("roll_call.of", { n: missing, all: count })));
    const unseen = unnamed > 0 ? t("muster.unnamed", { n: unnamed }) : unnamed < 0 && t("muster.left_unseen", { n: -unnamed });
    fill(left, unseen || (count === 0 && t("roll_call.nobody")));
    const body = /** @type {HTMLElement} */ (table.firstElementChild);
    const key = (/** @type {Listed} */ { number }) => `${this.#shown?.roll_call_id}/${number}`;
    renderRows(body, this.#areas.matches(":hover") ? inOrderOf(body, people, key) : people, {
      key,
      create: () => h("tr", {}, h("td", { class: "tick" }), h("td"), h("td", { class: "muted" }), h("td"), h("td", { class: "number" })),
      update: (row, person) => this.#showPerson(row, person, mayMark, zone),
    });
  }

  /** @param {HTMLElement} row @param {Listed} person @param {boolean} mayMark @param {string} zone */
  #showPerson(row, person, mayMark, zone) {
    const [tick, name, since, said, act] = row.children;
    row.className = person.is_safe ? "is-safe" : "";
    fill(tick, person.is_safe ? "☑" : "☐");
    fill(name, person.name ?? t("considered.removed"));
    fill(since, `${formatTime(person.since, zone)} ${person.is_found ? t("roll_call.found_by") : person.node}`);
    fill(said, this.#said(person, zone));
    const key = person.is_safe ? "roll_call.undo" : "roll_call.mark";
    if (!mayMark) fill(act);
    else if (act.textContent !== t(key)) fill(act, this.#markButton(key, person));
  }

  /** @param {string} key @param {Listed} person */
  #markButton(key, { number, is_safe: isSafe }) {
    const path = `/roll-calls/${this.#shown?.roll_call_id}/people/${number}/safe`;
    const run = async () => {
      await request(isSafe ? "DELETE" : "PUT", path);
      await this.#reload();
    };
    return actionButton(key, run, this.#problem, isSafe ? "quiet" : "");
  }

  /** @param {Listed} person @param {string} zone */
  #said({ is_safe: isSafe, marked_at: at, marked_by: who, access_point: point }, zone) {
    const time = at && formatTime(at, zone);
    if (!time) return t("roll_call.is_missing");
    if (point) return t("roll_call.shown", { time, point: pointName(this.#state().site, point) });
    return t(isSafe ? "roll_call.ticked" : "roll_call.undone", { time, who });
  }

  #addForm() {
    const name = h("input", { name: "name", required: true, maxlength: 200, autocomplete: "off" });
    const form = actionForm("roll_call.add", [field("roll_call.add_name", name)], async (values) => {
      await post(`/roll-calls/${this.#shown?.roll_call_id}/people`, { name: values.name });
      form.reset();
      await this.#reload();
    });
    return form;
  }

  #askToBegin() {
    const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true });
    const form = actionForm("roll_call.begin_now", [h("p", {}, t("roll_call.begin_hint")), field("roll_call.reason", reason)], async (values) => {
      await post("/roll-calls", { reason: values.reason });
      dialog.close();
      await this.#choose(null);
    });
    const dialog = openDialog(t("roll_call.begin_sure"), form);
  }

  /** @param {RollCall} call */
  #askToEnd(call) {
    const form = actionForm("roll_call.end_now", [h("p", {}, t("roll_call.end_hint", { n: call.missing_count }))], async () => {
      await post(`/roll-calls/${call.roll_call_id}/end`);
      dialog.close();
      await this.#choose(call.roll_call_id);
    });
    const dialog = openDialog(t("roll_call.end_sure"), form);
  }
}

/** People in the order of their rows, who is new at the end. @param {HTMLElement} body @param {Listed[]} people @param {(person: Listed) => string} key */
function inOrderOf(body, people, key) {
  const places = new Map([...body.children].map((row, index) => [/** @type {HTMLElement} */ (row).dataset.key, index]));
  const place = (/** @type {Listed} */ person) => places.get(key(person)) ?? places.size;
  return people.toSorted((one, other) => place(one) - place(other));
}
