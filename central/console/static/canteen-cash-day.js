/** A day of the counter's cash: every drawer with its blind count, what went in and out, and who signed. */

import { get, post } from "./api.js";
import { outcome } from "./canteen-drawer.js";
import { signed } from "./canteen-parts.js";
import { signature } from "./canteen-sign.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { yuan } from "/web/money.js";

/** @param {string} on a day @param {import("./canteen-parts.js").Around} around @returns {Promise<HTMLElement[]>} */
export async function cashDay(on, around) {
  const day = await get(`/canteen/office/cash/${on}`);
  if (day.drawers.length === 0) return [h("p", { class: "empty" }, t("drawer.none"))];
  const names = Object.fromEntries(day.drawers.map((/** @type {any} */ each) => [each.drawer_id, each.operator_name]));
  const differences = day.differences.map((/** @type {any} */ one) => ({ ...one, where: names[one.id.split(":")[0]] }));
  const sign = async (/** @type {Record<string, string>} */ explanations) => {
    await post("/canteen/office/cash", { day: day.day, sha256: day.sha256, explanations });
    await around.changed();
  };
  return [
    h("section", { class: "card" }, overview(day.drawers, around)),
    ...day.drawers.filter((/** @type {any} */ each) => each.count).map((/** @type {any} */ each) => entries(each, around)),
    signature(day, differences, around, sign),
  ];
}

/** @param {import("./canteen-drawer.js").Drawer[]} drawers @param {import("./canteen-parts.js").Around} around */
function overview(drawers, around) {
  const { zone } = around.state();
  const money = ["float_was", "in", "out", "expected", "was_counted", "difference"];
  const head = h("tr", {}, ...["operator", "opened", "counted_at"].map((key) => h("th", { scope: "col" }, t(`drawer_figure.${key}`))), ...money.map((key) => h("th", { scope: "col", class: "number" }, t(`drawer_figure.${key}`))));
  const rows = drawers.map(({ operator_name: name, opened_at: opened, float_fen: float, count }) => {
    const at = (/** @type {string} */ key) => h("td", { class: "number" }, key);
    if (count === null) return h("tr", {}, h("td", {}, name), h("td", {}, formatTime(opened, zone)), h("td", { class: "p4" }, t("drawer.is_open")), at(yuan(float)), ...Array.from({ length: 5 }, () => at("–")));
    const by = count.counted_by_name === name ? "" : ` · ${count.counted_by_name}`;
    const difference = h("td", { class: count.difference_fen ? "number p4" : "number" }, count.difference_fen ? signed(count.difference_fen) : t("office.fits"));
    return h("tr", {}, h("td", {}, name), h("td", {}, formatTime(opened, zone)), h("td", {}, formatTime(count.counted_at, zone), by), at(yuan(float)), at(yuan(count.in_fen)), at(yuan(-count.out_fen)), at(yuan(count.expected_fen)), at(yuan(count.counted_fen)), difference);
  });
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}

/** @param {any} drawer @param {import("./canteen-parts.js").Around} around */
function entries({ operator_name: name, count }, around) {
  const { zone } = around.state();
  const rows = count.entries.map((/** @type {any} */ each) =>
    h("tr", {}, h("td", {}, formatTime(each.at, zone)), h("td", {}, each.reason ? `${kind(each.kind)} · ${each.reason}` : kind(each.kind)), h("td", { class: "number" }, signed(each.cash_fen))));
  const notes = Object.entries(count.notes ?? {}).map(([fen, many]) => [Number(fen), many]).sort(([one], [other]) => other - one).map(([fen, many]) => `${yuan(fen)} × ${many}`);
  const said = count.explanation ? `${count.explanation} (${count.explained_by_name})` : "";
  return h("section", { class: "card" },
    h("h3", {}, name),
    h("p", { class: count.difference_fen ? "p4" : "" }, outcome(count), said ? ` ${said}` : ""),
    notes.length > 0 ? h("p", { class: "muted" }, notes.join(" · ")) : null,
    rows.length > 0 ? h("details", {}, h("summary", {}, t("drawer.entries", { n: rows.length })), h("table", {}, h("tbody", {}, ...rows))) : null);
}

/** @param {string} kind of an entry */
function kind(kind) {
  return ["put_in", "taken_out"].includes(kind) ? t(`drawer_kind.${kind}`) : term("canteen_kind", kind);
}
