/** The one-time link: its holder chooses a name and a password, and is signed in. */

import { request } from "./api.js";
import { actionForm, field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { language, loadWords, setLanguage, t } from "/web/i18n.js";

const PASSWORD_LENGTH_MIN = 12;

await loadWords();
const RESET = "reset.";
const isReset = location.hash.slice(1).startsWith(RESET);
const secret = location.hash.slice(isReset ? RESET.length + 1 : 1);
// The secret leaves the address bar and the history before anybody can look over a shoulder.
history.replaceState(null, "", location.pathname);
const main = h("main", { id: "invite" });
document.body.append(main);
show();

function show() {
  const title = t(isReset ? "invite.reset_title" : "invite.title");
  document.title = title;
  const other = language() === "en" ? "zh-CN" : "en";
  const change = h("button", { class: "quiet", type: "button", lang: other }, other === "en" ? "EN" : "中");
  change.addEventListener("click", async () => {
    await setLanguage(other);
    show();
  });
  const body = secret ? form() : h("p", {}, t("invite.no_secret"));
  fill(main, h("div", { class: "card" }, h("header", {}, h("h1", {}, title), change), h("p", { class: "muted" }, t(isReset ? "invite.reset_hint" : "invite.hint")), body));
}

function form() {
  const name = h("input", { name: "username", required: true, maxlength: 64, autocomplete: "username", autofocus: true });
  const password = h("input", {
    name: "password", type: "password", required: true, minlength: PASSWORD_LENGTH_MIN, autocomplete: "new-password",
  });
  const shown = h("input", { type: "checkbox" });
  shown.addEventListener("change", () => {
    password.setAttribute("type", /** @type {HTMLInputElement} */ (shown).checked ? "text" : "password");
  });
  const fields = [
    ...(isReset ? [] : [field("field.username", name)]),
    field("field.password", password, "invite.password_hint"),
    h("label", { class: "check" }, shown, t("invite.show_password")),
  ];
  return actionForm("invite.accept", fields, async ({ username, password: chosen }) => {
    const who = isReset ? {} : { username: username.trim() };
    const body = { secret, ...who, password: chosen };
    await request("POST", isReset ? "/resets/accept" : "/invitations/accept", { body, isSignIn: true });
    location.assign("/");
  });
}
