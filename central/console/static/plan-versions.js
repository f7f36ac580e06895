/** The latest versions of a plan, and putting one of them in force again. */

import { get, post } from "./api.js";
import { actionButton, openDialog } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";

/** @param {import("./plan.js").Plan} plan @param {string} zone @param {() => Promise<void>} changed */
export async function versionsDialog(plan, zone, changed) {
  const path = `/plans/${encodeURIComponent(plan.id)}`;
  const { items } = await get(`${path}/versions`);
  const problem = h("p", { class: "problem", role: "alert" });
  /** @param {any} version */
  function row(version) {
    const restore = actionButton("plan.restore", async () => {
      await post(`${path}/restore`, { restore: version.version, version: plan.version });
      dialog.close();
      await changed();
    }, problem);
    const words = t("plan.version", { n: version.version, who: version.changed_by, count: version.place_count });
    return h("li", {}, h("span", {}, words, h("small", {}, formatTime(version.changed_at, zone))), version.version === plan.version ? h("span", { class: "muted" }, t("plan.in_force")) : restore);
  }
  const dialog = openDialog(t("plan.versions"), problem, h("ul", { class: "held" }, ...items.map(row)));
}
