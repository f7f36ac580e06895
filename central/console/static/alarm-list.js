/**
 * The list of alarms. It draws the rows that can be seen, so that thousands cost what twenty do, and
 * holds still under a hand: what comes meanwhile is counted, and the hand's last move lets it go again.
 */

import { hasReturned, kindWords, place, signalWords, standing } from "./alarm-words.js";
import { Stillness } from "./stillness.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatAgo, formatTime } from "/web/format.js";
import { language, onLanguage, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {object} Context
 * @property {() => string} zone of time
 * @property {() => any} site
 * @property {(id: string) => string | null} pressed key of what is under way
 * @property {(id: string) => Alarm | undefined} find one that stands, in the list or in another's line
 * @property {(alarm: Alarm) => Alarm[]} signals that its line stands for
 * @property {boolean} mayAct
 */

/** As `alarm-list` in console.css has it. */
const ROW_PX = 52;
/** Rows above and below what can be seen, for whoever scrolls. */
const SPARE = 4;

/** `<alarm-list>`: give it `context`, then `items`; it says `choose` with an alarm's id. */
export class AlarmList extends HTMLElement {
  /** @type {Context} */
  context = { zone: () => "UTC", site: () => null, pressed: () => null, find: () => undefined, signals: () => [], mayAct: false };
  /** @type {string | null} what is looked at while nobody has chosen */
  #led = null;
  /** @type {readonly Alarm[]} */
  #items = [];
  /** @type {Alarm[] | null} what is shown while held, in its order; null while not held */
  #held = null;
  #still = new Stillness(this, () => this.#hold(), () => this.#letGo());
  /** @type {string | null} */
  #chosen = null;
  #rows = h("ol");
  #space = h("div", { class: "space" }, this.#rows);
  #pane = h("div", { class: "pane", tabindex: "0" }, this.#space);
  #news = h("button", { class: "news", type: "button", hidden: true, onclick: () => this.release() });
  /** Of the pane, as last heard of: to ask it while drawing would lay out the whole page. */
  #top = 0;
  #height = 0;

  connectedCallback() {
    this.append(this.#news, this.#pane);
    const measure = () => {
      this.#top = this.#pane.scrollTop;
      this.#height = this.#pane.clientHeight;
      this.#draw();
    };
    this.#pane.addEventListener("scroll", measure, { passive: true });
    this.#pane.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(measure).observe(this.#pane);
    onLanguage(() => this.#draw());
  }

  /** @param {readonly Alarm[]} items the most urgent first */
  set items(items) {
    this.#items = items;
    if (this.#held) {
      const now = new Map(items.map((alarm) => [alarm.id, alarm]));
      this.#held = this.#held.map((alarm) => now.get(alarm.id) ?? this.context.find(alarm.id) ?? left(alarm));
    }
    this.#draw();
  }

  /** Those that can be seen now, whole. @returns {Alarm[]} */
  get visible() {
    const { scrollTop, clientHeight } = this.#pane;
    const first = Math.ceil(scrollTop / ROW_PX);
    return this.#shown.slice(first, Math.max(first, Math.floor((scrollTop + clientHeight) / ROW_PX)));
  }

  /** @returns {string | null} */
  get chosen() {
    return this.#chosen;
  }

  /** @param {string | null} id of what is looked at while nobody has chosen */
  set led(id) {
    if (id === this.#led) return;
    this.#led = id;
    this.#draw();
  }

  get #shown() {
    return this.#held ?? this.#items;
  }

  /** Show what has waited. */
  release() {
    this.#still.release();
  }

  /** Move the selection. @param {1 | -1} step down or up */
  move(step) {
    const at = this.#shown.findIndex((alarm) => alarm.id === this.#chosen);
    const next = this.#shown[at < 0 ? 0 : Math.min(this.#shown.length - 1, Math.max(0, at + step))];
    this.#still.touch();
    this.#pane.focus({ preventScroll: true });
    this.choose(next?.id ?? null);
  }

  /** Select one, and say so; null selects none. @param {string | null} id */
  choose(id) {
    this.#chosen = id;
    const at = this.#shown.findIndex((alarm) => alarm.id === id);
    if (at >= 0) this.#reveal(at);
    this.#draw();
    this.dispatchEvent(new CustomEvent("choose", { detail: id }));
  }

  /** @param {number} index */
  #reveal(index) {
    const { scrollTop, clientHeight } = this.#pane;
    const top = index * ROW_PX;
    if (top < scrollTop) this.#pane.scrollTop = top;
    else if (top + ROW_PX > scrollTop + clientHeight) this.#pane.scrollTop = top + ROW_PX - clientHeight;
  }

  #hold() {
    this.#held = [...this.#items];
  }

  #letGo() {
    this.#held = null;
    this.#draw();
  }

  /** @param {Event} event */
  #click(event) {
    const row = event.target instanceof Element ? event.target.closest("li") : null;
    if (!row?.dataset.key) return;
    this.choose(row.dataset.key);
    const deed = event.target instanceof Element ? event.target.closest("button")?.dataset.deed : null;
    if (deed) this.dispatchEvent(new CustomEvent("deed", { detail: deed }));
  }

  #draw() {
    const shown = this.#shown;
    this.#space.style.height = `${shown.length * ROW_PX}px`;
    const first = Math.max(0, Math.floor(this.#top / ROW_PX) - SPARE);
    const last = Math.ceil((this.#top + this.#height) / ROW_PX) + SPARE;
    this.#rows.style.transform = `translateY(${first * ROW_PX}px)`;
    renderRows(this.#rows, shown.slice(first, last), {
      key: (alarm) => alarm.id,
      create: () => h("li", {}, h("span", { class: "mark" }), h("time"), h("span", { class: "what" }), h("span", { class: "how" }), h("span", { class: "deeds" })),
      update: (row, alarm) => this.#update(row, alarm),
    });
    this.#tellNews();
  }

  #tellNews() {
    const known = this.#held && new Set(this.#held.map((alarm) => alarm.id));
    const fresh = known ? this.#items.filter((alarm) => !known.has(alarm.id)) : [];
    this.#news.hidden = fresh.length === 0;
    if (fresh.length === 0) return;
    // The list is in the order of urgency, so the first one is what matters.
    const said = `${fresh[0].priority} ${fresh.length} ${language()}`;
    if (this.#news.dataset.said === said) return;
    this.#news.dataset.said = said;
    fill(this.#news, prioritySign(fresh[0].priority), ` ${t("list.new", { n: fresh.length })}`);
  }

  /** @param {HTMLElement} row @param {Alarm} alarm */
  #update(row, alarm) {
    const { zone, site, pressed, signals, mayAct } = this.context;
    const isChosen = alarm.id === this.#chosen;
    const deed = pressed(alarm.id);
    const isLed = this.#chosen === null && alarm.id === this.#led;
    const words = [signalWords(signals(alarm), site()), standing(alarm, zone())].filter(Boolean).join(" · ");
    const said = [alarm.kind, place(alarm, site()), words, isLed, formatTime(alarm.raised_at, zone()), isChosen, deed, language()].join("|");
    const [mark, at, what, how, deeds] = row.children;
    /** @type {HTMLTimeElement} */ (at).title = formatAgo(alarm.raised_at);
    if (row.dataset.said === said) return;
    row.dataset.said = said;
    row.className = `${classes(alarm)}${isLed ? " is-led" : ""}`;
    row.toggleAttribute("aria-current", isChosen);
    row.toggleAttribute("aria-busy", deed !== null);
    if (mark.childElementCount === 0) fill(mark, prioritySign(alarm.priority));
    fill(at, formatTime(alarm.raised_at, zone()));
    fill(what, h("b", {}, kindWords(alarm)), " ", place(alarm, site()));
    fill(how, deed ? t(deed) : words);
    fill(deeds, ...(isChosen && mayAct ? hints(alarm) : []));
  }
}

/** @param {Alarm} alarm */
function hints(alarm) {
  const hint = (/** @type {string} */ key, /** @type {string} */ words, /** @type {string} */ deed) =>
    h("button", { type: "button", class: "hint", data: { deed } }, h("kbd", {}, key), t(words));
  return [
    alarm.acknowledged_at === null && hint("a", "desk.acknowledge", "acknowledge"),
    !alarm.is_latched && hint("s", "desk.shelve", "shelve"),
  ];
}

/** As one that has left the list stays under a hand. @param {Alarm} alarm @returns {Alarm} */
function left(alarm) {
  return { ...alarm, acknowledged_at: alarm.acknowledged_at ?? alarm.raised_at, closed_at: alarm.raised_at };
}

/** @param {Alarm} alarm */
function classes(alarm) {
  return [
    `p${alarm.priority}`,
    alarm.acknowledged_at === null ? "is-unacknowledged" : "is-acknowledged",
    hasReturned(alarm) && "has-returned",
    alarm.condition === "unknown" && "is-stale",
  ].filter(Boolean).join(" ");
}

customElements.define("alarm-list", AlarmList);
