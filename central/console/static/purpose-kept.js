/** The purpose that this tab says with every request, as long as the tab is open or until it is ended. */

import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const KEY = "menshen.purpose";

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
  return kept ? { "Menshen-Purpose": kept.purpose, "Menshen-Reference": encodeURIComponent(kept.reference) } : {};
}

/** @returns {HTMLElement | null} the purpose that holds, which a press ends */
export function purposeShown() {
  const kept = keptPurpose();
  if (!kept) return null;
  const words = t("purpose.active", { purpose: t(`audit_purpose.${kept.purpose}`) });
  return h("button", { class: "quiet purpose", title: t("purpose.end"), onclick: () => keepPurpose(null) }, `${words} ×`);
}
