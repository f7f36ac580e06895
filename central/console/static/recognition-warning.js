/** Where recognition does not hold its target, in one line: all that the console says of it. */

import { pointName } from "./point-name.js";
import { formatShare } from "/web/format.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {import("./recognition-words.js").Recognition} Recognition
 * @typedef {import("./recognition-words.js").Point} Point
 */

/** @param {Recognition} view @returns {Point[]} where the target is not held, the worst first */
export function broken({ points }) {
  return points.filter(({ demand }) => !demand.holds).toSorted((a, b) => b.demand.refused - a.demand.refused);
}

/** The warning of the console in one line; empty where all is well. @param {Recognition} view @param {any} site */
export function shortWarning(view, site) {
  if (view.holds) return "";
  const worst = broken(view)[0];
  if (!worst) return t("recognition.strip_whole", { refused: formatShare(view.whole.refused) });
  return t("recognition.strip", { point: pointName(site, worst.access_point), refused: formatShare(worst.demand.refused) });
}
