/** The identity provider of the site: where it is, which groups have which role, and who may still sign in without it. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {{group: string, role: string}} Mapped
 * @typedef {{settings: any, has_secret: boolean, redirect_uri: string, after_logout_uri: string, backchannel_uri: string}} View
 */

const FRESH = {
  is_on: true, issuer: "", client_id: "", label: "", scopes: ["profile", "email"], groups_claim: "groups", roles: [],
  second_factor: "own", acr_values: [], amr_values: ["mfa"], local_sign_in: "everybody", session_hours: 8, clock_skew_s: 60, ca_certificate: "",
};
const LISTS = /** @type {const} */ (["scopes", "acr_values", "amr_values"]);

/** @param {() => string[]} grantable @param {() => Promise<void>} onInvited @returns {{element: HTMLElement, show: () => Promise<void>}} */
export function providerSection(grantable, onInvited) {
  const element = h("section", { class: "identity-provider" });
  const show = async () => {
    /** @type {View} */
    const view = await get("/identity-provider");
    const problem = h("p", { class: "problem", role: "alert" });
    const said = h("p", { class: "saved", role: "status" });
    const check = async () => {
      const { problem: found, has_logout: hasLogout, key_count: count } = await get("/identity-provider/check");
      fill(said, found ? "" : t(hasLogout ? "provider.works" : "provider.works_without_logout", { n: count }));
      fill(problem, found ? t("provider.broken", { why: found }) : "");
    };
    const remove = async () => {
      await request("DELETE", "/identity-provider");
      await show();
    };
    fill(
      element,
      h("h2", {}, t("provider.title")),
      h("p", { class: "muted" }, view.settings ? stateOf(view.settings) : t("provider.none")),
      said,
      problem,
      h(
        "footer",
        { class: "deeds" },
        actionButton(view.settings ? "provider.change" : "provider.set_up", async () => change(view, grantable(), show), problem),
        view.settings?.is_on && actionButton("provider.check", check, problem),
        view.settings && actionButton("provider.invite", async () => invite(grantable(), onInvited), problem),
        view.settings && actionButton("provider.remove", remove, problem, "danger"),
      ),
    );
  };
  return { element, show };
}

/** @param {any} settings */
const stateOf = (settings) => t(settings.is_on ? "provider.is_on" : "provider.is_off", { issuer: settings.issuer });

