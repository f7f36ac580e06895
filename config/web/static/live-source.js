/**
 * One stream of server-sent events that reconnects by itself.
 *
 * Read with fetch rather than EventSource: a page must know why it is cut off (signed out, or no
 * connection), and a link that has died without a word must be noticed, which takes the server's
 * keep-alive comments that EventSource hides.
 *
 * @typedef {{kind: "online"} | {kind: "offline", since: number} | {kind: "signed_out"}
 *   | {kind: "message", name: string, data: any}} Signal
 */

const RETRY_MS = [300, 600, 1200, 2000];
/** Servers say something at least every 15 s. */
const SILENCE_MS = 35_000;

/** Takes a stream's text in pieces of any size. */
export class EventParser {
  #rest = "";
  #name = "";
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} text
   * @returns {{name: string, data: string}[]} the events that are complete now
   */
  receive(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#take(line.endsWith("\r") ? line.slice(0, -1) : line));
  }

  /** @param {string} line */
  #take(line) {
    if (line === "") {
      const event = { name: this.#name || "message", data: this.#data.join("\n") };
      const hasData = this.#data.length > 0;
      this.#name = "";
      this.#data = [];
      return hasData ? [event] : [];
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    return [];
  }
}

export class LiveSource {
  #url;
  #emit;
  #heardAt = Date.now();
  #failures = 0;
  /** @type {AbortController | null} */
  #connection = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} url @param {(signal: Signal) => void} emit */
  constructor(url, emit) {
    this.#url = url;
    this.#emit = emit;
  }

  /** Connect now, also when connected: the session may be another one. */
  restart() {
    clearTimeout(this.#timer);
    this.#connection?.abort();
    this.#connect();
  }

  async #connect() {
    const connection = new AbortController();
    this.#connection = connection;
    try {
      await this.#read(connection);
    } catch {
      // Whatever ended the connection, the answer is the same: say so and try again.
    }
    if (this.#connection !== connection) return;
    connection.abort();
    this.#emit({ kind: "offline", since: this.#heardAt });
    this.#retry();
  }

  /** @param {AbortController} connection */
  async #read(connection) {
    const headers = { Accept: "text/event-stream" };
    const reply = await fetch(this.#url, { headers, cache: "no-store", signal: connection.signal });
    if (reply.status === 401) {
      this.#connection = null;
      this.#emit({ kind: "signed_out" });
      return;
    }
    if (!reply.ok || !reply.body) throw new Error(`stream: ${reply.status}`);
    this.#emit({ kind: "online" });
    this.#failures = 0;
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser();
    for (;;) {
      const silence = setTimeout(() => connection.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done || this.#connection !== connection) return;
      this.#heardAt = Date.now();
      for (const event of parser.receive(value)) {
        this.#emit({ kind: "message", name: event.name, data: JSON.parse(event.data) });
      }
    }
  }

  #retry() {
    const wait = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)];
    this.#failures += 1;
    // Spread, so that the pages of a whole building do not knock in the same instant.
    this.#timer = setTimeout(() => this.#connect(), wait * (0.75 + Math.random() / 2));
  }
}
