/** The dialogs of a cash drawer: cash from the safe and to it, and the blind count by note and coin or as a sum. */

import { post } from "./api.js";
import { explaining, outcome } from "./canteen-drawer.js";
import { moneyInput, newKey, signed } from "./canteen-parts.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { fenOf, yuan } from "/web/money.js";

/** @typedef {import("./canteen-drawer.js").Drawer} Drawer */

/** Notes and coins in fen, the largest first. */
const DENOMINATIONS = [10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10];

/** Cash that comes from the safe or goes there. @param {Drawer} drawer */
export function changeDialog(drawer) {
  const key = newKey();
  const way = h("select", { name: "way" }, ...["put_in", "taken_out"].map((each) => h("option", { value: each }, t(`drawer_kind.${each}`))));
  const why = h("input", { name: "reason", required: true, maxlength: "200", autocomplete: "off" });
  const form = actionForm("drawer.note_change", [field("drawer.way", way), field("office.amount_yuan", moneyInput("amount")), field("office.why", why)], async (values) => {
    await post(`/canteen/office/drawers/${drawer.drawer_id}/changes`, { key, way: values.way, amount_fen: fenOf(values.amount) ?? 0, reason: values.reason });
    /** @type {HTMLDialogElement} */ (form.closest("dialog")).close();
  });
  openDialog(t("drawer.change"), form);
}

/** @param {Drawer} drawer @param {import("./canteen-parts.js").Around} around */
export function countDialog(drawer, around) {
  const total = h("strong", {});
  const rows = DENOMINATIONS.map((fen) => {
    const input = /** @type {HTMLInputElement} */ (h("input", { type: "number", min: "0", max: "100000", inputmode: "numeric", name: String(fen), "aria-label": `${yuan(fen)} ×` }));
    const sum = h("td", { class: "number" });
    return { fen, input, sum, row: h("tr", {}, h("th", { scope: "row", class: "number" }, yuan(fen)), h("td", {}, "× ", input), sum) };
  });
  const all = moneyInput("sum", { required: false });
  const notes = () => Object.fromEntries(rows.map(({ fen, input }) => [fen, Number(input.value || 0)]).filter(([, many]) => many));
  const counted = () => (all.value ? (fenOf(all.value) ?? 0) : rows.reduce((sum, { fen, input }) => sum + fen * Number(input.value || 0), 0));
  const add = () => {
    for (const { fen, input, sum } of rows) {
      input.disabled = all.value !== "";
      fill(sum, input.value && !input.disabled ? yuan(fen * Number(input.value)) : "");
    }
    fill(total, t("drawer.counted", { amount: yuan(counted()) }));
  };
  const table = h("table", { class: "notes" }, h("tbody", {}, ...rows.map(({ row }) => row)));
  const form = actionForm("drawer.count_done", [h("p", { class: "muted" }, t("drawer.count_hint")), table, field("drawer.sum", all), h("p", { class: "total" }, total)], async () => {
    const said = all.value ? { counted_fen: counted() } : { notes: notes() };
    /** @type {HTMLDialogElement} */ (form.closest("dialog")).close();
    confirm(drawer, said, counted(), around);
  });
  form.addEventListener("input", add);
  // Enter goes to the next line: half a count must not end it.
  form.addEventListener("keydown", (event) => {
    const here = rows.findIndex(({ input }) => input === event.target);
    if (event.key !== "Enter" || here < 0) return;
    event.preventDefault();
    (rows[here + 1]?.input ?? all).focus();
  });
  add();
  openDialog(t("drawer.count"), form);
  rows[0].input.focus();
}

/** @param {Drawer} drawer @param {any} said @param {number} fen @param {import("./canteen-parts.js").Around} around */
function confirm(drawer, said, fen, around) {
  const problem = h("p", { class: "problem", role: "alert" });
  const body = h("div", { class: "drawer-count" });
  const done = async () => {
    const now = await post(`/canteen/office/drawers/${drawer.drawer_id}/count`, said);
    fill(body, h("p", { class: "done", role: "status" }, outcome(now.count)), figures(now), now.count.difference_fen ? explaining(now, around, body) : null);
    await around.changed();
  };
  const again = h("button", { type: "button", onclick: () => (dialog.close(), countDialog(drawer, around)) }, t("drawer.count_again"));
  fill(body, h("p", { class: "total" }, t("drawer.counted", { amount: yuan(fen) })), h("p", {}, t("drawer.final")), problem, h("footer", {}, again, actionButton("drawer.close", done, problem, "primary")));
  const dialog = openDialog(t("drawer.count"), body);
}

/** @param {Drawer} drawer */
function figures({ float_fen: float, count }) {
  if (count === null) return null;
  const lines = [["float_was", float], ["in", count.in_fen], ["out", -count.out_fen], ["expected", count.expected_fen], ["was_counted", count.counted_fen], ["difference", count.difference_fen]];
  return h("table", {}, h("tbody", {}, ...lines.map(([key, fen]) => h("tr", {}, h("th", { scope: "row" }, t(`drawer_figure.${key}`)), h("td", { class: "number" }, key === "difference" ? signed(Number(fen)) : yuan(Number(fen)))))));
}
