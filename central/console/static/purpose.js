/** Why somebody looks: asked once, then said with every request of this tab. */

import { field, openDialog } from "./forms.js";
import { keepPurpose, keptPurpose, STANDING } from "./purpose-kept.js";
import { h } from "/web/dom.js";
import { t, termsOf } from "/web/i18n.js";

/** @type {Promise<boolean> | null} */
let asking = null;

/** @returns {Promise<boolean>} whether a purpose was chosen; two requests at once ask once */
export function askPurpose() {
  asking ??= ask().finally(() => {
    asking = null;
  });
  return asking;
}

/**
 * Take a table away. A link says no header: the purpose that holds, or is chosen now, goes into the address.
 * @param {string} path
 * @param {Record<string, string>} asked
 * @param {string} name of the file
 */
export async function takeAway(path, asked, name) {
  const kept = keptPurpose() ?? ((await askPurpose()) ? keptPurpose() : null);
  if (!kept) return;
  h("a", { href: `/api/v1${path}?${new URLSearchParams({ ...asked, ...kept })}`, download: name }).click();
}

/** @returns {Promise<boolean>} */
function ask() {
  const chosen = /** @type {HTMLSelectElement} */ (h("select", { name: "purpose", required: true }));
  // Daily work is no purpose for looking back.
  const purposes = termsOf("audit_purpose").filter((name) => !STANDING.includes(name));
  chosen.append(...purposes.map((name) => h("option", { value: name }, t(`audit_purpose.${name}`))));
  const reference = /** @type {HTMLInputElement} */ (h("input", { name: "reference", maxlength: "100", autocomplete: "off" }));
  const need = () => {
    reference.required = ["investigation", "maintenance"].includes(chosen.value);
  };
  chosen.addEventListener("change", need);
  need();
  const form = h(
    "form",
    {},
    h("p", { class: "muted" }, t("purpose.hint")),
    field("purpose.why", chosen),
    field("purpose.reference", reference, "purpose.reference_hint"),
    h("footer", {}, h("button", { class: "primary" }, t("purpose.go_on"))),
  );
  const dialog = openDialog(t("purpose.title"), form);
  return new Promise((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keepPurpose({ purpose: chosen.value, reference: reference.value.trim() });
      resolve(true);
      dialog.close();
    });
    dialog.addEventListener("close", () => resolve(false));
  });
}
