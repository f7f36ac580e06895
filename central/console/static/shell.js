/** What every operator page has: session, live state, header with counts, navigation and keys. */

import { ApiError, get, post, whenPurposeNeeded, whenUnauthorised } from "./api.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, loadWords, localName, onLanguage, remember, setLanguage, t, termsOf } from "/web/i18n.js";
import { listenToKeys, onKey } from "/web/keys.js";
import { Live } from "/web/live.js";
import { Store } from "/web/store.js";
import { prioritySign, symbol } from "/web/symbols.js";
import { purposeShown, standOn } from "./purpose-kept.js";
import { AlarmBar } from "./alarm-bar.js";
import { Navigation } from "./navigation.js";
import { Notices } from "./notices.js";
import { closeSession, currentSession, masked, signIn } from "./session.js";
import { SiteState } from "./site-state.js";
import { fireStrip } from "./fire-strip.js";

/**
 * @typedef {import("./session.js").Session} Session
 * @typedef {object} Page
 * @property {string} name of its address, and of its words `page.NAME`
 * @property {(main: HTMLElement, context: {store: Store<SiteState>, session: Session, notices: Notices}) => void} mount
 */

/** The page that a guard's desk goes on showing. */
const DESK_PAGE = "console";
/** The one page that is there while a second factor is missing. */
const OWN_PAGE = "account";
/** What merely happened is drawn so much later, together with what comes meanwhile; an alarm is at once. */
const PATIENCE_MS = 150;

/**
 * Start a page; the one thing that a page's module calls.
 * @param {Page} page
 */
export async function startPage(page) {
  const [found] = await Promise.all([currentSession(), loadWords()]);
  standOn(page.name);
  const store = new Store(new SiteState());
  const main = h("main", { id: page.name });
  const header = new Header(page.name, store);
  const notices = new Notices(main);
  document.body.append(header.element, notices.element, main);
  const isDesk = page.name === DESK_PAGE;
  const session = found && (isDesk || !found.is_locked) ? found : await signIn();
  if (session.needs_second_factor && page.name !== OWN_PAGE) return location.assign(`/${OWN_PAGE}`);
  header.greet(session);
  listenToPages(session);
  if (session.permissions.includes("fire.read")) notices.add(fireStrip(store, session));
  page.mount(main, { store, session, notices });
  if (session.needs_second_factor) return;
  let keeping = keepDesk(isDesk, session);
  /** Whoever may the same goes on where the other stopped. @param {Session} next */
  const taken = (next) => {
    if (next.permissions.join() !== session.permissions.join()) return location.reload();
    Object.assign(session, next);
    keeping = keepDesk(isDesk, session);
    lock?.unlock();
    header.greet(session);
    // The stream of a locked desk tells less.
    live.restart();
  };
  /** @type {import("./duty-lock.js").DutyLock | null} loaded when somebody has to take over */
  let lock = null;
  /** @param {string} who was on duty last, masked */
  const locked = async (who) => {
    const { DutyLock } = await import("./duty-lock.js");
    if (!lock) {
      lock = new DutyLock(taken, () => header.greet(session));
      notices.add(lock.element);
    }
    if (!lock.isLocked) lock.lock(who);
    return lock;
  };
  if (isDesk) {
    if (session.is_locked) locked(session.username);
    if (session.permissions.includes("desk.keep")) onKey("L", () => t("duty.lock"), async () => {
        await keeping;
        await post("/desk/lock");
      });
  }
  const live = openLive(store, isDesk ? { locked, unlock: () => lock?.unlock() } : null, session);
}

/** Let this browser go on watching after the session, where its guard may. @param {boolean} isDesk @param {Session} session */
async function keepDesk(isDesk, session) {
  if (isDesk && session.permissions.includes("desk.keep")) await post("/desk").catch(() => null);
}

/** All that stand and all that are laid aside. */
async function loadAlarms() {
  const [standing, aside] = await Promise.all([get("/alarms?limit=10000"), get("/alarms?state=shelved&limit=10000")]);
  return { ...standing, aside: aside.items };
}

