/** The technician's bench: devices and simulators left, the chosen device, the simulator's switches. */

import { h, fill } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, loadWords, onLanguage, remember, setLanguage, t } from "/web/i18n.js";
import { listenToKeys, onKey } from "/web/keys.js";
import { Live } from "/web/live.js";
import { Store } from "/web/store.js";
import { prioritySign } from "/web/symbols.js";
import { PREFIX, get, post } from "./api.js";
import { BenchState } from "./bench-state.js";
import { DevicePanel } from "./device-panel.js";
import { openDevice, startSimulator } from "./dialogs.js";
import { sideList } from "./side-list.js";
import { simulatorPanel } from "./simulator-panel.js";

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const [catalogue] = await Promise.all([enter(), loadWords()]);
const store = new Store(Object.assign(new BenchState(), { catalogue }));
const main = h("main", { id: "bench" });
document.body.append(header(), main);
if (catalogue) run();
else refuse();

/** Begin a session with the link's token, or go on with the one that this browser has; returns what
 * there is to choose from, or null. */
async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    // The token is used up: it must not stay in the address, the history or a screenshot.
    history.replaceState(null, "", location.pathname);
    await post("/session", { token }).catch(() => null);
  }
  return get("/catalogue").catch(() => null);
}

function run() {
  const panel = new DevicePanel(store);
  const begin = { openDevice: () => openDevice(store), startSimulator: () => startSimulator(store) };
  main.append(sideList(store, begin), panel.element, simulatorPanel(store));
  listenToKeys();
  onKey("d", () => t("device.open"), begin.openDevice);
  onKey("s", () => t("simulator.start"), begin.startSimulator);
  onKey("t", () => t("test.start"), () => panel.press());
  onKey("p", () => t("keys.pause"), () => panel.pause());
  onKey("/", () => t("frames.filter"), () => panel.search());
  onKey("j", () => t("keys.down"), () => move(1));
  onKey("k", () => t("keys.up"), () => move(-1));
  new Live(`${PREFIX}/stream`, {
    load: () => get("/state"),
    onLoaded: (view) => store.update((state) => state.apply(view)),
    onMessage: (name, data) => store.update((state) => state.take(name, data)),
    onLink: (isOnline, since) => store.update((state) => Object.assign(state, { link: { isOnline, since } })),
    onSignedOut: refuse,
  }).open();
  // Ages grow although nothing happens.
  setInterval(() => store.schedule(), 1000);
}

/** @param {1 | -1} step to the next or the previous device */
function move(step) {
  const ids = [...store.state.devices.keys()];
  const next = ids[ids.indexOf(store.state.chosenDevice ?? "") + step];
  if (next) store.update((state) => state.chooseDevice(next));
}

function refuse() {
  const show = () => fill(main, h("div", { class: "welcome" }, h("h1", {}, t("bench.no_session")), h("p", {}, t("bench.no_session_way"))));
  main.className = "is-refused";
  show();
  onLanguage(show);
}

function header() {
  const title = h("strong", { class: "site" });
  const link = h("span", { class: "link", role: "status" });
  const tools = h("div", { class: "tools" });
  const element = h("header", { class: "shell" }, h("div", { class: "bar" }, title, h("span", { class: "space" }), link, tools));
  const words = () => {
    const other = language() === "en" ? "zh-CN" : "en";
    const root = document.documentElement;
    document.title = t("bench.title");
    fill(title, t("bench.title"));
    const light = h("button", { class: "quiet", onclick: () => turnLight(root) }, t("action.theme"));
    fill(tools, h("button", { class: "quiet", lang: other, onclick: () => setLanguage(other) }, other === "en" ? "EN" : "中"), light);
    store.schedule();
  };
  onLanguage(words);
  words();
  store.subscribe(({ link: { isOnline, since } }) => {
    element.classList.toggle("is-cut-off", !isOnline);
    const sentence = isOnline ? t("link.online") : t("link.offline", { since: formatTime(since, ZONE) });
    fill(link, isOnline ? h("i", { class: "dot" }) : prioritySign(2), h("span", {}, sentence));
  });
  return element;
}

/** @param {HTMLElement} root */
function turnLight(root) {
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
  remember("menshen.theme", root.dataset.theme);
}
