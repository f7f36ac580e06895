/** When to ask central again about recognition. */

import { follow } from "./follow.js";

/**
 * Load now and whenever people or the self-test's results change; each answer counts all people.
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {() => Promise<void>} load
 */
export function followRecognition(store, load) {
  follow(store, (state) => `${state.peopleVersion}/${state.recognitionVersion}`, load);
}
