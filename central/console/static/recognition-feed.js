/** When to ask central again about recognition: after what it tells, but never in a hurry. */

const PAUSE_MS = 1000;

/**
 * Load now and whenever people or the self-test's results change, one request after another: an
 * import changes thousands of people, and each answer counts them all.
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {() => Promise<void>} load
 */
export function followRecognition(store, load) {
  let known = "";
  let isBusy = false;
  store.subscribe(async (state) => {
    const version = `${state.peopleVersion}/${state.recognitionVersion}`;
    if (!state.isLoaded || isBusy || version === known) return;
    known = version;
    isBusy = true;
    await load();
    setTimeout(() => {
      isBusy = false;
      store.schedule();
    }, PAUSE_MS);
  });
}
