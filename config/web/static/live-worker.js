/**
 * The one stream of a browser, shared by its tabs: over HTTP/1.1 a browser opens six connections
 * to a host, and a stream per tab would leave the seventh tab without an answer. The worker's name is
 * the stream's address, so that each stream has a worker of its own.
 */

import { LiveSource } from "./live-source.js";

/** @typedef {import("./live-source.js").Signal} Signal */

/** @type {Set<MessagePort>} */
const ports = new Set();
const source = new LiveSource(/** @type {any} */ (globalThis).name, emit);
/** @type {Signal | null} */
let link = null;
/** @type {Signal | null} */
let hello = null;
/** @type {Signal[]} what one piece of the stream said: in a flood a message costs more than what it says */
let said = [];

/** @param {Signal} signal */
function emit(signal) {
  if (signal.kind !== "message") {
    link = signal;
    hello = null;
  } else if (signal.name === "hello") {
    hello = signal;
  }
  if (said.length === 0) queueMicrotask(tell);
  said.push(signal);
}

function tell() {
  for (const port of ports) port.postMessage(said);
  said = [];
}

/** @param {MessagePort} port @param {{kind: "join" | "leave" | "restart"}} wish */
function answer(port, wish) {
  if (wish.kind === "leave") {
    ports.delete(port);
  } else if (wish.kind === "restart") {
    source.restart();
  } else {
    ports.add(port);
    port.postMessage([link, hello].filter(Boolean));
  }
}

globalThis.addEventListener("connect", (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  port.onmessage = (message) => answer(port, message.data);
});

source.restart();
