/** When to ask central again: after what it tells, but never in a hurry. */

const PAUSE_MS = 1000;

/**
 * Load now and whenever a version changes, one request after another: an import changes thousands of
 * people, and a morning moves hundreds, each of whom is told.
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {(state: import("./site-state.js").SiteState) => string | number} versionOf
 * @param {() => Promise<void>} load
 * @returns {() => void} ends it
 */
export function follow(store, versionOf, load) {
  /** @type {string | number} */
  let known = "";
  let isBusy = false;
  return store.subscribe(async (state) => {
    const version = versionOf(state);
    if (!state.isLoaded || isBusy || version === known) return;
    known = version;
    isBusy = true;
    try {
      await load();
    } finally {
      setTimeout(() => {
        isBusy = false;
        store.schedule();
      }, PAUSE_MS);
    }
  });
}
