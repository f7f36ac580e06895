/** One operator: role, state, help with password and second factor, sessions and tokens to end. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { sessionList, tokenList } from "./account-lists.js";
import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {import("./operators.js").User} User
 * @typedef {{zone: string, grantable: string[], mayManage: boolean, isOwn: boolean, onChanged: () => Promise<void>}} Given
 */

/** A one-time link with a button that copies it. @param {string} link */
export function showLink(link) {
  const copy = h("button", { class: "primary", type: "button" }, t("action.copy"));
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link);
    fill(copy, t("action.copied"));
  });
  return [h("p", {}, t("operators.link_hint")), h("pre", { class: "token", tabindex: "0" }, link), h("footer", {}, copy)];
}

/** @param {User} user @param {Given} given */
export function openOperator(user, given) {
  const path = `/users/${encodeURIComponent(user.user_id)}`;
  const mayChange = given.mayManage && !given.isOwn;
  const problem = h("p", { class: "problem", role: "alert" });
  const lists = h("div", { class: "lists" });
  /** @param {() => Promise<any>} act */
  const done = (act) => async () => {
    await act();
    dialog.close();
    await given.onChanged();
  };
  const dialog = openDialog(
    user.username,
    h("p", { class: "muted" }, given.isOwn ? t("operators.own") : term("role", user.role)),
    mayChange && roleForm(user, given.grantable, (role) => done(() => request("PATCH", path, { body: { role } }))()),
    lists,
    problem,
    mayChange && h("footer", { class: "deeds" }, ...deeds(user, path, problem, done)),
  );
  const show = async () => {
    const [sessions, tokens] = await Promise.all([get(`${path}/sessions`), get(`${path}/tokens`)]);
    const end = given.mayManage ? (/** @type {string} */ id) => request("DELETE", `${path}/sessions?only=${id}`) : null;
    const revoke = given.mayManage ? (/** @type {string} */ id) => request("DELETE", `${path}/tokens/${id}`) : null;
    fill(
      lists,
      h("h3", {}, t("operators.sessions")),
      sessionList(sessions.items, given.zone, end, show),
      h("h3", {}, t("operators.tokens")),
      tokenList(tokens.items, given.zone, revoke, show),
    );
  };
  show().catch((error) => fill(problem, error.sentence));
}

/** @param {User} user @param {string[]} grantable @param {(role: string) => Promise<void>} onChosen */
function roleForm(user, grantable, onChosen) {
  const role = h("select", { name: "role" }, ...grantable.map((each) => h("option", { value: each, selected: each === user.role }, term("role", each))));
  return actionForm("action.save", [field("operators.role", role, "operators.role_hint")], (values) => onChosen(values.role));
}

/** @param {User} user @param {string} path @param {HTMLElement} problem @param {(act: () => Promise<any>) => () => Promise<void>} done */
function deeds(user, path, problem, done) {
  const isOut = user.deactivated_at !== null;
  const reset = async () => {
    const { link } = await post(`${path}/reset`);
    openDialog(t("operators.reset"), ...showLink(link));
  };
  return [
    actionButton(isOut ? "operators.let_in" : "operators.shut_out", done(() => request("PATCH", path, { body: { is_active: isOut } })), problem, isOut ? "" : "danger"),
    !user.is_of_provider && actionButton("operators.reset", reset, problem),
    user.has_second_factor && actionButton("operators.remove_factor", done(() => request("DELETE", `${path}/second-factor`)), problem),
    isOut && actionButton("operators.remove", done(() => request("DELETE", path)), problem, "danger"),
  ];
}
