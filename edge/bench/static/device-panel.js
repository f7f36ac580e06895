/** The middle: the chosen device, its test, what it reports, the health of its line, its frames. */

import { fill, h } from "/web/dom.js";
import { formatAgo } from "/web/format.js";
import { t } from "/web/i18n.js";
import { post, remove } from "./api.js";
import { actionButton, problemLine } from "./forms.js";
import { FrameList } from "./frames.js";
import { askedUnits, health } from "./health.js";
import { renderRegisters } from "./registers.js";
import { quote } from "./sentences.js";
import { stateWords } from "./side-list.js";
import { TestPanel } from "./test-panel.js";

/** @typedef {import("/web/store.js").Store<import("./bench-state.js").BenchState>} BenchStore */

export class DevicePanel {
  #store;
  #problem = problemLine();
  #name = h("h1");
  #state = h("span", { class: "state", role: "status" });
  #line = h("p", { class: "muted line" });
  #trouble = h("p", { class: "trouble" });
  #commands = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
  #commandWords = h("span");
  #start;
  #close;
  #test = new TestPanel(this.#problem);
  #registers = h("tbody");
  #registerHeading = h("h3");
  #noRegisters = h("p", { class: "empty" });
  #healthHeading = h("h3");
  #health = h("div", { class: "units" });
  #noHealth = h("p", { class: "empty" });
  #body = h("div", { class: "device" });
  #welcome = h("div", { class: "welcome" });
  #frames = new FrameList();

  /** @param {BenchStore} store */
  constructor(store) {
    this.#store = store;
    this.#start = actionButton("", this.#problem, () => this.startTest(), "primary");
    this.#close = actionButton("", this.#problem, () => remove(`/devices/${store.state.device.id}`));
    const commands = h("label", { class: "check commands" }, this.#commands, this.#commandWords);
    const head = h("header", { class: "title" }, h("div", {}, this.#name, this.#state), h("div", { class: "buttons" }, commands, this.#start, this.#close));
    const registers = h("section", { class: "registers" }, this.#registerHeading, h("table", {}, this.#registers), this.#noRegisters);
    const units = h("section", { class: "health" }, this.#healthHeading, this.#health, this.#noHealth);
    this.#body.append(head, this.#line, this.#trouble, this.#problem, this.#test.element, h("div", { class: "halves" }, registers, units), this.#frames.element);
    this.element = h("section", { class: "middle" }, this.#welcome, this.#body);
    store.subscribe((state) => this.#render(state));
  }

  /** Test the chosen device. */
  async startTest() {
    const { device } = this.#store.state;
    if (!device) return;
    await post(`/devices/${device.id}/tests`, { commands: this.#commands.checked });
  }

  /** As if the button were pressed. */
  press() {
    if (this.#store.state.device) this.#start.click();
  }

  pause() {
    this.#frames.turn();
  }

  search() {
    this.#frames.search();
  }

  /** @param {import("./bench-state.js").BenchState} state */
  #render(state) {
    const { device } = state;
    this.#body.hidden = !device;
    this.#welcome.hidden = Boolean(device) || !state.isLoaded;
    if (!device) {
      fill(this.#welcome, h("h1", {}, t("bench.welcome")), h("ol", {}, ...["bench.first", "bench.second", "bench.third"].map((key) => h("li", {}, t(key)))));
      return;
    }
    fill(this.#name, device.id);
    const since = formatAgo(device.since_ms, state.now);
    fill(this.#state, ...stateWords(device), h("small", {}, since));
    this.#state.className = `state ${["lost", "failed"].includes(device.state) ? "p2" : ""}`;
    const isSerial = !device.port.includes("://");
    const how = isSerial ? ` · ${device.baudrate} ${device.parity} ${device.stopbits}` : "";
    const settings = Object.entries(device.settings).map(([name, value]) => ` · ${name} ${value}`);
    fill(this.#line, h("code", {}, `${device.driver} · ${device.port}${how}${settings.join("")}`));
    fill(this.#trouble, device.problem && quote(device.problem, "p2"));
    fill(this.#commandWords, t("test.commands"));
    fill(this.#start, t(state.test ? "test.again" : "test.start"));
    this.#start.toggleAttribute("disabled", device.state === "testing");
    fill(this.#close, t("device.close"));
    this.#test.show(state.test);
    fill(this.#registerHeading, t("register.title"));
    fill(this.#noRegisters, t("register.empty"));
    this.#noRegisters.hidden = device.observations.length > 0;
    renderRegisters(this.#registers, state);
    this.#renderHealth(device);
    this.#frames.show(device.id, state.frames.get(device.id) ?? []);
  }

  /** @param {any} device */
  #renderHealth(device) {
    fill(this.#healthHeading, t("health.title"));
    const hasUnits = askedUnits(device).length > 0;
    fill(this.#noHealth, t(device.units.length > 0 ? "health.talker" : "health.empty"));
    this.#noHealth.hidden = hasUnits;
    const text = JSON.stringify([device.units, document.documentElement.lang]);
    if (this.#health.dataset.shown === text) return;
    this.#health.dataset.shown = text;
    this.#health.replaceChildren(...health(device));
  }
}
