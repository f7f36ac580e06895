/** The broker: what it is told, under which topics, and whether Home Assistant finds it there. */

import { field } from "./forms.js";
import { ConnectorSection } from "./integrations-connector.js";
import { certificates, check, ours, trusted } from "./integrations-parts.js";
import { pointName } from "./point-name.js";
import { h } from "/web/dom.js";
import { language, t, term } from "/web/i18n.js";

const CLASSES = ["fire", "alarm", "access", "telemetry", "money"];
const FIRST = ["fire", "alarm", "access"];
const LANGUAGES = ["zh-CN", "en"];
const LEVEL = "[A-Za-z0-9_\\-]{1,64}(/[A-Za-z0-9_\\-]{1,64}){0,3}";

/** @param {import("./integrations-connector.js").Context} context */
export function mqttSection(context) {
  return new ConnectorSection(context, {
    name: "mqtt",
    words: () => ({ title: t("connector.mqtt"), hint: t("connector.mqtt_hint"), none: t("connector.no_mqtt"), removal: t("connector.mqtt_removal") }),
    facts: (settings, { doors }) => [
      [t("connector.url"), settings.url],
      [t("connector.prefix"), settings.prefix],
      [t("connector.classes"), settings.classes.map((/** @type {string} */ each) => term("class", each)).join(" · ") || t("connector.states_alone")],
      [t("connector.discovery"), settings.discovery_prefix || t("connector.off")],
      [t("connector.doors"), doors.access_points.map((/** @type {string} */ each) => pointName(context.site(), each)).join(" · ") || t("connector.no_doors")],
    ],
    fields: (settings, state) => fields(context, settings, state),
    wish,
  });
}

/** @param {import("./integrations-connector.js").Context} context @param {any} settings @param {import("./integrations-connector.js").State | null} state */
function fields(context, settings, state) {
  const told = settings?.classes ?? FIRST;
  const mayMoney = context.session.permissions.includes("canteen.read");
  const classes = CLASSES.filter((name) => name !== "money" || mayMoney || told.includes(name));
  const spoken = settings?.language ?? language();
  return [
    field("connector.url", h("input", { name: "url", required: true, maxlength: 300, spellcheck: "false", placeholder: "mqtts://", value: settings?.url ?? "" }), "connector.url_hint"),
    trusted(settings),
    field("connector.username", h("input", { name: "username", maxlength: 200, autocomplete: "off", value: settings?.username ?? "" })),
    field("connector.password", h("input", { name: "password", type: "password", maxlength: 1000, autocomplete: "new-password", placeholder: state?.has_password ? t("connector.password_kept") : "" }), "connector.password_hint"),
    field("connector.prefix", h("input", { name: "prefix", required: true, pattern: LEVEL, value: settings?.prefix ?? "menshen" }), "connector.prefix_hint"),
    h("fieldset", { class: "choices" }, h("legend", {}, t("connector.classes")), ...classes.map((name) => check(`class-${name}`, told.includes(name), term("class", name)))),
    check("has_holders", settings?.has_holders ?? false, t("connector.has_holders")),
    field("connector.discovery", h("input", { name: "discovery_prefix", pattern: LEVEL, value: settings?.discovery_prefix ?? "homeassistant" }), "connector.discovery_hint"),
    field("connector.language", h("select", { name: "language" }, ...LANGUAGES.map((each) => h("option", { value: each, selected: each === spoken }, t(each === "en" ? "connector.english" : "connector.chinese"))))),
    ours(settings, state?.has_client_key ?? false, false),
    check("is_on", settings?.is_on ?? true, t("connector.is_on")),
  ];
}

/** @param {Record<string, string>} values @param {any} before @returns {import("./integrations-connector.js").Wish} */
function wish(values, before) {
  const { settings, client_key } = certificates(values);
  return {
    settings: {
      ...before,
      ...settings,
      url: values.url.trim(),
      username: values.username,
      prefix: values.prefix,
      classes: CLASSES.filter((name) => `class-${name}` in values),
      has_holders: "has_holders" in values,
      discovery_prefix: values.discovery_prefix,
      language: values.language,
      is_on: "is_on" in values,
    },
    // Nobody signs in with a password and no name.
    password: values.password || (values.username ? null : ""),
    client_key,
  };
}
