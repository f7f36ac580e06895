/**
 * One state per page, and at most one rendering per animation frame however often it changes. In a
 * flood renderings are spaced, so that they take a third of the time and leave the rest to people.
 */

/** So many times as long as a rendering took, the next one waits at least. */
const PAUSE = 2;
/** What nobody notices needs no pause. */
const SHORT_MS = 16;

/** @template S */
export class Store {
  #state;
  /** When the next rendering begins; the frame that is asked for already comes before all. */
  #dueMs = Infinity;
  #nextMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #channel = new MessageChannel();
  /** @type {Set<(state: S) => void>} */
  #renderers = new Set();

  /** @param {S} state */
  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /**
   * @param {(state: S) => void} change alters the state in place
   * @param {number} [patienceMs] so long it may wait, to be drawn together with what comes meanwhile
   */
  update(change, patienceMs = 0) {
    change(this.#state);
    this.schedule(patienceMs);
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

  /** Render before the next frame, once. @param {number} [patienceMs] or so much later */
  schedule(patienceMs = 0) {
    const nowMs = performance.now();
    const atMs = Math.max(this.#nextMs, nowMs + patienceMs);
    if (this.#dueMs <= atMs) return;
    clearTimeout(this.#timer);
    this.#dueMs = atMs;
    if (atMs > nowMs) this.#timer = setTimeout(() => this.#render(), atMs - nowMs);
    else this.#render();
  }

  #render() {
    this.#dueMs = 0;
    requestAnimationFrame(() => {
      this.#dueMs = Infinity;
      const began = performance.now();
      for (const render of this.#renderers) render(this.#state);
      // A task after the frame: what was changed has been laid out and painted by then.
      this.#channel.port1.onmessage = () => {
        const ended = performance.now();
        const took = ended - began;
        this.#nextMs = took > SHORT_MS ? ended + PAUSE * took : 0;
      };
      this.#channel.port2.postMessage(null);
    });
  }
}
