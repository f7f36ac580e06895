/** A change of network: how far faces are, who must come again, and what still holds it up. */

import { get } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

const POLL_MS = 2000;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let waiting;
/** An answer that a newer question has overtaken would show the list as it was. */
let asked = 0;

/**
 * Show how far it is; nothing where every face is of the site's network. Looks again by itself while
 * faces are being made anew.
 * @param {HTMLElement} section
 * @param {{isFiltered: boolean, onFilter: () => void}} list whether it shows only who must come again
 */
export async function renderMigration(section, list) {
  clearTimeout(waiting);
  const mine = ++asked;
  const state = await get("/face-migration");
  if (mine !== asked) return;
  const { must_come_again_count: again, renewable_count: left, nodes_behind: behind } = state;
  // Nodes matter only while a face waits for them.
  const isBehind = behind.length > 0 && state.kept_for_nodes_count > 0;
  section.hidden = !again && !left && !isBehind && !state.detail && !list.isFiltered;
  section.classList.toggle("is-quiet", !again && !state.detail);
  const filter = h("button", { type: "button", "aria-pressed": String(list.isFiltered) }, t(list.isFiltered ? "migration.show_all" : "migration.show"));
  filter.addEventListener("click", list.onFilter);
  const file = h("a", { class: "button", href: "/api/v1/face-migration/people.csv?purpose=maintenance&reference=re-enrolment", download: "must-come-again.csv" }, t("migration.export"));
  const inHand = reachable(section).findIndex((each) => each === document.activeElement);
  fill(
    section,
    again || list.isFiltered ? h("h2", {}, prioritySign(4), t("migration.title", { n: again })) : null,
    again ? h("p", { class: "muted" }, t("migration.hint")) : null,
    left ? h("p", { role: "status" }, t("migration.running", { n: left })) : null,
    isBehind ? h("p", {}, t("migration.behind", { nodes: behind.join(", ") })) : null,
    state.detail ? h("p", {}, t("migration.missing")) : null,
    again || list.isFiltered ? h("p", { class: "actions" }, filter, again ? file : null) : null,
  );
  // Whoever is about to press it by keyboard has it still.
  reachable(section)[inHand]?.focus();
  if (left) waiting = setTimeout(() => renderMigration(section, list), POLL_MS);
}

/** @param {HTMLElement} section @returns {HTMLElement[]} */
const reachable = (section) => [...section.querySelectorAll("button, a")].map((each) => /** @type {HTMLElement} */ (each));
