/** A sound for calls: two tones, again and again. */

import { play } from "/web/speaker.js";

/** @typedef {"silent" | "calm" | "urgent"} Urgency */

const TONES_HZ = [659, 523];
const TONE_S = 0.35;
/** Between two rings. @type {Record<Urgency, number>} */
const PAUSE_MS = { silent: 0, calm: 5000, urgent: 2000 };

export class Chime {
  /** @type {Urgency} */
  #urgency = "silent";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #next;

  /** @param {Urgency} urgency that holds from now on */
  ring(urgency) {
    if (urgency === this.#urgency) return;
    this.#urgency = urgency;
    clearTimeout(this.#next);
    this.#again();
  }

  #again() {
    if (this.#urgency === "silent") return;
    play(TONES_HZ, TONE_S);
    this.#next = setTimeout(() => this.#again(), PAUSE_MS[this.#urgency]);
  }
}
