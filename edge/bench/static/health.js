/** The health of a line: what became of the exchanges with each unit, and how fast it answers. */

import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const [BAR, GAP, HEIGHT] = [22, 4, 48];

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function draw(tag, attributes, text = "") {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.textContent = text;
  return element;
}

/**
 * How long answers took, a bar for each bound.
 * @param {number[]} counts one more than bounds
 * @param {number[]} bounds milliseconds
 */
function histogram(counts, bounds) {
  const width = counts.length * (BAR + GAP);
  const most = Math.max(1, ...counts);
  const words = counts.map((count, index) => `${label(bounds, index)} ms: ${count}`).join(", ");
  const svg = draw("svg", { viewBox: `0 0 ${width} ${HEIGHT + 14}`, class: "histogram", role: "img", "aria-label": `${t("health.latency")} ${words}` });
  counts.forEach((count, index) => {
    // A single slow answer must be seen beside ten thousand fast ones.
    const height = count === 0 ? 1 : 4 + (HEIGHT - 4) * Math.sqrt(count / most);
    const x = index * (BAR + GAP);
    const bar = draw("rect", { x, y: HEIGHT - height, width: BAR, height, class: count ? "bar" : "bar is-none" });
    bar.append(draw("title", {}, `${label(bounds, index)} ms: ${count}`));
    svg.append(bar, draw("text", { x: x + BAR / 2, y: HEIGHT + 11, "text-anchor": "middle" }, label(bounds, index)));
  });
  return svg;
}

/** @param {number[]} bounds @param {number} index */
const label = (bounds, index) => (index < bounds.length ? `≤${bounds[index]}` : "∞");

/** Units that were ever asked; a line is opened by a request to nobody. @param {any} device */
export const askedUnits = (device) => device.units.filter((/** @type {any} */ unit) => Object.values(unit).some((count) => typeof count === "number" && count > 0));

/** @param {any} device @returns {HTMLElement[]} */
export function health(device) {
  return askedUnits(device).map((/** @type {any} */ unit) => {
    const numbers = ["answered", "late", "noise", "timed_out", "dropped_bytes"].map((key) =>
      h("div", { class: key !== "answered" && unit[key] > 0 ? "is-some" : "", data: { count: key } }, h("b", {}, unit[key]), h("small", {}, t(`health.${key}`))),
    );
    const title = h("h4", {}, t("health.unit", { unit: unit.unit }), h("small", {}, t("health.latency_ms")));
    return h("div", { class: "unit" }, title, h("div", { class: "numbers" }, ...numbers), histogram(unit.latency_counts, device.latency_bounds_ms));
  });
}
