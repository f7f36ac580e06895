/** What a guard has a gate do: once, with a reason, and what came of it as the terminal says it. */

import { wear } from "./style.js";
import { get, post } from "./api.js";
import { pointName } from "./point-name.js";
import { follow } from "./follow.js";
import { NO_ANSWER_MS, actionButton, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { prioritySign } from "/web/symbols.js";

wear("desk.css");

/**
 * @typedef {{command_id: string, node: string, what: any, reason: string, asked_by: string,
 *   issued_at: string, expires_at: string, state: string, refusal: string | null}} Command
 * @typedef {import("/web/store.js").Store<import("./site-state.js").SiteState>} Store
 */

export const HOLD_MINUTES = [5, 15, 30, 60, 120, 480];
const SHOWN_COUNT = 8;
/** States that still change, and those that a guard must go and look at. */
const OPEN_STATES = new Set(["waiting", "told"]);
/** When each that still changes was seen first: this machine's clock may be another than central's. @type {Map<string, number>} */
const seen = new Map();
/** @type {Record<string, 2 | 3>} */
const PRIORITIES = { unknown: 2, no_answer: 2, refused: 3, too_late: 3, not_delivered: 3 };

/** @param {{device: string, node: string, access_points: string[]}} gate @param {Store} store */
export function openGate(gate, store) {
  const { site, zone } = store.state;
  const reason = /** @type {HTMLInputElement} */ (
    h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true })
  );
  const problem = h("p", { class: "problem", role: "alert" });
  const list = h("ul", { class: "commands", role: "status" });
  const title = gate.access_points.map((id) => pointName(site, id)).join(" · ");

  /** @param {any} what */
  async function send(what) {
    if (!reason.reportValidity()) return;
    await post(`/nodes/${encodeURIComponent(gate.node)}/commands`, { what, reason: reason.value });
    await load();
  }
  /** @param {string} key @param {() => any} what @param {string} [kind] */
  const button = (key, what, kind) => actionButton(key, () => send(what()), problem, kind);

  /** @param {string} id */
  function point(id) {
    const minutes = /** @type {HTMLSelectElement} */ (
      h("select", { "aria-label": t("commands.hold_for") }, ...HOLD_MINUTES.map((n) => h("option", { value: n }, t("commands.minutes", { n }))))
    );
    const until = () => new Date(Date.now() + Number(minutes.value) * 60_000).toISOString();
    return h(
      "section",
      { "aria-label": pointName(site, id), data: { point: id } },
      h("h3", {}, pointName(site, id)),
      h(
        "div",
        { class: "actions" },
        button("command_kind.open_once", () => ({ kind: "open_once", access_point: id }), "primary"),
        button("command_kind.hold_open", () => ({ kind: "hold_open", access_point: id, until: until() })),
        minutes,
        button("command_kind.secure", () => ({ kind: "secure", access_point: id })),
      ),
    );
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  const lastAnswer = new LastAnswer();
  async function load() {
    const { items } = await lastAnswer.of(get("/commands?limit=100"));
    if (!dialog.isConnected) return;
    /** @type {Command[]} */
    const own = items.filter((/** @type {Command} */ each) => isOf(each, gate)).slice(0, SHOWN_COUNT);
    const open = own.filter((each) => OPEN_STATES.has(each.state));
    for (const { command_id: id } of open) if (!seen.has(id)) seen.set(id, Date.now());
    fill(list, ...own.map((command) => line(command, site, zone)));
    // What nobody answers says so after a while and when its time is over, and nothing is told of that.
    const waits = open.flatMap((each) => [(seen.get(each.command_id) ?? 0) + NO_ANSWER_MS, Date.parse(each.expires_at)]).map((at) => at - Date.now());
    clearTimeout(later);
    const next = Math.min(...waits.filter((wait) => wait > 0));
    if (open.length) later = setTimeout(load, next === Infinity ? NO_ANSWER_MS : next + 100);
  }
  const readBack = h("p", { class: "read-back", role: "status" });
  const dialog = openDialog(
    title,
    readBack,
    field("commands.reason", reason, "commands.reason_hint"),
    ...gate.access_points.map(point),
    h("div", { class: "actions" }, button("command_kind.reconnect_device", () => ({ kind: "reconnect_device", device: gate.device }), "quiet")),
    problem,
    h("h3", {}, t("commands.latest")),
    list,
  );
  dialog.classList.add("gate-dialog");
  const shown = store.subscribe((state) => {
    const now = state.gates().find((each) => each.node === gate.node && each.device === gate.device);
    if (now) fill(readBack, t("commands.read_back", { state: now.isStale ? t("state.stale") : term("state", now.state ?? "unknown"), time: formatTime(now.isStale ? now.staleSince : now.since, state.zone) }));
  });
  const leave = follow(store, (state) => state.commandsVersion, load);
  dialog.addEventListener("close", () => {
    clearTimeout(later);
    leave();
    shown();
  });
}

/** @param {Command} command @param {{device: string, node: string, access_points: string[]}} gate */
function isOf({ node, what }, gate) {
  return node === gate.node && (what.device === gate.device || gate.access_points.includes(what.access_point));
}

/** @param {Command} command @param {any} site @param {string} zone */
function line({ command_id: id, what, reason, asked_by: who, issued_at: at, state, refusal }, site, zone) {
  const where = what.access_point ? pointName(site, what.access_point) : what.device;
  const priority = PRIORITIES[state];
  const isLate = OPEN_STATES.has(state) && Date.now() - (seen.get(id) ?? Infinity) >= NO_ANSWER_MS;
  const why = refusal ? ` · ${term("command_refusal", refusal)}` : "";
  return h(
    "li",
    { class: priority ? `p${priority}` : "", data: { command: id, state } },
    h("time", {}, formatTime(at, zone)),
    h("span", {}, `${term("command_kind", what.kind)} · ${where}`),
    h("span", { class: "state" }, priority ? prioritySign(priority) : null, term("command_state", state) + why),
    isLate && h("strong", { class: "late" }, t(state === "told" ? "command_late.told" : "command_late.waiting")),
    h("small", {}, t("commands.asked", { who, reason })),
  );
}
