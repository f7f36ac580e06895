/** Operators: who they are, what they may, where they are signed in; inviting, shutting out and helping them. */

import "/web/data-table.js";
import { get, post, request } from "./api.js";
import { actionForm, field, openDialog } from "./forms.js";
import { linkList } from "./account-lists.js";
import { providerSection } from "./identity-provider.js";
import { openOperator, showLink } from "./operator-dialog.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { LastAnswer } from "/web/last-answer.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{user_id: string, username: string, role: string, created_at: string, deactivated_at: string | null,
 *   has_second_factor: boolean, session_count: number, token_count: number, is_of_provider: boolean}} User
 */

startPage({
  name: "operators",
  mount(main, { store, session }) {
    /** @type {{items: User[], links: import("./account-lists.js").Link[], grantable: string[]}} */
    let view = { items: [], links: [], grantable: [] };
    const mayManage = session.permissions.includes("users.manage");
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "operators.empty" }));
    const invite = h("button", { class: "primary", hidden: !mayManage });
    const problem = h("p", { class: "problem", role: "alert" });
    const links = h("section", { class: "links", hidden: true });
    const provider = providerSection(() => view.grantable, () => load());
    const parts = [problem, table, links, mayManage ? provider.element : null].filter((part) => part !== null);
    main.append(h("header", {}, h("h1", { data: { t: "page.operators" } }, t("page.operators")), invite), ...parts);
    table.rowKey = (user) => user.user_id;
    table.columns = columns();

    const lastAnswer = new LastAnswer();
    const load = async () => {
      try {
        view = await lastAnswer.of(get("/users"));
        fill(problem);
        table.rows = view.items;
        showLinks();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    };
    table.addEventListener("open", (event) => {
      const user = view.items.find((each) => each.user_id === /** @type {CustomEvent} */ (event).detail);
      if (user) openOperator(user, { zone: store.state.zone, grantable: view.grantable, mayManage, isOwn: user.username === session.username, onChanged: load });
    });
    invite.addEventListener("click", () => ask(view.grantable, load));
    onKey("j", () => t("keys.down"), () => table.move(1));
    onKey("k", () => t("keys.up"), () => table.move(-1));
    if (mayManage) onKey("n", () => t("operators.invite"), () => ask(view.grantable, load));
    const showLinks = () => {
      const revoke = mayManage ? (/** @type {string} */ id) => request("DELETE", `/users/links/${id}`) : null;
      links.hidden = view.links.length === 0;
      fill(links, h("h2", {}, t("operators.links")), linkList(view.links, store.state.zone, revoke, load));
    };
    const words = () => {
      fill(invite, t("operators.invite"));
      showLinks();
      if (mayManage) provider.show().catch((error) => fill(problem, error.sentence));
    };
    onLanguage(words);
    // Times are of the site's zone, which comes with the first snapshot.
    let zone = store.state.zone;
    store.subscribe((state) => {
      if (state.zone === zone) return;
      zone = state.zone;
      showLinks();
    });
    words();
    load();
  },
});

/** @returns {import("/web/data-table.js").Column[]} */
function columns() {
  return [
    { title: "field.username", cell: (user) => [h("button", { class: "plain" }, user.username), user.is_of_provider && h("small", {}, t("operators.of_provider"))], order: (user) => user.username },
    { title: "operators.role", cell: (user) => [term("role", user.role)], order: (user) => user.role },
    { title: "operators.second_factor", cell: (user) => [t(user.has_second_factor ? "operators.has" : "operators.has_not")] },
    { title: "operators.sessions", cell: (user) => [user.session_count], isNumber: true, order: (user) => user.session_count },
    { title: "operators.tokens", cell: (user) => [user.token_count], isNumber: true, order: (user) => user.token_count },
    { title: "field.state", cell: (user) => (user.deactivated_at ? [h("span", { class: "trouble p4" }, prioritySign(4), t("operators.is_out"))] : [t("operators.is_in")]) },
  ];
}

/** @param {string[]} grantable @param {() => Promise<void>} onChanged */
function ask(grantable, onChanged) {
  const role = h("select", { name: "role" }, ...grantable.map((each) => h("option", { value: each }, term("role", each))));
  const form = actionForm("operators.make_link", [field("operators.role", role), h("p", { class: "muted" }, t("operators.invite_hint"))], async (values) => {
    const { link } = await post("/users/invitations", { role: values.role });
    form.replaceWith(...showLink(link));
    await onChanged();
  });
  openDialog(t("operators.invite"), form);
}
