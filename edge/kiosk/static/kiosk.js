/** One lane's screen: live picture, a frame that follows the face, and one thing to say at a time. */

import { AssistanceButton } from "./assistance.js";
import { Screen } from "./screen.js";
import { h } from "/web/dom.js";
import { language, loadWords, onLanguage, setLanguage } from "/web/i18n.js";
import { Live } from "/web/live.js";
import { Store } from "/web/store.js";

/** How long a screen greets or refuses before it looks for the next person. */
const SHOWN_MS = 1500;

/**
 * @typedef {"looking" | "welcome" | "passed" | "refused" | "step_up" | "fault" | "unavailable" | "fire" | "drill"} Phase
 * @typedef {{phase: Phase, masked_name: string, reason: string | null, cover: string | null, asks: string[], direction: string,
 *   changed_at: string}} LaneState
 * @typedef {{box: [number, number, number, number], is_active: boolean, hint: string | null}} Face
 * @typedef {object} KioskState
 * @property {any} site
 * @property {any} point
 * @property {LaneState} lane
 * @property {{is_current: boolean, faces: Face[]}} picture
 * @property {import("./assistance.js").Settings | null} assistance
 * @property {import("./assistance.js").Standing | null} standing
 * @property {boolean} isOnline
 * @property {number} round counts connections, so that the picture's is made anew
 */

/** @type {LaneState} */
const LOOKING = { phase: "looking", masked_name: "", reason: null, cover: null, asks: [], direction: "in", changed_at: "" };
const NO_PICTURE = { is_current: false, faces: [] };

await loadWords();
/** @type {Store<KioskState>} */
const store = new Store({
  site: null, point: null, lane: LOOKING, picture: NO_PICTURE, assistance: null, standing: null, isOnline: false, round: 0,
});
const screen = new Screen(location.pathname);
const assistance = new AssistanceButton(location.pathname, () => store.schedule());
const other = () => (language() === "en" ? "zh-CN" : "en");
const change = h("button", { class: "language", onclick: () => setLanguage(other()) });
const name = () => {
  change.lang = other();
  change.textContent = other() === "en" ? "EN" : "中";
  store.schedule();
};
document.body.append(screen.element, assistance.element, assistance.staff, change);
store.subscribe((state) => {
  screen.render(state);
  assistance.render(state);
});
onLanguage(name);
name();

const PASSING = new Set(["welcome", "passed", "refused", "step_up"]);
/** A card has to be found first. */
const STEP_UP_MS = 10_000;
/** What is shown when nothing passes over the screen. */
let lasting = LOOKING;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {LaneState} lane */
function show(lane) {
  clearTimeout(timer);
  const isPassing = PASSING.has(lane.phase);
  if (!isPassing) lasting = lane;
  // The terminal repeats the newest state to a page that connects late.
  const shown = lane.phase === "step_up" ? STEP_UP_MS : SHOWN_MS;
  const left = isPassing ? shown - (Date.now() - Date.parse(lane.changed_at)) : Infinity;
  store.update((state) => Object.assign(state, { lane: left > 0 ? lane : lasting }));
  if (isPassing && left > 0) timer = setTimeout(() => show(lasting), Math.min(left, shown));
}

new Live(`${location.pathname}/stream`, {
  load: async (hello) => hello,
  onLoaded: ({ site, access_point: point, assistance, standing }) => {
    show(LOOKING);
    store.update((state) => Object.assign(state, { site, point, assistance, standing, picture: NO_PICTURE, round: state.round + 1 }));
  },
  onMessage: (kind, data) => {
    if (kind === "state") show(data);
    else if (kind === "standing") store.update((state) => Object.assign(state, { standing: data }));
    else if (kind === "picture") store.update((state) => Object.assign(state, { picture: data }));
  },
  onLink: (isOnline) => store.update((state) => Object.assign(state, { isOnline })),
}).open();
