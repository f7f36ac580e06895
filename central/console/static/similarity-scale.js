/** One scale for every similarity: 0 to 1, with the marks from which a card is asked for and a face passes. */

import { formatSimilarity } from "/web/format.js";
import { t } from "/web/i18n.js";
import { draw } from "/web/symbols.js";

const WIDTH = 320;

/**
 * @param {{similarity: number | null, threshold: number, step_up_threshold: number | null}} face
 * @param {{isSmall?: boolean}} [options] small: without figures, for a row of a table
 */
export function similarityScale({ similarity, threshold, step_up_threshold: stepUp }, { isSmall = false } = {}) {
  const height = isSmall ? 16 : 40;
  const words = t("considered.scale", { step_up: stepUp === null ? "—" : formatSimilarity(stepUp), accept: formatSimilarity(threshold) });
  const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "similarity-scale", role: "img", "aria-label": words });
  svg.append(draw("rect", { x: "0", y: "5", width: String(WIDTH), height: "6", rx: "3", class: "track" }));
  if (stepUp !== null && stepUp < threshold) {
    svg.append(draw("rect", { x: at(stepUp), y: "5", width: String(Number(at(threshold)) - Number(at(stepUp))), height: "6", class: "card" }));
    svg.append(mark(stepUp, isSmall ? null : "end"));
  }
  svg.append(draw("rect", { x: at(threshold), y: "5", width: String(WIDTH - Number(at(threshold))), height: "6", class: "pass" }));
  svg.append(mark(threshold, isSmall ? null : "start"));
  if (similarity !== null) svg.append(draw("circle", { cx: at(similarity, 7), cy: "8", r: "7", class: "similarity" }));
  return svg;
}

/** @param {number} value @param {number} [margin] */
function at(value, margin = 0) {
  return String(Math.min(WIDTH - margin, Math.max(margin, value * WIDTH)));
}

/** @param {number} value @param {"start" | "end" | null} anchor where its figure stands; null shows none */
function mark(value, anchor) {
  const group = draw("g", {});
  group.append(draw("line", { x1: at(value, 1), x2: at(value, 1), y1: "0", y2: "16", class: "mark" }));
  if (anchor) {
    const text = draw("text", { x: at(value), y: "34", "text-anchor": anchor });
    text.textContent = formatSimilarity(value);
    group.append(text);
  }
  return group;
}
