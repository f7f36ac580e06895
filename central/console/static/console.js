/** The security console: the alarms on the left, the building and what is chosen on the right, what happens below. */

import "/web/live-list.js";
import "./alarm-list.js";
import { CHOSEN } from "./alarm-bar.js";
import { AlarmDeeds } from "./alarm-deeds.js";
import { Lead } from "./alarm-lead.js";
import { createLine, lineText, updateLine } from "./event-line.js";
import { detail } from "./event-detail.js";
import { mountBuilding } from "./building.js";
import { startPage } from "./shell.js";
import { subjectsOf } from "./alarm-book.js";
import { later, withWords } from "./when-wanted.js";
import { wear } from "./style.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

/**
 * @typedef {import("/web/live-list.js").LiveList} LiveList
 * @typedef {import("./alarm-list.js").AlarmList} AlarmList
 */

startPage({
  name: "console",
  mount(main, { store, session, notices }) {
    const view = { filter: "", /** @type {string | null} */ event: null };
    const may = (/** @type {string} */ permission) => session.permissions.includes(permission);
    const look = {
      showsCrops: may("events.crops"),
      showsCandidates: may("events.candidates"),
      mayForgive: may("passback.forgive"),
      zone: () => store.state.zone,
      cropLifetimeMs: (/** @type {string} */ kind) => store.state.cropLifetimeMs(kind),
      choose: chooseEvent,
      changed: () => store.schedule(),
    };
    const deeds = new AlarmDeeds(store);
    const list = /** @type {AlarmList} */ (h("alarm-list"));
    list.context = {
      zone: () => store.state.zone,
      site: () => store.state.site,
      pressed: (id) => deeds.pressed(id),
      find: (id) => store.state.alarms.get(id),
      signals: (alarm) => store.state.alarms.signalsOf(alarm),
      mayAct: may("alarms.act"),
    };
    const silence = [h("p", { class: "all-quiet" }), h("p", { class: "muted" })];
    const quiet = h("div", { class: "quiet", hidden: true }, ...silence);
    const title = h("h2");
    const flood = h("p", { class: "flood", hidden: true });
    const seen = h("button", { type: "button", class: "quiet", hidden: true, onclick: () => deeds.acknowledgeSeen(list.visible) });
    const handOver = async () => (await withWords("handover", import("./handover.js"))).openHandover(store, session.username);
    const over = h("button", { type: "button", class: "quiet", hidden: !may("alarms.act"), onclick: handOver }, h("kbd", {}, "h"), h("span", { data: { t: "desk.handover" } }, t("desk.handover")));
    /** @type {import("./alarm-panel.js").AlarmPanel | null} loaded with the first alarm that is chosen */
    let panel = null;
    async function loadPanel() {
      // With what a key asks about it, so that the keys after that one are not lost.
      const [{ AlarmPanel }] = await Promise.all([withWords("alarm-panel", import("./alarm-panel.js")), withWords("alarm-forms", import("./alarm-forms.js"))]);
      panel ??= new AlarmPanel({ store, permissions: session.permissions, look, act: actHere, choose: (id) => list.choose(id) });
      store.schedule();
    }
    const chosen = h("section", { class: "detail", "aria-live": "off" });
    const lead = new Lead(chosen);
    const events = /** @type {LiveList} */ (h("live-list", { empty: "console.empty" }));
    events.brief = 40;
    events.row = {
      key: (line) => line.key,
      create: () => createLine(look),
      update: (row, line) => updateLine(row, line, look, store.state.site),
    };
    const search = /** @type {HTMLInputElement} */ (
      h("input", { type: "search", "data-t-placeholder": "console.filter", "data-t-aria-label": "console.filter" })
    );
    const plan = h("section", { id: "plan" });
    main.append(
      h("section", { class: "alarms", hidden: !may("alarms.read") }, h("header", {}, title, seen, over), list, deeds.problem, flood, quiet),
      plan,
      chosen,
      h("section", { class: "events" }, h("header", {}, heading("console.events"), search), events),
    );
    main.classList.toggle("has-no-alarms", !may("alarms.read"));
    const building = mountBuilding(plan, store, session);
    // What hardly ever shows comes when the page has been of use for a moment.
    const usable = new Promise((resolve) => {
      const shown = store.subscribe((state) => {
        if (state.isLoaded && shown()) setTimeout(resolve, 1000);
      });
    });
    addStrips();
    async function addStrips() {
      await usable;
      if (may("assistance.read")) {
        const { assistanceStrip } = await later("assistance-strip", () => import("./assistance-strip.js"));
        notices.add(assistanceStrip(store, may("assistance.answer")));
      }
      if (may("approvals.read")) {
        const { signingStrip } = await later("signing", () => import("./signing.js"));
        notices.addLater(signingStrip(store, session.permissions));
      }
      if (may("recognition.read")) {
        const { recognitionStrip } = await later("recognition-strip", () => import("./recognition-strip.js"));
        notices.addLater(recognitionStrip(store));
      }
    }

    let said = "";
    store.subscribe((state) => {
      const { alarms, log } = state;
      const now = `${alarms.revision} ${document.documentElement.lang} ${state.link.isOnline}`;
      if (now !== said) {
        said = now;
        drawAlarms(alarms, state.link);
      }
      list.items = alarms.shown;
      const wanted = view.filter.toLowerCase();
      events.items = wanted
        ? log.lines.filter((line) => lineText(line, state.site, look).toLowerCase().includes(wanted))
        : log.lines;
      // What nobody has chosen is the most urgent alarm, and without any the person who was let in last.
      list.led = lead.follow(alarms);
      const id = list.chosen ?? (view.event === null ? lead.id : null);
      const alarm = id === null ? undefined : (alarms.get(id) ?? panel?.last(id));
      if (alarm && !panel) {
        loadPanel();
        return;
      }
      if (alarm && panel) {
        panel.show(alarm, deeds.pressed(alarm.id));
        put(panel.element);
        return;
      }
      const own = log.lines.find((line) => line.key === view.event);
      const line = own ?? log.lines.find((each) => each.word === "access.granted");
      put(line ? detail(line, look, state.site, line === own) : h("p", { class: "empty" }, t("detail.empty")));
    });

    /** Show in the panel; what is there already is left alone, since a film would begin anew. @param {HTMLElement} element */
    function put(element) {
      if (chosen.firstChild !== element) fill(chosen, element);
    }

    /** What is shown is chosen before anything is done about it. */
    const take = () => (lead.id === null ? list.move(1) : list.choose(lead.id));

    /** @param {import("./alarm-book.js").AlarmBook} alarms @param {import("./site-state.js").Link} link */
    function drawAlarms(alarms, { isOnline, since }) {
      // What was true when the line went dead is not said as if it were true now.
      const time = { time: formatTime(since, store.state.zone) };
      fill(title, isOnline ? t("desk.alarms") : t("desk.alarms_as_of", time));
      main.classList.toggle("is-cut-off", !isOnline);
      fill(silence[0], isOnline ? t("desk.all_quiet") : t("desk.unknown_since", time));
      fill(silence[1], t(isOnline ? "desk.all_quiet_hint" : "desk.unknown_hint"));
      const count = alarms.shown.length;
      list.hidden = count === 0;
      quiet.hidden = count > 0 || !alarms.isLoaded;
      if (!quiet.hidden) showNight();
      seen.hidden = count < 2 || !may("alarms.act");
      fill(seen, h("kbd", {}, "A"), t("desk.acknowledge_all_seen"));
      const { gathered } = alarms;
      const total = gathered.reduce((sum, [, n]) => sum + n, 0);
      flood.hidden = total === 0;
      const kinds = gathered.map(([kind, n]) => `${term("alarm_kind", kind)} ${n}`).join(" · ");
      const acknowledge = () => deeds.acknowledgeGathered(total);
      fill(flood, h("b", {}, t("desk.gathered", { n: total })), " ", h("span", {}, kinds), may("alarms.act") && h("button", { type: "button", onclick: acknowledge }, t("desk.acknowledge")));
    }

    let isNightShown = false;
    async function showNight() {
      if (isNightShown) return;
      isNightShown = true;
      await usable;
      const { QuietDesk } = await later("quiet-desk", () => import("./quiet-desk.js"));
      const night = new QuietDesk(store, may);
      quiet.append(night.element);
      night.show();
    }

    /** @param {string} deed done about what the panel shows */
    function actHere(deed) {
      if (list.chosen === null) take();
      act(deed);
    }

    /** @param {string} deed */
    async function act(deed) {
      const alarm = store.state.alarms.get(list.chosen);
      if (!alarm) return take();
      if (deed === "acknowledge") return deeds.acknowledge(alarm);
      if (deed === "unshelve") return deeds.unshelve(alarm);
      if (deed === "camera") return watch(alarm);
      const forms = await withWords("alarm-forms", import("./alarm-forms.js"));
      const { site } = store.state;
      if (deed === "shelve" && alarm.is_latched) return deeds.refuse("error.alarm_is_latched");
      if (deed === "shelve") forms.askToShelve(alarm, site);
      else if (deed === "take_out") forms.askToTakeOut(alarm, site);
      else if (deed === "note") forms.askForNote(alarm, (note) => deeds.note(alarm, note));
    }

    /** Look where an alarm is. @param {import("./alarm-book.js").Alarm} alarm */
    async function watch(alarm) {
      wear("video.css");
      const { cameras, covering, openCamera } = await withWords("video", import("./video.js"));
      const [camera] = covering(await cameras().catch(() => []), subjectsOf(alarm).map(([, id]) => id));
      if (camera) openCamera(camera, { zone: store.state.zone, permissions: session.permissions });
      else deeds.refuse("desk.no_camera");
    }

    /** @param {string} key */
    function chooseEvent(key) {
      const row = events.querySelector(`[data-key="${CSS.escape(key)}"]`);
      events.choose(row);
      row?.scrollIntoView({ block: "nearest" });
      // A line that a filter hides is shown all the same.
      view.event = key;
      store.schedule();
    }

    list.addEventListener("choose", (event) => {
      if (/** @type {CustomEvent} */ (event).detail !== null) {
        view.event = null;
        events.choose(null);
        const alarm = store.state.alarms.get(list.chosen);
        if (alarm) building.lead(alarm);
      }
      store.schedule();
    });
    list.addEventListener("deed", (event) => act(/** @type {CustomEvent} */ (event).detail));
    events.addEventListener("choose", (event) => {
      view.event = /** @type {CustomEvent} */ (event).detail;
      if (view.event !== null && list.chosen !== null) list.choose(null);
      store.schedule();
    });
    search.addEventListener("input", () => {
      view.filter = search.value;
      store.schedule();
    });
    /** The alarm that another page has led to. */
    const follow = () => {
      if (!location.hash.startsWith(CHOSEN)) return;
      list.choose(location.hash.slice(CHOSEN.length));
      history.replaceState(null, "", location.pathname);
    };
    addEventListener("hashchange", follow);
    follow();
    onLanguage(() => store.schedule());
    listen({ list, events, search, act, take, deeds, chosen });
    if (may("alarms.read")) onKey("h", () => t("desk.handover"), handOver);
  },
});

