/** Access: the rules of the site as tables, changed in a draft that is looked at before it holds. */

import "/web/data-table.js";
import { Draft } from "./access-draft.js";
import { openPreview, sentences } from "./access-preview.js";
import { TABLES } from "./access-tables.js";
import { get } from "./api.js";
import { pointName } from "./event-line.js";
import { follow } from "./follow.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { lockdowns } from "./lockdowns.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t, term } from "/web/i18n.js";

/** @typedef {{version: number, model: any, changed_by: string | null, changed_at: string | null,
 *   problems: string[], warnings: string[], shipped_calendar: any}} View */

startPage({
  name: "access",
  mount(main, { store, session }) {
    const mayWrite = session.permissions.includes("access.write");
    const maySet = session.permissions.includes("lockdown.set");
    const draft = new Draft();
    /** @type {{view: View | null, active: any[]}} */
    const known = { view: null, active: [] };
    const state = h("span", { class: "muted version" });
    const bar = h("div", { class: "draft-bar", role: "status", hidden: true });
    const problem = h("p", { class: "problem", role: "alert" });
    const levels = h("div", {});
    const notes = h("div", { class: "notes" });
    const tables = TABLES.map((table) => section(table));
    const calendar = h("section", { class: "calendar" });
    main.append(
      h("header", {}, h("h1", { data: { t: "page.access" } }, t("page.access")), state),
      bar, problem, levels, notes, ...tables.map(({ element }) => element), calendar,
    );
    const shown = () => ({ model: draft.model, site: store.state.site });

    /** @param {import("./access-tables.js").Table} table */
    function section(table) {
      const rows = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "access.none_yet" }));
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
    function openEntry(table, entry) {
      const points = Object.keys(store.state.site?.access_points ?? {}).map((id) => ({ value: id, words: pointName(store.state.site, id) }));
      const form = table.form(entry, { model: draft.model, points });
      const mistakes = h("div", {});
      /** @param {any} model */
      const take = async (model) => {
        const { problems } = await draft.check(model);
        fill(mistakes, sentences("access.problems", problems, "is-problem"));
        if (problems.length > 0) return;
        draft.take(model);
        dialog.close();
        show();
      };
      const element = actionForm("access.note", [...form.elements, mistakes], async () => take(draft.with(table.name, form.read())));
      element.classList.add("rule-form");
      if (entry && draft.entries(table.name).some(({ id }) => id === entry.id)) {
        const refusal = h("p", { class: "problem", role: "alert" });
        element.querySelector("footer")?.prepend(refusal, actionButton(table.addKey ? "access.remove" : "access.remove_rules", () => take(draft.without(table.name, entry.id)), refusal, "quiet"));
      }
      const name = table.name === "points" ? pointName(store.state.site, entry.id) : entry && localName(entry.name, entry.id);
      const dialog = openDialog(name || t(table.addKey ?? ""), element);
      dialog.classList.add("wide");
    }

    const show = () => {
      const { view } = known;
      if (!view) return;
      const { zone, site } = store.state;
      const changed = view.changed_at && t("access.version", { n: view.version, who: view.changed_by ?? "", at: formatTime(view.changed_at, zone) });
      fill(state, changed || t("access.no_model"));
      fill(levels, lockdowns({ model: view.model, site, zone, active: known.active, maySet, onChanged: load }));
      fill(notes, sentences("access.problems", view.problems, "is-problem"), sentences("access.warnings", view.warnings, ""));
      for (const { words } of tables) words();
      fill(calendar, ...calendarRows(view));
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

    async function load() {
      try {
        const [view, { active }] = await Promise.all([get("/access-model"), get("/lockdowns")]);
        Object.assign(known, { view, active });
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
