/** The security console: what happens now on the left, the gates and the chosen event on the right. */

import "/web/live-list.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { assistanceStrip } from "./assistance-strip.js";
import { createLine, lineText, updateLine } from "./event-line.js";
import { detail } from "./event-detail.js";
import { renderGates } from "./gates.js";
import { renderNodes } from "./node-strip.js";
import { recognitionStrip } from "./recognition-strip.js";
import { startPage } from "./shell.js";
import { signingStrip } from "./signing.js";

startPage({
  name: "console",
  mount(main, { store, session }) {
    const view = { filter: "", /** @type {string | null} */ chosen: null };
    const look = {
      showsCrops: session.permissions.includes("events.crops"),
      showsCandidates: session.permissions.includes("events.candidates"),
      mayForgive: session.permissions.includes("passback.forgive"),
      zone: () => store.state.zone,
      cropLifetimeMs: (/** @type {string} */ kind) => store.state.cropLifetimeMs(kind),
      choose,
      changed: () => store.schedule(),
    };
    const list = /** @type {import("/web/live-list.js").LiveList} */ (h("live-list", { empty: "console.empty" }));
    list.row = {
      key: (line) => line.key,
      create: () => createLine(look),
      update: (row, line) => updateLine(row, line, look, store.state.site),
    };
    const search = /** @type {HTMLInputElement} */ (
      h("input", { type: "search", "data-t-placeholder": "console.filter", "data-t-aria-label": "console.filter" })
    );
    const openGate = session.permissions.includes("commands.send")
      ? async (/** @type {any} */ gate) => (await import("./gate-commands.js")).openGate(gate, store)
      : null;
    const gates = h("ul", { class: "gates" });
    const nodes = h("ul", { class: "node-strip" });
    const panel = h("section", { class: "detail", "aria-live": "off" });
    main.append(
      h("section", { class: "events" }, h("header", {}, heading("console.events"), search), list),
      h("aside", {}, heading("console.gates"), gates, heading("console.nodes"), nodes, heading("console.detail"), panel),
    );

    if (session.permissions.includes("assistance.read")) {
      main.before(assistanceStrip(store, session.permissions.includes("assistance.answer")));
    }
    if (session.permissions.includes("approvals.read")) main.before(signingStrip(store, session.permissions));
    if (session.permissions.includes("recognition.read")) main.before(recognitionStrip(store));

    store.subscribe((state) => {
      const wanted = view.filter.toLowerCase();
      const lines = state.log.lines;
      list.items = wanted
        ? lines.filter((line) => lineText(line, state.site, look).toLowerCase().includes(wanted))
        : lines;
      renderGates(gates, state, openGate);
      renderNodes(nodes, state);
      // Without a choice the panel follows the person who was let in last.
      const chosen = lines.find((line) => line.key === view.chosen);
      const line = chosen ?? lines.find((each) => each.word === "access.granted");
      fill(panel, line ? detail(line, look, state.site, line === chosen) : h("p", { class: "empty" }, t("detail.empty")));
    });
    list.addEventListener("choose", (event) => {
      view.chosen = /** @type {CustomEvent} */ (event).detail;
      store.schedule();
    });
    /** @param {string} key */
    function choose(key) {
      const row = list.querySelector(`[data-key="${CSS.escape(key)}"]`);
      list.choose(row);
      row?.scrollIntoView({ block: "nearest" });
      // A line that a filter hides is shown all the same.
      view.chosen = key;
      store.schedule();
    }
    search.addEventListener("input", () => {
      view.filter = search.value;
      store.schedule();
    });
    onLanguage(() => store.schedule());
    listen(list, search);
  },
});

/** @param {string} key */
function heading(key) {
  return h("h2", { data: { t: key } }, t(key));
}

/** @param {import("/web/live-list.js").LiveList} list @param {HTMLInputElement} search */
function listen(list, search) {
  search.placeholder = t("console.filter");
  search.ariaLabel = t("console.filter");
  onKey("j", () => t("keys.down"), () => list.move(1));
  onKey("k", () => t("keys.up"), () => list.move(-1));
  onKey("/", () => t("keys.search"), () => search.focus());
  const leave = () => {
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur();
    list.choose(null);
  };
  onKey("Escape", () => t("keys.leave"), leave);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Escape") search.blur();
  });
}
