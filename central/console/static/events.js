/** Events of the past: looked for by time, kind, place, node and person, followed while they happen, opened by keyboard. */

import "/web/live-list.js";
import { get } from "./api.js";
import { questionOf, searchForm } from "./event-search.js";
import { who } from "./event-line.js";
import { EventLog } from "./event-log.js";
import { placeName } from "./event-place.js";
import { belongs, merged, placeOf, ROWS_MAX } from "./event-tail.js";
import { keptPurpose } from "./purpose-kept.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { prioritySign, symbol } from "/web/symbols.js";

/**
 * @typedef {import("/web/live-list.js").LiveList} LiveList
 * @typedef {import("./site-state.js").StoredEvent} StoredEvent
 */

const PAGE_LENGTH = 100;
/** So many answers without an event are passed over before somebody is asked whether to go on. */
const PIECES_MAX = 20;
const EXPORTS = [["csv", "event_search.csv"], ["jsonl", "event_search.jsonl"]];
const HEADS = ["time", "what", "where", "who", "node"];

/**
 * The end of what is shown; the event itself may be gone when somebody asks for more.
 * @typedef {{next: number, next_at: string}} Behind
 * @param {Behind} end
 */
const behind = (end) => `&before=${end.next}&before_at=${encodeURIComponent(end.next_at)}`;

