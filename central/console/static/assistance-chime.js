/** A sound for calls: two tones, again and again. Browsers allow it once somebody has touched the page. */

/** @typedef {"silent" | "calm" | "urgent"} Urgency */

const TONES_HZ = [659, 523];
const TONE_S = 0.35;
/** Between two rings. @type {Record<Urgency, number>} */
const PAUSE_MS = { silent: 0, calm: 5000, urgent: 2000 };

export class Chime {
  /** @type {AudioContext | null} */
  #audio = null;
  /** @type {Urgency} */
  #urgency = "silent";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #next;

  constructor() {
    const allow = () => {
      this.#audio ??= new AudioContext();
      this.#audio.resume();
    };
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, allow);
  }

  /** @param {Urgency} urgency that holds from now on */
  ring(urgency) {
    if (urgency === this.#urgency) return;
    this.#urgency = urgency;
    clearTimeout(this.#next);
    this.#again();
  }

  #again() {
    if (this.#urgency === "silent") return;
    if (this.#audio?.state === "running") this.#play(this.#audio);
    this.#next = setTimeout(() => this.#again(), PAUSE_MS[this.#urgency]);
  }

  /** @param {AudioContext} audio */
  #play(audio) {
    TONES_HZ.forEach((frequency, index) => {
      const tone = new OscillatorNode(audio, { frequency });
      const volume = new GainNode(audio, { gain: 0 });
      const begin = audio.currentTime + index * TONE_S;
      volume.gain.setValueAtTime(0.25, begin);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + TONE_S);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + TONE_S);
    });
  }
}