/** @param {string} key */
function heading(key) {
  return h("h2", { data: { t: key } }, t(key));
}

/**
 * @param {{list: AlarmList, events: LiveList, search: HTMLInputElement, deeds: AlarmDeeds,
 *   act: (deed: string) => void, take: () => void, chosen: HTMLElement}} parts
 */
function listen({ list, events, search, act, take, deeds, chosen }) {
  search.placeholder = t("console.filter");
  search.ariaLabel = t("console.filter");
  // Keys move in the alarms where there are any, unless somebody is among the events.
  const here = () => (list.hidden || events.contains(document.activeElement) ? events : list);
  onKey("j", () => t("keys.down"), () => here().move(1));
  onKey("k", () => t("keys.up"), () => here().move(-1));
  onKey("Enter", () => t("desk.open"), () => {
    if (list.chosen === null) return take();
    chosen.tabIndex = -1;
    chosen.focus();
  });
  onKey("a", () => t("desk.acknowledge"), () => act("acknowledge"));
  onKey("A", () => t("desk.acknowledge_all_seen"), () => deeds.acknowledgeSeen(list.visible));
  onKey("s", () => t("desk.shelve"), () => act("shelve"));
  onKey("u", () => t("desk.unshelve"), () => act("unshelve"));
  onKey("n", () => t("desk.note"), () => act("note"));
  onKey("o", () => t("desk.take_out"), () => act("take_out"));
  onKey("c", () => t("desk.camera"), () => act("camera"));
  onKey("/", () => t("keys.search"), () => search.focus());
  const leave = () => {
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    list.choose(null);
    events.choose(null);
  };
  onKey("Escape", () => t("keys.leave"), leave);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") search.blur();
  });
}
