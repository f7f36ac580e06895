/** Where things stand on one plan: dragged, or moved by the arrow keys; kept at once, all of it. */

import { request } from "./api.js";
import { actionButton } from "./forms.js";
import { fitted, subjectName } from "./plan-places.js";
import { shape } from "./plan-symbols.js";
import { fill, h, renderRows } from "/web/dom.js";
import { t, term } from "/web/i18n.js";

/** @typedef {import("./plan.js").Place} Place @typedef {import("./plan.js").Subject} Subject */

const STEP = 0.01;
const FINE_STEP = 0.002;
const TURN_DEGREES = 15;
/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const keyOf = (/** @type {{kind: string, id: string}} */ { kind, id }) => `${kind}/${id}`;
const within = (/** @type {number} */ part) => Math.min(1, Math.max(0, Math.round(part * 10_000) / 10_000));

export class PlanEditor {
  #plan;
  #subjects;
  #state;
  /** @type {Place[]} */
  #places;
  #sheet = h("div", { class: "plan-sheet" });
  #symbols = h("ul", { class: "plan-symbols" });
  #palette = h("ul", { class: "plan-palette" });
  #said = h("p", { class: "plan-tally", role: "status" });

  /**
   * @param {import("./plan.js").Plan} plan
   * @param {Map<string, Subject>} subjects
   * @param {import("./site-state.js").SiteState} state
   * @param {() => void} leave called when it is kept, or given up
   */
  constructor(plan, subjects, state, leave) {
    this.#plan = plan;
    this.#subjects = subjects;
    this.#state = state;
    this.#places = plan.places.map((place) => ({ ...place }));
    const problem = h("p", { class: "problem", role: "alert" });
    const keep = actionButton("plan.keep_places", async () => {
      const body = { places: this.#places, version: plan.version };
      await request("PUT", `/plans/${encodeURIComponent(plan.id)}/places`, { body });
      leave();
    }, problem, "primary");
    const giveUp = h("button", { type: "button", onclick: leave }, t("plan.give_up"));
    const picture = plan.drawing && h("img", { class: "plan-drawing", alt: "", draggable: "false", src: `/api/v1/plans/drawings/${plan.drawing}` });
    this.#sheet.append(...[picture, this.#symbols].filter((each) => each instanceof Node));
    this.element = h(
      "section",
      { class: "plan-editor", "aria-label": t("plan.edit") },
      h("aside", {}, h("h2", {}, t("plan.unplaced")), this.#palette, h("p", { class: "muted" }, t("plan.edit_hint")), h("div", { class: "deeds" }, keep, giveUp), problem, this.#said),
      h("div", { class: "plan plan-page" }, h("div", { class: "plan-frame" }, this.#sheet)),
    );
    fitted(this.#sheet, () => plan.width / plan.height);
    this.#symbols.addEventListener("keydown", (event) => this.#key(event));
    this.#render();
  }

  focus() {
    this.element.querySelector("button")?.focus();
  }

  /** @param {{kind: string, id: string}} what */
  #name(what) {
    const place = /** @type {Place} */ ({ x: 0, y: 0, angle: 0, ...what });
    return subjectName({ place, subject: this.#subjects.get(keyOf(what)) }, this.#state.site);
  }

  #render() {
    const placed = new Set(this.#places.map(keyOf));
    renderRows(this.#palette, [...this.#subjects.values()].filter((each) => !placed.has(keyOf(each))), {
      key: keyOf,
      create: (subject) => {
        const { kind, id } = subject;
        const row = h("li", {}, h("button", { type: "button" }, shape({ kind, id, x: 0, y: 0, angle: 0 }), h("span", {}, this.#name(subject)), h("small", {}, term("plan_kind", kind))));
        const button = /** @type {HTMLButtonElement} */ (row.firstElementChild);
        button.addEventListener("click", () => this.#place(subject, 0.5, 0.5));
        button.addEventListener("pointerdown", (event) => this.#drag(event, () => this.#place(subject, 0.5, 0.5)));
        return row;
      },
      update: () => {},
    });
    this.#palette.dataset.empty = this.#palette.childElementCount ? "" : t("plan.all_placed");
    renderRows(this.#symbols, this.#places, {
      key: keyOf,
      create: (place) => {
        const button = h("button", { type: "button", class: "plan-symbol" });
        button.addEventListener("pointerdown", (event) => this.#drag(event, () => this.#of(keyOf(place))));
        return h("li", {}, button, h("span", { class: "plan-label" }, h("b", {}, this.#name(place))));
      },
      update: (row, place) => {
        row.style.left = `${place.x * 100}%`;
        row.style.top = `${place.y * 100}%`;
        const button = /** @type {HTMLElement} */ (row.firstElementChild);
        button.setAttribute("aria-label", `${this.#name(place)} · ${term("plan_kind", place.kind)}`);
        fill(button, shape(place));
      },
    });
  }

  /** @param {string} key */
  #of(key) {
    return this.#places.find((place) => keyOf(place) === key);
  }

  /** @param {Subject} subject @param {number} x @param {number} y */
  #place({ kind, id }, x, y) {
    const place = this.#of(keyOf({ kind, id })) ?? { kind, id, x, y, angle: 0 };
    if (!this.#places.includes(place)) this.#places.push(place);
    this.#render();
    this.#button(place)?.focus();
    return place;
  }

  /** @param {Place} place */
  #button(place) {
    return /** @type {HTMLElement | null} */ (this.#symbols.querySelector(`[data-key="${CSS.escape(keyOf(place))}"] button`));
  }

  /**
   * Follow the pointer from here on; a press that does not move is a click.
   * @param {PointerEvent} begun
   * @param {() => Place | undefined} take gives what is moved
   */
  #drag(begun, take) {
    if (begun.button !== 0) return;
    /** @type {Place | undefined} */
    let place;
    const move = (/** @type {PointerEvent} */ event) => {
      if (!place && Math.hypot(event.clientX - begun.clientX, event.clientY - begun.clientY) < 4) return;
      place ??= take();
      if (!place) return;
      const box = this.#sheet.getBoundingClientRect();
      place.x = within((event.clientX - box.left) / box.width);
      place.y = within((event.clientY - box.top) / box.height);
      this.#render();
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
      if (place) this.#say(place);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = event.target instanceof Element ? event.target.closest("li") : null;
    const place = this.#of(row?.dataset.key ?? "");
    if (!place) return;
    const way = WAYS[event.key];
    const step = event.shiftKey ? FINE_STEP : STEP;
    if (way) Object.assign(place, { x: within(place.x + way[0] * step), y: within(place.y + way[1] * step) });
    else if (event.key === "r" || event.key === "R") place.angle = (place.angle + (event.key === "R" ? 360 - TURN_DEGREES : TURN_DEGREES)) % 360;
    else if (event.key === "Delete" || event.key === "Backspace") this.#places.splice(this.#places.indexOf(place), 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.#render();
    if (this.#places.includes(place)) this.#say(place);
    else this.focus();
  }

  /** @param {Place} place */
  #say(place) {
    fill(this.#said, t("plan.moved", { name: this.#name(place), x: Math.round(place.x * 100), y: Math.round(place.y * 100), angle: place.angle }));
  }
}
