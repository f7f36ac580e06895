/** Nodes: which are there, what each is missing, what is not sent, and how a new one joins. */

import "/web/data-table.js";
import { post, request } from "./api.js";
import { actionForm, field, openDialog } from "./forms.js";
import { presence, troubles } from "./node-strip.js";
import { startPage } from "./shell.js";
import { unknownWord } from "./site-state.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {import("./site-state.js").NodeView} NodeView */

startPage({
  name: "nodes",
  mount(main, { store, session }) {
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "nodes.empty" }));
    const add = h("button", { class: "primary", hidden: !session.permissions.includes("nodes.manage") }, t("nodes.add"));
    main.append(h("header", {}, h("h1", { data: { t: "page.nodes" } }, t("page.nodes")), add), table);
    table.rowKey = (node) => node.node;
    table.columns = columns(() => store.state);
    table.addEventListener("open", (event) => {
      const node = store.state.nodes.get(/** @type {CustomEvent} */ (event).detail);
      if (node) openNode(node, store.state.zone, session.permissions.includes("nodes.manage"));
    });
    add.addEventListener("click", () => addNode(store.state.zone));
    store.subscribe((state) => {
      if (state.isLoaded) table.rows = [...state.nodes.values()];
    });
    onKey("j", () => t("keys.down"), () => table.move(1));
    onKey("k", () => t("keys.up"), () => table.move(-1));
    if (!add.hidden) onKey("n", () => t("nodes.add"), () => addNode(store.state.zone));
    onLanguage(() => {
      fill(add, t("nodes.add"));
      store.schedule();
    });
  },
});

/** @param {() => import("./site-state.js").SiteState} state @returns {import("/web/data-table.js").Column[]} */
function columns(state) {
  const stale = (/** @type {NodeView} */ node) => !node.is_online || !state().link.isOnline;
  const number = (/** @type {NodeView} */ node, /** @type {string} */ name) =>
    node.status ? [h("span", { class: stale(node) ? "is-stale" : "" }, node.status[name])] : [];
  return [
    { title: "field.node", cell: (node) => [h("button", { class: "plain" }, node.node)], order: (node) => node.node },
    { title: "field.state", cell: (node) => [h("span", { class: stale(node) ? "is-stale" : "" }, presence(node, state().zone))], order: (node) => Number(node.is_online) },
    { title: "field.troubles", cell: (node) => troubles(node).map(([priority, words]) => h("span", { class: `trouble p${priority}` }, prioritySign(priority), words)) },
    { title: "field.unsent", cell: (node) => number(node, "unsent_count"), isNumber: true },
    { title: "field.gallery", cell: (node) => number(node, "gallery_size"), isNumber: true },
    { title: "field.pipeline", cell: (node) => [node.status ? term("pipeline", node.status.pipeline) : ""] },
    { title: "field.version", cell: (node) => [...number(node, "version"), ...(node.contract ? [h("small", {}, t("nodes.contract", { n: node.contract }))] : [])] },
  ];
}

/** @param {NodeView} node @param {string} zone @param {boolean} mayManage */
function openNode(node, zone, mayManage) {
  const { status } = node;
  const devices = (status?.devices ?? []).map((/** @type {import("./site-state.js").Device} */ device) =>
    h(
      "tr",
      { class: node.is_online && device.is_current ? "" : "is-stale" },
      h("td", {}, device.device),
      h("td", {}, device.is_current ? term("state", device.state ?? "present") : unknownWord(node.is_online && device.is_awaited)),
      h("td", {}, t("since", { time: formatTime(device.since, zone) })),
    ),
  );
  const gaps = [...node.gaps.map((gap) => rangeRow(gap, "")), ...(node.losses ?? []).map((gap) => rangeRow(gap, t("nodes.counted_lost")))];
  const dialog = openDialog(
    node.node,
    h("p", {}, presence(node, zone)),
    ...keysOf(node, zone),
    h("h3", {}, t("nodes.devices")),
    devices.length ? h("table", {}, h("tbody", {}, ...devices)) : h("p", { class: "muted" }, t("nodes.no_devices")),
    h("h3", {}, t("nodes.gaps")),
    gaps.length ? h("table", {}, h("tbody", {}, ...gaps)) : h("p", { class: "muted" }, t("nodes.no_gaps")),
    ...machineLines(status, zone),
    status?.pipeline_missing.length ? h("h3", {}, t("nodes.missing_files")) : null,
    ...(status?.pipeline_missing ?? []).map((/** @type {string} */ file) => h("p", {}, h("code", {}, file))),
  );
  if (mayManage) dialog.append(...(node.keys_at ? [changeKeys(node.node)] : []), shutOut(node.node));
}

