/** The canteen's office: the counter, subsidies, units, corrections, the day's close and the reports. */

import { ApiError, get, post } from "./api.js";
import { actionButton } from "./forms.js";
import { carryOut } from "./canteen-parts.js";
import { follow } from "./follow.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { loadSection, onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { yuan } from "/web/money.js";

/** Each section, and what somebody must be allowed to do to see it. */
const TABS = [
  ["counter", "canteen.read"],
  ["cases", "canteen.read"],
  ["grants", "canteen.manage"],
  ["units", "canteen.read"],
  ["prices", "canteen.refund"],
  ["plan", "canteen.read"],
  ["kitchen", "canteen.read"],
  ["deeds", "canteen.read"],
  ["payments", "canteen.read"],
  ["day", "canteen.read"],
  ["report", "canteen.read"],
  ["ratings", "canteen.read"],
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
    /** A section, and perhaps a place in it: `#cases/debts`. */
    const addressed = () => {
      const [section, ...rest] = location.hash.slice(1).split("/");
      return names.includes(section) ? { section, place: rest.join("/") } : null;
    };
    let name = addressed()?.section ?? names[0];
    let waitingCount = 0;
    let choices = 0;
    main.append(h("header", {}, h("h1", { data: { t: "page.canteen" } }, t("page.canteen")), tabs), problem, waiting, body);

    /** @param {() => Promise<void>} run @param {() => boolean} [isWanted] whether anybody still asks what came of it */
    async function guarded(run, isWanted = () => true) {
      try {
        await run();
        if (isWanted()) fill(problem);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (isWanted()) fill(problem, error.sentence);
      }
    }
    /** @type {import("./canteen-parts.js").Around} */
    const around = {
      state: () => store.state,
      permissions,
      username: session.username,
      setting: () => setting,
      changed: () => guarded(async () => {
        await Promise.all([loadWaiting(), shown?.load()]);
      }),
      renew: () => guarded(async () => {
        setting = await get("/canteen/office/setting");
      }),
      attempt: guarded,
      go: (section, place) => names.includes(section) && choose(section, place),
      address: (section, place) => section === name && history.replaceState(null, "", `#${section}/${place}`),
    };

    /** @param {string} place in it */
    async function section(place) {
      switch (name) {
        case "cases": return new (await import("./canteen-cases.js")).Cases(around, place);
        case "ratings": return new (await import("./canteen-ratings.js")).Ratings(around);
        case "counter": return new (await import("./canteen-counter.js")).Counter(around, place);
        case "grants": return new (await import("./canteen-grants.js")).Grants(around);
        case "units": return new (await import("./canteen-units.js")).Units(around);
        case "prices": return new (await import("./canteen-prices.js")).Prices(around);
        case "plan": return new (await import("./canteen-plan.js")).Plan(around);
        case "kitchen": return new (await import("./canteen-kitchen.js")).Kitchen(around);
        case "deeds": return new (await import("./canteen-deeds.js")).Deeds(around);
        case "payments": return new (await import("./canteen-payments.js")).Payments(around);
        case "day": return new (await import("./canteen-day.js")).Day(around);
        default: return new (await import("./canteen-report.js")).Sales(around);
      }
    }
    /** @param {string} chosen @param {string} [place] in it */
    async function choose(chosen, place = "") {
      const mine = ++choices;
      const isLast = () => mine === choices;
      // What stood here does not stay under another name; of the same section it stays until the new comes.
      if (chosen !== name) {
        shown = null;
        fill(body);
      }
      name = chosen;
      history.replaceState(null, "", place ? `#${name}/${place}` : `#${name}`);
      words();
      await guarded(async () => {
        await loadSection(`canteen-${name}`);
        setting ??= await get("/canteen/office/setting");
        if (!isLast()) return;
        const made = await section(place);
        if (!isLast()) return;
        shown = made;
        fill(body, made.element);
        await made.load();
      }, isLast);
    }
    /** What waits for a second person, or for who asked. */
    async function loadWaiting() {
      const [{ items }, cases] = await Promise.all([get("/canteen/office/questions"), get("/diners/waiting")]);
      const count = cases.exceptions + cases.disputes + cases.debts;
      // A tab that is replaced under a finger is not pressed.
      if (count !== waitingCount) {
        waitingCount = count;
        words();
      }
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
      fill(tabs, ...names.map((each) => h("button", { type: "button", role: "tab", class: "quiet", "aria-selected": String(each === name), onclick: () => choose(each) }, t(`canteen_tab.${each}`), each === "cases" ? h("b", { class: "count" }, waitingCount || null) : null)));
    }
    names.slice(0, 10).forEach((each, index) => onKey(String((index + 1) % 10), () => t(`canteen_tab.${each}`), () => choose(each)));
    onLanguage(() => {
      words();
      if (setting) choose(name, addressed()?.place);
    });
    let isStarted = false;
    follow(store, (state) => state.isLoaded, async () => {
      if (isStarted || !store.state.isLoaded) return;
      isStarted = true;
      // First what waits, which stands above: a section that moves down under a finger is not pressed.
      await guarded(loadWaiting);
      await choose(name, addressed()?.place);
    });
    addEventListener("hashchange", () => {
      const wanted = addressed();
      if (wanted) choose(wanted.section, wanted.place);
    });
    setInterval(() => document.visibilityState === "visible" && guarded(loadWaiting), 15_000);
  },
});
