/** Who is signed in. Without a session a page shows nothing but the question who is there. */

import { ApiError, request } from "./api.js";
import { keepPurpose } from "./purpose-kept.js";

/** @typedef {{username: string, role: string, permissions: string[], needs_second_factor?: boolean,
 *   is_locked?: boolean, is_of_provider?: boolean}} Session */

/** @type {Promise<Session | null> | null} */
let asking = null;

/** @returns {Promise<Session | null>} the session of now; null where there is none */
export async function currentSession() {
  try {
    return await request("GET", "/sessions/current", { isSignIn: true });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

/** A name as strangers see it, each part by its first letter: as central masks names. @param {string} name */
export function masked(name) {
  return name.split(" ").map((part) => part.slice(0, 1) + "*".repeat(Math.min(3, Math.max(0, part.length - 1)))).join(" ");
}

/** End the session, at the provider, too; every tab of this browser asks again who is there. @param {Session} session */
export async function closeSession({ is_of_provider: isOfProvider }) {
  keepPurpose(null);
  if (!isOfProvider) await request("DELETE", "/sessions/current", { isSignIn: true });
  const place = isOfProvider ? (await request("POST", "/sessions/provider/end", { isSignIn: true })).location : null;
  if (place) location.assign(place);
  else location.reload();
}

/**
 * Ask who is there.
 * @template {boolean} T
 * @param {T} [mayLeave] whether the question can be closed without an answer
 * @returns {Promise<T extends true ? Session | null : Session>} after a name and a password that central accepts
 */
export function signIn(mayLeave) {
  // Only whoever has to sign in needs the form.
  asking ??= import("./sign-in.js").then(({ ask }) => ask(mayLeave ?? false)).finally(() => {
    asking = null;
  });
  return /** @type {any} */ (asking);
}
