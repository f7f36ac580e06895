/** A plan before it is put in force, and those that were: every change from what to what. */

import { ApiError, get, request } from "./api.js";
import { actionButton, openDialog } from "./forms.js";
import { changeTable, inLines, namer } from "./canteen-plan-words.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

/**
 * @typedef {import("./canteen-plan-draft.js").PlanDraft} PlanDraft
 * @typedef {{version: number, changes: import("./canteen-plan-words.js").Change[], problems: import("./canteen-plan-words.js").Problem[],
 *   warnings: {code: string, merchant: string, item: string, until: string}[]}} Preview
 */

/**
 * @param {PlanDraft} draft @param {any} plan that was looked at @param {Preview} preview
 * @param {{around: import("./canteen-parts.js").Around, done: (view: any) => void, refused: (error: ApiError) => Promise<boolean>}} options
 *   `refused` says a refusal on the page itself; false where it cannot
 */
export function openPreview(draft, plan, preview, { around, done, refused }) {
  const nameOf = namer(draft);
  const lines = inLines(preview.changes, nameOf);
  const problem = h("p", { class: "problem", role: "alert" });
  const outcome = h("div", { class: "outcome" });
  const run = actionButton("mealplan.put_in_force", async () => {
    try {
      const view = await request("PUT", "/canteen/plan", { body: { made_from: draft.view.version, plan } });
      run.remove();
      fill(outcome, h("p", { class: "done", role: "status" }, t("mealplan.in_force_now", { n: view.version })), silent(around, view));
      done(view);
    } catch (error) {
      if (!(error instanceof ApiError) || !(await refused(error))) throw error;
      dialog.close();
    }
  }, problem, "primary");
  const warnings = preview.warnings.map((each) =>
    h("p", { class: "p2" }, t(`canteen_warning.${each.code}`, { merchant: nameOf("merchant", "", each.merchant), meal: nameOf("period", each.merchant, each.item), time: each.until.slice(0, 5) })),
  );
  const dialog = openDialog(
    t("mealplan.preview"),
    ...warnings,
    lines.length === 0 ? h("p", { class: "empty" }, t("mealplan.nothing_changes")) : h("p", { class: "total" }, t("mealplan.changes", { n: lines.length })),
    lines.length === 0 ? null : changeTable(lines),
    h("p", { class: "muted" }, t("mealplan.at_once")),
    outcome,
    problem,
    h("footer", {}, lines.length > 0 ? run : null),
  );
  dialog.classList.add("wide", "mealplan");
  if (lines.length > 0) run.focus();
}

/** Tills that cannot be told now. @param {import("./canteen-parts.js").Around} around @param {any} view */
function silent(around, view) {
  const { nodes } = around.state();
  const away = view.tills.filter((/** @type {any} */ till) => !nodes.get(till.node)?.is_online);
  if (away.length === 0) return h("p", {}, t("mealplan.tills_have_it"));
  return h("p", { class: "p3" }, t("mealplan.tills_away", { tills: away.map((/** @type {any} */ till) => localName(till.name, till.id)).join(t("mealplan.comma")) }));
}

/** Who changed what. @param {PlanDraft} draft @param {import("./canteen-parts.js").Around} around */
export async function openHistory(draft, around) {
  const { items, names } = await get("/canteen/plan/versions");
  const nameOf = namer(draft, names);
  const { zone } = around.state();
  const versions = items.map((/** @type {any} */ each, /** @type {number} */ index) =>
    h(
      "details", { open: index === 0 },
      h("summary", {}, h("strong", {}, t("mealplan.version", { n: each.version })), ` ${each.changed_by} · ${formatMinute(each.changed_at, zone)} · ${t("mealplan.changes", { n: inLines(each.changes, nameOf).length })}`),
      changeTable(inLines(each.changes, nameOf)),
    ),
  );
  const dialog = openDialog(t("mealplan.history"), ...(versions.length ? versions : [h("p", { class: "empty" }, t("mealplan.no_versions"))]));
  dialog.classList.add("wide", "mealplan");
}

/** What others put in force since. @param {PlanDraft} draft @param {number} version that the draft is made from @param {string} zone */
export async function meanwhile(draft, version, zone) {
  const { items, names } = await get("/canteen/plan/versions");
  const nameOf = namer(draft, names);
  const newer = items.filter((/** @type {any} */ each) => each.version > version);
  return newer.map((/** @type {any} */ each) =>
    h("details", { open: true }, h("summary", {}, h("strong", {}, t("mealplan.version", { n: each.version })), ` ${each.changed_by} · ${formatMinute(each.changed_at, zone)}`), changeTable(inLines(each.changes, nameOf))),
  );
}

/** What is typed at a place, as people read it. @param {string} field @param {string} text */
export function typedWords(field, text) {
  if (text === "") return t("mealplan.nothing");
  if (field === "key") return `F${text}`;
  if (field === "unclaimed") return term("canteen_unclaimed", text);
  return text;
}
