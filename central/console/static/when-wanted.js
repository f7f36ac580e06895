/** Modules that a page loads when they are wanted, with the words that it comes without. */

import { loadSection } from "/web/i18n.js";

/** Between two tries to load what central did not hand out. */
const RETRY_MS = 2000;

/**
 * A module with its words, which the page itself comes without.
 * @template T
 * @param {string} name of the module
 * @param {Promise<T>} loading
 * @returns {Promise<T>}
 */
export async function withWords(name, loading) {
  const [module] = await Promise.all([loading, loadSection(name)]);
  return module;
}

/**
 * Load a module when central answers: it may be wanted in the moment of its restart.
 * @param {string} name
 * @param {() => Promise<any>} load
 * @param {boolean} [hasOwnWords] false for one whose words are the page's
 * @returns {Promise<any>}
 */
export async function later(name, load, hasOwnWords = true) {
  for (let tries = 0; ; tries += 1) {
    try {
      // A browser may remember that an address failed.
      const loading = tries ? import(`./${name}.js?${tries}`) : load();
      return await (hasOwnWords ? withWords(name, loading) : loading);
    } catch {
      await new Promise((again) => setTimeout(again, RETRY_MS));
    }
  }
}
