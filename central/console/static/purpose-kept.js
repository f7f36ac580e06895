/** The purpose that this tab says with every request, as long as the tab is open or until it is ended. */

import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const KEY = "menshen.purpose";

/** Purposes that a page says by itself, for whoever works on it all day; central takes them for little. */
export const STANDING = ["monitoring", "personnel", "integration"];

/** Pages of whoever watches the gates. */
const WATCHING = new Set(["console", "cameras", "plans", "events"]);

let standing = "personnel";

/** @param {string} page whose standing purpose holds until somebody chooses another */
export function standOn(page) {
  standing = WATCHING.has(page) ? "monitoring" : "personnel";
}

/** @returns {{purpose: string, reference: string} | null} */
export function keptPurpose() {
  return JSON.parse(sessionStorage.getItem(KEY) ?? "null");
}

/** @param {{purpose: string, reference: string} | null} chosen */
export function keepPurpose(chosen) {
  if (chosen) sessionStorage.setItem(KEY, JSON.stringify(chosen));
  else sessionStorage.removeItem(KEY);
  dispatchEvent(new Event("purpose"));
}

/** @returns {Record<string, string>} */
export function purposeHeaders() {
  const kept = keptPurpose();
  if (!kept) return { "Menshen-Purpose": standing };
  return { "Menshen-Purpose": kept.purpose, "Menshen-Reference": encodeURIComponent(kept.reference) };
}

/** @returns {HTMLElement | null} the purpose that holds, which a press ends */
export function purposeShown() {
  const kept = keptPurpose();
  if (!kept) return null;
  const words = t("purpose.active", { purpose: t(`audit_purpose.${kept.purpose}`) });
  return h("button", { class: "quiet purpose", title: t("purpose.end"), onclick: () => keepPurpose(null) }, `${words} ×`);
}
