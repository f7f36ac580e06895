/** Answers come in any order; the last question counts. */

/**
 * Of several questions in a row, everybody who asked is given the answer to the last: what is drawn
 * belongs to what is chosen, however late the answers before come, and also when they are refusals.
 * @template T
 */
export class LastAnswer {
  /** @type {Promise<T> | null} */
  #asked = null;

  /** @param {Promise<T>} question @returns {Promise<T>} */
  async of(question) {
    this.#asked = question;
    for (;;) {
      const asked = /** @type {Promise<T>} */ (this.#asked);
      const outcome = await asked.then(
        (answer) => () => answer,
        (error) => () => {
          throw error;
        },
      );
      if (asked === this.#asked) return outcome();
    }
  }
}