/**
 * @param {Store<SiteState>} store
 * @param {{locked: (who: string) => Promise<import("./duty-lock.js").DutyLock>, unlock: () => void} | null} desk null for a page that is none
 * @param {Session} session
 */
function openLive(store, desk, session) {
  const load = async () => {
    const [snapshot, alarms] = await Promise.all([get("/snapshot"), session.permissions.includes("alarms.read") ? loadAlarms() : null]);
    return { ...snapshot, alarms };
  };
  const live = new Live("/api/v1/stream", {
    load,
    onLoaded: async (snapshot) => {
      store.update((state) => state.apply(snapshot));
      if (!desk) return snapshot.is_locked ? enter() : undefined;
      if (snapshot.is_locked) await onLocked();
      else desk.unlock();
    },
    onMessage: (name, data) => store.update((state) => state.take(name, data), name === "alarm" ? 0 : PATIENCE_MS),
    onLink: (isOnline, since) => store.update((state) => Object.assign(state, { link: { isOnline, since } })),
    onSignedOut: enter,
  });
  /** An answer may come late, when the next guard is there already. */
  const onLocked = async () => {
    const now = await currentSession();
    return now?.is_locked ? desk?.locked(now.username) : null;
  };
  async function enter() {
    await signIn();
    // Another person may see other things: begin again rather than patch what was shown.
    location.reload();
  }
  whenUnauthorised(async (code, method) => {
    if (code !== "locked" || !desk) return enter();
    const lock = await onLocked();
    // What is only read again does not ask anybody to come.
    if (method !== "GET") lock?.ask();
  });
  // Whoever is signed out is asked who they are, whatever was under way; nothing else needs to be said.
  addEventListener("unhandledrejection", (event) => {
    if (event.reason instanceof ApiError && event.reason.status === 401) event.preventDefault();
  });
  whenPurposeNeeded(async () => (await import("./purpose.js")).askPurpose());
  live.open();
  return live;
}

/** Of pages that some roles have nothing on, what one must be allowed to read; any other is everybody's. */
const READS = new Map([
  ["cameras", "video"],
  ["boards", "firmware"],
  ...["people", "nodes", "recognition", "access", "muster", "fire", "events", "shifts", "patrol", "canteen", "audit", "alarms", "privacy"].map((name) => /** @type {[string, string]} */ ([name, name])),
  ["visitors", "visits"],
  ["operators", "users"],
]);

/** The pages that have anything for whoever is signed in. @param {Session | null} session */
function shownPages(session) {
  return termsOf("page").filter((name) => {
    const area = READS.get(name);
    if (name === "integrations") return connects(session);
    return area === undefined || session?.permissions.includes(`${area}.${{ video: "watch" }[area] ?? "read"}`);
  });
}

/** Whether one has anything to do with other systems. @param {Session | null} session */
const connects = (session) =>
  session?.permissions.includes("integrations.manage") || session?.permissions.includes("connectors.manage") || session?.permissions.includes("commands.connect");

/** @param {string} name */
const pathOf = (name) => (name === "console" ? "/" : `/${name}`);

/** Listen to `g` and a letter of a page's name that no page before it has. @param {Session} session */
function listenToPages(session) {
  listenToKeys();
  const taken = new Set();
  for (const name of shownPages(session)) {
    const letter = [...name].find((each) => !taken.has(each));
    if (letter === undefined) continue;
    taken.add(letter);
    onKey(`g ${letter}`, () => t(`page.${name}`), () => location.assign(pathOf(name)));
  }
}

class Header {
  #page;
  #store;
  #site = h("strong", { class: "site" });
  #clock = h("time", { class: "clock" });
  #link = h("span", { class: "link", role: "status" });
  #counts = h("ul", { class: "counts" });
  #state = h("div", { class: "state-bar" });
  #nav = new Navigation();
  /** @type {AlarmBar | null} */
  #alarms = null;
  #tools = h("div", { class: "tools" });
  /** @type {Session | null} */
  #session = null;

