/**
 * One act at every way into and out of an area: which gates it touches, why, until when, and what each of them
 * answered. A gate's symbol shows what its terminal reads back, before and after; a press of a button turns nothing.
 */

import { get, post } from "./api.js";
import { adviceOf, outcomeOf, pointsOf, sentenceOf, wayOf } from "./area-answers.js";
import { HOLD_MINUTES } from "./gate-commands.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { follow } from "./follow.js";
import { pointName } from "./point-name.js";
import { unknownWord } from "./site-state.js";
import { wear } from "./style.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { gateDrawing, prioritySign } from "/web/symbols.js";

wear("desk.css");

/**
 * @typedef {import("./plan.js").Store} Store
 * @typedef {import("./area-answers.js").Point} Point
 * @typedef {import("./gate-commands.js").Command} Command
 */

const DEEDS = ["open_once", "hold_open", "secure"];

/** @param {Store} store @param {string} [point] an access point whose area is chosen to begin with */
export async function openArea(store, point) {
  wear("area.css");
  const { model } = await get("/access-model");
  const areas = model.areas.filter((/** @type {any} */ each) => pointsOf(model.points, each.id).length);
  if (areas.length === 0) {
    openDialog(t("area.title"), h("p", {}, t("area.none")));
    return;
  }
  const led = model.points.find((/** @type {Point} */ each) => each.id === point);
  const dialog = new AreaDialog(store, model.points, areas, led?.to_area ?? led?.from_area ?? areas[0].id);
  dialog.open();
}

class AreaDialog {
  #store;
  #points;
  #areas;
  /** @type {Set<string>} access points that a guard has taken out */
  #without = new Set();
  /** @type {Map<string, Command>} the newest command of each access point; empty before the act */
  #answers = new Map();
  /** @type {string[]} acts of this dialog: the first one, and those that were sent again */
  #acts = [];
  /** @type {string[]} access points that the first act was for */
  #asked = [];
  /** @type {Record<string, any>} what was asked for, so that it can be sent again */
  #wish = {};
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
  #list = h("ul", { class: "area-gates" });
  #said = h("p", { class: "area-said", role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #again = h("div", { class: "actions" });
  #until = h("span", { class: "muted" });
  #area;
  #minutes = /** @type {HTMLSelectElement} */ (h("select", { name: "minutes", "aria-label": t("commands.hold_for") }, ...HOLD_MINUTES.map((n) => h("option", { value: n }, t("commands.minutes", { n })))));
  #deeds = DEEDS.map((deed, index) => h("label", { class: "check" }, h("input", { type: "radio", name: "deed", value: deed, checked: index === 0 }), t(`command_kind.${deed}`)));
  #hint = h("p", { class: "muted" });
  #form;
  /** @type {HTMLDialogElement | null} */
  #dialog = null;

  /** @param {Store} store @param {Point[]} points @param {any[]} areas @param {string} area */
  constructor(store, points, areas, area) {
    this.#store = store;
    this.#points = points;
    this.#areas = areas;
    this.#area = /** @type {HTMLSelectElement} */ (h("select", { name: "area", autofocus: true }, ...areas.map((each) => h("option", { value: each.id, selected: each.id === area }, localName(each.name, each.id)))));
    const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" });
    this.#form = actionForm(
      "area.send",
      [
        field("area.which", this.#area),
        h("fieldset", { class: "area-deeds" }, h("legend", {}, t("area.deed")), ...this.#deeds, h("span", { class: "area-until" }, this.#minutes, this.#until)),
        this.#hint,
        h("h3", {}, t("area.gates")),
        this.#list,
        field("commands.reason", reason, "commands.reason_hint"),
      ],
      (values) => this.#send(values),
    );
    this.#form.addEventListener("change", (event) => {
      if (event.target === this.#area) this.#without.clear();
      this.#draw();
    });
  }

  open() {
    this.#dialog = openDialog(t("area.title"), this.#form, this.#said, this.#again, this.#problem);
    this.#dialog.classList.add("area-dialog");
    const leave = [
      this.#store.subscribe(() => this.#draw()),
      follow(this.#store, (state) => state.commandsVersion, () => this.#load()),
    ];
    this.#dialog.addEventListener("close", () => {
      clearTimeout(this.#later);
      for (const each of leave) each();
    });
  }

  /** The access points that the act is for, or was. */
  #chosen() {
    if (this.#acts.length) return this.#asked;
    return pointsOf(this.#points, this.#area.value).map(({ id }) => id).filter((id) => !this.#without.has(id));
  }

  /** @param {Record<string, string>} values */
  async #send({ deed, minutes, reason }) {
    const until = deed === "hold_open" ? new Date(Date.now() + Number(minutes) * 60_000).toISOString() : null;
    this.#wish = { deed, until, reason };
    const points = this.#chosen();
    await this.#ask(points);
    this.#asked = points;
    this.#freeze();
  }

  /** @param {string[]} points */
  async #ask(points) {
    const { action_id: act, items } = await post(`/areas/${encodeURIComponent(this.#area.value)}/commands`, { ...this.#wish, points });
    this.#acts.push(act);
    this.#take(items);
    this.#draw();
  }

  /** What was sent is no longer changed, only followed. */
  #freeze() {
    for (const input of this.#form.querySelectorAll("input, select, button")) input.setAttribute("disabled", "");
    this.#form.classList.add("is-sent");
    this.#draw();
    this.#said.tabIndex = -1;
    this.#said.focus();
  }

  /** @param {Command[]} items */
  #take(items) {
    for (const command of items) this.#answers.set(command.what.access_point, command);
  }

