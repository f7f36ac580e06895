/** Visitors: invite with a code to show at the gate, see who is expected and who has arrived. */

import "/web/data-table.js";
import { choices, oneOf, tick } from "./access-fields.js";
import { Arrivals } from "./arrivals.js";
import { get, post, request } from "./api.js";
import { pointName } from "./point-name.js";
import { follow } from "./follow.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { personPicker } from "./person-picker.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatMinute, formatTime, instantOf } from "/web/format.js";
import { onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { LastAnswer } from "/web/last-answer.js";
import { symbol } from "/web/symbols.js";

/**
 * @typedef {{visit_id: string, visitor: string, host_id: string, host: string | null, valid_from: string,
 *   valid_until: string, points: string[], needs_escort: boolean, state: string,
 *   arrived_at: string | null, arrived_point: string | null}} Visit
 */

startPage({
  name: "visitors",
  mount(main, { store, session }) {
    const mayInvite = session.permissions.includes("visits.write");
    /** @type {Visit[]} */
    let visits = [];
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "visits.empty" }));
    const add = h("button", { class: "primary", hidden: !mayInvite });
    const problem = h("p", { class: "problem", role: "alert" });
    const arrivals = new Arrivals(() => store.state);
    main.append(h("header", {}, h("h1", { data: { t: "page.visitors" } }, t("page.visitors")), add), problem, arrivals.element, table);
    table.rowKey = (visit) => visit.visit_id;
    table.columns = columns(() => store.state);
    table.addEventListener("open", (event) => {
      const found = visits.find((visit) => visit.visit_id === /** @type {CustomEvent} */ (event).detail);
      if (found && mayInvite) openVisit(found, store.state, load);
    });
    add.addEventListener("click", () => invite(store.state, load));

    const show = () => {
      fill(add, t("visits.invite"));
      table.rows = visits;
      arrivals.visits = visits;
    };
    const lastAnswer = new LastAnswer();
    async function load() {
      try {
        visits = (await lastAnswer.of(get("/visits"))).items;
        fill(problem);
        show();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    }
    if (mayInvite) onKey("n", () => t("visits.invite"), () => invite(store.state, load));
    onLanguage(show);
    follow(store, ({ visitsVersion }) => visitsVersion, load);
    show();
  },
});

/** @param {() => import("./site-state.js").SiteState} state @returns {import("/web/data-table.js").Column[]} */
function columns(state) {
  return [
    { title: "visits.visitor", cell: (visit) => [h("button", { class: "plain", type: "button" }, visit.visitor)], order: (visit) => visit.visitor },
    { title: "visits.host", cell: (visit) => [visit.host ?? t("considered.removed")], order: (visit) => visit.host ?? "" },
    { title: "field.state", cell: (visit) => standing(visit, state()), order: (visit) => visit.state },
    { title: "field.valid_from", cell: (visit) => [formatMinute(visit.valid_from, state().zone)], order: (visit) => visit.valid_from },
    { title: "field.valid_until", cell: (visit) => [formatMinute(visit.valid_until, state().zone)], order: (visit) => visit.valid_until },
    { title: "rule_table.points", cell: (visit) => [visit.points.map((/** @type {string} */ id) => pointName(state().site, id)).join(", ")] },
  ];
}

/** @param {Visit} visit @param {import("./site-state.js").SiteState} state @returns {import("/web/dom.js").Child[]} */
function standing(visit, { zone, site }) {
  if (!visit.arrived_at) return [h("span", { class: visit.state === "expected" ? "" : "muted" }, term("visit_state", visit.state))];
  const words = t("visits.arrived_at", { time: formatTime(visit.arrived_at, zone), place: pointName(site, visit.arrived_point ?? "") });
  return [symbol("passed"), ` ${words}`];
}

/** @param {import("./site-state.js").SiteState} state @param {() => Promise<void>} onChanged */
function invite({ zone, site }, onChanged) {
  const today = formatDate(Date.now(), zone);
  const points = Object.keys(site?.access_points ?? {}).map((id) => ({ value: id, words: pointName(site, id) }));
  const home = oneOf("visits.home", t("visits.choose"), points, null);
  home.element.querySelector("select")?.setAttribute("required", "");
  const others = choices(t("visits.other_points"), points, []);
  const escort = tick("mark.needs_escort", false);
  const fields = [
    field("visits.visitor", h("input", { name: "visitor", required: true, maxlength: 80, autocomplete: "off", autofocus: true })),
    personPicker("host_id", "visits.host"),
    h(
      "div",
      { class: "from-to" },
      field("field.valid_from", h("input", { name: "from", type: "datetime-local", required: true, value: `${today}T08:00` })),
      field("field.valid_until", h("input", { name: "until", type: "datetime-local", required: true, value: `${today}T18:00` })),
    ),
    home.element,
    h("small", {}, t("visits.home_hint")),
    others.element,
    escort.element,
  ];
  const form = actionForm("visits.invite", fields, async (values) => {
    const first = home.read();
    const visit = await post("/visits", {
      visitor: values.visitor.trim(),
      host_id: values.host_id,
      valid_from: instantOf(values.from, zone),
      valid_until: instantOf(values.until, zone),
      points: [first, ...others.read().filter((id) => id !== first)],
      needs_escort: escort.read(),
    });
    dialog.close();
    await onChanged();
    openVisit(visit, { zone, site }, onChanged);
  });
  form.classList.add("rule-form");
  const dialog = openDialog(t("visits.invite"), form);
}

/** @param {Visit} visit @param {{zone: string, site: any}} state @param {() => Promise<void>} onChanged */
function openVisit(visit, { zone, site }, onChanged) {
  const path = `/visits/${encodeURIComponent(visit.visit_id)}`;
  const problem = h("p", { class: "problem", role: "alert" });
  const isExpected = visit.state === "expected";
  const cancel = actionButton("visits.cancel", async () => {
    await request("DELETE", path);
    dialog.close();
    await onChanged();
  }, problem, "danger");
  const places = visit.points.map((id) => pointName(site, id)).join(", ");
  const dialog = openDialog(
    visit.visitor,
    h(
      "div",
      { class: "visit" },
      isExpected && h("img", { class: "code", src: `/api/v1${path}/code.svg`, alt: t("visits.code") }),
      h("p", {}, t("visits.good", { from: formatMinute(visit.valid_from, zone), until: formatMinute(visit.valid_until, zone) })),
      h("p", {}, places),
      isExpected ? h("p", { class: "muted" }, t("visits.code_hint")) : h("p", {}, ...standing(visit, /** @type {any} */ ({ zone, site }))),
      problem,
      h("footer", {}, isExpected && cancel, isExpected && h("button", { type: "button", onclick: () => window.print() }, t("muster.print"))),
    ),
  );
}
