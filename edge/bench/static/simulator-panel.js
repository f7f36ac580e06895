/** The right side: what a hand can do to the chosen simulator, its state, and what goes wrong. */

import { fill, h } from "/web/dom.js";
import { language, t, term } from "/web/i18n.js";
import { post, put, remove } from "./api.js";
import { open } from "./dialogs.js";
import { actionButton, attempt, field, nameOf, problemLine, select, valuesOf } from "./forms.js";

/** @typedef {import("/web/store.js").Store<import("./bench-state.js").BenchState>} BenchStore */

const STATE_LINES_MAX = 60;

/** @param {BenchStore} store */
export function simulatorPanel(store) {
  const element = h("aside", { class: "simulator" });
  let shown = "";
  /** @type {((simulator: any) => void)[]} */
  let updates = [];
  store.subscribe(({ simulator, catalogue, isLoaded }) => {
    const wanted = simulator ? `${simulator.id} ${language()}` : `none ${language()} ${isLoaded}`;
    if (wanted !== shown && catalogue) {
      shown = wanted;
      element.scrollTop = 0;
      updates = simulator ? build(element, simulator, store) : [];
      if (!simulator) fill(element, h("h2", {}, t("bench.simulator")), h("p", { class: "empty" }, isLoaded && t("simulator.choose")));
    }
    for (const update of simulator ? updates : []) update(simulator);
  });
  return element;
}

/** @param {HTMLElement} element @param {any} simulator @param {BenchStore} store */
function build(element, simulator, store) {
  const path = `/simulators/${simulator.id}`;
  const problem = problemLine();
  const hasDriver = store.state.catalogue.drivers.some((/** @type {any} */ each) => each.driver === simulator.driver);
  const ready = { driver: simulator.driver, port: simulator.port };
  const state = h("dl", { class: "tree" });
  const faults = faultSwitches(simulator, store.state.catalogue.faults, path);
  const cable = cableSwitch(path, problem);
  fill(
    element,
    h("header", {}, h("h2", {}, simulator.id), h("small", {}, term("device_kind", simulator.kind))),
    h("div", { class: "ready" }, h("code", { class: "port", tabindex: "0" }, simulator.port), copyButton(simulator.port)),
    h("details", {}, h("summary", {}, t("simulator.ready_line")), h("code", { class: "ready-line" }, JSON.stringify(ready))),
    h(
      "div",
      { class: "buttons" },
      hasDriver && actionButton(t("simulator.open"), problem, () => open(store, { simulator: simulator.id }), "primary"),
      cable.button,
      actionButton(t("simulator.stop"), problem, () => remove(path)),
    ),
    problem,
    h("h3", {}, t("simulator.hand")),
    h("div", { class: "hands" }, ...Object.entries(simulator.actions).map(([name, examples]) => hand(path, name, examples))),
    Object.keys(simulator.actions).length === 0 && h("p", { class: "muted" }, t("simulator.no_hand")),
    h("h3", {}, t("simulator.state")),
    state,
    h("h3", {}, t("simulator.faults")),
    h("p", { class: "muted hint" }, t("simulator.faults_hint")),
    faults.element,
  );
  return [faults.update, cable.update, (/** @type {any} */ view) => showState(state, view.state)];
}

/** @param {string} text */
function copyButton(text) {
  const button = h("button", { type: "button", class: "quiet" }, t("action.copy"));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    fill(button, t("action.copied"));
  });
  return button;
}

/**
 * One thing that a hand can do: its arguments and its button.
 * @param {string} path of the simulator
 * @param {string} name
 * @param {any} examples
 */
function hand(path, name, examples) {
  const problem = problemLine();
  const button = h("button", {}, nameOf("hand", name));
  const fields = Object.entries(examples).map(([argument, example]) => field(nameOf("hand_argument", argument), control(argument, example)));
  const form = h("form", { class: "hand", data: { hand: name } }, h("div", { class: "fields" }, ...fields), button, problem);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(button, problem, () => post(`${path}/actions/${name}`, { arguments: valuesOf(form) }));
  });
  return form;
}

