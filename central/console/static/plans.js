/** Floor plans: to look at, and for who may, to upload and to say where things stand. */

import { request } from "./api.js";
import { areaButton } from "./area-open.js";
import { actionForm, field, openDialog } from "./forms.js";
import { mountPlan } from "./plan.js";
import { PlanEditor } from "./plan-editor.js";
import { versionsDialog } from "./plan-versions.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { language, onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

startPage({
  name: "plans",
  mount(main, { store, session }) {
    const mayWrite = session.permissions.includes("plans.write");
    const tools = h("div", { class: "deeds" });
    const title = h("h1", { data: { t: "page.plans" } }, t("page.plans"));
    const done = h("p", { class: "done", role: "status" });
    const section = h("section", { class: "plan-page" });
    const view = mountPlan(section, store, session);
    main.append(h("header", {}, title, areaButton(store, session), tools), done, section);
    /** @type {PlanEditor | null} */
    let editor = null;

    function leave() {
      editor?.element.remove();
      editor = null;
      section.hidden = false;
      words();
      store.schedule();
    }

    function edit() {
      const shown = view.current();
      if (!shown || shown.plan.is_schematic) return askForPlan(null);
      fill(done);
      editor = new PlanEditor(shown.plan, shown.subjects, store.state, leave);
      section.hidden = true;
      section.after(editor.element);
      words();
      editor.focus();
    }

    /** Upload a new plan, or another drawing or name of this one. @param {import("./plan.js").Plan | null} plan */
    function askForPlan(plan) {
      const id = h("input", { name: "id", required: true, maxlength: 63, pattern: "[a-z0-9]([a-z0-9-]*[a-z0-9])?", autofocus: true, autocomplete: "off" });
      const name = h("input", { name: "name", required: true, maxlength: 60, autocomplete: "off", value: plan ? (plan.name[language()] ?? "") : "" });
      const floor = h("input", { name: "floor", type: "number", required: true, min: -20, max: 200, value: plan?.floor ?? 0 });
      const file = /** @type {HTMLInputElement} */ (h("input", { name: "file", type: "file", accept: ".svg,image/svg+xml" }));
      const fields = [plan ? null : field("plan.id", id, "plan.id_hint"), field("plan.name", name), field("plan.floor", floor, "plan.floor_hint"), field("plan.file", file, "plan.file_hint")];
      const form = actionForm("plan.keep", /** @type {HTMLElement[]} */ (fields.filter(Boolean)), async (values) => {
        const svg = file.files?.[0] ? await file.files[0].text() : null;
        const body = { name: { ...plan?.name, [language()]: values.name }, floor: Number(values.floor), svg, version: plan?.version ?? 0 };
        const planId = plan?.id ?? values.id;
        const kept = await request("PUT", `/plans/${encodeURIComponent(planId)}`, { body });
        dialog.close();
        const left = Object.entries(kept.left_out).map(([what, count]) => `${what} × ${count}`).join(", ");
        fill(done, left ? t("plan.left_out", { what: left }) : t("plan.kept"));
        await view.reload(planId);
      });
      const dialog = openDialog(t(plan ? "plan.change" : "plan.add"), form);
    }

    function askToRemove() {
      const shown = view.current();
      if (!shown) return;
      const form = actionForm("plan.remove_now", [h("p", {}, t("plan.remove_hint"))], async () => {
        await request("DELETE", `/plans/${encodeURIComponent(shown.plan.id)}`);
        dialog.close();
        await view.reload();
      });
      const dialog = openDialog(t("plan.remove_sure", { name: shown.plan.name[language()] ?? shown.plan.id }), form);
    }

    function words() {
      fill(tools);
      if (!mayWrite || editor) return;
      const shown = view.current();
      const isOwn = shown && !shown.plan.is_schematic;
      /** @param {string} key @param {() => void} run @param {string} [kind] */
      const button = (key, run, kind = "") => h("button", { type: "button", class: kind, onclick: run }, t(key));
      tools.append(...[
        isOwn && button("plan.edit", edit, "primary"),
        isOwn && button("plan.change", () => askForPlan(shown.plan)),
        isOwn && button("plan.versions", () => versionsDialog(shown.plan, store.state.zone, () => view.reload(shown.plan.id))),
        isOwn && button("plan.remove", askToRemove),
        button("plan.add", () => askForPlan(null), isOwn ? "" : "primary"),
      ].filter((each) => each instanceof Node));
    }
    view.onShown(words);
    onLanguage(words);
    if (mayWrite) onKey("e", () => t("plan.edit"), edit);
    words();
  },
});
