/** What the page knows: everything that runs on the bench, and what of it is looked at. */

export const FRAME_COUNT_MAX = 2000;

/** @param {any[]} views @returns {Map<string, any>} */
const byId = (views) => new Map(views.map((view) => [view.id, view]));

export class BenchState {
  isLoaded = false;
  link = { isOnline: true, since: Date.now() };
  /** Milliseconds that the bench's clock is ahead of ours. */
  clockOffset = 0;
  /** @type {any} what there is to choose from */
  catalogue = null;
  /** @type {Map<string, any>} */
  simulators = new Map();
  /** @type {Map<string, any>} */
  devices = new Map();
  /** @type {Map<string, any>} */
  tests = new Map();
  /** @type {Map<string, any[]>} by device, oldest first */
  frames = new Map();
  /** @type {string | null} */
  chosenDevice = null;
  /** @type {string | null} */
  chosenSimulator = null;

  /** The device that is looked at. */
  get device() {
    return this.devices.get(this.chosenDevice ?? "") ?? null;
  }

  /** The simulator whose switches are shown. */
  get simulator() {
    return this.simulators.get(this.chosenSimulator ?? "") ?? null;
  }

  /** The newest test of the device that is looked at. */
  get test() {
    return this.tests.get(this.device?.test ?? "") ?? null;
  }

  /** Now on the bench's clock, in milliseconds. */
  get now() {
    return Date.now() + this.clockOffset;
  }

  /** @param {any} view everything that runs */
  apply(view) {
    this.clockOffset = view.now_ms - Date.now();
    this.simulators = byId(view.simulators);
    this.devices = byId(view.devices);
    this.tests = byId(view.tests);
    this.frames = new Map(Object.entries(view.frames));
    this.isLoaded = true;
    this.#chooseSomething();
  }

  /** @param {string} name of a delta @param {any} data */
  take(name, data) {
    if (name === "simulator") this.simulators.set(data.id, data);
    else if (name === "device") this.devices.set(data.id, data);
    else if (name === "test") this.tests.set(data.id, data);
    else if (name === "frames") this.#addFrames(data.device, data.frames);
    else if (name === "gone") this.#forget(data.kind, data.id);
    this.#chooseSomething();
  }

  /**
   * Take what a request has made; the stream may have told of it before, and newer.
   * @param {"simulator" | "device"} kind
   * @param {any} view
   */
  greet(kind, view) {
    if (!(kind === "device" ? this.devices : this.simulators).has(view.id)) this.take(kind, view);
  }

  /** @param {string} id */
  chooseDevice(id) {
    this.chosenDevice = id;
    const simulator = this.devices.get(id)?.simulator;
    if (simulator) this.chosenSimulator = simulator;
  }

  /** @param {string} id */
  chooseSimulator(id) {
    this.chosenSimulator = id;
    const device = [...this.devices.values()].find((each) => each.simulator === id);
    if (device) this.chosenDevice = device.id;
  }

  #chooseSomething() {
    if (!this.device) this.chosenDevice = [...this.devices.keys()].at(-1) ?? null;
    if (!this.simulator) this.chosenSimulator = [...this.simulators.keys()].at(-1) ?? null;
  }

  /** @param {string} device @param {any[]} frames */
  #addFrames(device, frames) {
    const known = this.frames.get(device) ?? [];
    const newest = known.at(-1)?.sequence ?? 0;
    const all = [...known, ...frames.filter((frame) => frame.sequence > newest)];
    this.frames.set(device, all.slice(-FRAME_COUNT_MAX));
  }

  /** @param {string} kind @param {string} id */
  #forget(kind, id) {
    if (kind === "simulator") this.simulators.delete(id);
    else if (kind === "test") this.tests.delete(id);
    else this.devices.delete(id);
    if (kind === "device") this.frames.delete(id);
  }
}
