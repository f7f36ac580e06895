/** The picture of a face at the gate: a blob of its own, which may come late, expire or be absent. */

import { h } from "/web/dom.js";
import { symbol } from "/web/symbols.js";

const RETRY_MS = [700, 2500];

/**
 * A frame with the picture once it is there, and with a neutral figure otherwise.
 * @param {string | null | undefined} sha256
 * @param {"person" | "card"} [figure]
 */
export function crop(sha256, figure = "person") {
  const frame = h("span", { class: "crop" }, symbol(figure));
  if (sha256) load(frame, `/api/v1/blobs/${sha256}`, 0);
  return frame;
}

/** @param {HTMLElement} frame @param {string} address @param {number} attempt */
function load(frame, address, attempt) {
  const picture = new Image();
  picture.alt = "";
  picture.decoding = "async";
  picture.addEventListener("load", () => frame.replaceChildren(picture));
  picture.addEventListener("error", () => {
    const wait = RETRY_MS[attempt];
    if (wait !== undefined) setTimeout(() => load(frame, address, attempt + 1), wait);
  });
  picture.src = attempt ? `${address}?attempt=${attempt}` : address;
}
