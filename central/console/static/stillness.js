/** What a hand works at holds still: from its last move there until it leaves, or has lain for a while. */

/** A mouse that was left lying holds nothing up. */
const STILL_MS = 10_000;
const TOUCHES = ["pointermove", "pointerdown", "wheel"];

export class Stillness {
  #hold;
  #release;
  #touchedMs = -Infinity;
  #isHeld = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #letGo;

  /**
   * @param {Element} place where a hand may be
   * @param {() => void} hold called once when it comes
   * @param {() => void} release called when what has waited may be shown
   */
  constructor(place, hold, release) {
    this.#hold = hold;
    this.#release = release;
    for (const touch of TOUCHES) place.addEventListener(touch, () => this.touch(), { passive: true });
    place.addEventListener("pointerleave", () => this.release());
  }

  get isHeld() {
    return this.#isHeld;
  }

  /** A hand moves, be it on the keyboard: hold still from now on, for as long as it may need. */
  touch() {
    this.#touchedMs = performance.now();
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#hold();
    const look = () => {
      const left = this.#touchedMs + STILL_MS - performance.now();
      if (left > 0) this.#letGo = setTimeout(look, left);
      else this.release();
    };
    this.#letGo = setTimeout(look, STILL_MS);
  }

  /** Show what has waited. */
  release() {
    clearTimeout(this.#letGo);
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#release();
  }
}
