/** Access: the rules of the site as tables, changed in a draft that is looked at before it holds. */

import "/web/data-table.js";
import { Draft } from "./access-draft.js";
import { findings } from "./access-lines.js";
import { openPreview } from "./access-preview.js";
import { TABLES } from "./access-tables.js";
import { get } from "./api.js";
import { pointName } from "./point-name.js";
import { follow } from "./follow.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { lockdowns } from "./lockdowns.js";
import { passTimes } from "./pass-times.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t, term } from "/web/i18n.js";

/** @typedef {{version: number, model: any, changed_by: string | null, changed_at: string | null,
 *   found_problems: import("./access-lines.js").Finding[],
 *   found_warnings: import("./access-lines.js").Finding[], shipped_calendar: any}} View */

const SETTINGS = ["refusals_max", "combine_within_s", "escort_within_s"];

/** The forms, which whoever only reads the rules never needs. @returns {Promise<Record<string, any>>} */
const forms = async () => ({ ...(await import("./access-forms.js")), ...(await import("./access-exceptions.js")) });

startPage({
  name: "access",
  mount(main, { store, session }) {
    const mayWrite = session.permissions.includes("access.write");
    const maySet = session.permissions.includes("lockdown.set");
    const draft = new Draft();
    /** @type {{view: View | null, active: any[], times: import("./pass-times.js").PassTimes | null}} */
    const known = { view: null, active: [], times: null };
    const state = h("span", { class: "muted version" });
    const bar = h("div", { class: "draft-bar", role: "status", hidden: true });
    const problem = h("p", { class: "problem", role: "alert" });
    const levels = h("div", {});
    const notes = h("div", { class: "notes" });
    const tables = TABLES.map((table) => section(table));
    const calendar = h("section", { class: "calendar" });
    const settings = h("section", { class: "settings" });
    const times = h("section", { class: "times" });
    main.append(
      h("header", {}, h("h1", { data: { t: "page.access" } }, t("page.access")), state),
      bar, problem, levels, notes, ...tables.map(({ element }) => element), calendar, settings, times,
    );
    const shown = () => ({ model: draft.model, site: store.state.site, zone: store.state.zone });

    /** @param {import("./access-tables.js").Table} table */
    function section(table) {
      const rows = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: `rule_empty.${table.name}` }));
      rows.columns = table.columns(() => shown());
      rows.addEventListener("open", (event) => {
        const entry = table.rows(shown()).find((row) => row.id === /** @type {CustomEvent} */ (event).detail);
        if (entry && mayWrite) openEntry(table, entry);
      });
      const title = h("h2", {});
      const add = h("button", { type: "button", hidden: !mayWrite || table.addKey === null });
      add.addEventListener("click", () => openEntry(table, null));
      const words = () => {
        fill(title, term("rule_table", table.name));
        if (table.addKey) fill(add, t(table.addKey));
        if (known.view) rows.rows = table.rows(shown());
      };
      return { element: h("section", { data: { table: table.name } }, h("header", {}, title, add), rows), words };
    }

    /** @param {import("./access-tables.js").Table} table @param {any} entry null adds one */
    async function openEntry(table, entry) {
      const { site, zone } = store.state;
      const points = Object.keys(site?.access_points ?? {}).map((id) => ({ value: id, words: pointName(site, id) }));
      const form = (await forms())[table.form](entry, { model: draft.model, points, zone });
      const { element, take, open } = noted(form.elements, () => draft.with(table.name, form.read()));
      if (entry && draft.entries(table.name).some(({ id }) => id === entry.id)) {
        const refusal = h("p", { class: "problem", role: "alert" });
        element.querySelector("footer")?.prepend(refusal, actionButton(table.addKey ? "access.remove" : "access.remove_rules", () => take(draft.without(table.name, entry.id)), refusal, "quiet"));
      }
      const name = table.name === "points" ? pointName(site, entry.id) : entry && localName(entry.name, entry.id);
      open(name || t(table.addKey ?? ""));
    }

    /** A form that notes a change once central finds no mistake in it. @param {HTMLElement[]} elements @param {() => any} changed */
    function noted(elements, changed) {
      const mistakes = h("div", {});
      /** @type {HTMLDialogElement | null} */
      let dialog = null;
      /** @param {any} model */
      const take = async (model) => {
        const { found_problems: problems } = await draft.check(model);
        fill(mistakes, findings("access.problems", problems, "is-problem", { model, site: store.state.site }));
        if (problems.length > 0) return;
        draft.take(model);
        dialog?.close();
        show();
      };
      const element = actionForm("access.note", [...elements, mistakes], async () => take(changed()));
      element.classList.add("rule-form");
      /** @param {string} title */
      const open = (title) => {
        dialog = openDialog(title, element);
        dialog.classList.add("wide");
      };
      return { element, take, open };
    }

    async function openSettings() {
      const form = (await forms()).settingsForm(draft.model);
      noted(form.elements, () => ({ ...draft.model, ...form.read() })).open(t("access.settings"));
    }

    const show = () => {
      const { view } = known;
      if (!view) return;
      const { zone, site } = store.state;
      const changed = view.changed_at && t("access.version", { n: view.version, who: view.changed_by ?? "", at: formatTime(view.changed_at, zone) });
      fill(state, changed || t("access.no_model"));
      fill(levels, lockdowns({ model: view.model, site, zone, active: known.active, maySet, onChanged: load }));
      const inForce = { model: view.model, site };
      fill(notes, findings("access.problems", view.found_problems, "is-problem", inForce), findings("access.warnings", view.found_warnings, "", inForce));
      for (const { words } of tables) words();
      fill(calendar, ...calendarRows(view));
      fill(settings, ...settingsRows());
      if (known.times) fill(times, ...passTimes(known.times));
      bar.hidden = !draft.isChanged;
      fill(
        bar,
        h("span", {}, draft.version === view.version ? t("access.draft") : t("error.changed_meanwhile")),
        actionButton("access.look", () => openPreview(draft, site, afterApplied), problem, "primary"),
        actionButton("access.discard", discard, problem, "quiet"),
      );
    };
    const discard = async () => {
      if (known.view) draft.load(known.view);
      show();
    };
    const afterApplied = async () => {
      draft.isChanged = false;
      await load();
    };

    /** @param {View} view */
    function calendarRows({ shipped_calendar: shipped }) {
      const { calendar: inUse } = draft.model;
      const years = (inUse?.years ?? []).map((/** @type {any} */ year) => year.year).join(", ");
      const isNewer = shipped && JSON.stringify(shipped) !== JSON.stringify(inUse);
      const take = async () => {
        draft.take({ ...draft.model, calendar: shipped });
        show();
      };
      return [
        h("header", {}, h("h2", {}, t("access.calendar")), isNewer && mayWrite && actionButton("access.take_calendar", take, problem)),
        h("p", {}, inUse ? t("access.calendar_years", { name: localName(inUse.name, inUse.id), years }) : t("access.no_calendar")),
      ];
    }

    function settingsRows() {
      const facts = SETTINGS.flatMap((name) => [h("dt", {}, t(`rule_setting.${name}`)), h("dd", {}, draft.model[name])]);
      return [
        h("header", {}, h("h2", {}, t("access.settings")), mayWrite && h("button", { type: "button", onclick: openSettings }, t("access.change_settings"))),
        h("dl", { class: "facts" }, ...facts),
      ];
    }

    async function load() {
      try {
        const [view, { active }, times] = await Promise.all([get("/access-model"), get("/lockdowns"), get("/pass-times")]);
        Object.assign(known, { view, active, times });
        if (!draft.isChanged) draft.load(view);
        fill(problem);
        show();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    }
    window.addEventListener("beforeunload", (event) => {
      if (draft.isChanged) event.preventDefault();
    });
    onLanguage(show);
    follow(store, ({ accessVersion }) => accessVersion, load);
  },
});
