/** The counter: somebody stands there. Find them, see what they hold, put money in, give a charge back. */

import { get } from "./api.js";
import { accountName, deedForm, moneyInput, personSearch, signed } from "./canteen-parts.js";
import { field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

export class Counter {
  #around;
  #search;
  #account = h("div", { class: "account" });
  /** @type {any} */
  #shown = null;
  element;

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    this.#search = personSearch((person) => this.open(person.holder_id), "office.find");
    const may = around.permissions.includes("canteen.manage");
    const file = h("button", { type: "button", onclick: () => this.#file() }, t("office.top_up_file"));
    this.element = h("div", { class: "counter" }, h("div", { class: "bar" }, this.#search.element, may ? file : null), this.#account);
  }

  async load() {
    if (this.#shown) await this.open(this.#shown.holder_id);
    else {
      fill(this.#account, h("p", { class: "empty" }, t("office.counter_empty")));
      this.#search.input.focus();
    }
  }

  show() {}

  /** @param {string} holderId */
  async open(holderId) {
    this.#shown = await get(`/canteen/office/people/${holderId}`);
    this.#search.clear();
    this.#search.input.value = "";
    this.#draw();
  }

  #draw() {
    const account = this.#shown;
    const { zone, site } = this.#around.state();
    const may = (/** @type {string} */ permission) => this.#around.permissions.includes(permission);
    const figures = [
      ["subsidy", account.subsidy_fen],
      ["cash", account.cash_fen],
      ["debt", -account.owed_fen],
    ].map(([name, fen]) => h("div", { class: fen < 0 ? "figure p4" : "figure" }, h("span", {}, t(`canteen_wallet.${name}`)), h("strong", {}, yuan(Number(fen)))));
    const lots = account.lots
      .filter((/** @type {any} */ lot) => lot.lapses_on)
      .map((/** @type {any} */ lot) => t("office.lapses", { amount: yuan(lot.left_fen), day: lot.lapses_on }));
    fill(
      this.#account,
      h("header", {}, h("h2", {}, `${account.name} ${account.number ?? ""}`), account.is_active ? null : h("span", { class: "p4" }, t("office.has_left")),
        h("button", { type: "button", onclick: () => print() }, t("office.print")),
        may("canteen.manage") ? h("button", { type: "button", onclick: () => this.#settle() }, t("canteen_kind.settlement")) : null),
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${t("office.statement")} · ${formatMinute(Date.now(), zone)}`),
      h("div", { class: "figures" }, ...figures),
      account.held_fen > 0 ? h("p", { class: "muted" }, t("office.held", { amount: yuan(account.held_fen) })) : null,
      lots.length > 0 ? h("p", { class: "muted" }, lots.join(" · ")) : null,
      may("canteen.manage") ? this.#topUp() : null,
      this.#entries(account, zone),
    );
  }

  #topUp() {
    const form = deedForm("canteen_kind.top_up", [field("office.amount_yuan", moneyInput("amount"))],
      ({ amount }) => ({ kind: "top_up", holder_id: this.#shown.holder_id, amount_fen: fenOf(amount) ?? 0 }),
      { path: "/money", around: this.#around });
    form.classList.add("inline");
    return h("section", { class: "card" }, h("h3", {}, t("canteen_kind.top_up")), form);
  }

  /** @param {any} account @param {string} zone */
  #entries(account, zone) {
    if (account.entries.length === 0) return h("p", { class: "empty" }, t("office.no_entries"));
    const left = new Map();
    for (const { group, change_fen: fen } of account.entries) left.set(group, (left.get(group) ?? 0) + fen);
    const rows = account.entries.map((/** @type {any} */ each) => {
      // What went back already has nothing to give back.
      const isCharge = left.get(each.group) < 0 && each.other.startsWith("merchant/") && each.change_fen < 0 && each.group;
      return h(
        "tr", {},
        h("td", {}, formatMinute(each.at, zone)),
        h("td", {}, term("canteen_reason", each.reason)),
        h("td", {}, accountName(each.other, this.#around.setting())),
        h("td", {}, t(`canteen_wallet.${each.wallet}`)),
        h("td", { class: "number" }, signed(each.change_fen)),
        h("td", { class: "buttons" }, isCharge ? this.#deeds(each.group) : null),
      );
    });
    const head = ["time", "reason", "other", "account", "amount"].map((name) => h("th", { scope: "col", class: name === "amount" && "number" }, t(`office.${name}`)));
    return h("section", { class: "card" }, h("h3", {}, t("office.statement")), h("table", {}, h("thead", {}, h("tr", {}, ...head, h("th", {}))), h("tbody", {}, ...rows)));
  }

  /** @param {string} chargeId */
  #deeds(chargeId) {
    const may = (/** @type {string} */ permission) => this.#around.permissions.includes(permission);
    return h("span", {},
      may("canteen.refund") || may("canteen.sell") ? h("button", { type: "button", class: "quiet", onclick: () => this.#refund(chargeId) }, t("canteen_kind.refund")) : null,
      may("canteen.refund") ? h("button", { type: "button", class: "quiet", onclick: () => this.#wrongPerson(chargeId) }, t("canteen_kind.wrong_person")) : null,
    );
  }

  /** @param {string} chargeId */
  #refund(chargeId) {
    const may = this.#around.permissions.includes("canteen.refund");
    const amount = moneyInput("amount", { required: false });
    const form = deedForm("canteen_kind.refund", [field("office.refund_amount", amount, "office.refund_hint"), reason()],
      (values) => ({ kind: "refund", charge_id: chargeId, amount_fen: values.amount ? fenOf(values.amount) : null, reason: values.reason }),
      { path: may ? "/corrections" : "/refunds", around: this.#around });
    openDialog(t("canteen_kind.refund"), form);
  }

  /** @param {string} chargeId */
  #wrongPerson(chargeId) {
    let holderId = "";
    const who = h("p", { class: "muted" }, t("office.wrong_person_hint"));
    const search = personSearch((person) => {
      holderId = person.holder_id;
      search.clear();
      fill(who, `${person.number ?? ""} ${person.name}`);
    }, "office.right_person");
    const form = deedForm("canteen_kind.wrong_person", [search.element, who, reason()],
      (values) => {
        if (holderId) return { kind: "wrong_person", charge_id: chargeId, holder_id: holderId, reason: values.reason };
        search.input.focus();
        return null;
      },
      { path: "/corrections", around: this.#around });
    openDialog(t("canteen_kind.wrong_person"), form);
  }

  #settle() {
    const form = deedForm("canteen_kind.settlement", [h("p", {}, t("office.settlement_hint"))],
      () => ({ kind: "settlement", holder_id: this.#shown.holder_id }), { path: "/money", around: this.#around });
    openDialog(t("canteen_kind.settlement"), form);
  }

  #file() {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", name: "file", required: true, accept: ".csv,.txt" }));
    const again = h("label", { class: "check" }, h("input", { type: "checkbox", name: "again" }), t("office.file_again"));
    const form = deedForm("office.top_up_file", [h("p", { class: "muted" }, t("office.file_hint")), field("import.file", input), again],
      async ({ again: isAgain }) => {
        const file = input.files?.[0];
        return file ? { kind: "top_up_file", text: decoded(await file.arrayBuffer()), again: isAgain === "on" } : null;
      },
      { path: "/money", around: this.#around });
    openDialog(t("office.top_up_file"), form);
  }
}

/** Spreadsheets in China still write GB 18030. @param {ArrayBuffer} bytes */
function decoded(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("gb18030").decode(bytes);
  }
}

/** Why: it is kept with the deed. */
export function reason() {
  return field("office.why", h("input", { name: "reason", required: true, maxlength: "200", autocomplete: "off" }));
}
