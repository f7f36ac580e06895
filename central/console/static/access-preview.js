/** What would change, before it is put in force: compare, then apply. */

import { pointName } from "./point-name.js";
import { findings } from "./access-lines.js";
import { actionButton, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { localName, t, term } from "/web/i18n.js";

/**
 * @param {import("./access-draft.js").Draft} draft
 * @param {any} site
 * @param {() => Promise<void>} onApplied
 */
export async function openPreview(draft, site, onApplied) {
  const checked = await draft.check();
  const problem = h("p", { class: "problem", role: "alert" });
  const apply = actionButton("access.apply", async () => {
    await draft.apply();
    dialog.close();
    await onApplied();
  }, problem, "primary");
  const isPossible = checked.found_problems.length === 0 && !checked.is_outdated;
  const dialog = openDialog(
    t("access.preview"),
    h(
      "div",
      { class: "preview" },
      checked.is_outdated && h("p", { class: "problem" }, t("error.changed_meanwhile")),
      findings("access.problems", checked.found_problems, "is-problem", { model: draft.model, site }),
      findings("access.warnings", checked.found_warnings, "", { model: draft.model, site }),
      changes(checked, draft, site),
      people(checked, site),
      problem,
      h("footer", {}, isPossible && apply),
    ),
  );
  dialog.classList.add("wide");
}

/** @param {import("./access-draft.js").Checked} checked @param {import("./access-draft.js").Draft} draft @param {any} site */
function changes({ changes: found }, draft, site) {
  /** @param {{table: string, id: string}} change */
  const label = ({ table, id }) => {
    if (table === "settings") return term("rule_setting", id);
    if (table === "points") return pointName(site, id);
    return localName(draft.entries(table).find((entry) => entry.id === id)?.name, id);
  };
  return h(
    "section",
    {},
    h("h3", {}, t("access.changes", { n: found.length })),
    h("ul", { class: "changes" }, ...found.map((change) => h("li", {}, h("b", {}, term("change", change.change)), ` ${term("rule_table", change.table)}: ${label(change)}`))),
  );
}

/** @param {import("./access-draft.js").Checked} checked @param {any} site */
function people({ people: found, people_count: count }, site) {
  /** @param {string[]} ids */
  const places = (ids) => ids.map((id) => pointName(site, id)).join(", ");
  if (count === 0) return h("p", { class: "muted" }, t("access.nobody_affected"));
  const heads = ["field.name", "access.gains", "access.loses", "access.other_times"];
  return h(
    "section",
    {},
    h("h3", {}, t("access.people_affected", { n: count })),
    h(
      "div",
      { class: "scroll" },
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))),
        h("tbody", {}, ...found.map((person) => h("tr", {}, h("td", {}, person.name), h("td", {}, places(person.gains)), h("td", { class: "loses" }, places(person.loses)), h("td", {}, places(person.at_other_times))))),
      ),
    ),
    count > found.length && h("p", { class: "muted" }, t("access.more_people", { n: count - found.length })),
  );
}
