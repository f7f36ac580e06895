/**
 * A camera as it sees now, or from its recorder: the newest picture on a canvas, and how old it is. A picture that is
 * not followed by another is hatched and says since when; it is never shown as now.
 */

import { ApiError, post } from "./api.js";
import { pictures } from "./picture-parts.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";

const SILENT_MS = 3000;
const RETRY_MS = 3000;
/** Views of one picture at a time leave the browser's few connections to the others. */
const TURN_MS = 1000;
/** Asked for anew so long before its end, so that nobody sees it end. */
const AHEAD_MS = 30_000;

export class LiveView {
  #camera;
  #zone;
  #isByTurns;
  /** @type {string | null} */
  #recordedAt = null;
  #canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: 640, height: 360 }));
  #said = h("p", { class: "said", role: "status" });
  #time = h("time");
  #arrivedAt = 0;
  #takenAt = 0;
  #stop = new AbortController();
  #isRunning = false;

  /**
   * @param {string} camera
   * @param {{zone: string, title?: string, byTurns?: boolean}} options `byTurns`: one picture a second
   */
  constructor(camera, { zone, title = "", byTurns = false }) {
    this.#camera = camera;
    this.#zone = zone;
    this.#isByTurns = byTurns;
    this.element = h("figure", { class: "live-view", data: { camera } }, this.#canvas, this.#said, h("figcaption", {}, h("span", {}, title), this.#time));
    this.#canvas.role = "img";
    this.#canvas.setAttribute("aria-label", title || camera);
  }

  /** Begin to look; from the recorder, from then on. @param {string | null} [recordedAt] */
  start(recordedAt = null) {
    this.stop();
    this.#recordedAt = recordedAt;
    this.#stop = new AbortController();
    this.#isRunning = true;
    this.#arrivedAt = Date.now();
    this.#takenAt = 0;
    this.element.classList.remove("stale");
    this.#say(t("video.waiting"));
    this.#look(this.#stop.signal);
    const tick = setInterval(() => this.#tick(), 500);
    this.#stop.signal.addEventListener("abort", () => clearInterval(tick));
  }

  /** Look no more; central tells the node when nobody does. */
  stop() {
    this.#isRunning = false;
    this.#stop.abort();
  }

  /** @param {AbortSignal} signal */
  async #look(signal) {
    while (!signal.aborted) {
      try {
        const deed = this.#recordedAt ? "playback" : "watch";
        const wish = this.#recordedAt ? { recorded_at: this.#recordedAt } : undefined;
        const stream = await post(`/cameras/${this.#camera}/${deed}`, wish);
        const until = Date.parse(stream.until) - AHEAD_MS;
        while (!signal.aborted && Date.now() < until) await this.#receive(stream.stream_id, signal, until);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && [403, 404, 422].includes(error.status)) {
          this.#say(error.sentence);
          return;
        }
      }
      await pause(RETRY_MS, signal);
    }
  }

  /** @param {string} streamId @param {AbortSignal} signal @param {number} until */
  async #receive(streamId, signal, until) {
    const begun = Date.now();
    const query = this.#isByTurns ? "?count=1" : "";
    const reply = await fetch(`/api/v1/cameras/streams/${streamId}${query}`, { signal });
    if (!reply.ok || !reply.body) throw new ApiError(reply.status === 404 ? 410 : reply.status, "stream", null);
    for await (const picture of pictures(reply.body)) {
      await this.#show(picture);
      if (Date.now() >= until) return;
    }
    if (!this.#isByTurns) throw new ApiError(410, "stream", null);
    await pause(Math.max(100, begun + TURN_MS - Date.now()), signal);
  }

  /** @param {import("./picture-parts.js").Picture} picture */
  async #show({ jpeg, takenAt }) {
    const bitmap = await createImageBitmap(jpeg).catch(() => null);
    if (!bitmap || !this.#isRunning) return;
    this.#canvas.width = bitmap.width;
    this.#canvas.height = bitmap.height;
    this.#canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    this.#arrivedAt = Date.now();
    this.#takenAt = takenAt;
    this.element.classList.remove("stale");
    this.#say("");
    this.#time.textContent = formatTime(new Date(takenAt).toISOString(), this.#zone);
  }

  #tick() {
    const allowed = this.#isByTurns ? 3 * SILENT_MS : SILENT_MS;
    if (Date.now() - this.#arrivedAt < allowed || !this.#takenAt) return;
    this.element.classList.add("stale");
    this.#say(t("video.silent_since", { time: formatTime(new Date(this.#takenAt).toISOString(), this.#zone) }));
  }

  /** @param {string} words */
  #say(words) {
    if (this.#said.textContent !== words) this.#said.textContent = words;
  }
}

/** @param {number} ms @param {AbortSignal} signal */
function pause(ms, signal) {
  return new Promise((go) => {
    const timer = setTimeout(go, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), go(null)));
  });
}
