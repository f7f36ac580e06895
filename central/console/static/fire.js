/** Fire: zones and their phases, panels, drills, tests, duty, the matrix, and the evidence of each. */

import { get, post, request } from "./api.js";
import { DutyPart } from "./fire-duty.js";
import { matrixPart } from "./fire-matrix.js";
import { panelList, reportList, warningList, zoneCard } from "./fire-parts.js";
import { follow } from "./follow.js";
import { actionForm, field, openDialog } from "./forms.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { localName, onLanguage, t } from "/web/i18n.js";

startPage({
  name: "fire",
  mount(main, { store, session }) {
    /** @type {any} */
    let view = null;
    /** @type {any} */
    let matrix = null;
    const may = (/** @type {string} */ deed) => session.permissions.includes(`fire.${deed}`);
    const heading = h("header");
    const problem = h("p", { class: "problem", role: "alert" });
    const zones = h("div", { class: "zones" });
    const panels = h("section", { class: "panels" });
    const duty = new DutyPart({ mayAsk: may("supervise"), zone: () => store.state.zone, reload });
    const cells = h("section", { class: "matrix" });
    const reports = h("section", { class: "reports" });
    const warnings = h("section", { class: "warnings" });
    main.append(heading, problem, zones, warnings, panels, duty.element, reports, cells);

    const deeds = {
      drill: may("drill") && ((/** @type {any} */ zone) => askToDrill(zone)),
      endDrill: may("drill") && ((/** @type {any} */ zone) => act(() => request("DELETE", `/fire/zones/${zone.zone}/drill`))),
      test: may("test") && ((/** @type {any} */ zone) => askToTest(zone)),
      endTest: may("test") && ((/** @type {string} */ id) => act(() => request("DELETE", `/fire/tests/${id}`))),
      close: may("close") && ((/** @type {any} */ release) => askToClose(release)),
      sign: may("test") && ((/** @type {any} */ row, /** @type {any} */ cell) => askToSign(row, cell)),
    };

    /** @param {() => Promise<any>} run */
    async function act(run) {
      try {
        await run();
        fill(problem);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? String(error));
      }
      await reload();
    }

    /** @param {string} title @param {string} key @param {HTMLElement[]} fields @param {(values: Record<string, string>) => Promise<any>} run @param {string} [kind] */
    function ask(title, key, fields, run, kind = "danger") {
      const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" });
      const form = actionForm(key, [...fields, field("fire.reason", reason)], async (values) => {
        await run(values);
        dialog.close();
        await reload();
      });
      form.querySelector("footer button")?.classList.replace("primary", kind);
      const dialog = openDialog(title, form);
    }

    /** @param {any} zone */
    function askToDrill(zone) {
      const minutes = h("input", { name: "minutes", type: "number", min: 1, max: 240, value: 15, required: true });
      const releases = h("select", { name: "releases" }, h("option", { value: "yes" }, t("fire.drill_releases")), h("option", { value: "no" }, t("fire.drill_tells")));
      const scope = zone.releases.map((/** @type {any} */ gate) => localName(gate.name, gate.subject)).join(t("consent.comma"));
      const fields = [h("p", {}, t("fire.drill_scope", { gates: scope })), field("fire.drill_what", releases), field("fire.minutes", minutes, "fire.ends_itself")];
      ask(t("fire.drill_sure", { zone: localName(zone.name, zone.zone) }), "fire.drill_now", fields, (values) =>
        post(`/fire/zones/${zone.zone}/drill`, { minutes: Number(values.minutes), releases: values.releases === "yes", reason: values.reason }),
      );
    }

    /** @param {any} zone */
    function askToTest(zone) {
      const minutes = h("input", { name: "minutes", type: "number", min: 1, max: 720, value: 60, required: true });
      const points = h("input", { name: "points", maxlength: 400, autocomplete: "off" });
      const fields = [h("p", {}, t("fire.test_hint")), field("fire.test_points", points, "fire.test_points_hint"), field("fire.minutes", minutes, "fire.ends_itself")];
      ask(t("fire.test_sure", { zone: localName(zone.name, zone.zone) }), "fire.test_now", fields, (values) =>
        post(`/fire/zones/${zone.zone}/test`, { minutes: Number(values.minutes), points: values.points.split(/\s+/).filter(Boolean), reason: values.reason }),
      );
    }

    /** @param {any} release @returns {string} */
    function closingPath(release) {
      const [device, output] = release.subject.split(":");
      return release.access_point ? `/access-points/${release.access_point}/close-release` : `/devices/${device}/outputs/${output}/close-release`;
    }

    /** @param {any} release */
    function askToClose(release) {
      const title = t("fire.close_sure", { gate: localName(release.name, release.subject) });
      ask(title, "fire.close_now", [h("p", {}, t("fire.close_hint"))], ({ reason }) => post(closingPath(release), { reason }));
    }

    /** @param {any} row @param {any} cell */
    function askToSign(row, cell) {
      const passed = h("select", { name: "passed" }, h("option", { value: "yes" }, t("fire_cell.passed")), h("option", { value: "no" }, t("fire_cell.failed")));
      const remark = h("input", { name: "remark", maxlength: 200, autocomplete: "off" });
      const title = `${localName(row.zone_name, row.zone)} · ${localName(row.output_name, row.output)}`;
      const seen = h("p", {}, t(cell.offered ? "fire.sign_seen" : "fire.sign_unseen"));
      const form = actionForm("fire.sign_now", [seen, field("fire.sign_result", passed), field("fire.sign_remark", remark)], async (values) => {
        const wish = { zone: row.zone, output: row.output, way: cell.way, is_passed: values.passed === "yes", remark: values.remark };
        matrix = await post("/fire/matrix/results", wish);
        dialog.close();
        show();
      });
      const dialog = openDialog(title, form);
    }

    function show() {
      fill(heading, h("h1", {}, t("page.fire")), h("p", { class: "muted wiring" }, t("fire.wiring_first")));
      if (!view) return;
      const { zone } = store.state;
      const given = { view, zone, isLive: store.state.link.isOnline, deeds };
      fill(zones, ...view.zones.map((/** @type {any} */ each) => zoneCard(each, given)), view.zones.length === 0 && h("p", { class: "empty" }, t("fire.no_zones")));
      fill(warnings, ...warningList(view));
      fill(panels, ...panelList(view.panels, zone));
      duty.show(view.duty);
      fill(reports, ...reportList(view, zone));
      fill(cells, ...matrixPart(matrix, zone, deeds.sign));
    }

    async function reload() {
      try {
        [view, matrix] = await Promise.all([get("/fire"), get("/fire/matrix")]);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? String(error));
      }
      show();
    }

    onLanguage(show);
    follow(store, (state) => `${state.fireVersion}/${state.link.isOnline}`, reload);
    show();
  },
});
