/** Words that both halves share. */

import { h } from "/web/dom.js";
import { localName, t } from "/web/i18n.js";

/** @param {import("./till.js").TillScreen} screen @param {string} item */
export function dishName({ menu }, item) {
  const dish = menu.find(({ id }) => id === item);
  return item ? localName(dish?.name, item) : t("till.meal");
}

/** How much of it. @param {import("./till.js").Line} line */
export function lineWords({ count, weight_g: grams }) {
  if (grams !== null) return t("till.grams", { n: grams });
  return count > 1 ? `×${count}` : "";
}

/** A sentence in pieces that are not broken: large words break after a comma, not within a word. @param {string} words */
export function clauses(words) {
  return words.split(/(?<=[，、：；])/).map((clause) => h("span", { class: "clause" }, clause));
}
