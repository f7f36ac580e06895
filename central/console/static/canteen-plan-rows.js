/**
 * The canteen's plan as tables of typed text, and back: what somebody has typed is kept as it is
 * until it is an amount, a time or a number.
 */

import { fenOf } from "/web/money.js";

/**
 * @typedef {Record<string, string> & {id: string}} Row `gone` is "1" once it was taken out here
 * @typedef {Record<string, Row[]>} Tables by `part/merchant`
 * @typedef {{key: string, values?: Record<string, string | number>}} Fault words of the group `plan_fault`
 * @typedef {Map<string, Fault>} Faults by path
 */

export const KEYS = 24;
/** What holds for everybody, in the order of the page. */
export const LIMITS = ["per_charge_fen", "per_day_fen", "pin_above_fen", "repeat_s", "offline_person_fen", "offline_till_fen", "offline_overdraft_fen", "float_low_fen"];
const MAY_BE_NOTHING = ["offline_person_fen", "offline_till_fen", "offline_overdraft_fen", "float_low_fen"];
const MAY_BE_EMPTY = ["per_day_fen", "float_low_fen"];

/** Where something stands. @param {string} table @param {string} id @param {string} field */
export const pathOf = (table, id, field) => `${table}|${id}|${field}`;

/** An amount as it is typed. @param {number | null | undefined} fen */
export const typedYuan = (fen) => (fen === null || fen === undefined ? "" : `${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, "0")}`);

/** What a Chinese keyboard makes of digits, and signs that people type with amounts. @param {string} text */
export const tidied = (text) => text.normalize("NFKC").replace(/[¥,\s]/g, "").replace("。", ".");

/** A time as people type it, `6:30`, `0630` or `06:30`; null where it is none. @param {string} text */
export function timeOf(text) {
  const found = /^(\d{1,2}):?(\d{2})$/.exec(tidied(text));
  return found && Number(found[1]) < 24 && Number(found[2]) < 60 ? `${found[1].padStart(2, "0")}:${found[2]}` : null;
}

/** Groups in the order in which they hold. @param {Tables} tables */
export function groupsOf(tables) {
  return [...new Set((tables["group/"] ?? []).filter((row) => !row.gone).map((row) => row.group.trim()).filter(Boolean))];
}

/** Rows that are still there. @param {Tables} tables @param {string} table */
export const present = (tables, table) => (tables[table] ?? []).filter((row) => !row.gone);

// ---- from the plan

/** What the site no longer has goes with the next plan: the preview says so. @param {any} plan @param {string[]} merchants of the site @returns {Tables} */
export function tablesOf(plan, merchants) {
  /** @type {Tables} */
  const tables = {};
  for (const id of merchants) {
    const found = plan.merchants.find((/** @type {any} */ each) => each.merchant === id);
    const periods = found?.periods ?? [];
    tables[`period/${id}`] = periods.map(periodRow);
    tables[`dish/${id}`] = (found?.dishes ?? []).map(dishRow);
    tables[`window/${id}`] = periods.map((/** @type {any} */ each) => windowRow(each.id, found.orders?.windows.find((/** @type {any} */ one) => one.period === each.id)));
    tables[`orders/${id}`] = [ordersRow(found?.orders)];
  }
  tables["group/"] = plan.groups.map((/** @type {[string, string]} */ [profile, group]) => ({ id: profile, profile, group }));
  const limits = { ...plan.limits, float_low_fen: plan.float_low_fen };
  tables["limit/"] = [/** @type {Row} */ ({ id: "", ...Object.fromEntries(LIMITS.map((name) => [name, name === "repeat_s" ? String(Number((limits[name] / 60).toFixed(2))) : typedYuan(limits[name])])) })];
  return tables;
}

/** @param {any} name */
const names = (name) => ({ "name/zh-CN": name?.["zh-CN"] ?? "", "name/en": name?.en ?? "" });