/** @param {NodeView} node @param {string} zone @returns {HTMLElement[]} */
function keysOf(node, zone) {
  if (!node.keys_at) return [];
  const words = [t("nodes.keys_since", { time: formatTime(node.keys_at, zone) })];
  if (node.old_key_until) words.push(t("nodes.keys_overlap", { time: formatTime(node.old_key_until, zone) }));
  if (node.keys_wanted_at) words.push(t("nodes.keys_wanted", { time: formatTime(node.keys_wanted_at, zone) }));
  return [h("h3", {}, t("nodes.keys")), ...words.map((line) => h("p", {}, line))];
}

/** @param {string} node */
function changeKeys(node) {
  const form = actionForm("nodes.change_keys", [h("p", {}, t("nodes.change_keys_hint"))], async () => {
    await post(`/nodes/${node}/keys`);
    form.replaceWith(h("p", { class: "done", role: "status" }, t("nodes.change_keys_done", { node })));
  });
  return h("details", {}, h("summary", {}, t("nodes.change_keys")), form);
}

/** What the node's computer says of itself. @param {any} status @param {string} zone */
function machineLines(status, zone) {
  const { disk, clock } = status ?? {};
  if (!disk && !clock) return [];
  const used = Object.entries(disk?.used_mb ?? {}).map(([kind, mb]) => `${term("disk", kind)} ${mb} MB`);
  const lines = [
    disk && t("nodes.disk_free", { free: disk.free_mb, size: disk.size_mb }),
    used.length && used.join(", "),
    disk?.written_mb_a_day != null && t("nodes.disk_written", { n: disk.written_mb_a_day }),
    disk?.card_years != null && t("nodes.card_years", { n: disk.card_years }),
    clock && t("nodes.clock_source", { source: term("clock", clock.source), time: formatTime(status.at, zone) }),
    clock?.offset_s != null && t("nodes.clock_offset", { n: clock.offset_s }),
    clock?.drift_s_a_day != null && t("nodes.clock_drift", { n: clock.drift_s_a_day }),
    clock?.stepped_s != null && t("nodes.clock_stepped", { n: clock.stepped_s }),
  ];
  return [h("h3", {}, t("nodes.machine")), ...lines.filter((line) => line).map((line) => h("p", {}, line))];
}

/** @param {import("./site-state.js").Gap} gap @param {string} note */
function rangeRow(gap, note) {
  const range = gap.first === gap.last ? gap.first : `${gap.first}–${gap.last}`;
  return h("tr", {}, h("td", {}, term("class", gap.class)), h("td", { class: "number" }, range), h("td", { class: "muted" }, note));
}

/** Two presses: what it does, then doing it. @param {string} node */
function shutOut(node) {
  const form = actionForm("nodes.shut_out", [h("p", {}, t("nodes.shut_out_hint"))], async () => {
    await request("DELETE", `/nodes/${node}`);
    form.replaceWith(h("p", { class: "done", role: "status" }, t("nodes.shut_out_done", { node })));
  });
  return h("details", {}, h("summary", {}, t("nodes.shut_out")), form);
}

/** @param {string} zone */
function addNode(zone) {
  const name = h("input", { name: "node", required: true, pattern: "[a-z0-9]([a-z0-9\\-]{0,61}[a-z0-9])?", autocomplete: "off", autofocus: true });
  const form = actionForm("nodes.make_token", [field("field.node", name, "nodes.name_hint")], async ({ node }) => {
    const { token, expires_at: until } = await post("/nodes/tokens", { node });
    const line = `menshen edge --site site.toml --node ${node} --token ${token}`;
    const copy = h("button", { class: "primary", type: "button" }, t("action.copy"));
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(line);
      fill(copy, t("action.copied"));
    });
    form.replaceWith(
      h("p", {}, t("nodes.token_hint", { until: formatTime(until, zone) })),
      h("pre", { class: "token", tabindex: "0" }, line),
      h("footer", {}, copy),
    );
  });
  openDialog(t("nodes.add"), form);
}
