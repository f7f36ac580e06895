/** The cause-and-effect matrix: each zone and output, both ways, with what is not tested. */

import { h } from "/web/dom.js";
import { formatDate } from "/web/format.js";
import { language, localName, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @param {any} matrix @param {string} zone of time @param {any} sign asks to sign a cell; false for who may not */
export function matrixPart(matrix, zone, sign) {
  if (!matrix) return [];
  const heads = ["zone", "output", "wired", "ours"];
  const rows = matrix.rows.map((/** @type {any} */ row) =>
    h(
      "tr",
      {},
      h("td", {}, localName(row.zone_name, row.zone)),
      h("td", {}, localName(row.output_name, row.output)),
      ...[row.wired, row.ours].map((cell) => cellOf(row, cell, zone, sign)),
    ),
  );
  return [
    h("header", {}, h("h2", {}, t("fire_matrix.title")), h("a", { href: `/api/v1/fire/matrix.html?language=${language()}`, target: "_blank" }, t("fire.print"))),
    h("p", { class: "muted" }, t("fire_matrix.hint", { n: matrix.months })),
    h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(`fire_matrix.${key}`))))), h("tbody", {}, ...rows))),
  ];
}

/** @param {any} row @param {any} cell @param {string} zone @param {any} sign */
function cellOf(row, cell, zone, sign) {
  const priority = cell.state === "failed" ? 2 : cell.state === "passed" ? null : 3;
  const said = cell.tested_at && `${formatDate(cell.tested_at, zone)} ${cell.tested_by} · ${t(cell.seen ? "fire_matrix.seen" : "fire_matrix.by_eye")}`;
  return h(
    "td",
    { data: { cell: `${row.zone}/${row.output}/${cell.way}`, state: cell.state } },
    h("div", {}, priority && prioritySign(priority), h("b", {}, t(`fire_cell.${cell.state}`)), sign && h("button", { type: "button", class: cell.offered ? "primary" : "quiet", onclick: () => sign(row, cell) }, t(cell.offered ? "fire.sign_offered" : "fire.sign"))),
    said && h("small", {}, said, cell.remark && ` · ${cell.remark}`),
  );
}
