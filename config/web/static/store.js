/**
 * One state per page, and at most one rendering per animation frame however often it changes. In a
 * flood renderings are spaced, so that they take a third of the time and leave the rest to people.
 */

/** So many times as long as a rendering took, the next one waits at least. */
const PAUSE = 2;
/** What nobody notices needs no pause. */
const SHORT_MS = 8;

/** @template S */
export class Store {
  #state;
  #isDue = false;
  #nextMs = 0;
  /** @type {Set<(state: S) => void>} */
  #renderers = new Set();

  /** @param {S} state */
  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /** @param {(state: S) => void} change alters the state in place */
  update(change) {
    change(this.#state);
    this.schedule();
  }

  /**
   * @param {(state: S) => void} render called before the next frame, and after every change
   * @returns {() => void} ends it: a dialog that is closed is not drawn for the rest of the shift
   */
  subscribe(render) {
    this.#renderers.add(render);
    this.schedule();
    return () => this.#renderers.delete(render);
  }

  /** Render before the next frame, once. */
  schedule() {
    if (this.#isDue) return;
    this.#isDue = true;
    const wait = this.#nextMs - performance.now();
    if (wait > 0) setTimeout(() => this.#render(), wait);
    else this.#render();
  }

  #render() {
    requestAnimationFrame(() => {
      this.#isDue = false;
      const began = performance.now();
      for (const render of this.#renderers) render(this.#state);
      const ended = performance.now();
      const took = ended - began;
      this.#nextMs = took > SHORT_MS ? ended + PAUSE * took : 0;
    });
  }
}
