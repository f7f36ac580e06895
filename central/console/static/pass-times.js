/** How long people wait by what they show: whoever has no face enrolled waits no longer. */

import { h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {{items: {credential: string, count: number, p50_ms: number | null, p95_ms: number | null}[],
 *   people_count: number, faceless_count: number}} PassTimes
 */

/** @param {PassTimes} times */
export function passTimes({ items, people_count: people, faceless_count: faceless }) {
  const heads = ["detail.credential", "pass_time.count", "pass_time.p50", "pass_time.p95"];
  return [
    h("h2", {}, t("pass_time.title")),
    h("p", { class: "muted" }, t("pass_time.hint")),
    h(
      "table",
      { class: "pass-times" },
      h("thead", {}, h("tr", {}, ...heads.map((key, index) => h("th", { scope: "col", class: index > 0 && "number" }, t(key))))),
      h("tbody", {}, ...items.map((item) => h("tr", {}, h("td", {}, term("credential", item.credential)), h("td", { class: "number" }, item.count), h("td", { class: "number" }, seconds(item.p50_ms)), h("td", { class: "number" }, seconds(item.p95_ms))))),
    ),
    h("p", {}, t("pass_time.faceless", { n: faceless, all: people })),
  ];
}

/** @param {number | null} ms */
const seconds = (ms) => (ms === null ? t("pass_time.none") : t("pass_time.seconds", { n: (ms / 1000).toFixed(2) }));