/** @param {any} each @returns {Row} */
function periodRow(each) {
  const prices = Object.entries(each.fixed_fen).map(([group, fen]) => [`fixed_fen/${group}`, typedYuan(fen)]);
  const counts = Object.entries(each.count_max).map(([group, count]) => [`count_max/${group}`, String(count)]);
  return { id: each.id, ...names(each.name), begins: each.begins.slice(0, 5), ends: each.ends.slice(0, 5), ...Object.fromEntries([...prices, ...counts]) };
}

/** @param {any} each @returns {Row} */
function dishRow(each) {
  return { id: each.id, ...names(each.name), price_fen: typedYuan(each.price_fen), per_g: String(each.per_g ?? ""), key: String(each.key ?? "") };
}

/** @param {string} id of the meal @param {any} [window] @returns {Row} */
export function windowRow(id, window) {
  return { id, takes: window ? "1" : "", until_min: String(window?.until_min ?? 60), orders_max: String(window?.orders_max ?? ""), dishes: (window?.dishes ?? []).join(" ") };
}

/** @param {any} rules @returns {Row} */
function ordersRow(rules) {
  return { id: "", days_ahead: String(rules?.days_ahead ?? 1), unclaimed: rules?.unclaimed ?? "charge", grace_min: String(rules?.grace_min ?? 30) };
}

// ---- and back

/**
 * The plan that was typed, and where something is none.
 * @param {Tables} tables
 * @param {any} base the plan in force: a merchant of whom nothing is said stays out
 * @returns {{plan: any, faults: Faults}}
 */
export function planOf(tables, base) {
  const reading = new Reading();
  const groups = groupsOf(tables);
  const known = base.merchants.map((/** @type {any} */ each) => each.merchant);
  const ids = Object.keys(tables).filter((key) => key.startsWith("period/")).map((key) => key.slice("period/".length));
  const merchants = ids
    .filter((id) => known.includes(id) || present(tables, `period/${id}`).length + present(tables, `dish/${id}`).length > 0)
    .map((id) => reading.merchant(id, tables, groups));
  const [row] = tables["limit/"];
  const limits = Object.fromEntries(LIMITS.map((name) => [name, name === "repeat_s" ? reading.minutes(row, name) : reading.money("limit/", row, name, { mayBeNothing: MAY_BE_NOTHING.includes(name), mayBeEmpty: MAY_BE_EMPTY.includes(name) })]));
  const { float_low_fen, ...spending } = limits;
  const pairs = present(tables, "group/").map((each) => {
    if (!each.profile) reading.fault("group/", each, "profile", "choose");
    if (!each.group.trim()) reading.fault("group/", each, "group", "name");
    return [each.profile, each.group.trim()];
  });
  return { plan: { merchants, limits: spending, groups: pairs, float_low_fen }, faults: reading.faults };
}

class Reading {
  /** @type {Faults} */
  faults = new Map();

  /** @param {string} table @param {Row} row @param {string} field @param {string} key @param {Record<string, string | number>} [values] */
  fault(table, row, field, key, values) {
    this.faults.set(pathOf(table, row.id, field), { key, values });
    return null;
  }

