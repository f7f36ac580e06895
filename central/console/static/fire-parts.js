/** Parts of the page Fire: a zone with its gates, the panels, and the reports. */

import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {{view: any, zone: string, isLive: boolean, deeds: Record<string, any>}} Given */

/** @type {Record<string, 0 | 1 | 2 | 3>} */
const PRIORITIES = { fire: 1, signal: 1, released: 2, drill: 3, normal: 0 };

/** @param {any} zone @param {Given} given */
export function zoneCard(zone, given) {
  const { view, deeds } = given;
  const drill = view.drills.find((/** @type {any} */ each) => each.zone === zone.zone);
  const tests = view.tests.filter((/** @type {any} */ each) => each.zone === zone.zone);
  const priority = PRIORITIES[zone.phase];
  const name = localName(zone.name, zone.zone);
  return h(
    "section",
    { class: `zone is-${zone.phase}${given.isLive ? "" : " is-stale"}`, "aria-label": name, data: { zone: zone.zone, phase: zone.phase } },
    h("header", {}, priority ? prioritySign(priority) : null, h("h2", {}, name), h("strong", { class: "phase" }, t(`fire_phase.${zone.phase}`))),
    zone.is_wired_only && h("p", { class: "wired-only" }, prioritySign(2), h("strong", {}, t("fire.wired_only"))),
    ...zone.paths.filter((/** @type {any} */ path) => !path.is_up).map((/** @type {any} */ path) => h("p", { class: "is-stale path" }, t("fire.path_down", { node: path.node, since: formatTime(path.changed_at, given.zone) }), " ", h("small", {}, path.detail))),
    zone.points.length > 0 && h("ul", { class: "points" }, ...zone.points.map((/** @type {any} */ point) => pointLine(point, given.zone))),
    h("table", { class: "gates" }, h("tbody", {}, ...zone.releases.map((/** @type {any} */ release) => gateRow(release, given)))),
    ...tests.map((/** @type {any} */ test) => testLine(test, given)),
    drill && h("p", { class: "drill" }, t("fire.drill_on", { who: drill.asked_by, until: formatTime(drill.until, given.zone), reason: drill.reason })),
    h(
      "footer",
      {},
      deeds.drill && !drill && h("button", { type: "button", onclick: () => deeds.drill(zone) }, t("fire.drill")),
      deeds.endDrill && drill && h("button", { type: "button", class: "primary", onclick: () => deeds.endDrill(zone) }, t("fire.drill_end")),
      deeds.test && h("button", { type: "button", class: "quiet", onclick: () => deeds.test(zone) }, t("fire.test")),
    ),
  );
}

/** @param {any} point @param {string} zone of time */
function pointLine(point, zone) {
  const said = point.conditions.map((/** @type {string} */ condition) => term("condition", condition)).join(t("consent.comma"));
  const isFire = point.conditions.includes("fire") && !point.is_under_test;
  return h("li", { class: isFire ? "p1" : "" }, isFire && prioritySign(1), h("b", {}, said), ` ${point.text || point.kind} `, h("small", {}, `${point.device} ${point.point} · ${formatTime(point.changed_at, zone)}`), point.is_under_test && h("em", {}, ` ${t("fire.under_test")}`));
}

/** @param {any} release @param {Given} given */
function gateRow(release, { zone, deeds }) {
  const isLost = release.is_open && release.last_outcome !== "confirmed";
  const state = release.is_open ? t("fire.gate_open") : release.outcome && !release.closed_at && release.outcome !== "confirmed" ? term("fire_outcome", release.outcome) : release.closed_at ? t("fire.gate_closed", { who: release.closed_by || "–", time: formatTime(release.closed_at, zone) }) : t("fire.gate_normal");
  const isBad = isLost || (release.outcome && release.outcome !== "confirmed");
  return h(
    "tr",
    { data: { subject: release.subject, open: String(release.is_open) } },
    h("td", {}, localName(release.name, release.subject)),
    h("td", { class: isBad ? "p2" : "" }, isBad && prioritySign(2), state, isLost && ` ${t("fire.gate_lost")}`),
    h("td", { class: "number muted" }, release.confirmed_ms === null ? "" : t("fire.ms", { n: Math.round(release.confirmed_ms) })),
    h("td", { class: "number" }, release.is_open && deeds.close && h("button", { type: "button", onclick: () => deeds.close(release) }, t("fire.close"))),
  );
}

