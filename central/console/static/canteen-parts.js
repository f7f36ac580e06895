/** What the canteen's sections share: a deed with a preview before it, names of accounts, finding a person. */

import { ApiError, get, post } from "./api.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { localName, t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/**
 * @typedef {{id: string, name: Record<string, string>}} Named
 * @typedef {{today: string, merchants: Named[], tills: Named[], groups: string[], periods: Named[], dishes: Named[]}} Setting
 * @typedef {{row: number | null, holder_id: string | null, label: string, amount_fen: number, code: string}} Line
 * @typedef {{kind: string, lines: Line[], done_count: number, refused_count: number, amount_fen: number,
 *   fingerprint: string, problem: string, warning: string, needs_second_person: boolean, people: Record<string, string>}} Preview
 * @typedef {object} Around what a section stands in
 * @property {() => import("./site-state.js").SiteState} state
 * @property {string[]} permissions
 * @property {string} username
 * @property {() => Setting} setting
 * @property {() => Promise<void>} changed says that something was done
 * @property {() => Promise<void>} renew fetches the setting anew
 * @property {(run: () => Promise<void>) => Promise<void>} attempt says above the section why something was refused
 * @property {(section: string, place: string) => void} go opens another section, at a place of it
 * @property {(section: string, place: string) => void} address says in the address where in its section somebody is
 */

const LINES_SHOWN = 200;

/** A key of a deed: made once, so that the same press twice is one deed. Plain HTTP has no `randomUUID`. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** @param {Named[]} all @param {string} id */
export function called(all, id) {
  return localName(all.find((each) => each.id === id)?.name, id);
}

/** A code in words; pages and refusals say the same. @param {string} code */
export function inWords(code) {
  return term("canteen_code", code);
}

/** @param {string} account of the ledger @param {Setting} setting @param {Record<string, string>} [units] */
export function accountName(account, setting, units = {}) {
  const [kind, id] = account.split("/");
  if (kind === "merchant") return called(setting.merchants, id);
  if (kind === "unit") return units[id] ?? t("office.unit");
  if (kind === "source") return t(`canteen_source.${id}`);
  if (kind === "fund") return id === "waived-debts" ? t("canteen_reason.debt_waived") : t("office.fund", { name: id });
  if (kind === "person") return t("office.person");
  return ["subsidy", "cash", "debt"].includes(account) ? t(`canteen_wallet.${account}`) : account;
}

/** An amount that came in or went out. @param {number} fen */
export function signed(fen) {
  return `${fen > 0 ? "+" : ""}${yuan(fen)}`;
}

/**
 * A form whose deed is shown before it is done. What a second person approves waits at the top of the page.
 * @param {string} title key of the dialog's words
 * @param {HTMLElement[]} fields
 * @param {(values: Record<string, string>) => any | Promise<any>} read the wish without its key; null says a problem itself
 * @param {{path: string, check?: string, around: Around}} options
 */
export function deedForm(title, fields, read, { path, check = `${path}/check`, around }) {
  return actionForm("office.look_before", fields, async (values) => {
    const wish = await read(values);
    if (wish === null) return;
    const wanted = { ...wish, key: newKey() };
    const preview = await post(`/canteen/office${check}`, wanted);
    showPreview(title, preview, { ...wanted, fingerprint: preview.fingerprint }, path, around);
  });
}

/** @param {string} title @param {Preview} preview @param {any} wanted @param {string} path @param {Around} around */
function showPreview(title, preview, wanted, path, around) {
  const problem = h("p", { class: "problem", role: "alert" });
  const outcome = h("div", { class: "outcome" });
  const run = actionButton(
    preview.needs_second_person ? "office.ask_second" : "office.do_it",
    async () => {
      await carryOut(path, wanted, outcome);
      run.remove();
      await around.changed();
    },
    problem,
    "primary",
  );
  const mayRun = preview.problem === "" && preview.done_count > 0;
  const dialog = openDialog(
    t(title),
    preview.problem ? h("p", { class: "p3" }, inWords(preview.problem)) : null,
    preview.warning ? h("p", { class: "p4" }, inWords(preview.warning)) : null,
    h("p", { class: "total" }, t("office.preview_total", { n: preview.done_count, amount: yuan(preview.amount_fen), refused: preview.refused_count })),
    previewTable(preview, around),
    outcome,
    problem,
    h("footer", {}, mayRun ? run : null),
  );
  dialog.classList.add("wide");
  if (mayRun) run.focus();
}

