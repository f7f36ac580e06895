/** The counter: somebody stands there. Find them, see what they hold, put money in, give a charge back. */

import { get } from "./api.js";
import { CashDrawer } from "./canteen-drawer.js";
import { evidenceButton } from "./canteen-evidence.js";
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
  /** @type {CashDrawer | null} */
  #drawer = null;
  /** @type {any} */
  #shown = null;
  #asked = 0;
  /** @type {import("./canteen-charge.js").Charge | null} that somebody came here for */
  #charge = null;
  #place;
  element;

  /** @param {import("./canteen-parts.js").Around} around @param {string} place a charge, `person/ID`, or nothing */
  constructor(around, place) {
    this.#around = around;
    this.#place = place;
    this.#search = personSearch((person) => this.open(person.holder_id), "office.find");
    const may = around.permissions.includes("canteen.manage");
    const file = h("button", { type: "button", onclick: () => this.#file() }, t("office.top_up_file"));
    if (may) this.#drawer = new CashDrawer(around);
    this.element = h("div", { class: "counter" }, this.#drawer?.element ?? null, h("div", { class: "bar" }, this.#search.element, may ? file : null), this.#account);
  }

  async load() {
    await this.#drawer?.load();
    const place = this.#place;
    this.#place = "";
    if (place.startsWith("person/")) await this.open(place.slice("person/".length));
    else if (place) await this.#openCharge(place);
    else if (this.#shown) await this.open(this.#shown.holder_id);
    else {
      fill(this.#account, h("p", { class: "empty" }, t("office.counter_empty")));
      this.#search.input.focus();
    }
  }

  show() {}

  /** @param {string} id */
  async #openCharge(id) {
    const charge = await get(`/canteen/charges/${id}`);
    await this.open(charge.holder_id, charge);
    this.#account.querySelector(".of-charge, .is-chosen")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} holderId @param {import("./canteen-charge.js").Charge | null} [charge] that it is about */
  async open(holderId, charge = null) {
    const mine = ++this.#asked;
    const known = this.#charge?.holder_id === holderId ? this.#charge : null;
    const [shown, now, module] = await Promise.all([
      get(`/canteen/office/people/${holderId}`),
      // What was given back meanwhile is seen.
      charge ?? (known && get(`/canteen/charges/${known.charge_id}`)),
      charge || known ? import("./canteen-charge.js") : null,
    ]);
    // Whoever stands there now, not whom the answer before is about.
    if (mine !== this.#asked) return;
    this.#shown = shown;
    this.#charge = now;
    this.#receipt = module?.receipt ?? null;
    this.#search.clear();
    this.#search.input.value = "";
    this.#draw();
  }

  /** @type {typeof import("./canteen-charge.js").receipt | null} loaded with the first charge */
  #receipt = null;

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
        may("canteen.sell") && account.is_active ? h("button", { type: "button", onclick: () => this.#around.attempt(() => this.#link()) }, t("canteen_link.open")) : null,
        may("canteen.manage") ? h("button", { type: "button", onclick: () => this.#block() }, t(account.blocked ? "canteen_case.unblock" : "canteen_case.block")) : null,
        h("button", { type: "button", onclick: () => print() }, t("office.print")),
        may("canteen.manage") ? h("button", { type: "button", onclick: () => this.#settle() }, t("canteen_kind.settlement")) : null),
      h("p", { class: "printed muted" }, `${localName(site?.name, site?.id ?? "")} · ${t("office.statement")} · ${formatMinute(Date.now(), zone)}`),
      account.blocked ? h("p", { class: "p4 blocked" }, t("canteen_case.is_blocked", { why: [term("block_reason", account.blocked.reason), account.blocked.note].filter(Boolean).join(" · "), who: account.blocked.set_by, time: formatMinute(account.blocked.set_at, zone) })) : null,
      h("div", { class: "figures" }, ...figures),
      this.#charge && this.#receipt ? h("section", { class: "card of-charge" }, h("header", {}, h("h3", {}, t("canteen_case.this_charge")), this.#left() > 0 ? this.#deeds(this.#charge.charge_id, "") : null), this.#receipt(this.#charge, this.#around)) : null,
      account.held_fen > 0 ? h("p", { class: "muted" }, t("office.held", { amount: yuan(account.held_fen) })) : null,
      lots.length > 0 ? h("p", { class: "muted" }, lots.join(" · ")) : null,
      may("canteen.manage") ? this.#topUp() : null,
      this.#entries(account, zone),
    );
  }

  /** What is left of the charge that somebody came for. */
  #left() {
    return this.#charge && !this.#charge.is_void ? this.#charge.amount_fen - this.#charge.returned_fen : 0;
  }

  async #link() {
    await (await import("./canteen-links.js")).linkDialog(this.#shown);
  }

  async #block() {
    const { blockDialog, unblockDialog } = await import("./canteen-blocks.js");
    (this.#shown.blocked ? unblockDialog : blockDialog)(this.#shown, this.#around);
  }

  #topUp() {
    if (!this.#drawer?.isOpen) return h("section", { class: "card" }, h("h3", {}, t("canteen_kind.top_up")), h("p", {}, t("drawer.needed")));
    const form = deedForm("canteen_kind.top_up", [field("office.amount_yuan", moneyInput("amount"))],
      ({ amount }) => ({ kind: "top_up", holder_id: this.#shown.holder_id, amount_fen: fenOf(amount) ?? 0 }),
      { path: "/money", around: this.#around });
    form.classList.add("inline");
    return h("section", { class: "card" }, h("h3", {}, t("canteen_kind.top_up")), form);
  }

  /** @param {any} account @param {string} zone */
  #entries(account, zone) {
    if (account.entries.length === 0) return h("p", { class: "empty" }, t("office.no_entries"));
    const problem = h("p", { class: "problem", role: "alert" });
    const left = new Map();
    for (const { group, change_fen: fen } of account.entries) left.set(group, (left.get(group) ?? 0) + fen);
    const rows = account.entries.map((/** @type {any} */ each) => {
      // What went back already has nothing to give back.
      const isCharge = left.get(each.group) < 0 && each.other.startsWith("merchant/") && each.change_fen < 0 && each.group;
      return h(
        "tr", { class: each.group && each.group === this.#charge?.charge_id ? "is-chosen" : "" },
        h("td", {}, formatMinute(each.at, zone)),
        h("td", {}, term("canteen_reason", each.reason)),
        h("td", {}, accountName(each.other, this.#around.setting())),
        h("td", {}, t(`canteen_wallet.${each.wallet}`)),
        h("td", { class: "number" }, signed(each.change_fen)),
        h("td", { class: "buttons" }, isCharge ? this.#deeds(each.group) : null, evidenceButton(each.group, each.by_face, this.#around, problem)),
      );
    });
    const head = ["office.time", "office.reason", "office.other", "office.account", "office.amount"].map((key) => h("th", { scope: "col", class: key === "office.amount" && "number" }, t(key)));
    return h("section", { class: "card" }, h("h3", {}, t("office.statement")), problem, h("table", {}, h("thead", {}, h("tr", {}, ...head, h("th", {}))), h("tbody", {}, ...rows)));
  }

  /** @param {string} chargeId @param {string} [kind] class of the buttons */
  #deeds(chargeId, kind = "quiet") {
    const may = (/** @type {string} */ permission) => this.#around.permissions.includes(permission);
    return h("span", {},
      may("canteen.refund") || may("canteen.sell") ? h("button", { type: "button", class: kind, onclick: () => this.#refund(chargeId) }, t("canteen_kind.refund")) : null,
      may("canteen.refund") ? h("button", { type: "button", class: kind, onclick: () => this.#wrongPerson(chargeId) }, t("canteen_kind.wrong_person")) : null,
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
