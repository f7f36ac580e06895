/** The nodes in one line each: connected or since when not, what is unsent, what is missing. */

import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {import("./site-state.js").NodeView} NodeView */

/**
 * Whether a node is there, in words.
 * @param {NodeView} node
 * @param {string} zone
 */
export function presence(node, zone) {
  if (node.is_online) return t("node.online");
  return node.last_seen_at ? t("node.lost", { since: formatTime(node.last_seen_at, zone) }) : t("node.never");
}

/**
 * What asks for attention at a node.
 * @param {NodeView} node
 * @returns {[2 | 3, string][]}
 */
export function troubles({ gaps, status }) {
  const lost = status?.devices.filter((/** @type {any} */ d) => !d.is_current && !d.is_awaited).length ?? 0;
  /** @type {[2 | 3, string | false][]} */
  const all = [
    [2, !!status && !status.is_journal_writable && t("node.journal_unwritable")],
    [2, lost > 0 && t("node.devices_lost", { n: lost })],
    [2, !!status?.is_replica_outdated && t("node.replica_outdated")],
    [3, gaps.length > 0 && t("node.gaps", { n: gaps.reduce((sum, gap) => sum + gap.last - gap.first + 1, 0) })],
    [3, !!status?.pipeline_missing.length && t("node.no_recognition")],
    [3, !!status?.disk?.is_short && t("node.disk_short", { n: status.disk.free_mb })],
    [3, !!status?.clock?.is_wrong && t("node.clock_wrong")],
    [3, status?.clockquality === "unsure" && !status.is_clock_awaited && t("node.clock_unsure")],
  ];
  return /** @type {[2 | 3, string][]} */ (all.filter(([, words]) => words));
}

/**
 * @param {HTMLElement} container
 * @param {import("./site-state.js").SiteState} state
 */
export function renderNodes(container, state) {
  renderRows(container, [...state.nodes.values()], {
    key: (node) => node.node,
    create: () => h("li"),
    update: (row, node) => updateNode(row, node, state),
  });
  container.dataset.empty = state.isLoaded && state.nodes.size === 0 ? t("nodes.empty") : "";
}

/** @param {HTMLElement} row @param {NodeView} node @param {import("./site-state.js").SiteState} state */
function updateNode(row, node, { zone, link }) {
  const isStale = !node.is_online || !link.isOnline;
  row.className = isStale ? "is-stale" : "";
  const words = link.isOnline ? presence(node, zone) : t("node.lost", { since: formatTime(link.since, zone) });
  const unsent = node.status?.unsent_count ?? 0;
  fill(
    row,
    h("b", {}, node.node),
    h("span", { class: "state" }, words),
    h("span", { class: "muted" }, node.status && !isStale ? t("node.unsent", { n: unsent }) : ""),
    ...troubles(node).map(([priority, trouble]) => h("span", { class: `trouble p${priority}` }, prioritySign(priority), trouble)),
  );
}
