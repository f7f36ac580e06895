/** Names of what is placed, and which symbol lies next in a direction. */

import { pointName } from "./point-name.js";
import { localName } from "/web/i18n.js";

/** @param {import("./plan.js").Item} item @param {any} site */
export function subjectName({ place, subject }, site) {
  if (place.kind === "access_point") return pointName(site, place.id);
  return localName(subject?.name, place.id);
}

/**
 * Keep a sheet as large as its frame lets it be.
 * @param {HTMLElement} sheet
 * @param {() => number} ratio width by height of what is drawn
 * @returns {() => void} to be called when the ratio is another one
 */
export function fitted(sheet, ratio) {
  const fit = () => {
    const frame = sheet.parentElement;
    if (!frame || !frame.clientHeight) return;
    const width = Math.min(frame.clientWidth, frame.clientHeight * ratio());
    sheet.style.width = `${Math.floor(width)}px`;
    sheet.style.aspectRatio = String(ratio());
  };
  if (sheet.parentElement) new ResizeObserver(fit).observe(sheet.parentElement);
  return fit;
}

/**
 * The button that lies nearest in a direction: what is ahead counts, what is aside counts double.
 * @param {HTMLElement} from
 * @param {HTMLButtonElement[]} buttons
 * @param {[number, number]} way
 */
export function nearest(from, buttons, [dx, dy]) {
  const here = middle(from);
  /** @type {[number, HTMLButtonElement | null]} */
  let best = [Infinity, null];
  for (const button of buttons) {
    const there = middle(button);
    const ahead = (there.x - here.x) * dx + (there.y - here.y) * dy;
    const aside = Math.abs((there.x - here.x) * dy) + Math.abs((there.y - here.y) * dx);
    if (button !== from && ahead > 1 && ahead + 2 * aside < best[0]) best = [ahead + 2 * aside, button];
  }
  return best[1];
}

/** @param {HTMLElement} element */
function middle(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2 };
}
