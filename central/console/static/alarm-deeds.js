/** What a guard does about alarms: pressed at once, then the world's answer, and a refusal in one line. */

import { isUnacknowledged } from "./alarm-book.js";
import { ApiError, post } from "./api.js";
import { NO_ANSWER_MS } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {import("/web/store.js").Store<import("./site-state.js").SiteState>} Store
 */

/** Alarms of this priority are acknowledged one by one. */
const ALONE = 1;

export class AlarmDeeds {
  #store;
  /** @type {Map<string, string>} the words of what is under way, by alarm */
  #pressed = new Map();
  /** Where a refusal is said. */
  problem = h("p", { class: "problem", role: "alert" });

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /** What is under way about an alarm: a key of words. @param {string} id */
  pressed(id) {
    return this.#pressed.get(id) ?? null;
  }

  /** @param {Alarm} alarm */
  async acknowledge(alarm) {
    if (alarm.acknowledged_at !== null) return;
    // Whoever has seen the line of a fire has seen the detectors that it names.
    const signals = this.#store.state.alarms.signalsOf(alarm).filter(isUnacknowledged);
    const ids = [alarm, ...signals].map(({ id }) => id);
    const path = signals.length > 0 ? "/alarms/acknowledge" : `/alarms/${alarm.id}/acknowledge`;
    await this.do(ids, "desk.acknowledging", () => post(path, signals.length > 0 ? { ids } : {}));
  }

  /** Say why something is not done. @param {string} key of words */
  refuse(key) {
    fill(this.problem, t(key));
  }

  /** @param {Alarm} alarm @param {string} note */
  async note(alarm, note) {
    await post(`/alarms/${alarm.id}/note`, { note });
    this.#store.schedule();
  }

  /** @param {Alarm} alarm */
  async unshelve(alarm) {
    const deed = alarm.is_out_of_service ? "return-to-service" : "unshelve";
    await this.do([alarm.id], "desk.returning", () => post(`/alarms/${alarm.id}/${deed}`, {}));
  }

  /**
   * Ask, and acknowledge what can be seen; the gravest are left for a look at each.
   * @param {readonly Alarm[]} visible
   */
  async acknowledgeSeen(visible) {
    const open = visible.filter((alarm) => alarm.acknowledged_at === null);
    const ids = open.filter((alarm) => alarm.priority !== ALONE).map((alarm) => alarm.id);
    if (ids.length === 0) {
      this.refuse(open.length > 0 ? "desk.each_alone" : "desk.nothing_open");
      return;
    }
    const { askFor } = await import("./alarm-forms.js");
    askFor(t("desk.acknowledge_seen", { n: ids.length }), t("desk.acknowledge_seen_hint"), "desk.acknowledge", async () => {
      await this.do(ids, "desk.acknowledging", () => post("/alarms/acknowledge", { ids }));
    });
  }

  /** Ask, and acknowledge everything that a flood has gathered. @param {number} count */
  async acknowledgeGathered(count) {
    const { askFor } = await import("./alarm-forms.js");
    askFor(t("desk.acknowledge_gathered", { n: count }), t("desk.acknowledge_gathered_hint"), "desk.acknowledge", async () => {
      await this.do([], "desk.acknowledging", () => post("/alarms/acknowledge", { gathered: true }));
    });
  }

  /**
   * Show that something is under way until the world has answered; the alarm itself changes by what
   * central tells.
   * @param {string[]} ids
   * @param {string} words
   * @param {() => Promise<any>} run
   */
  async do(ids, words, run) {
    for (const id of ids) this.#pressed.set(id, words);
    fill(this.problem);
    this.#store.schedule();
    const late = setTimeout(() => {
      for (const id of ids) this.#pressed.set(id, "desk.no_answer_yet");
      this.refuse("action.no_answer_yet");
      this.#store.schedule();
    }, NO_ANSWER_MS);
    try {
      await run();
      fill(this.problem);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(this.problem, error.sentence);
    } finally {
      clearTimeout(late);
      for (const id of ids) this.#pressed.delete(id);
      this.#store.schedule();
    }
  }
}