/** @param {any} test @param {Given} given */
function testLine(test, { zone, deeds }) {
  const scope = test.points.length > 0 ? test.points.join(" ") : t("fire.all_points");
  const words = t("fire.test_on", { scope, until: test.until ? formatTime(test.until, zone) : "–", who: test.asked_by, reason: test.reason });
  return h("p", { class: "test" }, h("i", { class: "hatch" }), h("span", {}, words), deeds.endTest && h("button", { type: "button", class: "quiet", onclick: () => deeds.endTest(test.test_id) }, t("fire.test_end")));
}

/** @param {any[]} panels @param {string} zone of time */
export function panelList(panels, zone) {
  const heads = ["panel", "mode", "conditions", "disabled", "faulty", "last_frame"];
  const table = h(
    "table",
    {},
    h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(`fire_report.column_${key}`))))),
    h("tbody", {}, ...panels.map((panel) => panelRow(panel, zone))),
  );
  return [h("h2", {}, t("fire.panels")), panels.length > 0 ? h("div", { class: "scroll" }, table) : h("p", { class: "muted" }, t("fire.no_panels"))];
}

/** @param {any} view */
export function warningList(view) {
  const names = new Map(view.zones.map((/** @type {any} */ each) => [each.zone, localName(each.name, each.zone)]));
  const lines = view.warnings.map((/** @type {any} */ each) => {
    const words = t(`fire_warning.${each.code}`, { names: each.names.join(t("consent.comma")) });
    return h("li", { data: { warning: each.code } }, prioritySign(3), each.zone && h("b", {}, names.get(each.zone) ?? each.zone), " ", words);
  });
  return lines.length > 0 ? [h("h2", {}, t("fire.warnings")), h("ul", { class: "points" }, ...lines)] : [];
}

/** @param {any} panel @param {string} zone */
function panelRow(panel, zone) {
  const said = panel.conditions.map((/** @type {string} */ each) => term("condition", each)).join(t("consent.comma"));
  const list = (/** @type {string[]} */ points) => (points.length > 0 ? h("td", { class: "p3" }, prioritySign(3), points.join(" ")) : h("td", { class: "muted" }, "–"));
  const last = panel.last_frame_at ? formatTime(panel.last_frame_at, zone) : t("fire.never");
  return h(
    "tr",
    { class: panel.is_current ? "" : "is-stale", data: { panel: panel.device } },
    h("td", {}, localName(panel.name, panel.device)),
    h("td", { class: panel.mode === "manual" ? "p2" : "" }, panel.mode === "manual" && prioritySign(2), t(`fire_mode.${panel.mode}`)),
    h("td", {}, said || t("fire.panel_normal")),
    list(panel.disabled),
    list(panel.faulty),
    h("td", {}, panel.is_current ? last : t("fire.panel_lost", { since: last })),
  );
}

/** @param {any} view @param {string} zone of time */
export function reportList(view, zone) {
  const names = new Map(view.zones.map((/** @type {any} */ each) => [each.zone, localName(each.name, each.zone)]));
  const rows = view.fires.map((/** @type {any} */ fire) => reportRow(fire, names.get(fire.zone) ?? fire.zone, zone));
  const heads = ["fire.began", "fire.zone", "fire.kind", "fire.confirmed_by", "fire.confirmed", "fire.report"];
  const table = h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, ...rows));
  return [h("h2", {}, t("fire.reports")), rows.length > 0 ? h("div", { class: "scroll" }, table) : h("p", { class: "muted" }, t("fire.no_reports"))];
}

/** @param {any} fire @param {string} name @param {string} zone */
function reportRow(fire, name, zone) {
  const path = `/api/v1/fire/reports/${fire.fire_id}`;
  const isShort = fire.has_release && fire.confirmed_count < fire.expected_count;
  const row = h(
    "tr",
    { data: { fire: fire.fire_id } },
    h("td", {}, h("time", {}, formatTime(fire.began_at, zone))),
    h("td", {}, name),
    h("td", {}, fire.is_drill ? t("fire.a_drill") : t("fire.a_fire")),
    h("td", {}, term("fire_confirmed", fire.confirmed_by ?? "unknown")),
    h("td", { class: isShort ? "p2" : "" }),
    h("td", {}, h("a", { href: `${path}.html?language=${language()}`, target: "_blank" }, t("fire.print")), " ", h("a", { href: `${path}.json`, download: `${fire.fire_id}.json` }, t("fire.data"))),
  );
  fill(row.children[4], isShort && prioritySign(2), t("fire.of", { n: fire.confirmed_count, all: fire.expected_count }));
  return row;
}
