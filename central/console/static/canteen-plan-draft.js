/** A plan that is being changed here: what was typed survives a reload, another tab, and what others do meanwhile. */

import { groupsOf, pathOf, planOf, tablesOf, windowRow } from "./canteen-plan-rows.js";

/**
 * @typedef {import("./canteen-plan-rows.js").Row} Row
 * @typedef {import("./canteen-plan-rows.js").Tables} Tables
 * @typedef {{version: number, plan: any, changed_by: string | null, changed_at: string | null,
 *   merchants: {id: string, name: Record<string, string>}[], profiles: string[],
 *   tills: {id: string, name: Record<string, string>, merchant: string, node: string}[],
 *   profile_names: Record<string, Record<string, string>>}} View
 */

export class PlanDraft {
  /** @type {View} that it is made from */
  view;
  /** @type {Tables} as it is in force */
  base = {};
  /** @type {Tables} as it is typed here */
  mine = {};
  /** @type {Map<string, string>} what somebody else made of what was changed here, too */
  theirs = new Map();
  #place;

  /** @param {View} view in force @param {string} who is changing it */
  constructor(view, who) {
    this.#place = `menshen.canteen_plan.${who}`;
    const kept = this.#kept();
    this.view = kept?.view ?? view;
    this.base = this.#tables(this.view);
    this.mine = { ...structuredClone(this.base), ...kept?.mine };
  }

  /** Begin again from what is in force. @param {View} view */
  load(view) {
    this.view = view;
    this.base = this.#tables(view);
    this.mine = structuredClone(this.base);
    this.theirs.clear();
    this.#keep();
  }

  get isChanged() {
    return JSON.stringify(this.mine) !== JSON.stringify(this.base);
  }

  /** @returns {{plan: any, faults: import("./canteen-plan-rows.js").Faults}} */
  read() {
    return planOf(this.mine, this.view.plan);
  }

  /** @param {string} table @param {string} id @param {string} field @param {string} text */
  set(table, id, field, text) {
    const row = this.mine[table].find((each) => each.id === id);
    if (!row || (row[field] ?? "") === text) return;
    row[field] = text;
    // A field that is empty and one that is not there are the same.
    if (text === "" && this.before(table, id)?.[field] === undefined) delete row[field];
    this.theirs.delete(pathOf(table, id, field));
    this.#keep();
  }

  /** How a row is in force. @param {string} table @param {string} id */
  before(table, id) {
    return this.base[table]?.find((each) => each.id === id);
  }

