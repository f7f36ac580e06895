/** The dialogs of cameras: a live view with what may be done about it, and the pictures of an alarm. */

import { post, request } from "./api.js";
import { actionButton, openDialog } from "./forms.js";
import { LiveView } from "./live-view.js";
import { pictures } from "./picture-parts.js";
import { purposeHeaders } from "./purpose-kept.js";
import { fill, h } from "/web/dom.js";
import { formatTime, instantOf, minuteOf } from "/web/format.js";
import { localName, t, term } from "/web/i18n.js";

/**
 * @typedef {{camera: string, node: string, name: Record<string, string>, zone: string, covers: string[], has_head: boolean,
 *   presets: number[], has_recorder: boolean, recording: Recording | null}} Camera
 * @typedef {{days_min: number, oldest_at: string | null, is_enough: boolean, problem: string}} Recording
 * @typedef {{kind: string, sha256: string, camera: string, format?: string}} Medium
 * @typedef {{zone: string, permissions: string[]}} Viewer `zone`: the site's
 */

const FILM = "video";

/** The cameras that see something. @param {Camera[]} cameras @param {string[]} subjects */
export function covering(cameras, subjects) {
  return cameras.filter(({ camera, covers }) => subjects.some((each) => each === camera || covers.includes(each)));
}

/** @param {Camera} camera */
export const cameraName = ({ camera, name, zone }) => [localName(name, camera), zone].filter(Boolean).join(" · ");

/** Look at a camera in a dialog. @param {Camera} camera @param {Viewer} viewer */
export function openCamera(camera, viewer) {
  const view = new LiveView(camera.camera, { zone: viewer.zone });
  const problem = h("p", { class: "problem", role: "alert" });
  const told = h("p", { class: "muted", role: "status" });
  const acts = h(
    "div",
    { class: "acts" },
    actionButton("video.keep", async () => {
      await post(`/cameras/${camera.camera}/keep`, {});
      told.textContent = t("video.kept");
    }, problem),
    ...camera.presets.map((preset) => {
      const button = actionButton("video.turn", () => post(`/cameras/${camera.camera}/preset`, { preset }), problem);
      button.textContent = t("video.turn", { number: preset });
      return button;
    }),
  );
  const dialog = openDialog(cameraName(camera), view.element, acts, told, problem);
  dialog.classList.add("wide", "camera");
  if (camera.has_recorder && viewer.permissions.includes("video.playback")) dialog.append(playback(camera, view, viewer));
  dialog.addEventListener("close", () => view.stop());
  view.start();
}

/** Look back: from a time on, in the site's zone. @param {Camera} camera @param {LiveView} view @param {Viewer} viewer */
function playback(camera, view, { zone }) {
  const now = new Date(Date.now() - 5 * 60_000).toISOString();
  const at = /** @type {HTMLInputElement} */ (h("input", { type: "datetime-local", name: "recorded_at", value: minuteOf(now, zone), required: true }));
  const form = h(
    "form",
    { class: "playback" },
    h("label", {}, h("span", {}, t("video.playback")), at),
    h("button", {}, t("video.play")),
    h("button", { type: "button", class: "quiet", onclick: () => view.start() }, t("video.to_live")),
    recordedSince(camera, zone),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    view.start(instantOf(at.value, zone));
  });
  return form;
}

/** How far back it is recorded, in words. @param {Camera} camera @param {string} zone */
export function recordedSince({ recording }, zone) {
  if (!recording) return null;
  const { oldest_at: oldest, days_min: days, is_enough: isEnough, problem } = recording;
  if (!oldest) return h("small", { class: "short" }, t("video.recording_none"));
  const less = problem ? "video.recording_wrong" : "video.recording_short";
  const words = t(isEnough ? "video.recording_since" : less, { time: formatTime(oldest, zone), days });
  return h("small", { class: isEnough ? "" : "short" }, words);
}

/**
 * A picture or clip of an alarm where it is to be seen; a clip repeats itself.
 * @param {Medium} medium
 * @param {string} zone
 */
export function medium({ kind, sha256 }, zone) {
  const said = h("p", { class: "said" }, t("video.waiting"));
  const time = h("time");
  const frame = h("div", { class: "frame" }, said);
  const figure = h("figure", { class: "live-view medium", data: { sha256 } }, frame, h("figcaption", {}, h("span", {}, term("media_kind", kind)), time));
  load(sha256, figure, frame, time, zone).catch(() => fill(frame, h("p", { class: "said" }, t("error.clip_not_found"))));
  return figure;
}

/** @param {string} sha256 @param {HTMLElement} figure @param {HTMLElement} frame @param {HTMLElement} time @param {string} zone */
async function load(sha256, figure, frame, time, zone) {
  const reply = await fetch(`/api/v1/clips/${sha256}`, { headers: purposeHeaders() });
  if (!reply.ok || !reply.body) throw new Error(String(reply.status));
  const type = reply.headers.get("Content-Type") ?? "";
  if (type.startsWith("multipart/")) {
    const found = [];
    for await (const picture of pictures(reply.body)) found.push(picture);
    return repeat(found, figure, frame, time, zone);
  }
  if (type.startsWith("image/")) return repeat([{ jpeg: await reply.blob(), takenAt: NaN }], figure, frame, time, zone);
  // A film plays from its address: the page may load nothing that it made itself.
  reply.body.cancel();
  const { "Menshen-Purpose": purpose, "Menshen-Reference": reference = "" } = purposeHeaders();
  const source = `/api/v1/clips/${sha256}?purpose=${purpose}&reference=${reference}`;
  fill(frame, h(FILM, { src: source, controls: true, autoplay: true, loop: true, muted: true }));
}

/**
 * Show pictures one after the other at their own pace, again and again while they are on the page.
 * @param {import("./picture-parts.js").Picture[]} found @param {HTMLElement} figure
 * @param {HTMLElement} frame @param {HTMLElement} time @param {string} zone
 */
async function repeat(found, figure, frame, time, zone) {
  if (!found.length) throw new Error("no pictures");
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas"));
  fill(frame, canvas);
  for (let index = 0; figure.isConnected; index = (index + 1) % found.length) {
    const { jpeg, takenAt } = found[index];
    const bitmap = await createImageBitmap(jpeg);
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    if (takenAt) time.textContent = formatTime(new Date(takenAt).toISOString(), zone);
    if (found.length === 1) return;
    const next = found[index + 1]?.takenAt ?? takenAt + 1000;
    await new Promise((go) => setTimeout(go, Math.min(1000, Math.max(40, next - takenAt))));
  }
}

/** Ask for the cameras of the site. @returns {Promise<Camera[]>} */
export const cameras = async () => (await request("GET", "/cameras")).items;
