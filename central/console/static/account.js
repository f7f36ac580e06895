/** One's own account: password, second factor, sessions, tokens for programs. */

import { get, post, request } from "./api.js";
import { sessionList, tokenList } from "./account-lists.js";
import { actionForm, field, openDialog } from "./forms.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { prioritySign } from "/web/symbols.js";

const PASSWORD_LENGTH_MIN = 12;

/**
 * @typedef {{username: string, role: string, has_second_factor: boolean, must_have_second_factor: boolean,
 *   second_factor_until: string | null, recovery_code_count: number, scopes: string[], has_password: boolean}} Account
 */

startPage({
  name: "account",
  mount(main, { store }) {
    const title = h("h1");
    const body = h("div", { class: "columns" });
    main.append(h("header", {}, title), body);
    const lastAnswer = new LastAnswer();
    const load = async () => {
      const [account, sessions, tokens] = await lastAnswer.of(Promise.all([get("/account"), get("/account/sessions"), get("/account/tokens")]));
      const { zone } = store.state;
      fill(title, `${account.username} · ${term("role", account.role)}`);
      fill(
        body,
        h("div", {}, factor(account, zone, load), account.has_password ? password() : section("account.change_password", h("p", {}, t("account.of_provider")))),
        h(
          "div",
          {},
          section("operators.sessions", sessionList(sessions.items, zone, (id) => request("DELETE", `/account/sessions?only=${id}`), load)),
          section("operators.tokens", h("p", { class: "muted" }, t("account.tokens_hint")), tokenList(tokens.items, zone, (id) => request("DELETE", `/account/tokens/${id}`), load), newToken(account, load)),
        ),
      );
    };
    onLanguage(load);
    let zone = store.state.zone;
    store.subscribe((state) => {
      // Times are shown in the site's zone, which comes with the state of the site.
      if (state.zone === zone) return;
      zone = state.zone;
      load();
    });
    load();
  },
});

/** @param {string} key @param {...import("/web/dom.js").Child} content */
const section = (key, ...content) => h("section", {}, h("h2", {}, t(key)), ...content);

/** @param {string} name @param {string} autocomplete */
const secretInput = (name, autocomplete) =>
  h("input", { name, type: "password", required: true, autocomplete, ...(autocomplete === "new-password" && { minlength: PASSWORD_LENGTH_MIN }) });

const codeInput = () => h("input", { name: "code", required: true, minlength: 6, maxlength: 40, autocomplete: "one-time-code", inputmode: "numeric" });

function password() {
  const saved = h("p", { class: "saved", role: "status" });
  const fields = [
    field("account.old_password", secretInput("old_password", "current-password")),
    field("account.new_password", secretInput("new_password", "new-password"), "invite.password_hint"),
  ];
  const form = actionForm("account.change_password", fields, async (values) => {
    await request("PUT", "/account/password", { body: values });
    form.reset();
    fill(saved, t("account.password_changed"));
  });
  return section("account.change_password", form, saved);
}

/** @param {Account} account @param {string} zone @param {() => Promise<void>} onChanged */
function factor(account, zone, onChanged) {
  const { has_second_factor: has, must_have_second_factor: must, second_factor_until: until, recovery_code_count: left } = account;
  const state = has
    ? h("p", {}, t("account.factor_on", { n: left }))
    : h("p", {}, must && prioritySign(3), must && until ? t("account.factor_until", { until: formatTime(until, zone) }) : t("account.factor_off"));
  const begin = h("button", { type: "button", class: has ? "" : "primary" }, t(has ? "account.factor_again" : "account.factor_begin"));
  begin.addEventListener("click", () => setUp(account, onChanged));
  const remove = has && !must && h("button", { type: "button", class: "quiet" }, t("account.factor_remove"));
  if (remove) remove.addEventListener("click", () => takeOff(account, onChanged));
  return section("operators.second_factor", state, h("footer", { class: "deeds" }, begin, remove));
}

/** The password once more; whoever has none here has signed in at the provider a moment ago. @param {Account} account */
const proof = ({ has_password: hasPassword }) =>
  hasPassword ? field("field.password", secretInput("password", "current-password")) : h("p", {}, h("input", { type: "hidden", name: "password", value: "" }), t("account.fresh_hint"));

/** @param {Account} account @param {() => Promise<void>} onChanged */
function setUp(account, onChanged) {
  const form = actionForm("account.next", [proof(account)], async (values) => {
    const made = await post("/account/second-factor", values);
    form.replaceWith(h("p", {}, t("account.scan")), h("img", { class: "code", src: `/api/v1/account/second-factor/code.svg?${Date.now()}`, alt: t("account.picture") }), h("pre", { class: "token" }, made.secret), confirming());
  });
  const confirming = () => {
    const confirm = actionForm("account.confirm", [field("account.code", codeInput())], async (values) => {
      const { codes } = await post("/account/second-factor/confirm", values);
      fill(dialog, h("h2", {}, t("account.recovery")), h("p", {}, t("account.recovery_hint")), h("pre", { class: "token" }, codes.join("\n")), h("footer", {}, finish));
    });
    return confirm;
  };
  const finish = h("button", { type: "button", class: "primary" }, t("account.noted"));
  finish.addEventListener("click", () => location.reload());
  const dialog = openDialog(t("operators.second_factor"), form);
  dialog.addEventListener("close", () => onChanged());
}

/** @param {Account} account @param {() => Promise<void>} onChanged */
function takeOff(account, onChanged) {
  const fields = [proof(account), field("account.code", codeInput())];
  const form = actionForm("account.factor_remove", fields, async (values) => {
    await post("/account/second-factor/remove", values);
    dialog.close();
    await onChanged();
  });
  const dialog = openDialog(t("account.factor_remove"), form);
}

/** @param {Account} account @param {() => Promise<void>} onMade */
function newToken({ scopes }, onMade) {
  const open = () => {
    const name = h("input", { name: "name", required: true, maxlength: 64, autocomplete: "off", autofocus: true });
    const days = h("input", { name: "days", type: "number", required: true, min: 1, max: 366, value: 90 });
    const choices = h("fieldset", {}, h("legend", {}, t("account.scopes")), ...scopes.map((scope) => h("label", { class: "check" }, h("input", { type: "checkbox", value: scope }), h("code", {}, scope))));
    const form = actionForm("account.make_token", [field("account.token_name", name), field("account.days", days), choices], async (values) => {
      const chosen = [.../** @type {NodeListOf<HTMLInputElement>} */ (choices.querySelectorAll("input:checked"))].map((input) => input.value);
      const { token } = await post("/account/tokens", { name: values.name, days: Number(values.days), scopes: chosen });
      form.replaceWith(h("p", {}, t("account.token_hint")), h("pre", { class: "token", tabindex: "0" }, token));
      await onMade();
    });
    openDialog(t("account.make_token"), form);
  };
  return h("footer", {}, scopes.length > 0 && h("button", { type: "button", onclick: open }, t("account.make_token")));
}
