/** Sessions, tokens and one-time links as lists, each entry with the button that ends it. */

import { actionButton } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {((id: string) => Promise<any>) | null} End null where it may not be ended
 * @param {{session_id: string, since: string, last_seen_at: string, address: string, is_this: boolean}[]} items
 * @param {string} zone @param {End} end @param {() => Promise<void>} onEnded
 */
export function sessionList(items, zone, end, onEnded) {
  return list(items, "operators.no_sessions", end, onEnded, "operators.end", (item) => ({
    id: item.is_this ? null : item.session_id,
    words: [
      h("strong", {}, item.address),
      h("small", {}, t("operators.since", { since: formatTime(item.since, zone), last: formatTime(item.last_seen_at, zone) })),
      item.is_this && h("small", {}, t("operators.this")),
    ],
  }));
}

/**
 * @param {{token_id: string, name: string, scopes: string[], expires_at: string, last_used_at: string | null}[]} items
 * @param {string} zone @param {End} revoke @param {() => Promise<void>} onRevoked
 */
export function tokenList(items, zone, revoke, onRevoked) {
  return list(items, "operators.no_tokens", revoke, onRevoked, "operators.revoke", (item) => ({
    id: item.token_id,
    words: [
      h("strong", {}, item.name),
      h("small", { title: item.scopes.join(", ") }, t("operators.scopes", { n: item.scopes.length })),
      h("small", {}, t("operators.until", { until: formatTime(item.expires_at, zone), last: item.last_used_at ? formatTime(item.last_used_at, zone) : t("operators.never") })),
    ],
  }));
}

/**
 * @typedef {{link_id: string, role: string, made_by: string | null, expires_at: string, username: string | null}} Link
 * @param {Link[]} items
 * @param {string} zone @param {End} revoke @param {() => Promise<void>} onRevoked
 */
export function linkList(items, zone, revoke, onRevoked) {
  return list(items, "operators.no_links", revoke, onRevoked, "operators.revoke", (item) => {
    const until = formatTime(item.expires_at, zone);
    return {
      id: item.link_id,
      words: [
        h("strong", {}, term("role", item.role)),
        h("small", {}, item.username === null ? t("operators.link_new") : t("operators.link_reset", { name: item.username })),
        h("small", {}, item.made_by === null ? t("operators.link_first", { until }) : t("operators.link_by", { who: item.made_by, until })),
      ],
    };
  });
}

/**
 * @template T
 * @param {T[]} items @param {string} empty @param {End} end @param {() => Promise<void>} onEnded @param {string} key
 * @param {(item: T) => {id: string | null, words: import("/web/dom.js").Child[]}} row id null: cannot be ended here
 */
function list(items, empty, end, onEnded, key, row) {
  if (!items.length) return h("p", { class: "muted" }, t(empty));
  const problem = h("p", { class: "problem", role: "alert" });
  const lines = items.map((item) => {
    const { id, words } = row(item);
    const button = end && id !== null && actionButton(key, async () => {
      await end(id);
      await onEnded();
    }, problem, "quiet");
    return h("li", {}, h("div", {}, ...words), button);
  });
  return h("div", {}, h("ul", { class: "held" }, ...lines), problem);
}
