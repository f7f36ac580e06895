/** Requests to the bench. A refusal is an `ApiError` whose sentence says what to do. */

import { term } from "/web/i18n.js";
import { said } from "./sentences.js";

export const PREFIX = "/api/v1/bench";

export class ApiError extends Error {
  name = "ApiError";

  /** @param {number} status 0 when the bench did not answer @param {string} code @param {string} detail */
  constructor(status, code, detail) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.detail = detail;
  }

  /** One sentence that says what to do. */
  get sentence() {
    const words = term("bench_error", this.code);
    return this.detail && words === this.code ? said(this.detail) : words;
  }
}

/**
 * @param {string} method
 * @param {string} path below the bench's prefix
 * @param {any} [body] sent as JSON
 * @returns {Promise<any>} the answer's JSON; null when it has none
 */
export async function request(method, path, body) {
  const headers = { Accept: "application/json", "Content-Type": "application/json" };
  let reply;
  try {
    reply = await fetch(`${PREFIX}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new ApiError(0, "no_bench", "");
  }
  if (reply.status === 204) return null;
  const answer = await reply.json().catch(() => null);
  if (reply.ok) return answer;
  throw new ApiError(reply.status, answer?.code ?? "other", answer?.detail ?? "");
}

/** @param {string} path */
export const get = (path) => request("GET", path);

/** @param {string} path @param {any} [body] */
export const post = (path, body = {}) => request("POST", path, body);

/** @param {string} path @param {any} body */
export const put = (path, body) => request("PUT", path, body);

/** @param {string} path */
export const remove = (path) => request("DELETE", path);
