/** One state per page, and one rendering per animation frame however often it changes. */

/** @template S */
export class Store {
  #state;
  #isDue = false;
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

  /** @param {(state: S) => void} render called before the next frame, and after every change */
  subscribe(render) {
    this.#renderers.add(render);
    this.schedule();
  }

  /** Render before the next frame, once. */
  schedule() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      for (const render of this.#renderers) render(this.#state);
    });
  }
}
