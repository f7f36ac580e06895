/** Sound and screen say the same, once: paid rises, what was not paid falls softly, a question is one tone. */

import { formatTime } from "/web/format.js";
import { play } from "/web/speaker.js";

/** @typedef {import("./till.js").TillScreen} TillScreen */

/** @type {Record<string, {tones: number[], seconds: number}>} */
const SOUNDS = {
  paid: { tones: [880, 1319], seconds: 0.12 },
  collected: { tones: [880, 1319], seconds: 0.12 },
  refused: { tones: [392, 330], seconds: 0.18 },
  asking: { tones: [660], seconds: 0.12 },
};

export class TillSound {
  #before = "";

  /** @param {TillScreen} screen @param {import("./till.js").Settings} settings */
  hear(screen, { sound, zone }) {
    const { phase, question, last } = screen;
    const now = phase === "paid" || phase === "collected" ? `${phase} ${last[0]?.charge_id}` : phase === "asking" ? `asking ${question?.kind}` : phase;
    // A page that has just come hears nothing of what was before.
    const isNew = this.#before !== "" && now !== this.#before;
    this.#before = now;
    const made = SOUNDS[phase];
    if (isNew && made) play(made.tones, made.seconds, loudness(sound, formatTime(Date.now(), zone)));
  }
}

/**
 * How loud it is at a time of day; the last step of a day holds until the first of the next.
 * @param {readonly {begins: string, percent: number}[]} steps in the order of the day
 * @param {string} time `HH:MM:SS`
 * @returns {number} 0..1
 */
export function loudness(steps, time) {
  const step = steps.findLast(({ begins }) => begins <= time) ?? steps.at(-1);
  return (step?.percent ?? 0) / 100;
}
