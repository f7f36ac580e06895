/** What the panel shows while nobody has chosen: the most urgent alarm, and it stays with that one. */

import { urgency } from "./alarm-book.js";
import { Stillness } from "./stillness.js";

/** Of those that somebody has acknowledged, so urgent ones are shown rather than who passes. */
const PRIORITY_MAX = 2;

export class Lead {
  /** @type {string | null} */
  id = null;
  #still;

  /** @param {Element} panel in which nothing changes under a hand */
  constructor(panel) {
    this.#still = new Stillness(panel, () => {}, () => {});
  }

  /** @param {import("./alarm-book.js").AlarmBook} alarms @returns {string | null} the alarm's identifier */
  follow(alarms) {
    if (this.#still.isHeld && this.id !== null) return this.id;
    const top = alarms.top ?? alarms.shown.find(({ priority }) => priority <= PRIORITY_MAX) ?? null;
    const now = alarms.shown.find(({ id }) => id === this.id);
    // Another that is as urgent has to wait; a fire that is confirmed has not.
    if (!now || !top || urgency(now) > urgency(top)) this.id = top?.id ?? null;
    return this.id;
  }
}