  /** @param {string} page @param {Store<SiteState>} store */
  constructor(page, store) {
    this.#page = page;
    this.#store = store;
    const bar = h("div", { class: "bar" }, this.#site, this.#nav.element, this.#clock, this.#link, this.#tools);
    this.#state.append(this.#counts);
    this.element = h("header", { class: "shell" }, bar, this.#state);
    store.subscribe((state) => this.#render(state));
    setInterval(() => this.#tick(), 1000);
    onLanguage(() => {
      this.#words();
      store.schedule();
    });
    this.#words();
    addEventListener("purpose", () => this.#words());
  }

  /** @param {Session} session */
  greet(session) {
    this.#session = session;
    if (session.permissions.includes("alarms.read") && !this.#alarms) {
      this.#alarms = new AlarmBar(this.#store);
      this.#state.prepend(this.#alarms.element);
    }
    this.#words();
  }

  #words() {
    this.#nav.show(
      shownPages(this.#session).map((name) =>
        h("a", { href: pathOf(name), "aria-current": name === this.#page && "page" }, t(`page.${name}`)),
      ),
    );
    const other = language() === "en" ? "zh-CN" : "en";
    const root = document.documentElement;
    fill(
      this.#tools,
      purposeShown(),
      this.#session && h("span", { class: "user" }, symbol("person"), this.#who(this.#session)),
      h("button", { class: "quiet", lang: other, onclick: () => setLanguage(other) }, other === "en" ? "EN" : "中"),
      h("button", { class: "quiet", onclick: () => this.#turnLight(root) }, t("action.theme")),
      this.#session && h("button", { class: "quiet", onclick: () => this.#session && closeSession(this.#session) }, t("action.sign_out")),
    );
  }

  /** Who works here; whoever is on duty is seen by everybody who comes to the desk. @param {Session} session */
  #who({ username, permissions }) {
    if (document.documentElement.dataset.locked !== undefined) return t("duty.nobody");
    const isOnDuty = permissions.includes("desk.keep") || this.#page === DESK_PAGE;
    return isOnDuty ? t("duty.on", { who: masked(username) }) : username;
  }

  /** @param {HTMLElement} root */
  #turnLight(root) {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember("menshen.theme", root.dataset.theme);
  }

  #tick() {
    const { zone, isLoaded } = this.#store.state;
    if (isLoaded) fill(this.#clock, formatTime(Date.now(), zone));
  }

  /** @param {SiteState} state */
  #render(state) {
    const { isOnline, since } = state.link;
    const name = localName(state.site?.name, state.site?.id ?? "");
    fill(this.#site, name);
    document.title = [t(`page.${this.#page}`), name].filter(Boolean).join(" · ");
    this.element.classList.toggle("is-cut-off", !isOnline);
    const words = isOnline ? t("link.online") : t("link.offline", { since: formatTime(since, state.zone) });
    fill(this.#link, isOnline && h("i", { class: "dot" }), !isOnline && prioritySign(2), h("span", {}, words));
    if (!state.isLoaded) return;
    fill(this.#counts, ...counts(state).map(([key, count, priority]) => this.#count(key, count, priority)));
    this.#tick();
  }

  /** @param {string} key @param {number} count @param {0 | 2 | 3} priority 0: stale */
  #count(key, count, priority) {
    const sign = count > 0 && (priority ? prioritySign(priority) : h("i", { class: "hatch" }));
    return h("li", { class: count > 0 ? `is-some p${priority}` : "" }, sign, `${t(key)} `, h("b", {}, count));
  }
}

/** @param {SiteState} state @returns {[string, number, 0 | 2 | 3][]} */
function counts(state) {
  const nodes = [...state.nodes.values()];
  const gates = state.gates();
  const broken = gates.filter((gate) => !gate.isStale && ["fault", "blocked"].includes(gate.state ?? ""));
  const gaps = nodes.reduce((sum, node) => sum + node.gaps.length, 0);
  return [
    ["count.broken", broken.length, 2],
    ["count.nodes_lost", nodes.filter((node) => !node.is_online).length, 2],
    ["count.stale", gates.filter((gate) => gate.isStale).length, 0],
    ["count.gaps", gaps, 3],
  ];
}
