/**
 * The floor plan: what stands where, grey when all is well. A symbol turns on what the node has read
 * back, never on a click; what nobody vouches for is hatched and says since when.
 */

import { get } from "./api.js";
import { follow } from "./follow.js";
import { fitted, nearest } from "./plan-places.js";
import { planSymbol, updateSymbol } from "./plan-symbols.js";
import { fill, h, renderRows } from "/web/dom.js";
import { localName, onLanguage, t } from "/web/i18n.js";

/**
 * @typedef {{kind: string, id: string, x: number, y: number, angle: number}} Place
 * @typedef {{kind: string, id: string, name: Record<string, string>, node: string | null,
 *   device: string | null, access_points: string[]}} Subject
 * @typedef {{id: string, version: number, name: Record<string, string>, floor: number,
 *   drawing: string | null, width: number, height: number, places: Place[], is_schematic: boolean,
 *   changed_by: string, changed_at: string | null}} Plan
 * @typedef {{place: Place, subject: Subject | undefined}} Item
 * @typedef {import("/web/store.js").Store<import("./site-state.js").SiteState>} Store
 * @typedef {import("./session.js").Session} Session
 */

/** So near to a side of the sheet words have no room on it. */
const EDGE = 0.09;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * Show the plans in a section of a page.
 * @param {HTMLElement} section
 * @param {Store} store
 * @param {Session} session
 * @returns {{show: (kind: string, id: string) => boolean, reload: (id?: string) => Promise<void>,
 *   current: () => {plan: Plan, subjects: Map<string, Subject>} | null, onShown: (listener: () => void) => void}}
 *   show: leads to where something stands; false where it stands on no plan
 */
export function mountPlan(section, store, session) {
  /** @type {Plan[]} */
  let plans = [];
  /** @type {Map<string, Subject>} */
  let subjects = new Map();
  let chosen = "";
  /** @type {Set<() => void>} */
  const listeners = new Set();
  const tabs = h("div", { class: "plan-floors", role: "tablist" });
  const tally = h("p", { class: "plan-tally", role: "status" });
  const sheet = h("div", { class: "plan-sheet" });
  const problem = h("p", { class: "problem", role: "alert" });
  section.className += " plan";
  const body = h("div", { class: "plan-body" }, h("div", { class: "plan-frame" }, sheet));
  section.append(h("header", {}, tabs, tally), problem, body);
  const picture = /** @type {HTMLImageElement} */ (h("img", { class: "plan-drawing", alt: "", draggable: "false" }));
  const symbols = h("ul", { class: "plan-symbols" });
  sheet.append(picture, symbols);

  const shown = () => plans.find((plan) => plan.id === chosen) ?? plans[0];

  const fit = fitted(sheet, () => (shown()?.width ?? 3) / (shown()?.height ?? 2));

  /** @param {Plan} plan @returns {Item[]} */
  const itemsOf = (plan) => plan.places.map((place) => ({ place, subject: subjects.get(`${place.kind}/${place.id}`) }));

  /** @type {import("./plan-panel.js").PlanPanel | null} loaded with the first place that is opened */
  let panel = null;
  /** @param {Item} item @param {HTMLButtonElement} button */
  async function open(item, button) {
    const { PlanPanel } = await import("./plan-panel.js");
    if (!panel) {
      panel = new PlanPanel(store, session);
      body.append(panel.element);
    }
    panel.onClosed = () => focus(button);
    panel.open(item);
  }

  function draw() {
    const plan = shown();
    if (!plan) return;
    const { state } = store;
    renderRows(tabs, plans.length > 1 ? plans : [], {
      key: (each) => each.id,
      create: (each) => h("button", { role: "tab", class: "quiet", onclick: () => choose(each.id) }),
      update: (tab, each) => {
        tab.setAttribute("aria-selected", String(each === plan));
        const count = itemsOf(each).filter((item) => planSymbol(item, state).isAbnormal).length;
        fill(tab, localName(each.name, each.id), count ? h("b", { class: "plan-count" }, count) : "");
      },
    });
    if (picture.dataset.drawing !== (plan.drawing ?? "")) {
      picture.dataset.drawing = plan.drawing ?? "";
      picture.hidden = plan.drawing === null;
      if (plan.drawing) picture.src = `/api/v1/plans/drawings/${plan.drawing}`;
    }
    fit();
    const items = itemsOf(plan);
    const seen = items.map((item) => planSymbol(item, state));
    renderRows(symbols, items, {
      key: ({ place }) => `${plan.id}/${place.kind}/${place.id}`,
      create: () => h("li", {}, h("button", { type: "button", class: "plan-symbol", tabindex: "-1" })),
      update: (row, item) => {
        row.style.left = `${item.place.x * 100}%`;
        row.style.top = `${item.place.y * 100}%`;
        // Words at the edge of the sheet go inwards, so that they are read whole.
        row.dataset.edge = item.place.x < EDGE ? "left" : item.place.x > 1 - EDGE ? "right" : "";
        const button = /** @type {HTMLButtonElement} */ (row.firstElementChild);
        button.onclick = () => open(item, button);
        updateSymbol(row, button, item, planSymbol(item, state), state);
      },
    });
    const buttons = [...symbols.querySelectorAll("button")];
    // One stop of the Tab key; arrows lead on from there.
    if (!buttons.some((button) => button.tabIndex === 0) && buttons[0]) buttons[0].tabIndex = 0;
    const abnormal = seen.filter((each) => each.isAbnormal).length;
    const stale = seen.filter((each) => each.isStale).length;
    const words = [
      abnormal ? t("plan.abnormal", { n: abnormal }) : null,
      stale ? t("plan.stale", { n: stale }) : null,
      abnormal || stale ? null : t("plan.normal", { n: seen.length }),
    ];
    fill(tally, [plan.is_schematic ? t("plan.schematic") : null, ...words].filter(Boolean).join(" · "));
  }

  /** @param {string} id */
  function choose(id) {
    chosen = id;
    panel?.close();
    symbols.replaceChildren();
    draw();
    for (const listener of listeners) listener();
  }

  symbols.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    const from = event.target;
    if (!way || !(from instanceof HTMLButtonElement)) return;
    event.preventDefault();
    const next = nearest(from, [...symbols.querySelectorAll("button")], way);
    if (next) focus(next);
  });

  /** @param {HTMLButtonElement} button */
  function focus(button) {
    for (const other of symbols.querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1;
    button.focus();
  }

  async function load() {
    try {
      const answer = await get("/plans");
      plans = answer.items;
      subjects = new Map(answer.subjects.map((/** @type {Subject} */ each) => [`${each.kind}/${each.id}`, each]));
      fill(problem);
    } catch (/** @type {any} */ error) {
      fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
    }
    draw();
    for (const listener of listeners) listener();
  }
  follow(store, (state) => state.plansVersion, load);
  store.subscribe(draw);
  onLanguage(() => {
    draw();
    panel?.words();
  });
  return {
    async reload(id = chosen) {
      chosen = id;
      await load();
    },
    current: () => (plans.length ? { plan: shown(), subjects } : null),
    onShown: (listener) => listeners.add(listener),
    show(kind, id) {
      const plan = plans.find((each) => each.places.some((place) => place.kind === kind && place.id === id));
      if (!plan) return false;
      if (plan !== shown()) choose(plan.id);
      const row = symbols.querySelector(`[data-key="${CSS.escape(`${plan.id}/${kind}/${id}`)}"]`);
      const button = row?.querySelector("button");
      if (button) focus(button);
      return button !== null && button !== undefined;
    },
  };
}
