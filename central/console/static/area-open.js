/** The way to what is done at a whole area: a button, and a key. */

import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

/**
 * @param {import("./plan.js").Store} store
 * @param {import("./session.js").Session} session
 * @returns {HTMLElement | null} null for who may send no commands
 */
export function areaButton(store, { permissions }) {
  if (!permissions.includes("commands.send") || !permissions.includes("access.read")) return null;
  const open = async () => (await import("./area-commands.js")).openArea(store);
  onKey("r", () => t("area.title"), open);
  return h("button", { type: "button", class: "quiet area-open", onclick: open }, h("kbd", {}, "R"), h("span", { data: { t: "area.open" } }, t("area.open")));
}