/** @param {View} view @param {string[]} grantable @param {() => Promise<void>} onSaved */
function change(view, grantable, onSaved) {
  const now = { ...FRESH, ...view.settings };
  const text = (/** @type {string} */ name, /** @type {Record<string, any>} */ more = {}) => h("input", { name, value: now[name], autocomplete: "off", ...more });
  const list = (/** @type {string} */ name) => h("input", { name, value: now[name].join(" "), autocomplete: "off" });
  const choice = (/** @type {string} */ name, /** @type {string[]} */ values) =>
    h("select", { name }, ...values.map((each) => h("option", { value: each, selected: each === now[name] }, term(name, each))));
  const isOn = h("input", { type: "checkbox", name: "is_on", checked: now.is_on });
  const roles = mappedRoles(now.roles, grantable);
  const told = h(
    "details",
    { open: !view.settings },
    h("summary", {}, t("provider.tell")),
    ...[
      ["provider.redirect", view.redirect_uri],
      ["provider.after_logout", view.after_logout_uri],
      ["provider.backchannel", view.backchannel_uri],
    ].map(([key, address]) => h("label", { class: "field" }, h("span", {}, t(key)), h("input", { readonly: true, value: address }))),
  );
  const form = actionForm(
    "action.save",
    [
      h("label", { class: "check" }, isOn, t("provider.on")),
      field("provider.issuer", text("issuer", { type: "url", required: true, maxlength: 500 }), "provider.issuer_hint"),
      told,
      field("provider.client_id", text("client_id", { required: true, maxlength: 255 })),
      field("provider.client_secret", h("input", { name: "client_secret", type: "password", autocomplete: "new-password", maxlength: 500, placeholder: view.has_secret ? t("provider.secret_kept") : "" })),
      field("provider.label", text("label", { maxlength: 40 }), "provider.label_hint"),
      field("provider.groups_claim", text("groups_claim", { required: true, maxlength: 255 }), "provider.groups_hint"),
      roles.element,
      field("provider.second_factor", choice("second_factor", ["own", "provider"]), "provider.second_factor_hint"),
      field("provider.amr_values", list("amr_values")),
      field("provider.acr_values", list("acr_values")),
      field("provider.local_sign_in", choice("local_sign_in", ["everybody", "administrators"]), "provider.local_hint"),
      field("provider.scopes", list("scopes")),
      field("provider.session_hours", h("input", { name: "session_hours", type: "number", min: 1, max: 12, required: true, value: now.session_hours })),
      field("provider.ca_certificate", h("textarea", { name: "ca_certificate", rows: 3, spellcheck: false }, now.ca_certificate), "provider.ca_hint"),
    ],
    async (values) => {
      const lists = Object.fromEntries(LISTS.map((name) => [name, values[name].split(/[\s,]+/).filter(Boolean)]));
      const { client_secret: secret, ...plain } = values;
      const body = {
        ...now, ...plain, ...lists,
        is_on: /** @type {HTMLInputElement} */ (isOn).checked,
        session_hours: Number(values.session_hours),
        roles: roles.read(),
        client_secret: secret || null,
      };
      delete body.group;
      delete body.role;
      await request("PUT", "/identity-provider", { body });
      dialog.close();
      await onSaved();
    },
  );
  const dialog = openDialog(t("provider.title"), form);
}

/** @param {Mapped[]} given @param {string[]} grantable */
function mappedRoles(given, grantable) {
  const rows = h("div", {});
  const add = (/** @type {Mapped | null} */ mapped) => {
    const group = h("input", { name: "group", value: mapped?.group ?? "", maxlength: 255, "aria-label": t("provider.group") });
    const role = h("select", { name: "role", "aria-label": t("operators.role") }, ...grantable.map((each) => h("option", { value: each, selected: each === mapped?.role }, term("role", each))));
    const remove = h("button", { type: "button", class: "quiet", "aria-label": t("operators.remove") }, "×");
    const row = h("div", { class: "row" }, group, role, remove);
    remove.addEventListener("click", () => row.remove());
    rows.append(row);
  };
  given.forEach(add);
  const more = h("button", { type: "button", onclick: () => add(null) }, t("provider.add_group"));
  const element = h("fieldset", {}, h("legend", {}, t("provider.roles")), h("p", { class: "muted" }, t("provider.roles_hint")), rows, more);
  const read = () =>
    [...rows.children]
      .map((row) => ({
        group: /** @type {HTMLInputElement} */ (row.querySelector("input")).value.trim(),
        role: /** @type {HTMLSelectElement} */ (row.querySelector("select")).value,
      }))
      .filter((each) => each.group);
  return { element, read };
}

/** @param {string[]} grantable @param {() => Promise<void>} onInvited */
function invite(grantable, onInvited) {
  const role = h("select", { name: "role" }, ...grantable.map((each) => h("option", { value: each }, term("role", each))));
  const by = h("select", { name: "by" }, ...["email", "subject"].map((each) => h("option", { value: each }, term("known_by", each))));
  const form = actionForm(
    "provider.invite",
    [
      field("field.username", h("input", { name: "username", required: true, maxlength: 64, autocomplete: "off" })),
      field("operators.role", role),
      field("provider.known_by", by),
      field("provider.known_as", h("input", { name: "known", required: true, maxlength: 255, autocomplete: "off" }), "provider.invite_hint"),
    ],
    async (values) => {
      await post("/users/provider-accounts", { username: values.username, role: values.role, [values.by]: values.known });
      dialog.close();
      await onInvited();
    },
  );
  const dialog = openDialog(t("provider.invite"), form);
}
