/** The frames of a line, newest first: hex above, meaning below, and a list that can be held still. */

import { fill, h, renderRows } from "/web/dom.js";
import { t } from "/web/i18n.js";

const SHOWN_MAX = 120;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });

export class FrameList {
  #rows = h("ol", { class: "frames", tabindex: "0" });
  #empty = h("p", { class: "empty" });
  #pause = h("button", { type: "button", "aria-pressed": "false" });
  #copy = h("button", { type: "button", class: "quiet" });
  #heading = h("h3");
  #search = /** @type {HTMLInputElement} */ (h("input", { type: "search", autocomplete: "off", spellcheck: "false" }));
  #isPaused = false;
  /** @type {any[] | null} what is shown while it is held still */
  #held = null;
  /** @type {any[]} */
  #frames = [];
  #device = "";

  constructor() {
    const head = h("header", {}, this.#heading, this.#search, this.#copy, this.#pause);
    this.element = h("section", { class: "frame-list" }, head, this.#rows, this.#empty);
    this.#pause.addEventListener("click", () => this.turn());
    this.#copy.addEventListener("click", () => this.#copyAll());
    this.#search.addEventListener("input", () => this.#render());
    for (const name of ["pointerenter", "focusin"]) this.#rows.addEventListener(name, () => this.#hold());
    for (const name of ["pointerleave", "focusout"]) this.#rows.addEventListener(name, () => queueMicrotask(() => this.#release()));
  }

  /** Hold still, or go on. */
  turn() {
    this.#isPaused = !this.#isPaused;
    if (this.#isPaused) this.#hold();
    else this.#held = null;
    this.#render();
  }

  /** Go to the filter. */
  search() {
    this.#search.focus();
  }

  /** @param {string} device @param {any[]} frames oldest first */
  show(device, frames) {
    if (device !== this.#device) {
      this.#device = device;
      this.#held = null;
      this.#isPaused = false;
      this.#rows.replaceChildren();
    }
    this.#frames = frames;
    this.#render();
  }

  #hold() {
    this.#held ??= this.#frames;
  }

  #release() {
    if (this.#isPaused || this.#rows.matches(":hover, :focus-within")) return;
    this.#held = null;
    this.#render();
  }

  #found() {
    const wanted = this.#search.value.trim().toLowerCase();
    const frames = this.#held ?? this.#frames;
    const found = wanted ? frames.filter((frame) => `${frame.hex} ${frame.text}`.toLowerCase().includes(wanted)) : frames;
    return found.slice(-SHOWN_MAX).toReversed();
  }

  #render() {
    const newest = this.#frames.at(-1)?.sequence ?? 0;
    const waiting = this.#held ? newest - (this.#held.at(-1)?.sequence ?? 0) : 0;
    fill(this.#heading, t("frames.title"));
    this.#search.placeholder = t("frames.filter");
    this.#search.ariaLabel = t("frames.filter");
    fill(this.#copy, t("action.copy"));
    fill(this.#pause, this.#isPaused ? t("frames.go_on", { n: waiting }) : t("frames.pause"));
    this.#pause.setAttribute("aria-pressed", String(this.#isPaused));
    const found = this.#found();
    renderRows(this.#rows, found, { key: (frame) => String(frame.sequence), create: () => h("li"), update: updateFrame });
    this.#empty.hidden = found.length > 0;
    fill(this.#empty, t("frames.empty"));
  }

  async #copyAll() {
    const lines = this.#found().toReversed().map((frame) => `${CLOCK.format(frame.at_ms)} ${arrow(frame)} ${frame.hex}  ${frame.text}`);
    await navigator.clipboard.writeText(lines.join("\n"));
    fill(this.#copy, t("action.copied"));
  }
}

/** @param {any} frame */
const arrow = (frame) => (frame.is_sent === null ? " " : frame.is_sent ? "→" : "←");

/** @param {HTMLElement} row @param {any} frame a frame never changes: it is drawn once */
function updateFrame(row, frame) {
  if (row.firstChild) return;
  row.className = frame.is_noise ? "is-noise" : frame.is_sent ? "is-sent" : "is-received";
  const latency = frame.latency_ms === null ? "" : `${frame.latency_ms} ms`;
  row.append(
    h("time", {}, CLOCK.format(frame.at_ms)),
    h("span", { class: "arrow", "aria-label": t(frame.is_sent ? "frames.sent" : "frames.received") }, arrow(frame)),
    h("div", {}, h("code", {}, frame.hex || "–"), frame.text && h("small", { lang: "en" }, frame.text)),
    h("span", { class: "latency" }, latency),
  );
}
