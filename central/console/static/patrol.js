/** Patrol: the board of the rounds around now, a round's replay, the plan, and the month's report. */

import { get } from "./api.js";
import { follow } from "./follow.js";
import { Board } from "./patrol-board.js";
import { Replay } from "./patrol-replay.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

const TABS = ["board", "plan", "report"];

startPage({
  name: "patrol",
  mount(main, { store, session }) {
    const mayPlan = session.permissions.includes("patrol.plan");
    const problem = h("p", { class: "problem", role: "alert" });
    const tabs = h("nav", { class: "tabs", role: "tablist" });
    const body = h("div", { class: "tab" });
    const replay = new Replay(() => store.state);
    const board = new Board(() => store.state, async (id) => {
      await guarded(() => replay.open(id));
    });
    /** @type {{element: HTMLElement, load: () => Promise<void>, show: () => void} | null} */
    let shown = null;
    let name = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "board";
    main.append(h("header", {}, h("h1", { data: { t: "page.patrol" } }, t("page.patrol")), tabs), problem, body);

    /** @param {() => Promise<void>} run */
    async function guarded(run) {
      try {
        await run();
        fill(problem);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    }
    const boardTab = {
      element: h("div", { class: "board" }, board.element, replay.element),
      async load() {
        board.take(await get("/patrol/rounds"));
        await replay.reload();
      },
      show() {
        board.show();
        replay.show();
      },
    };
    /** @param {string} wanted */
    async function choose(wanted) {
      // What stood here does not stay under another name.
      if (wanted !== name) {
        shown = null;
        fill(body);
      }
      name = wanted;
      history.replaceState(null, "", `#${name}`);
      words();
      const made = await tab(wanted);
      if (name !== wanted) return;
      shown = made;
      fill(body, made.element);
      if (store.state.isLoaded) await guarded(made.load.bind(made));
    }
    /** @param {string} wanted @returns {Promise<NonNullable<typeof shown>>} */
    async function tab(wanted) {
      if (wanted === "board") return boardTab;
      if (wanted === "plan") return new (await import("./patrol-plan.js")).Plan(() => store.state, mayPlan);
      return new (await import("./patrol-report.js")).Report(() => store.state);
    }
    function words() {
      fill(
        tabs,
        ...TABS.map((each) => h("button", { type: "button", role: "tab", class: "quiet", "aria-selected": String(each === name), onclick: () => choose(each) }, t(`patrol.tab_${each}`))),
      );
    }
    onKey("j", () => t("patrol.key_next"), () => board.move(1));
    onKey("k", () => t("patrol.key_previous"), () => board.move(-1));
    onKey("ArrowRight", () => t("patrol.key_step"), () => replay.step(1));
    onKey("ArrowLeft", () => t("patrol.key_step_back"), () => replay.step(-1));
    onKey(" ", () => t("patrol.key_play"), () => replay.play());
    TABS.forEach((each, index) => onKey(String(index + 1), () => t(`patrol.tab_${each}`), () => choose(each)));
    onLanguage(() => {
      words();
      shown?.show();
    });
    setInterval(() => name === "board" && board.tick(), 1000);
    follow(store, ({ patrolVersion }) => patrolVersion, () => guarded(async () => (name === "board" ? boardTab : shown)?.load()));
    choose(name);
  },
});
