/** One line over the console for those who can act: recognition does not hold, or pairs wait. */

import { ApiError, get } from "./api.js";
import { followRecognition } from "./recognition-feed.js";
import { shortWarning } from "./recognition-warning.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * A strip that asks central again when people or the self-test's results change.
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @returns {HTMLElement}
 */
export function recognitionStrip(store) {
  const strip = h("p", { class: "strip p3", role: "status", hidden: true });
  /** @type {import("./recognition-words.js").Recognition | null} */
  let view = null;
  followRecognition(store, async () => {
    try {
      view = await get("/recognition");
    } catch (error) {
      // Without an answer the strip keeps still: the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
    }
    store.schedule();
  });
  store.subscribe((state) => {
    if (view) render(strip, view, state.site);
  });
  return strip;
}

/** @param {HTMLElement} strip @param {import("./recognition-words.js").Recognition} view @param {any} site */
function render(strip, view, site) {
  const open = view.open_pair_count;
  const words = [shortWarning(view, site), open > 0 && t("recognition.strip_pairs", { n: open })].filter(Boolean);
  strip.hidden = words.length === 0;
  const key = [t("recognition.warning"), ...words].join("|");
  if (strip.dataset.said === key) return;
  strip.dataset.said = key;
  const link = h("a", { href: "/recognition" }, t("recognition.strip_link"));
  fill(strip, prioritySign(3), h("b", {}, t("recognition.warning")), words.join(" · "), link);
}