startPage({
  name: "events",
  mount(main, { store, session }) {
    const may = (/** @type {string} */ permission) => session.permissions.includes(permission);
    /** @type {StoredEvent[]} */
    let items = [];
    /** @type {Behind | null} */
    let next = null;
    /** @type {import("./event-tail.js").Wanted | null} what was looked for; null before the first search */
    let wanted = null;
    let isPaused = false;
    let asked = 0;
    let waitingCount = 0;
    /** The newest event that the tail has seen. */
    let seen = 0;
    /** @type {StoredEvent | null} */
    let opened = null;
    const form = h("div", { class: "event-search" });
    const said = h("p", { class: "muted", role: "status" });
    const pause = h("button", { type: "button", class: "tail", hidden: true, onclick: () => turn() });
    const heads = h("div", { class: "heads", "aria-hidden": "true" });
    const list = /** @type {LiveList} */ (h("live-list", { empty: "event_search.begin" }));
    const more = h("button", { type: "button", hidden: true });
    const out = h("div", { class: "deeds" });
    const panel = h("aside", { class: "detail", hidden: true, tabindex: "-1" });
    const look = {
      showsCrops: may("events.crops"),
      showsCandidates: may("events.candidates"),
      mayForgive: false,
      zone: () => store.state.zone,
      cropLifetimeMs: (/** @type {string} */ kind) => store.state.cropLifetimeMs(kind),
      choose: () => {},
      changed: () => showOpened(),
    };
    main.append(
      h("header", {}, h("h1", { data: { t: "page.events" } }, t("page.events")), out),
      form,
      h("div", { class: "told" }, said, pause),
      h("div", { class: "found" }, h("section", {}, heads, list, more), panel),
    );
    list.row = {
      key: (item) => String(item.position),
      create: () => h("li", {}, h("time"), h("span", { class: "what" }), h("span", { class: "where" }), h("span", { class: "who" }), h("span", { class: "node" })),
      update: (row, item) => update(row, item),
    };

    /** @param {HTMLElement} row @param {StoredEvent} stored */
    function update(row, stored) {
      const { event, node, holder_name: name } = stored;
      if (row.dataset.stamp === document.documentElement.lang) return;
      row.dataset.stamp = document.documentElement.lang;
      const [at, what, where, whom, from] = row.children;
      const log = new EventLog();
      log.add(stored);
      const [line] = log.lines;
      const word = event.type.replace("menshen.", "").replace(/\.v\d+$/, "");
      row.className = line?.priority ? `p${line.priority}` : "";
      fill(at, formatTime(event.time, store.state.zone));
      /** @type {HTMLTimeElement} */ (at).dateTime = event.time;
      fill(what, line?.priority ? prioritySign(line.priority) : symbol(line?.symbol ?? "note"), h("span", {}, term("event", word)));
      fill(where, placeName(placeOf(stored), store.state.site));
      fill(whom, name ?? (line && word !== "access.passed" ? who(line) : ""));
      fill(from, node);
    }

    const isLive = () => wanted !== null && !wanted.until;

    /** @param {boolean} isMore */
    async function load(isMore) {
      const before = isMore && next ? behind(next) : "";
      // What happens while the answer is on its way is told by the stream as well.
      const { arrived } = store.state;
      const mine = ++asked;
      const question = `/events/search?${questionOf(/** @type {any} */ (wanted))}&limit=${PAGE_LENGTH}`;
      let answer = await get(question + before);
      // What is rare among other events is looked for piece by piece.
      for (let count = 1; !answer.items.length && answer.next && count < PIECES_MAX; count++) {
        answer = await get(question + behind(answer));
      }
      if (mine !== asked) return;
      items = isMore ? [...items, ...answer.items] : answer.items;
      next = answer.next ? answer : null;
      if (!isMore) {
        seen = arrived;
        waitingCount = 0;
      }
      show();
      follow();
    }

    /** Take what has happened since; while it is paused, count it. */
    function follow() {
      if (!isLive() || !wanted) return;
      const { recent, arrived } = store.state;
      const count = arrived - seen;
      if (count === 0) return;
      const missed = count > recent.length;
      const fresh = recent.slice(-count).filter((each) => belongs(each, /** @type {any} */ (wanted)));
      if (isPaused) {
        waitingCount = missed ? ROWS_MAX : fresh.length;
        return words();
      }
      seen = arrived;
      // More has happened than was told, as after a time without connection: look again.
      if (missed) {
        load(false);
        return;
      }
      if (!fresh.length) return;
      const put = merged(items, fresh, next === null);
      items = put.items;
      const last = items.at(-1);
      if (put.isCut && last) next = { next: last.position, next_at: last.event.time };
      show();
    }

    function turn() {
      isPaused = !isPaused;
      waitingCount = 0;
      follow();
      words();
    }

    function show() {
      list.items = items;
      words();
    }

    function words() {
      panel.setAttribute("aria-label", t("event_record.title"));
      list.setAttribute("empty", wanted ? "event_search.none" : "event_search.begin");
      fill(heads, ...HEADS.map((key) => h("span", {}, t(`event_head.${key}`))));
      fill(said, items.length ? t("event_search.found", { n: items.length }) : "");
      pause.hidden = !isLive();
      pause.setAttribute("aria-pressed", String(isPaused));
      const waits = waitingCount >= ROWS_MAX ? t("event_search.many_waiting") : waitingCount ? t("event_search.waiting", { n: waitingCount }) : t("event_search.paused");
      fill(pause, h("kbd", {}, "P"), h("i", { class: "dot" }), h("span", {}, isPaused ? waits : t("event_search.live")));
      const isFull = items.length >= ROWS_MAX;
      more.hidden = next === null;
      more.toggleAttribute("disabled", isFull);
      fill(more, t(isFull ? "event_search.full" : "event_search.more"));
      fill(out);
      if (items.length) out.append(...EXPORTS.map(([kind, key]) => h("button", { type: "button", onclick: () => takeAway(kind) }, t(key))));
    }

    /** A link says no header: the purpose that holds goes into the address. @param {string} kind */
    function takeAway(kind) {
      const { purpose, reference } = keptPurpose() ?? { purpose: "", reference: "" };
      const why = new URLSearchParams({ purpose, reference });
      h("a", { href: `/api/v1/events/export.${kind}?${questionOf(/** @type {any} */ (wanted))}&${why}`, download: `events.${kind}` }).click();
    }

    async function showOpened() {
      if (!opened) return;
      const shown = opened;
      const { record } = await import("./event-record.js");
      if (shown !== opened) return;
      const close = h("button", { type: "button", class: "quiet close", "aria-label": t("action.close"), onclick: shut }, "×");
      fill(panel, close, record(shown, items, look, store.state.site));
      panel.hidden = false;
    }

    function hide() {
      opened = null;
      panel.hidden = true;
    }

    function shut() {
      hide();
      /** @type {HTMLElement | null} */ (list.querySelector(".rows"))?.focus({ preventScroll: true });
    }

    /** @param {string | null} key */
    function choose(key) {
      const found = items.find(({ position }) => String(position) === key);
      if (!found) return;
      opened = found;
      showOpened();
    }

    function build() {
      const run = async (/** @type {import("./event-tail.js").Wanted} */ asked) => {
        wanted = asked;
        isPaused = false;
        hide();
        await load(false);
      };
      fill(form, searchForm(store.state, { mayChoose: may("people.read"), run }));
      show();
    }

    more.addEventListener("click", () => load(true));
    // A row that is pressed opens; one that keys lead to opens with Enter, or while another is open.
    list.addEventListener("click", (event) => choose(event.target instanceof Element ? (/** @type {HTMLElement | null} */ (event.target.closest("[data-key]"))?.dataset.key ?? null) : null));
    list.addEventListener("choose", (event) => opened && choose(/** @type {CustomEvent} */ (event).detail));
    onKey("j", () => t("keys.down"), () => list.move(1));
    onKey("k", () => t("keys.up"), () => list.move(-1));
    onKey("Enter", () => t("event_record.open"), () => choose(/** @type {HTMLElement | null} */ (list.querySelector("[aria-current]"))?.dataset.key ?? null));
    onKey("Escape", () => t("action.close"), shut);
    onKey("p", () => t("event_search.pause"), () => isLive() && turn());
    onKey("/", () => t("keys.search"), () => form.querySelector("select")?.focus());
    onLanguage(() => {
      build();
      showOpened();
    });
    let isBuilt = false;
    store.subscribe((state) => {
      if (!state.isLoaded) return;
      if (!isBuilt) {
        isBuilt = true;
        build();
      }
      follow();
    });
  },
});