/**
 * Do a deed, or ask a second person for it; says what came of it.
 * @param {string} path @param {any} wanted @param {Element} outcome
 */
export async function carryOut(path, wanted, outcome) {
  try {
    const done = await post(`/canteen/office${path}`, wanted);
    fill(outcome, h("p", { class: "done", role: "status" }, t("office.done", { amount: yuan(done.amount_fen) })));
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== "approval_needed") throw error;
    fill(outcome, h("p", { class: "done", role: "status" }, t("office.asked_second")));
  }
}

/** @param {Preview} preview @param {Around} around */
function previewTable({ lines, people }, { setting }) {
  if (lines.length === 0) return null;
  const rows = lines.slice(0, LINES_SHOWN).map((line) =>
    h(
      "tr", { class: line.code ? "is-refused" : "" },
      h("td", {}, line.row ?? ""),
      h("td", {}, line.holder_id ? (people[line.holder_id] ?? t("office.person")) : accountName(line.label, setting())),
      h("td", {}, line.holder_id ? labelOf(line.label, setting()) : ""),
      h("td", { class: "number" }, line.amount_fen ? signed(line.amount_fen) : ""),
      h("td", {}, line.code ? h("span", { class: "p4" }, inWords(line.code)) : ""),
    ),
  );
  const head = ["import.row", "office.who", "office.account", "office.amount", "office.remark"].map((key) => h("th", { scope: "col", class: key === "office.amount" && "number" }, t(key)));
  return h("div", { class: "lines" }, h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {}, ...rows)));
}

/** @param {string} label @param {Setting} setting */
function labelOf(label, setting) {
  if (label === "") return t("office.other_people");
  return /^[0-9a-f]{8}-/.test(label) ? t("office.charge") : accountName(label, setting);
}

/**
 * Finding somebody by a part of the name or the number.
 * @param {(person: {holder_id: string, name: string, number: string | null}) => void} chosen
 * @param {string} label key of the words
 */
export function personSearch(chosen, label) {
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "search", autocomplete: "off", "aria-label": t(label), placeholder: t(label) }));
  const list = h("ul", { class: "found" });
  let asked = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  const load = async () => {
    const mine = ++asked;
    const query = input.value.trim();
    const { items } = query ? await get(`/canteen/office/people?${new URLSearchParams({ query })}`) : { items: [] };
    if (mine !== asked) return;
    fill(
      list,
      ...items.map((/** @type {any} */ each) =>
        h("li", {}, h("button", { type: "button", class: "quiet", onclick: () => chosen(each) }, `${each.number ?? ""} ${each.name}`, each.is_active ? null : h("small", {}, ` ${t("office.has_left")}`))),
      ),
      query && items.length === 0 && h("li", { class: "muted" }, t("office.nobody_found")),
    );
  };
  input.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(load, 200);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") /** @type {HTMLElement | null} */ (list.querySelector("button"))?.focus();
    if (event.key !== "Enter") return;
    event.preventDefault();
    /** @type {HTMLElement | null} */ (list.querySelector("button"))?.click();
  });
  list.addEventListener("keydown", (event) => {
    const here = document.activeElement?.closest("li");
    const next = event.key === "ArrowDown" ? here?.nextElementSibling : event.key === "ArrowUp" ? here?.previousElementSibling : null;
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector("button"))?.focus();
  });
  return { element: h("div", { class: "search" }, input, list), input, clear: () => fill(list) };
}

/** @param {string} name @param {Record<string, any>} [more] */
export function moneyInput(name, more = {}) {
  return /** @type {HTMLInputElement} */ (h("input", { name, inputmode: "decimal", autocomplete: "off", required: true, pattern: "\\d{1,7}(\\.\\d{1,2})?", placeholder: "0.00", title: t("office.amount_hint"), class: "money", ...more }));
}

/** @param {string} name @param {Named[]} all */
export function choice(name, all) {
  return h("select", { name, required: true }, ...all.map((each) => h("option", { value: each.id }, localName(each.name, each.id))));
}
