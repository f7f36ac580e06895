/** Fields that every connection has, and what of them central is told. */

import { field } from "./forms.js";
import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

/** @param {string} name @param {boolean} on @param {string} words */
export const check = (name, on, words) => h("label", { class: "check" }, h("input", { type: "checkbox", name, checked: on }), words);

/** The certificate that is trusted. @param {any} settings */
export function trusted(settings) {
  return field("connector.ca_certificate", h("textarea", { name: "ca_certificate", rows: 3, spellcheck: "false", placeholder: "-----BEGIN CERTIFICATE-----" }, settings?.ca_certificate ?? ""), "connector.ca_hint");
}

/** Our own certificate, which some want. @param {any} settings @param {boolean} hasKey @param {boolean} isOpen */
export function ours(settings, hasKey, isOpen) {
  return h(
    "details",
    { open: isOpen },
    h("summary", {}, t("connector.own_certificate")),
    field("connector.client_certificate", h("textarea", { name: "client_certificate", rows: 3, spellcheck: "false" }, settings?.client_certificate ?? "")),
    field("connector.client_key", h("textarea", { name: "client_key", rows: 2, spellcheck: "false", autocomplete: "off", placeholder: hasKey ? t("connector.key_kept") : "" }), "connector.client_key_hint"),
  );
}

/**
 * What of these fields is told: without a certificate of ours its key is forgotten, an empty one else stays as it is.
 * @param {Record<string, string>} values
 */
export function certificates({ ca_certificate: ca, client_certificate: client, client_key: key }) {
  return { settings: { ca_certificate: ca.trim(), client_certificate: client.trim() }, client_key: client.trim() ? key || null : "" };
}
