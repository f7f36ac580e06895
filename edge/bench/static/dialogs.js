/** The two things that begin here: a simulator is started, a device is opened. */

import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { get, post } from "./api.js";
import { field, openDialog, select, settingField, valuesOf } from "./forms.js";

/** @typedef {import("/web/store.js").Store<import("./bench-state.js").BenchState>} BenchStore */

const BAUDS = ["1200", "2400", "4800", "9600", "19200", "38400", "57600", "115200"];
const ANOTHER = "";

/** @param {any[]} kinds @returns {[string, string][]} */
function simulatorOptions(kinds) {
  const named = kinds.map((each) => [each.driver, `${each.driver} · ${term("device_kind", each.kind)}`]);
  return /** @type {[string, string][]} */ (named);
}

/** @param {BenchStore} store */
export function startSimulator(store) {
  const kinds = store.state.catalogue.simulators;
  const driver = select("driver", simulatorOptions(kinds), "rdm6300");
  const details = h("div", { class: "fields" });
  const show = () => {
    const kind = kinds.find((/** @type {any} */ each) => each.driver === driver.value);
    const transports = kind.transports.map((/** @type {string} */ name) => [name, term("transport", name)]);
    const paced = select("is_paced", [["false", t("simulator.instant")], ["true", t("simulator.paced", { n: kind.baudrate })]]);
    fill(
      details,
      field(t("field.transport"), select("transport", transports)),
      field(t("field.pace"), paced),
      h("fieldset", { class: "fields settings" }, ...kind.settings.map((/** @type {any} */ each) => settingField(each))),
    );
  };
  driver.addEventListener("change", show);
  show();
  openDialog(t("simulator.start"), t("action.start"), [field(t("field.simulator"), driver), details], async () => {
    const { transport, is_paced: isPaced } = valuesOf(details);
    const settings = valuesOf(/** @type {Element} */ (details.querySelector(".settings")));
    const kind = kinds.find((/** @type {any} */ each) => each.driver === driver.value);
    const baudrate = isPaced === "true" ? kind.baudrate : null;
    const order = { driver: driver.value, transport, is_paced: isPaced === "true", baudrate, settings };
    const started = await post("/simulators", order);
    store.update((state) => {
      state.greet("simulator", started);
      state.chooseSimulator(started.id);
    });
  });
}

/** @param {BenchStore} store */
export async function openDevice(store) {
  const { state } = store;
  state.catalogue = await get("/catalogue").catch(() => state.catalogue);
  const { drivers, ports, site_devices: siteDevices } = state.catalogue;
  const simulators = [...state.simulators.values()];
  const what = select("what", [
    [ANOTHER, t("device.real")],
    ...simulators.map((each) => /** @type {[string, string]} */ ([`simulator/${each.id}`, t("device.of_simulator", { name: each.id })])),
    ...siteDevices.map((/** @type {any} */ each) => [`site/${each.id}`, t("device.of_site", { name: each.id })]),
  ]);
  const names = drivers.map((/** @type {any} */ each) => [each.driver, each.driver]);
  const driver = select("driver", names, "speed_gate");
  const port = /** @type {HTMLInputElement} */ (h("input", { name: "port", list: "ports", required: true, autocomplete: "off", spellcheck: "false" }));
  const known = h("datalist", { id: "ports" }, ...ports.map((/** @type {any} */ each) => h("option", { value: each.name }, each.likely)));
  const baudrate = select("baudrate", BAUDS.map((baud) => [baud, baud]), "9600");
  const parity = select("parity", [["N", t("parity.none")], ["E", t("parity.even")], ["O", t("parity.odd")]]);
  const stopbits = select("stopbits", [["1", "1"], ["2", "2"]]);
  const settings = h("fieldset", { class: "fields settings" });
  const showSettings = (/** @type {Record<string, any>} */ given = {}) => {
    const found = drivers.find((/** @type {any} */ each) => each.driver === driver.value);
    fill(settings, ...found.settings.map((/** @type {any} */ each) => settingField(each, given[each.name] ?? each.default)));
  };
  const showWhat = () => {
    const [kind, id] = what.value.split("/");
    const preset = kind === "simulator" ? simulatorPreset(state.simulators.get(id)) : siteDevices.find((/** @type {any} */ each) => kind === "site" && each.id === id);
    if (preset) {
      driver.value = preset.driver;
      port.value = preset.port;
      baudrate.value = String(preset.baudrate);
      parity.value = preset.parity;
      stopbits.value = String(preset.stopbits);
    }
    showSettings(preset?.settings);
  };
  what.addEventListener("change", showWhat);
  driver.addEventListener("change", () => showSettings());
  showWhat();
  const line = h("div", { class: "fields" }, field(t("field.baudrate"), baudrate), field(t("field.parity"), parity), field(t("field.stopbits"), stopbits));
  const fields = [field(t("field.what"), what), field(t("field.driver"), driver), field(t("field.port"), port), h("small", {}, t("device.port_hint")), known, line, settings];
  openDialog(t("device.open"), t("action.open"), fields, () =>
    open(store, {
      driver: driver.value,
      port: port.value.trim(),
      baudrate: Number(baudrate.value),
      parity: parity.value,
      stopbits: Number(stopbits.value),
      settings: valuesOf(settings),
    }),
  );
}

/** @param {any} simulator */
function simulatorPreset(simulator) {
  const { driver, port, baudrate, driver_settings: settings } = simulator;
  return { driver, port, baudrate, parity: "N", stopbits: 1, settings };
}

/**
 * Open a device and look at it.
 * @param {BenchStore} store
 * @param {any} order
 */
export async function open(store, order) {
  const opened = await post("/devices", order);
  store.update((state) => {
    state.greet("device", opened);
    state.chooseDevice(opened.id);
  });
}