  /** Charges name it for ever: an identifier is never given twice. @param {string} prefix */
  #newId(prefix) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0];
    return `${prefix}-${Date.now().toString(36)}${(random % 46_656).toString(36).padStart(3, "0")}`;
  }

  /** @param {string} part @param {string} merchant @param {Record<string, string>} [more] @returns {Row} */
  add(part, merchant, more = {}) {
    const empty = { "name/zh-CN": "", "name/en": "" };
    const rows = { period: { ...empty, begins: "", ends: "" }, dish: { ...empty, price_fen: "", per_g: "", key: "" }, group: { profile: "", group: "" } };
    const row = { id: this.#newId(part), .../** @type {any} */ (rows)[part], ...more };
    this.mine[`${part}/${merchant}`].push(row);
    if (part === "period") this.mine[`window/${merchant}`].push(windowRow(row.id));
    this.#keep();
    return row;
  }

  /** Take a row out, or back in; what was never in force is gone at once. @param {string} table @param {Row} row */
  toggle(table, row) {
    if (this.before(table, row.id)) {
      if (row.gone) delete row.gone;
      else row.gone = "1";
    } else {
      this.mine[table] = this.mine[table].filter((each) => each !== row);
    }
    this.#keep();
  }

  /** @param {string} table @param {Row} row @param {-1 | 1} by */
  move(table, row, by) {
    const rows = this.mine[table];
    const at = rows.indexOf(row);
    if (!rows[at + by]) return;
    [rows[at], rows[at + by]] = [rows[at + by], rows[at]];
    this.#keep();
  }

  /** Call a group otherwise: its prices go with it. @param {Row} row @param {string} name */
  rename(row, name) {
    const before = row.group.trim();
    const wasThere = groupsOf(this.mine).includes(name.trim());
    this.set("group/", row.id, "group", name);
    if (!before || !name.trim() || wasThere || groupsOf(this.mine).includes(before)) return;
    for (const period of Object.entries(this.mine).filter(([table]) => table.startsWith("period/")).flatMap(([, rows]) => rows)) {
      for (const field of ["fixed_fen", "count_max"]) {
        const value = period[`${field}/${before}`];
        if (value === undefined) continue;
        period[`${field}/${name.trim()}`] = value;
        delete period[`${field}/${before}`];
      }
    }
    this.#keep();
  }

  /** Take in what somebody else put in force: where only one of both changed something, that holds. @param {View} view */
  rebase(view) {
    const theirs = this.#tables(view);
    const merged = merge(this.base, this.mine, theirs);
    Object.assign(this, { view, base: theirs, mine: merged.tables, theirs: merged.conflicts });
    this.#keep();
  }

  /** @param {View} view */
  #tables({ plan, merchants }) {
    return tablesOf(plan, merchants.map((each) => each.id));
  }

  #keep() {
    try {
      if (this.isChanged) sessionStorage.setItem(this.#place, JSON.stringify({ view: this.view, mine: this.mine }));
      else sessionStorage.removeItem(this.#place);
    } catch {
      // A browser that keeps nothing still changes a plan.
    }
  }

  /** @returns {{view: View, mine: Tables} | null} */
  #kept() {
    try {
      const found = JSON.parse(sessionStorage.getItem(this.#place) ?? "null");
      return found?.view?.plan && found.mine ? found : null;
    } catch {
      return null;
    }
  }
}

/**
 * Three ways: what one side alone changed holds; where both did, mine stays and theirs is told.
 * @param {Tables} base @param {Tables} mine @param {Tables} theirs
 * @returns {{tables: Tables, conflicts: Map<string, string>}}
 */
export function merge(base, mine, theirs) {
  /** @type {Map<string, string>} */
  const conflicts = new Map();
  /** @type {Tables} */
  const tables = {};
  for (const table of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const sides = [base, mine, theirs].map((each) => new Map((each[table] ?? []).map((row) => [row.id, row])));
    const [before, here, there] = sides;
    const isMyOrder = order(mine[table], before) !== order(base[table], here);
    const ids = new Set(isMyOrder ? [...here.keys(), ...there.keys()] : [...there.keys(), ...here.keys()]);
    tables[table] = [...ids].flatMap((id) => {
      const row = mergedRow(table, before.get(id), here.get(id), there.get(id), conflicts);
      return row ? [row] : [];
    });
  }
  return { tables, conflicts };
}

/** @param {Row[] | undefined} rows @param {Map<string, Row>} known */
const order = (rows, known) => (rows ?? []).filter((row) => known.has(row.id)).map((row) => row.id).join(" ");

/**
 * @param {string} table @param {Row | undefined} before @param {Row | undefined} here @param {Row | undefined} there
 * @param {Map<string, string>} conflicts
 * @returns {Row | null}
 */
function mergedRow(table, before, here, there, conflicts) {
  if (!here) return before ? null : (there ?? null);
  if (!there) {
    // Taken out by them: it stays out, unless something was changed in it here.
    const isChanged = !before || JSON.stringify(before) !== JSON.stringify(here);
    return isChanged && !here.gone ? here : null;
  }
  /** @type {Row} */
  const row = { ...there };
  for (const field of new Set([...Object.keys(before ?? {}), ...Object.keys(here)])) {
    if (here[field] === before?.[field]) continue;
    if (there[field] !== before?.[field] && there[field] !== here[field]) conflicts.set(pathOf(table, row.id, field), there[field] ?? "");
    if (here[field] === undefined) delete row[field];
    else row[field] = here[field];
  }
  return row;
}
