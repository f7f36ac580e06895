/** The canteen's office: the counter, subsidies, units, corrections, the day's close and the reports. */

import { ApiError, get, post } from "./api.js";
import { actionButton } from "./forms.js";
import { carryOut } from "./canteen-parts.js";
import { follow } from "./follow.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { yuan } from "/web/money.js";

/** Each section, and what somebody must be allowed to do to see it. */
const TABS = [
  ["counter", "canteen.read"],
  ["grants", "canteen.manage"],
  ["units", "canteen.read"],
  ["prices", "canteen.refund"],
  ["deeds", "canteen.read"],
  ["day", "canteen.read"],
  ["report", "canteen.read"],
];

startPage({
  name: "canteen",
  mount(main, { store, session }) {
    const { permissions } = session;
    const names = TABS.filter(([, needed]) => permissions.includes(needed)).map(([name]) => name);
    const problem = h("p", { class: "problem", role: "alert" });
    const tabs = h("nav", { class: "tabs", role: "tablist" });
    const waiting = h("section", { class: "waiting", hidden: true });
    const body = h("div", { class: "tab" });
    /** @type {any} */
    let setting = null;
    /** @type {{element: HTMLElement, load: () => Promise<void>, show: () => void} | null} */
    let shown = null;
    const wanted = location.hash.slice(1);
    let name = names.includes(wanted) ? wanted : names[0];
    main.append(h("header", {}, h("h1", { data: { t: "page.canteen" } }, t("page.canteen")), tabs), problem, waiting, body);

    /** @param {() => Promise<void>} run */
    async function guarded(run) {
      try {
        await run();
        fill(problem);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        fill(problem, error.sentence);
      }
    }
    /** @type {import("./canteen-parts.js").Around} */
    const around = {
      state: () => store.state,
      permissions,
      setting: () => setting,
      changed: () => guarded(async () => {
        await Promise.all([loadWaiting(), shown?.load()]);
      }),
    };

    async function section() {
      switch (name) {
        case "counter": return new (await import("./canteen-counter.js")).Counter(around);
        case "grants": return new (await import("./canteen-grants.js")).Grants(around);
        case "units": return new (await import("./canteen-units.js")).Units(around);
        case "prices": return new (await import("./canteen-prices.js")).Prices(around);
        case "deeds": return new (await import("./canteen-deeds.js")).Deeds(around);
        case "day": return new (await import("./canteen-day.js")).Day(around);
        default: return new (await import("./canteen-report.js")).Sales(around);
      }
    }
    /** @param {string} chosen */
    async function choose(chosen) {
      name = chosen;
      history.replaceState(null, "", `#${name}`);
      words();
      await guarded(async () => {
        setting ??= await get("/canteen/office/setting");
        const made = await section();
        if (name !== chosen) return;
        shown = made;
        fill(body, made.element);
        await made.load();
      });
    }
    /** What waits for a second person, or for who asked. */
    async function loadWaiting() {
      const { items } = await get("/canteen/office/questions");
      waiting.hidden = items.length === 0;
      fill(waiting, h("h2", {}, t("office.waiting", { n: items.length })), h("ul", {}, ...items.map(question)));
    }
    /** @param {any} each */
    function question(each) {
      const said = h("p", { class: "problem", role: "alert" });
      const outcome = h("span", {});
      const { moves: _, total_fen: amount, ...wish } = each.subject;
      const path = wish.kind === "settlement" || wish.kind === "unit_charge" ? "/money" : permissions.includes("canteen.refund") ? "/corrections" : "/refunds";
      const decide = (/** @type {string} */ word) => async () => {
        await post(`/approvals/${each.approval_id}/${word}`);
        await around.changed();
      };
      const buttons = each.state === "approved"
        ? [actionButton("office.do_it", async () => {
            await carryOut(path, wish, outcome);
            await around.changed();
          }, said, "primary")]
        : each.is_own
          ? [h("span", { class: "muted" }, t("office.waits_for_other"))]
          : permissions.includes("approvals.decide")
            ? [actionButton("office.approve", decide("approve"), said, "primary"), actionButton("office.refuse", decide("refuse"), said)]
            : [];
      const why = wish.reason ? ` · ${wish.reason}` : "";
      return h("li", {}, h("span", {}, t("office.question", { who: each.asked_by, what: t(`canteen_kind.${wish.kind}`), amount: yuan(amount), time: formatTime(each.asked_at, store.state.zone) }), why), ...buttons, outcome, said);
    }
    function words() {
      fill(tabs, ...names.map((each) => h("button", { type: "button", role: "tab", class: "quiet", "aria-selected": String(each === name), onclick: () => choose(each) }, t(`canteen_tab.${each}`))));
    }
    names.forEach((each, index) => onKey(String(index + 1), () => t(`canteen_tab.${each}`), () => choose(each)));
    onLanguage(() => {
      words();
      if (setting) choose(name);
    });
    let isStarted = false;
    follow(store, (state) => state.isLoaded, async () => {
      if (isStarted || !store.state.isLoaded) return;
      isStarted = true;
      await choose(name);
      await guarded(loadWaiting);
    });
    setInterval(() => document.visibilityState === "visible" && guarded(loadWaiting), 15_000);
  },
});
