/** The building on the console: its plan where the site has drawn one, else its gates and nodes; `m` changes. */

import { get } from "./api.js";
import { areaButton } from "./area-open.js";
import { renderGates } from "./gates.js";
import { renderNodes } from "./node-strip.js";
import { wear } from "./style.js";
import { h } from "/web/dom.js";
import { recall, remember, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

/** What a guard has chosen to see, in this browser. */
const CHOICE = "menshen.building";
const PLAN = "plan";

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @param {HTMLElement} section
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {import("./session.js").Session} session
 * @returns {{lead: (alarm: Alarm) => void}} lead: shows on the plan where an alarm is
 */
export function mountBuilding(section, store, session) {
  const openGate = session.permissions.includes("commands.send")
    ? async (/** @type {any} */ gate) => (await import("./gate-commands.js")).openGate(gate, store)
    : null;
  const gates = h("ul", { class: "gates" });
  const nodes = h("ul", { class: "node-strip" });
  const lists = h("div", { class: "lists" }, heading("console.gates"), gates, heading("console.nodes"), nodes);
  const place = h("div", { class: "place", hidden: true });
  const tabs = [PLAN, "gates"].map((name) =>
    h("button", { type: "button", class: "quiet", role: "tab", onclick: () => choose(name), data: { t: `desk.show_${name}`, tab: name } }, t(`desk.show_${name}`)),
  );
  section.append(h("div", { class: "tabs" }, h("div", { role: "tablist" }, ...tabs), areaButton(store, session)), place, lists);
  /** @type {ReturnType<typeof import("./plan.js").mountPlan> | null} */
  let plan = null;

  /** @param {string} name */
  async function show(name) {
    for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
    lists.hidden = name === PLAN;
    place.hidden = name !== PLAN;
    if (name !== PLAN || plan) return;
    wear("plan.css");
    const { mountPlan } = await import("./plan.js");
    plan ??= mountPlan(place, store, session);
  }

  /** @param {string} name */
  function choose(name) {
    remember(CHOICE, name);
    show(name);
  }

  async function begin() {
    const chosen = recall(CHOICE);
    show(chosen ?? "gates");
    if (chosen) return;
    const { items } = await get("/plans").catch(() => ({ items: [] }));
    if (items.some((/** @type {any} */ each) => !each.is_schematic)) show(PLAN);
  }

  onKey("m", () => t("desk.show_other"), () => choose(place.hidden ? PLAN : "gates"));
  begin();
  store.subscribe((state) => {
    renderGates(gates, state, openGate);
    renderNodes(nodes, state);
  });
  return {
    lead({ subject }) {
      if (place.hidden || !plan) return;
      const held = document.activeElement;
      for (const [kind, id] of Object.entries(subject)) {
        if (id !== null) plan.show(kind === "zone" ? "fire_zone" : kind, id);
      }
      // Whoever moves among the alarms stays there.
      if (held instanceof HTMLElement) held.focus({ preventScroll: true });
    },
  };
}

/** @param {string} key */
function heading(key) {
  return h("h2", { data: { t: key } }, t(key));
}
