/** Alarms: what stands and what is laid aside, how the list is doing, procedures, and who is told. */

import { AlarmLists } from "./alarms-lists.js";
import { follow } from "./follow.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

/** @typedef {{element: HTMLElement, load: () => Promise<void>, show: () => void, move?: (step: 1 | -1) => void, search?: () => void}} Tab */

startPage({
  name: "alarms",
  mount(main, { store, session }) {
    const isManager = session.permissions.includes("alarms.manage");
    const names = ["lists", "metrics", "procedures", ...(isManager ? ["settings"] : [])];
    const problem = h("p", { class: "problem", role: "alert" });
    const tabs = h("nav", { class: "tabs", role: "tablist" });
    const body = h("div", { class: "tab" });
    main.append(h("header", {}, h("h1", { data: { t: "page.alarms" } }, t("page.alarms")), tabs), problem, body);
    const context = { state: () => store.state, permissions: session.permissions };
    /** @type {Record<string, () => Promise<Tab>>} */
    const made = {
      lists: async () => new AlarmLists(context),
      metrics: async () => new (await import("./alarms-metrics.js")).AlarmMetrics(context),
      procedures: async () => new (await import("./alarms-procedures.js")).AlarmProcedures(context),
      settings: async () => new (await import("./alarms-settings.js")).AlarmSettings(context),
    };
    /** @type {Tab | null} */
    let shown = null;
    /** @type {Tab | null} */
    let loaded = null;
    const [wanted, part] = location.hash.slice(1).split("-");
    let name = names.includes(wanted) ? wanted : "lists";

    /** @param {Tab} tab */
    async function load(tab) {
      loaded = tab;
      try {
        await tab.load();
        fill(problem);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    }
    /** @param {string} chosen */
    async function choose(chosen) {
      // What stood here does not stay under another name.
      if (chosen !== name) {
        shown = null;
        fill(body);
      }
      name = chosen;
      history.replaceState(null, "", `#${name}`);
      words();
      const tab = await made[name]();
      if (name !== chosen) return;
      shown = tab;
      fill(body, tab.element);
      tab.show();
      if (store.state.isLoaded) await load(tab);
    }
    function words() {
      fill(
        tabs,
        ...names.map((each) => h("button", { type: "button", role: "tab", class: "quiet", "aria-selected": String(each === name), onclick: () => choose(each) }, t(`alarm_page.tab_${each}`))),
      );
    }
    names.forEach((each, index) => onKey(String(index + 1), () => t(`alarm_page.tab_${each}`), () => choose(each)));
    onKey("j", () => t("keys.down"), () => shown?.move?.(1));
    onKey("k", () => t("keys.up"), () => shown?.move?.(-1));
    onKey("/", () => t("keys.search"), () => shown?.search?.());
    onLanguage(() => {
      words();
      shown?.show();
    });
    // The lists follow what happens; figures and settings hold still while somebody reads or writes.
    follow(store, ({ alarms }) => `${name} ${alarms.revision}`, async () => {
      if (shown && (name === "lists" || shown !== loaded)) await load(shown);
    });
    choose(name).then(() => part && shown instanceof AlarmLists && shown.choose(part));
  },
});
