/** Signing in at the identity provider: the way there, and what came of it when the browser is back. */

import { ApiError, get, post } from "./api.js";
import { h } from "/web/dom.js";
import { loadRefusals, t } from "/web/i18n.js";

/** @returns {Promise<HTMLElement | null>} a button that leads to the provider; null where the site has none */
export async function providerButton() {
  const provider = await get("/sessions/ways").then(
    (ways) => ways.provider,
    () => null,
  );
  if (provider === null) return null;
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { type: "button" }, provider || t("sign_in.provider"));
  button.addEventListener("click", async () => {
    button.setAttribute("disabled", "");
    try {
      const { location: place } = await post("/sessions/provider", { back: location.pathname });
      location.assign(place);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      problem.textContent = error.sentence;
      button.removeAttribute("disabled");
    }
  });
  return h("div", { class: "provider" }, button, problem);
}

/**
 * What the way back says; it is said once, and does not stay in the address.
 * @returns {Promise<{problem: string, challenge: string}>}
 */
export async function takeOutcome() {
  const said = new URLSearchParams(location.hash.slice(1));
  const code = said.get("sign-in");
  const challenge = said.get("sign-in-code") ?? "";
  if (code === null && !challenge) return { problem: "", challenge };
  history.replaceState(null, "", location.pathname + location.search);
  if (code === null) return { problem: "", challenge };
  await loadRefusals("/words/error/");
  return { problem: new ApiError(403, code, null).sentence, challenge };
}
