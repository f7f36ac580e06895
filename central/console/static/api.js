/** Requests to `/api/v1`. A refusal is an `ApiError` whose code the dictionaries translate. */

import { loadRefusals, t, term } from "/web/i18n.js";
import { purposeHeaders } from "./purpose-kept.js";

/** @type {() => Promise<boolean>} */
let askPurpose = async () => false;

/** @param {() => Promise<boolean>} handler asks why somebody looks; false when they would not say */
export function whenPurposeNeeded(handler) {
  askPurpose = handler;
}

/** @type {(code: string, method: string) => void} */
let onUnauthorised = () => {};

/** @param {(code: string, method: string) => void} handler called when the session is over */
export function whenUnauthorised(handler) {
  onUnauthorised = handler;
}

export class ApiError extends Error {
  name = "ApiError";

  /** @param {number} status 0 when central did not answer @param {string} code @param {any} problem */
  constructor(status, code, problem) {
    super(code);
    this.status = status;
    this.code = code;
    this.problem = problem;
  }

  /** One sentence that says what to do. */
  get sentence() {
    if (this.status === 0) return t("error.no_connection");
    const words = term("error", this.code);
    return words === this.code ? t("error.other", { code: this.code }) : words;
  }
}

/**
 * @param {string} method
 * @param {string} path below `/api/v1`
 * @param {{body?: any, form?: FormData, isSignIn?: boolean}} [options] `body` is sent as JSON
 * @returns {Promise<any>} the answer's JSON; null when it has none
 */
export async function request(method, path, { body, form, isSignIn = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json", ...purposeHeaders() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let reply;
  try {
    const sent = form ?? (body === undefined ? undefined : JSON.stringify(body));
    reply = await fetch(`/api/v1${path}`, { method, headers, body: sent });
  } catch {
    throw new ApiError(0, "no_connection", null);
  }
  if (reply.status === 204) return null;
  const answer = await reply.json().catch(() => null);
  if (reply.ok) return answer;
  if (reply.status === 401 && !isSignIn) onUnauthorised(answer?.code ?? "", method);
  // Asked once in this tab, then said with every request.
  if (answer?.code === "purpose_needed" && (await askPurpose())) return request(method, path, { body, form, isSignIn });
  await loadRefusals("/words/error/");
  throw new ApiError(reply.status, answer?.code ?? `http_${reply.status}`, answer);
}

/** @param {string} path */
export const get = (path) => request("GET", path);

/** @param {string} path @param {any} [body] */
export const post = (path, body) => request("POST", path, { body });
