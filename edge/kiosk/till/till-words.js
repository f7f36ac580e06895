/** Words that both halves share. */

import { h } from "/web/dom.js";
import { localName, t } from "/web/i18n.js";

/** As it was called when it was ordered, or is on the menu now. @param {import("./till.js").TillScreen} screen @param {string} item */
export function dishName({ menu, order }, item) {
  const name = order?.names[item] ?? menu.find(({ id }) => id === item)?.name;
  return item ? localName(name, item) : t("till.meal");
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
