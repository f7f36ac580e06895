/** How many faces are stored, who passes without one, and what the law asks for from 80,000 on. */

import { get } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @param {HTMLElement} line */
export async function renderStoredFaces(line) {
  const { count, level, faceless_count: faceless, filing_working_days: days } = await get("/stored-faces");
  const duty = { none: null, warning: t("stored_faces.warning"), filing: t("stored_faces.filing", { n: days }) }[/** @type {string} */ (level)];
  fill(line, t("stored_faces.line", { n: count, faceless }), duty && h("strong", {}, " ", prioritySign(level === "filing" ? 2 : 4), duty));
}
