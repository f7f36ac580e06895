/** The dialogs of the plan: a shift, a route with its stops, who is on duty on one day. */

import { identity, oneOf, optionsOf, quantity, text, tick } from "./access-fields.js";
import { scheduleForm } from "./access-forms.js";
import { request } from "./api.js";
import { actionForm, field, openDialog } from "./forms.js";
import { personPicker } from "./person-picker.js";
import { fill, h, renderRows } from "/web/dom.js";
import { localName, t } from "/web/i18n.js";

/** @typedef {import("./patrol-plan.js").Shift} Shift */
/** @typedef {import("./patrol-plan.js").Route} Route */
/** @typedef {import("./patrol-plan.js").PlanStop} PlanStop */

/**
 * Several guards: chosen ones to take away, and a search to add from.
 * @param {readonly string[]} chosen
 * @param {Record<string, string>} people
 */
function guardsField(chosen, people) {
  const names = { ...people };
  let guards = [...chosen];
  const list = h("div", { class: "guards-chosen" });
  const picker = personPicker("guard", "patrol.guard_add");
  const select = /** @type {HTMLSelectElement} */ (picker.querySelector("select"));
  select.removeAttribute("required");
  const add = h("button", { type: "button" }, t("patrol.guard_add_chosen"));
  const show = () =>
    fill(
      list,
      ...guards.map((id) => h("button", { type: "button", title: t("rule.remove"), onclick: () => { guards = guards.filter((each) => each !== id); show(); } }, `${names[id] ?? t("considered.removed")} ×`)),
      guards.length === 0 && h("span", { class: "muted" }, t("patrol.anybody_hint")),
    );
  const take = () => {
    if (!select.value || guards.includes(select.value)) return;
    names[select.value] = select.selectedOptions[0]?.textContent ?? select.value;
    guards.push(select.value);
    show();
  };
  add.addEventListener("click", take);
  select.addEventListener("dblclick", take);
  show();
  return { element: h("fieldset", {}, h("legend", {}, t("patrol.guards")), list, picker, add), read: () => guards, names: () => names };
}

/**
 * @param {Shift | null} shift
 * @param {{people: Record<string, string>, known: string[], mayRemove: boolean,
 *   done: (shift: Shift | null, people: Record<string, string>) => void}} around
 */
export function editShift(shift, { people, known, mayRemove, done }) {
  const entry = shift ?? { intervals: [{ days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], start: "22:00", end: "06:00" }], observes_holidays: false };
  const form = scheduleForm(shift ? entry : { ...entry, id: undefined }, /** @type {any} */ ({ model: { special_days: [] }, points: [] }));
  const self = identity(shift);
  const guards = guardsField(shift?.guards ?? [], people);
  const element = actionForm("patrol.take_over", [self.element, ...form.elements.slice(1), guards.element], async () => {
    const { intervals, observes_holidays } = form.read();
    const made = { ...self.read(), intervals, observes_holidays, guards: guards.read() };
    if (!shift && known.includes(made.id)) throw taken();
    dialog.close();
    done(made, guards.names());
  });
  element.classList.add("rule-form");
  if (shift && mayRemove) element.querySelector("footer")?.prepend(h("button", { type: "button", class: "danger", onclick: () => { dialog.close(); done(null, {}); } }, t("patrol.remove")));
  const dialog = openDialog(t(shift ? "patrol.shift" : "patrol.shifts_add"), element);
}

/**
 * @param {Route | null} route
 * @param {{shifts: Shift[], checkpoints: {id: string, name: any, zone: string}[], known: string[],
 *   done: (route: Route | null) => void}} around
 */
export function editRoute(route, { shifts, checkpoints, known, done }) {
  const self = identity(route);
  const shift = oneOf("patrol.shift", null, optionsOf(shifts), route?.shift ?? shifts[0]?.id);
  const first = quantity("patrol.first_min", route?.first_min ?? 0, { min: 0, max: 1440, required: true });
  const every = quantity("patrol.every_min", route ? route.every_min : 120, { min: 5, max: 1440 });
  const tolerance = quantity("patrol.tolerance_min", route?.tolerance_min ?? 2, { min: 0, max: 120, required: true });
  const missed = quantity("patrol.missed_after_min", route?.missed_after_min ?? 10, { min: 0, max: 240, required: true });
  const ordered = tick("patrol.is_ordered", route?.is_ordered ?? true);
  const stops = stopsField(route?.stops ?? [], checkpoints);
  const fields = [
    self.element,
    shift.element,
    h("div", { class: "from-to" }, first.element, every.element, tolerance.element, missed.element),
    ordered.element,
    stops.element,
  ];
  const element = actionForm("patrol.take_over", fields, async () => {
    const made = {
      ...self.read(), shift: shift.read() ?? "", first_min: first.read() ?? 0, every_min: every.read(), tolerance_min: tolerance.read() ?? 0,
      missed_after_min: missed.read() ?? 0, is_ordered: ordered.read(), stops: stops.read(),
    };
    if (!route && known.includes(made.id)) throw taken();
    dialog.close();
    done(made);
  });
  element.classList.add("rule-form");
  if (route) element.querySelector("footer")?.prepend(h("button", { type: "button", class: "danger", onclick: () => { dialog.close(); done(null); } }, t("patrol.remove")));
  const dialog = openDialog(t(route ? "patrol.route" : "patrol.routes_add"), element);
  dialog.classList.add("wide");
}

