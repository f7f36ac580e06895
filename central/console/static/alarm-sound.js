/** A sound per priority, again and again until somebody acknowledges. */

import { onSpeaker, play, speakerState } from "/web/speaker.js";

/** @typedef {import("./alarm-book.js").Alarm} Alarm */

/**
 * What a priority sounds like: told apart without looking, and by rhythm rather than pitch alone.
 * @type {Record<1 | 2 | 3 | 4, {tones: number[], toneS: number, pauseMs: number}>}
 */
const SOUNDS = {
  1: { tones: [988, 740, 988, 740, 988, 740], toneS: 0.16, pauseMs: 1500 },
  2: { tones: [784, 0, 784, 0, 784], toneS: 0.14, pauseMs: 4000 },
  3: { tones: [587, 494], toneS: 0.3, pauseMs: 12_000 },
  4: { tones: [440], toneS: 0.4, pauseMs: 60_000 },
};

/** Follows the most urgent alarm that nobody has acknowledged. */
export class AlarmSound {
  /** @type {1 | 2 | 3 | 4 | 0} */
  #priority = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #next;

  constructor() {
    // Whoever has just allowed sound hears at once what waits.
    onSpeaker(() => speakerState() === "on" && this.#begin());
  }

  /** @param {Alarm | null} top */
  follow(top) {
    const priority = top?.priority ?? 0;
    if (priority === this.#priority) return;
    this.#priority = priority;
    this.#begin();
  }

  #begin() {
    clearTimeout(this.#next);
    if (this.#priority === 0) return;
    const { tones, toneS, pauseMs } = SOUNDS[this.#priority];
    play(tones, toneS);
    this.#next = setTimeout(() => this.#begin(), pauseMs);
  }
}