  /** @param {string} id @param {Tables} tables @param {string[]} groups */
  merchant(id, tables, groups) {
    const [rules] = tables[`orders/${id}`];
    const periods = present(tables, `period/${id}`);
    const menu = new Set(present(tables, `dish/${id}`).map((row) => row.id));
    const windows = present(tables, `window/${id}`).filter((row) => row.takes && periods.some((each) => each.id === row.id)).map((row) => this.#window(`window/${id}`, row, menu));
    const at = `orders/${id}`;
    const orders = { windows, days_ahead: this.whole(at, rules, "days_ahead", 0, 14), unclaimed: rules.unclaimed, grace_min: this.whole(at, rules, "grace_min", 0, 1440) };
    return {
      merchant: id,
      periods: periods.map((row) => this.#period(`period/${id}`, row, groups)),
      dishes: present(tables, `dish/${id}`).map((row, _, all) => this.#dish(`dish/${id}`, row, all)),
      orders: windows.length > 0 ? orders : null,
    };
  }

  /** @param {string} table @param {Row} row @param {string[]} groups */
  #period(table, row, groups) {
    /** @param {string} field @param {(name: string) => number | null} read */
    const byGroup = (field, read) => {
      const typed = [...groups, ""].filter((group) => (row[`${field}/${group}`] ?? "").trim());
      return Object.fromEntries(typed.map((group) => [group, read(`${field}/${group}`)]));
    };
    return {
      id: row.id,
      name: this.#name(table, row),
      begins: this.#time(table, row, "begins"),
      ends: this.#time(table, row, "ends"),
      fixed_fen: byGroup("fixed_fen", (field) => this.money(table, row, field, { mayBeNothing: true })),
      count_max: byGroup("count_max", (field) => this.whole(table, row, field, 0, 99)),
    };
  }

  /** @param {string} table @param {Row} row @param {Row[]} all */
  #dish(table, row, all) {
    if (row.key && all.some((other) => other !== row && other.key === row.key)) this.fault(table, row, "key", "key_taken");
    return {
      id: row.id,
      name: this.#name(table, row),
      price_fen: this.money(table, row, "price_fen"),
      per_g: row.per_g.trim() ? this.whole(table, row, "per_g", 1, 10_000) : null,
      key: row.key ? Number(row.key) : null,
    };
  }

  /** @param {string} table @param {Row} row @param {Set<string>} menu */
  #window(table, row, menu) {
    const chosen = row.dishes.split(" ").filter(Boolean);
    // What is taken out cannot be ordered. No dish left would mean all of them: that central refuses.
    const left = chosen.filter((id) => menu.has(id));
    return {
      period: row.id,
      until_min: this.whole(table, row, "until_min", 0, 2880),
      orders_max: row.orders_max.trim() ? this.whole(table, row, "orders_max", 1, 99_999) : null,
      dishes: left.length > 0 ? left : chosen,
    };
  }

  /** @param {string} table @param {Row} row @param {string} field */
  #time(table, row, field) {
    return timeOf(row[field]) ?? this.fault(table, row, field, "time");
  }

  /** @param {string} table @param {Row} row */
  #name(table, row) {
    const found = ["zh-CN", "en"].map((language) => [language, row[`name/${language}`].trim()]).filter(([, text]) => text);
    if (found.length === 0) this.fault(table, row, "name/zh-CN", "name");
    return Object.fromEntries(found);
  }

  /**
   * @param {string} table @param {Row} row @param {string} field
   * @param {{mayBeNothing?: boolean, mayBeEmpty?: boolean}} [may]
   */
  money(table, row, field, { mayBeNothing = false, mayBeEmpty = false } = {}) {
    const text = tidied(row[field] ?? "");
    if (!text && mayBeEmpty) return null;
    const fen = fenOf(text);
    if (fen === null) return this.fault(table, row, field, text ? "amount" : "amount_missing");
    return fen > 0 || mayBeNothing ? fen : this.fault(table, row, field, "amount_nothing");
  }

  /** @param {string} table @param {Row} row @param {string} field @param {number} least @param {number} most */
  whole(table, row, field, least, most) {
    const text = tidied(row[field] ?? "");
    const number = Number(text);
    const fits = /^\d+$/.test(text) && number >= least && number <= most;
    return fits ? number : this.fault(table, row, field, "whole", { least, most });
  }

  /** Minutes in seconds. @param {Row} row @param {string} field */
  minutes(row, field) {
    const text = tidied(row[field]);
    const seconds = Math.round(Number(text) * 60);
    return /^\d+(\.\d+)?$/.test(text) && seconds <= 14_400 ? seconds : this.fault("limit/", row, field, "minutes", { most: 240 });
  }
}