/** The identifier is another's. */
function taken() {
  return Object.assign(new Error("taken"), { sentence: t("patrol.taken") });
}

/**
 * The stops of a route: added one by one or a whole zone at a time, with times spread over minutes.
 * @param {readonly PlanStop[]} given
 * @param {{id: string, name: any, zone: string}[]} checkpoints
 */
function stopsField(given, checkpoints) {
  let number = 0;
  /** @type {{key: string, checkpoint: string, from: HTMLInputElement, until: HTMLInputElement}[]} */
  let rows = [];
  const body = h("tbody");
  const make = (/** @type {PlanStop} */ stop) => ({
    key: String(++number),
    checkpoint: stop.checkpoint,
    from: minute(stop.from_min, 0, "patrol.from_min"),
    until: minute(stop.until_min, 1, "patrol.until_min"),
  });
  const show = () =>
    renderRows(body, rows, {
      key: ({ key }) => key,
      create: (row) => {
        const name = localName(checkpoints.find(({ id }) => id === row.checkpoint)?.name, row.checkpoint);
        const button = (/** @type {string} */ sign, /** @type {string} */ key, /** @type {() => void} */ run) =>
          h("button", { type: "button", class: "quiet", title: t(key), "aria-label": `${t(key)}: ${name}`, onclick: () => { run(); show(); } }, sign);
        const at = () => rows.findIndex((each) => each === row);
        const swap = (/** @type {number} */ to) => {
          if (to < 0 || to >= rows.length) return;
          const from = at();
          [rows[from], rows[to]] = [rows[to], rows[from]];
        };
        return h(
          "tr", {},
          h("td"), h("td", {}, name), h("td", {}, row.from), h("td", {}, row.until),
          h("td", {}, button("↑", "patrol.earlier", () => swap(at() - 1)), button("↓", "patrol.later", () => swap(at() + 1)), button("×", "rule.remove", () => { rows = rows.filter((each) => each !== row); })),
        );
      },
      update: (line, row) => fill(line.children[0], String(rows.indexOf(row) + 1)),
    });
  const add = (/** @type {string[]} */ ids) => {
    for (const id of ids) {
      const begin = rows.length === 0 ? 0 : Number(rows[rows.length - 1].until.value);
      rows.push(make({ checkpoint: id, from_min: begin, until_min: begin + 5 }));
    }
    show();
  };
  const one = /** @type {HTMLSelectElement} */ (h("select", { "aria-label": t("patrol.checkpoint") }, ...checkpoints.map(({ id, name }) => h("option", { value: id }, localName(name, id)))));
  const zones = [...new Set(checkpoints.map(({ zone }) => zone))];
  const all = h("select", { "aria-label": t("patrol.zone") }, h("option", { value: "" }, t("patrol.add_all")), ...zones.filter(Boolean).map((zone) => h("option", { value: `z${zone}` }, zone)));
  const length = text("", 30, { type: "number", min: 1, max: 1440, "aria-label": t("patrol.spread") });
  const spread = () => {
    const step = Number(length.value) / Math.max(1, rows.length);
    rows.forEach((row, index) => {
      row.from.value = String(Math.floor(index * step));
      row.until.value = String(Math.max(Math.floor(index * step) + 1, Math.ceil((index + 1) * step)));
    });
  };
  rows = given.map(make);
  show();
  return {
    element: h(
      "fieldset", {},
      h("legend", {}, t("patrol.stops")),
      h("table", {}, h("thead", {}, h("tr", {}, ...["patrol.number", "patrol.checkpoint", "patrol.from_min", "patrol.until_min"].map((key) => h("th", {}, t(key))))), body),
      h("div", { class: "stop-row" }, field("patrol.checkpoint", one), h("button", { type: "button", onclick: () => one.value && add([one.value]) }, t("patrol.add_one"))),
      h("div", { class: "stop-row" }, field("patrol.zone", all), h("button", { type: "button", onclick: () => {
        const zone = /** @type {HTMLSelectElement} */ (all).value.slice(1);
        add(checkpoints.filter((each) => !zone || each.zone === zone).map(({ id }) => id));
      } }, t("patrol.add_zone"))),
      h("div", { class: "stop-row" }, field("patrol.spread", length), h("button", { type: "button", onclick: spread }, t("patrol.spread_now"))),
    ),
    read: () => rows.map(({ checkpoint, from, until }) => ({ checkpoint, from_min: Number(from.value), until_min: Number(until.value) })),
  };
}

/** @param {number} value @param {number} min @param {string} key */
function minute(value, min, key) {
  return text("", value, { type: "number", min, max: 1440, required: true, "aria-label": t(key) });
}

/**
 * @param {{day: string, shift: string, guards: string[], is_usual: boolean}} duty
 * @param {{title: string, people: Record<string, string>, done: () => Promise<void>}} around
 */
export function editDuty({ day, shift, guards, is_usual: isUsual }, { title, people, done }) {
  const chosen = guardsField(guards, people);
  const path = `/patrol/duties/${day}/${shift}`;
  const put = async (/** @type {string[] | null} */ wanted) => {
    await request("PUT", path, { body: { guards: wanted } });
    dialog.close();
    await done();
  };
  const element = actionForm("patrol.duty_save", [chosen.element], () => put(chosen.read()));
  if (!isUsual) element.querySelector("footer")?.prepend(h("button", { type: "button", onclick: () => put(null) }, t("patrol.duty_usual")));
  const dialog = openDialog(title, element);
}