  async #load() {
    if (!this.#acts.length) return;
    // The last act has the newest word on each of its gates.
    for (const act of this.#acts) this.#take((await get(`/commands?action=${act}&limit=500`)).items);
    this.#draw();
    const waiting = [...this.#answers.values()].filter(({ state }) => ["waiting", "told"].includes(state));
    clearTimeout(this.#later);
    // What nobody answers says so when its time is over, and nothing is told of that.
    const soonest = Math.min(...waiting.map((each) => Date.parse(each.expires_at) - Date.now()));
    if (waiting.length) this.#later = setTimeout(() => this.#load(), Math.max(500, soonest + 500));
  }

  #draw() {
    if (!this.#dialog?.isConnected) return;
    const { state } = this.#store;
    const area = this.#area.value;
    const isSent = this.#acts.length > 0;
    const points = pointsOf(this.#points, area).filter(({ id }) => !isSent || this.#asked.includes(id));
    renderRows(this.#list, points, {
      key: ({ id }) => id,
      create: (point) => this.#row(point),
      update: (row, point) => this.#update(row, point, isSent),
    });
    const chosen = this.#chosen();
    const deed = /** @type {HTMLInputElement} */ (this.#form.querySelector("[name=deed]:checked")).value;
    const holds = deed === "hold_open";
    /** @type {HTMLElement} */ (this.#minutes.parentElement).hidden = !holds;
    const until = this.#wish.until ?? new Date(Date.now() + Number(this.#minutes.value) * 60_000).toISOString();
    fill(this.#until, t("area.until", { time: formatTime(until, state.zone).slice(0, -3) }));
    fill(this.#hint, t(`area_hint.${deed}`));
    const button = /** @type {HTMLButtonElement} */ (this.#form.querySelector("footer button"));
    fill(button, t("area.send_to", { n: chosen.length }));
    if (!isSent && !button.hasAttribute("aria-busy")) button.disabled = chosen.length === 0;
    if (isSent) this.#say();
  }

  #say() {
    const outcome = outcomeOf(this.#asked, this.#answers);
    const isOver = outcome.open.length === 0;
    fill(this.#said, isOver && outcome.failed.length ? prioritySign(2) : null, sentenceOf(outcome, (id) => pointName(this.#store.state.site, id)));
    this.#said.classList.toggle("p2", isOver && outcome.failed.length > 0);
    const wanted = isOver ? outcome.failed.filter((id) => this.#answers.has(id)) : [];
    if (wanted.join() === this.#again.dataset.points) return;
    this.#again.dataset.points = wanted.join();
    fill(this.#again);
    if (!wanted.length || (this.#wish.until && Date.parse(this.#wish.until) < Date.now())) return;
    const button = actionButton("area.again", () => this.#ask(wanted), this.#problem);
    fill(button, t("area.again", { n: wanted.length }));
    this.#again.append(button);
  }

  /** @param {Point} point */
  #row({ id }) {
    const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: true }));
    box.addEventListener("change", () => (box.checked ? this.#without.delete(id) : this.#without.add(id)));
    return h("li", {}, h("label", {}, box, h("span", { class: "drawing" }), h("b"), h("small")), h("span", { class: "state" }), h("span", { class: "answer" }));
  }

  /** @param {HTMLElement} row @param {Point} point @param {boolean} isSent */
  #update(row, point, isSent) {
    const { state } = this.#store;
    const gate = state.gates().find((each) => each.access_points.includes(point.id));
    const isStale = !gate || gate.isStale;
    const shown = isStale ? "unknown" : (gate.state ?? "unknown");
    const command = this.#answers.get(point.id);
    const stamp = JSON.stringify([document.documentElement.lang, shown, gate?.staleSince, command?.state, command?.refusal, isSent]);
    if (row.dataset.stamp === stamp) return;
    row.dataset.stamp = stamp;
    const [label, word, answer] = row.children;
    const [box, drawing, name, way] = label.children;
    /** @type {HTMLInputElement} */ (box).hidden = isSent;
    drawing.replaceChildren(gateDrawing(shown));
    fill(name, pointName(state.site, point.id));
    fill(way, t(`area_way.${wayOf(point, this.#area.value)}`));
    fill(word, isStale ? unknownWord(gate?.is_awaited) : term("state", shown), " ", h("small", {}, gate ? t("since", { time: formatTime(isStale ? gate.staleSince : gate.since, state.zone) }) : ""));
    word.classList.toggle("is-stale", isStale);
    row.dataset.state = command?.state ?? (isSent ? "untold" : "");
    if (isSent) fill(answer, ...this.#answer(command));
    else fill(answer, isStale ? t("area.unlikely") : "");
  }

  /** @param {Command | undefined} command */
  #answer(command) {
    const { done, open } = outcomeOf(["it"], new Map(command ? [["it", command]] : []));
    const words = command ? term("command_state", command.state) : t("area.untold");
    if (done.length || open.length) return [words];
    const why = command?.refusal ? ` · ${term("command_refusal", command.refusal)}` : "";
    return [h("b", { class: "p2" }, prioritySign(2), words + why), h("small", {}, adviceOf(command))];
  }
}
