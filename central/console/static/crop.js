/** The picture of a face at the gate: a blob of its own, which may come late, expire or be absent. */

import { h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

const RETRY_MS = [700, 2500];
/** The machine's doubts, for which a card is asked: the contract's `STEP_UP_REASONS`. */
const DOUBTS = new Set(["doubtful_face", "weak_face", "liveness_unsure"]);
/** Pictures that central did not have, though it should. */
const absent = new Set();

/**
 * @typedef {import("./event-log.js").Line} Line
 * @typedef {import("./event-line.js").Look} Look
 */

/** The site keeps pictures by kind; the contract's `crop_class`. @param {any} data */
function kindOf({ reason }) {
  if (!reason) return "admitted";
  return DOUBTS.has(reason) ? "doubtful" : "refused";
}

/** @param {Line} line @param {Look} look */
function isExpired({ at, data }, look) {
  return Date.parse(at) + look.cropLifetimeMs(kindOf(data)) <= Date.now();
}

/**
 * A frame with the picture once it is there, and with a neutral figure otherwise.
 * @param {Line} line
 * @param {Look} look
 */
export function crop(line, look) {
  const { crop: sha256, credential } = line.data;
  const frame = h("span", { class: "crop", title: cropNote(line, look) }, symbol(credential === "card" ? "card" : "person"));
  if (sha256 && !isExpired(line, look)) load(frame, sha256, look, 0);
  return frame;
}

/**
 * Why there is no picture, in words; empty where there is one, or none was taken.
 * @param {Line} line
 * @param {Look} look
 */
export function cropNote(line, look) {
  const { crop: sha256, credential } = line.data;
  if (credential !== "face") return "";
  if (!sha256) return t("crop.not_kept");
  if (isExpired(line, look)) return t("crop.expired");
  return absent.has(sha256) ? t("crop.absent") : "";
}

/** @param {HTMLElement} frame @param {string} sha256 @param {Look} look @param {number} attempt */
function load(frame, sha256, look, attempt) {
  const address = `/api/v1/blobs/${sha256}?purpose=monitoring`;
  const picture = new Image();
  picture.alt = "";
  picture.decoding = "async";
  picture.addEventListener("load", () => {
    frame.replaceChildren(picture);
    if (absent.delete(sha256)) look.changed();
  });
  picture.addEventListener("error", () => {
    const wait = RETRY_MS[attempt];
    if (wait !== undefined) setTimeout(() => load(frame, sha256, look, attempt + 1), wait);
    else if (!absent.has(sha256)) {
      absent.add(sha256);
      look.changed();
    }
  });
  picture.src = attempt ? `${address}&attempt=${attempt}` : address;
}
