/** What a driver has reported: the newest of each kind, with its age; nothing stale as if current. */

import { fill, h, renderRows } from "/web/dom.js";
import { formatAgo } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/** Fields whose values have words of their own. */
const GROUPS = { state: "state", conditions: "condition", faults: "gate_fault", side: "side" };
/** Fields whose name would only repeat the observation's. */
const SELF_EVIDENT = ["active", "state", "is_open", "value", "unit", "conditions", "faults", "count", "number", "digits", "weight_kg"];

/** @param {HTMLElement} body of a table @param {import("./bench-state.js").BenchState} state */
export function renderRegisters(body, state) {
  const { device, now } = state;
  const isCurrent = device.state === "present" && state.link.isOnline;
  renderRows(body, sorted(device.observations), {
    key: (each) => `${each.kind} ${JSON.stringify(each.place)}`,
    create: () => h("tr", {}, h("td"), h("td", { class: "value" }), h("td", { class: "age" })),
    update: (row, each) => {
      row.className = isCurrent ? "" : "is-stale";
      const quantity = each.place.quantity;
      fill(row.children[0], quantity ? quantityWords(quantity) : `${term("observed", each.kind)}${place(each)}`);
      fill(row.children[1], values(each));
      const age = formatAgo(each.at_ms, now);
      fill(row.children[2], isCurrent ? age : t("register.stale", { word: term("device_state", device.state), age }));
    },
  });
}

/** @param {any[]} observations by kind, then by place as people count */
function sorted(observations) {
  const key = (/** @type {any} */ each) => `${each.kind} ${Object.values(each.place).join(" ")}`;
  return observations.toSorted((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }));
}

/** @param {string} quantity what is measured; of a phase it ends in `_l1` */
function quantityWords(quantity) {
  const [, base, phase] = /^(.*?)(?:_(l[123n]))?$/.exec(quantity) ?? [];
  return phase ? `${term("quantity", base)} ${phase.toUpperCase()}` : term("quantity", base);
}

/** @param {any} each */
function place(each) {
  const parts = Object.entries(each.place).map(([name, value]) => (name in GROUPS ? word(name, value) : `${term("observed_field", name)} ${value}`));
  return parts.length ? ` · ${parts.join(" · ")}` : "";
}

/** @param {any} each */
function values(each) {
  const { unit, ...fields } = each.values;
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0 && Object.keys(fields).length > 1));
  const texts = shown.map(([name, value]) => {
    const text = `${word(name, value)}${name === "value" && unit ? ` ${unit}` : ""}${name === "weight_kg" ? " kg" : ""}`;
    return SELF_EVIDENT.includes(name) || name === "kind" ? text : `${term("observed_field", name)} ${text}`;
  });
  return texts.join(" · ") || "–";
}

/** @param {string} name @param {any} value @returns {string} */
function word(name, value) {
  if (Array.isArray(value)) return value.length ? value.map((each) => word(name, each)).join(t("list.comma")) : t("value.none");
  if (typeof value === "boolean") return boolean(name, value);
  if (name === "kind") return term("credential_kind", value);
  // A hash is known by its begin.
  if (name === "image" || name === "other_image") return String(value).slice(0, 12);
  const group = GROUPS[/** @type {keyof typeof GROUPS} */ (name)];
  return group ? term(group, String(value)) : String(value);
}

/** @param {string} name @param {boolean} value */
function boolean(name, value) {
  if (name === "active") return t(value ? "value.active" : "value.inactive");
  if (name === "is_open") return t(value ? "state.open" : "state.closed");
  return t(value ? "value.yes" : "value.no");
}
