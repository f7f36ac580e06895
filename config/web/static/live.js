/** Snapshot plus what happens after it: the live state of a page, whatever the network does. */

import { LiveSource } from "./live-source.js";

/**
 * @typedef {import("./live-source.js").Signal} Signal
 * @typedef {object} Listener
 * @property {(hello: any) => Promise<any>} load asks for the state of now, never null
 * @property {(state: any) => void} onLoaded takes it; deltas from before it may still follow
 * @property {(name: string, data: any) => void} onMessage takes one delta, in order
 * @property {(isOnline: boolean, since: number) => void} onLink
 * @property {() => void} [onSignedOut]
 */

const RELOAD_MS = 1000;

export class Live {
  #url;
  #listener;
  /** @type {{name: string, data: any}[] | null} deltas that wait for the state of now */
  #waiting = [];
  #round = 0;
  /** @type {(wish: {kind: "join" | "leave" | "restart"}) => void} */
  #tell = () => {};

  /** @param {string} url @param {Listener} listener */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Connect: through the shared worker where the browser has one, else alone. */
  open() {
    const receive = (/** @type {Signal} */ signal) => this.#receive(signal);
    if (typeof SharedWorker === "undefined") {
      const source = new LiveSource(this.#url, receive);
      this.#tell = (wish) => wish.kind !== "leave" && source.restart();
      this.#tell({ kind: "join" });
      return;
    }
    const worker = new SharedWorker(new URL("live-worker.js", import.meta.url), {
      type: "module",
      name: this.#url,
    });
    worker.port.onmessage = (message) => message.data.forEach(receive);
    this.#tell = (wish) => worker.port.postMessage(wish);
    this.#tell({ kind: "join" });
    addEventListener("pagehide", () => this.#tell({ kind: "leave" }));
    addEventListener("pageshow", (event) => {
      if (event.persisted) this.#tell({ kind: "join" });
    });
  }

  /** Connect again, with the session of now. */
  restart() {
    this.#tell({ kind: "restart" });
  }

  /** @param {Signal} signal */
  #receive(signal) {
    if (signal.kind === "offline") this.#listener.onLink(false, signal.since);
    else if (signal.kind === "online") this.#listener.onLink(true, Date.now());
    else if (signal.kind === "signed_out") this.#listener.onSignedOut?.();
    else if (signal.name === "hello") this.#load(signal.data);
    else if (this.#waiting) this.#waiting.push(signal);
    else this.#listener.onMessage(signal.name, signal.data);
  }

  /**
   * Every hello means that something may have been missed: ask for the state of now.
   * @param {any} hello
   */
  async #load(hello) {
    const round = ++this.#round;
    this.#waiting = [];
    let state = null;
    while (state === null) {
      state = await this.#listener.load(hello).catch(() => null);
      if (round !== this.#round) return;
      if (state === null) await new Promise((resolve) => setTimeout(resolve, RELOAD_MS));
    }
    this.#listener.onLoaded(state);
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const { name, data } of waiting) this.#listener.onMessage(name, data);
  }
}
