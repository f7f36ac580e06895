/** The gates: grey when all is well, coloured when not, hatched when nobody knows. */

import { pointName } from "./point-name.js";
import { unknownWord } from "./site-state.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatAgo, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { gateDrawing, prioritySign } from "/web/symbols.js";

/** @type {Record<string, 1 | 2 | 4>} states that ask for attention */
const PRIORITIES = { emergency_open: 1, blocked: 2, fault: 2, self_test: 4 };

/**
 * @param {HTMLElement} container
 * @param {import("./site-state.js").SiteState} state
 * @param {((gate: any) => void) | null} open opens a gate's commands; null for who may send none
 */
export function renderGates(container, state, open) {
  const gates = state.gates();
  renderRows(container, gates, {
    key: (gate) => `${gate.node}/${gate.device}`,
    create: () =>
      h("li", { class: "gate" }, h("div", { class: "drawing" }), h("div", {}, open ? h("button", { class: "plain" }) : h("b"), h("span", { class: "state" }), h("small"))),
    update: (card, gate) => {
      updateGate(card, gate, state);
      const button = card.querySelector("button");
      if (button && open) button.onclick = () => open(gate);
    },
  });
  container.classList.toggle("is-empty", gates.length === 0);
  container.dataset.empty = state.isLoaded && gates.length === 0 ? t("gates.empty") : "";
}

/** @param {HTMLElement} card @param {any} gate @param {import("./site-state.js").SiteState} state */
function updateGate(card, gate, state) {
  const shown = gate.isStale ? "unknown" : (gate.state ?? "unknown");
  const priority = gate.isStale ? undefined : PRIORITIES[shown];
  card.className = ["gate", gate.isStale && "is-stale", priority && `p${priority}`].filter(Boolean).join(" ");
  const [drawing, words] = card.children;
  if (drawing instanceof HTMLElement && drawing.dataset.state !== shown) {
    drawing.dataset.state = shown;
    drawing.replaceChildren(gateDrawing(shown));
  }
  const [name, word, note] = words.children;
  fill(name, gate.access_points.map((/** @type {string} */ id) => pointName(state.site, id)).join(" · "));
  fill(word, priority ? prioritySign(priority) : null, gate.isStale ? unknownWord(gate.isAwaited) : term("state", shown));
  const since = gate.isStale ? gate.staleSince : gate.since;
  fill(note, t("since", { time: formatTime(since, state.zone) }));
  /** @type {HTMLElement} */ (note).title = formatAgo(since);
}
