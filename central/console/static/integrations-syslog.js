/** The collector that has a copy of the audit log. */

import { field } from "./forms.js";
import { ConnectorSection } from "./integrations-connector.js";
import { certificates, check, ours, trusted } from "./integrations-parts.js";
import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const PORT = 6514;
const LOG_AUDIT = 13;

/** @param {import("./integrations-connector.js").Context} context */
export function syslogSection(context) {
  return new ConnectorSection(context, {
    name: "syslog",
    words: () => ({ title: t("connector.syslog"), hint: t("connector.syslog_hint"), none: t("connector.no_syslog"), removal: t("connector.syslog_removal") }),
    facts: (settings) => [[t("connector.url"), `${settings.host}:${settings.port}`]],
    fields: (settings, state) => [
      field("connector.host", h("input", { name: "host", required: true, maxlength: 253, spellcheck: "false", value: settings?.host ?? "" }), "connector.host_hint"),
      field("connector.port", h("input", { name: "port", type: "number", min: 1, max: 65_535, required: true, value: settings?.port ?? PORT })),
      trusted(settings),
      ours(settings, state?.has_client_key ?? false, true),
      field("connector.facility", h("input", { name: "facility", type: "number", min: 0, max: 23, required: true, value: settings?.facility ?? LOG_AUDIT }), "connector.facility_hint"),
      check("is_on", settings?.is_on ?? true, t("connector.is_on")),
    ],
    wish: (values, before) => {
      const { settings, client_key } = certificates(values);
      return {
        settings: { ...before, ...settings, host: values.host.trim(), port: Number(values.port), facility: Number(values.facility), is_on: "is_on" in values },
        client_key,
      };
    },
  });
}
