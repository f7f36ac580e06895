/** How a thing on the plan looks: neutral, abnormal in shape and word, or of unknown state since when. */

import { subjectName } from "./plan-places.js";
import { unknownWord } from "./site-state.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { draw, prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./plan.js").Item} Item
 * @typedef {{isAbnormal: boolean, isStale: boolean, priority: 0 | 1 | 2 | 3 | 4, word: string,
 *   since: string | number | null, isUnacknowledged: boolean}} Look
 */

/** @type {Record<string, 1 | 2 | 3 | 4>} states that ask for attention; of cameras as well */
const PRIORITIES = { emergency_open: 1, blocked: 2, fault: 2, self_test: 4 };

/** Outlines in a field of 24 by 24, turned by the angle. @type {Record<string, string[]>} */
const SHAPES = {
  access_point: ["M4 20V4M20 20V4", "M12 19V6M7.5 10.5L12 6l4.5 4.5"],
  camera: ["M8 21h8v-8H8z", "M8 13L4 3h16l-4 10"],
  device: ["M5 5h14v14H5z", "M9 9h6v6H9z"],
  checkpoint: ["M12 4a8 8 0 110 16 8 8 0 010-16z", "M12 9v6M9 12h6"],
  fire_zone: ["M12 3c4 4 6 7 6 10.500a6 6 0 01-12 0C6 11 8 9 9 7c1 2 3 1.500 3-4z"],
};

/** What stands where an alarm says it is. @param {any} alarm @param {Item} item */
function isAt(alarm, { place, subject }) {
  const about = alarm.subject ?? {};
  if (place.kind === "access_point") return about.access_point === place.id || (!about.access_point && about.device && about.device === subject?.device);
  if (place.kind === "fire_zone") return about.zone === place.id;
  if (place.kind === "device") return about.device === place.id;
  return about[place.kind] === place.id;
}

/**
 * The alarms that stand at a place, the most urgent first.
 * @param {Item} item
 * @param {import("./site-state.js").SiteState} state
 */
export function alarmsAt(item, state) {
  const all = /** @type {any} */ (state).alarms?.values?.() ?? [];
  const here = [...all].filter((alarm) => isStanding(alarm) && isAt(alarm, item));
  return here.sort((one, other) => one.priority - other.priority || Date.parse(other.raised_at) - Date.parse(one.raised_at));
}

/** @param {any} alarm */
function isStanding({ closed_at: closedAt, shelved, is_out_of_service: isOut, is_suppressed: isSuppressed }) {
  return !closedAt && !shelved && !isOut && !isSuppressed;
}

/**
 * @param {Item} item
 * @param {import("./site-state.js").SiteState} state
 * @returns {Look}
 */
export function planSymbol(item, state) {
  const [alarm] = alarmsAt(item, state);
  const { subject } = item;
  const device = subject?.device ? state.devices().find((each) => each.device === subject.device && each.node === subject.node) : undefined;
  const isStale = !subject || (subject.device ? !device || device.isStale : !state.link.isOnline);
  const look = { isAbnormal: false, isStale, priority: /** @type {0 | 1 | 2 | 3 | 4} */ (0), word: "", isUnacknowledged: false, since: null };
  if (alarm) {
    const isOpen = !alarm.acknowledged_at;
    return { ...look, isAbnormal: true, priority: alarm.priority, word: term("alarm_kind", alarm.kind), since: alarm.raised_at, isUnacknowledged: isOpen };
  }
  if (isStale) return { ...look, word: unknownWord(device?.isAwaited), since: device?.staleSince ?? (state.link.isOnline ? null : state.link.since) };
  const priority = PRIORITIES[device?.state ?? ""];
  if (!device || !priority) return { ...look, word: device?.state ? term("state", device.state) : "", since: device?.since ?? null };
  return { ...look, isAbnormal: true, priority, word: term("state", device.state ?? ""), since: device.since };
}

/**
 * @param {HTMLElement} row
 * @param {HTMLButtonElement} button
 * @param {Item} item
 * @param {Look} look
 * @param {import("./site-state.js").SiteState} state
 */
export function updateSymbol(row, button, item, look, state) {
  const name = subjectName(item, state.site);
  const since = look.since === null ? "" : t("since", { time: formatTime(look.since, state.zone) });
  const label = [name, term("plan_kind", item.place.kind), look.word, look.isStale || look.isAbnormal ? since : ""].filter(Boolean).join(" · ");
  const stamp = JSON.stringify([label, look, item.place.angle]);
  if (row.dataset.stamp === stamp) return;
  row.dataset.stamp = stamp;
  row.className = [look.priority && `p${look.priority}`, look.isStale && "is-stale", look.isAbnormal && "is-abnormal", look.isUnacknowledged && "is-new"].filter(Boolean).join(" ");
  button.setAttribute("aria-label", label);
  button.title = label;
  const words = look.isAbnormal ? look.word : look.isStale ? [look.word, since].filter(Boolean).join(" ") : "";
  fill(
    row,
    button,
    h("span", { class: "plan-label", "aria-hidden": "true" }, h("b", {}, name), words ? h("span", {}, words) : null),
  );
  fill(button, shape(item.place), look.priority ? prioritySign(look.priority) : null);
}

/** @param {import("./plan.js").Place} place */
export function shape({ kind, angle }) {
  const svg = draw("svg", { viewBox: "0 0 24 24", class: "symbol", "aria-hidden": "true" });
  const group = draw("g", { transform: `rotate(${angle} 12 12)` });
  group.append(...(SHAPES[kind] ?? SHAPES.device).map((d) => draw("path", { d })));
  svg.append(group);
  return svg;
}
