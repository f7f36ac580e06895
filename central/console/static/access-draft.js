/** The access model as it is being changed here: nothing is in force before it was looked at. */

import { post, request } from "./api.js";

/**
 * @typedef {Record<string, any> & {id: string}} Entry
 * @typedef {Record<string, any>} Model
 * @typedef {{version: number, is_outdated: boolean, found_problems: import("./access-lines.js").Finding[],
 *   found_warnings: import("./access-lines.js").Finding[],
 *   changes: {table: string, id: string, change: string}[], people_count: number,
 *   people: {holder_id: string, name: string, gains: string[], loses: string[],
 *     at_other_times: string[]}[]}} Checked
 */

export class Draft {
  version = 0;
  /** @type {Model} */
  model = {};
  isChanged = false;

  /** Begin again from what is in force. @param {{version: number, model: Model}} view */
  load({ version, model }) {
    Object.assign(this, { version, model, isChanged: false });
  }

  /** @param {string} table @returns {Entry[]} */
  entries(table) {
    return this.model[table] ?? [];
  }

  /**
   * The model with an entry added or replaced.
   * @param {string} table
   * @param {Entry} entry
   * @returns {Model}
   */
  with(table, entry) {
    const entries = this.entries(table);
    const isKnown = entries.some((known) => known.id === entry.id);
    const changed = isKnown
      ? entries.map((known) => (known.id === entry.id ? entry : known))
      : [...entries, entry];
    return { ...this.model, [table]: changed };
  }

  /**
   * The model without an entry.
   * @param {string} table
   * @param {string} id
   * @returns {Model}
   */
  without(table, id) {
    return { ...this.model, [table]: this.entries(table).filter((entry) => entry.id !== id) };
  }

  /** What central says of a model. @param {Model} [model] @returns {Promise<Checked>} */
  check(model = this.model) {
    return post("/access-model/check", { made_from: this.version, model });
  }

  /** Take over a model that central has found no mistake in. @param {Model} model */
  take(model) {
    Object.assign(this, { model, isChanged: true });
  }

  /** Put it in force at every node. */
  apply() {
    return request("PUT", "/access-model", { body: { made_from: this.version, model: this.model } });
  }
}