/** @param {string} name @param {any} example */
function control(name, example) {
  if (typeof example === "boolean") return select(name, [["true", t("value.on")], ["false", t("value.off")]], String(example));
  const isNumber = typeof example === "number";
  return h("input", { name, type: isNumber ? "number" : "text", step: isNumber ? "any" : null, value: example, autocomplete: "off", spellcheck: "false" });
}

/** @param {string} path @param {HTMLElement} problem */
function cableSwitch(path, problem) {
  let isUnplugged = false;
  const button = actionButton("", problem, () => put(`${path}/faults/unplug`, { on: !isUnplugged }), "cable");
  const update = (/** @type {any} */ simulator) => {
    isUnplugged = simulator.is_unplugged;
    button.classList.toggle("is-on", isUnplugged);
    fill(button, t(isUnplugged ? "simulator.replug" : "simulator.unplug"));
  };
  return { button, update };
}

/** @param {any} simulator @param {any[]} known @param {string} path */
function faultSwitches(simulator, known, path) {
  const rows = known.map((fault) => faultRow(fault, simulator.faults[fault.kind], path));
  const element = h("ul", { class: "faults" }, ...rows.map((row) => row.element));
  const update = (/** @type {any} */ view) => rows.forEach((row, index) => row.update(view.faults[known[index].kind]));
  return { element, update };
}

/** @param {any} fault @param {number | undefined} active its probability @param {string} path */
function faultRow(fault, active, path) {
  const problem = problemLine();
  const words = language() === "en" ? fault.text : term("bench_fault_text", fault.kind);
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: active !== undefined }));
  const share = /** @type {HTMLInputElement} */ (h("input", { type: "number", min: "0", max: "100", step: "any", value: percent(active ?? fault.probability), "aria-label": `${term("bench_fault", fault.kind)} %` }));
  const element = h(
    "li",
    { data: { fault: fault.kind } },
    h("label", { class: "check" }, box, h("span", {}, term("bench_fault", fault.kind)), h("small", {}, words === fault.kind ? fault.text : words)),
    h("span", { class: "share" }, share, "%"),
    problem,
  );
  const order = () => attempt(box, problem, () => put(`${path}/faults/${fault.kind}`, { on: box.checked, probability: Number(share.value) / 100 }));
  box.addEventListener("change", order);
  share.addEventListener("change", () => box.checked && order());
  const update = (/** @type {number | undefined} */ probability) => {
    element.classList.toggle("is-on", probability !== undefined);
    if (box.hasAttribute("aria-busy")) return;
    box.checked = probability !== undefined;
    if (probability !== undefined && document.activeElement !== share) share.value = percent(probability);
  };
  return { element, update };
}

/** @param {number} probability */
const percent = (probability) => String(Math.round(probability * 1000) / 10);

/** @param {HTMLElement} list @param {any} state */
function showState(list, state) {
  const lines = flat(state).slice(0, STATE_LINES_MAX);
  const text = JSON.stringify(lines);
  if (list.dataset.shown === text) return;
  list.dataset.shown = text;
  list.replaceChildren(...lines.flatMap(([key, value]) => [h("dt", {}, h("code", {}, key)), h("dd", {}, value)]));
}

/**
 * A state's values by their path; short lists stay on one line.
 * @param {any} value
 * @param {string} [path]
 * @returns {[string, string][]}
 */
function flat(value, path = "") {
  if (value === null || value === "" || typeof value !== "object") return [[path, plain(value)]];
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return [[path, bits(value)]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path ? `${path}.${key}` : key));
}

/** @param {any} value */
function plain(value) {
  if (value === null || value === "") return "–";
  return typeof value === "boolean" ? t(value ? "value.yes" : "value.no") : String(value);
}

/** @param {any[]} values */
function bits(values) {
  if (values.length === 0) return "–";
  const areBits = values.every((each) => typeof each === "boolean");
  return areBits ? values.map((each) => (each ? "●" : "○")).join(" ") : values.map(plain).join(t("list.comma"));
}
