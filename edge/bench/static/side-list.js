/** The left side: devices with their health, and the simulators that run. */

import { fill, h, renderRows } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";
import { askedUnits } from "./health.js";

/** @typedef {import("/web/store.js").Store<import("./bench-state.js").BenchState>} BenchStore */

const PORT_LENGTH_MAX = 30;

/**
 * @param {BenchStore} store
 * @param {{openDevice: () => void, startSimulator: () => void}} begin
 */
export function sideList(store, begin) {
  const devices = h("ul", { class: "cards" });
  const simulators = h("ul", { class: "cards" });
  const noDevices = h("p", { class: "empty" });
  const noSimulators = h("p", { class: "empty" });
  const open = h("button", { class: "begin", onclick: begin.openDevice });
  const start = h("button", { class: "begin", onclick: begin.startSimulator });
  const headings = [h("h2"), h("h2")];
  const element = h("section", { class: "side" }, h("header", {}, headings[0], open), devices, noDevices, h("header", {}, headings[1], start), simulators, noSimulators);
  const onPress = (/** @type {(id: string) => void} */ choose) => (/** @type {Event} */ event) => {
    const key = event.target instanceof Element && event.target.closest("li")?.dataset.key;
    if (key) choose(key);
  };
  devices.addEventListener("click", onPress((id) => store.update((state) => state.chooseDevice(id))));
  simulators.addEventListener("click", onPress((id) => store.update((state) => state.chooseSimulator(id))));
  store.subscribe((state) => {
    fill(headings[0], t("bench.devices"));
    fill(headings[1], t("bench.simulators"));
    fill(open, t("device.open_short"));
    fill(start, t("simulator.start_short"));
    fill(noDevices, t("device.none"));
    fill(noSimulators, t("simulator.none"));
    noDevices.hidden = !state.isLoaded || state.devices.size > 0;
    noSimulators.hidden = !state.isLoaded || state.simulators.size > 0;
    renderRows(devices, [...state.devices.values()], { key: (each) => each.id, create: card, update: (row, each) => updateDevice(row, each, state) });
    renderRows(simulators, [...state.simulators.values()], { key: (each) => each.id, create: card, update: (row, each) => updateSimulator(row, each, state) });
  });
  return element;
}

function card() {
  return h("li", {}, h("button", { type: "button", class: "card" }, h("b"), h("span", { class: "state" }), h("code", { class: "port" }), h("small")));
}

/** @param {Element} element @param {string} port its end tells more than its beginning */
function showPort(element, port) {
  element.setAttribute("title", port);
  fill(element, port.length > PORT_LENGTH_MAX ? `…${port.slice(1 - PORT_LENGTH_MAX)}` : port);
}

/** @param {any} device */
export function stateWords(device) {
  const words = term("device_state", device.state);
  if (device.state === "lost" || device.state === "failed") return [prioritySign(2), words];
  return device.state === "testing" ? [symbol("note"), words] : [words];
}

/** @param {HTMLElement} row @param {any} device @param {import("./bench-state.js").BenchState} state */
function updateDevice(row, device, state) {
  const [button] = row.children;
  const [name, condition, port, health] = button.children;
  const isTrouble = device.state === "lost" || device.state === "failed" || !state.link.isOnline;
  row.className = isTrouble ? "is-stale" : "";
  button.setAttribute("aria-current", String(device.id === state.chosenDevice));
  fill(name, device.id);
  fill(condition, ...stateWords(device));
  condition.className = `state ${device.state === "lost" || device.state === "failed" ? "p2" : ""}`;
  showPort(port, device.port);
  const sum = (/** @type {string} */ key) => device.units.reduce((/** @type {number} */ total, /** @type {any} */ unit) => total + unit[key], 0);
  fill(health, askedUnits(device).length ? t("health.line", { answered: sum("answered"), late: sum("late"), noise: sum("noise"), timed_out: sum("timed_out") }) : t("health.errors", { n: device.error_count }));
}

/** @param {HTMLElement} row @param {any} simulator @param {import("./bench-state.js").BenchState} state */
function updateSimulator(row, simulator, state) {
  const [button] = row.children;
  const [name, condition, port, faults] = button.children;
  button.setAttribute("aria-current", String(simulator.id === state.chosenSimulator));
  fill(name, simulator.id);
  fill(condition, term("transport", simulator.transport));
  showPort(port, simulator.port);
  const active = Object.keys(simulator.faults).map((kind) => term("bench_fault", kind));
  if (simulator.is_unplugged) active.unshift(t("simulator.unplugged"));
  fill(faults, active.length ? t("simulator.faults_on", { names: active.join(t("list.comma")) }) : t("simulator.sound"));
}
