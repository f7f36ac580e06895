/** Boards: the small controllers behind the gates, the images they may run, and how an image gets to all of them. */

import { get } from "./api.js";
import { BoardTable } from "./boards-table.js";
import { natural } from "./boards-words.js";
import { follow } from "./follow.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { LastAnswer } from "/web/last-answer.js";

/**
 * @typedef {import("./boards-words.js").Board} Board
 * @typedef {import("./boards-words.js").Image} Image
 * @typedef {import("./boards-rollout.js").RollOut} RollOut
 * @typedef {{boards: Board[], images: Image[], rollOuts: RollOut[]}} View what central said last
 * @typedef {object} Context
 * @property {View} view
 * @property {() => import("./site-state.js").SiteState} state
 * @property {boolean} mayManage
 * @property {() => Promise<void>} reload
 * @property {(tab: string, chosen?: string) => Promise<void>} goTo
 * @typedef {{element: HTMLElement, show: () => void, choose?: (id: string) => void, move: (by: 1 | -1) => void,
 *   step?: (by: 1 | -1) => void, press?: (key: string) => void, tick?: () => void}} Tab
 */

const TABS = ["boards", "images", "rollouts"];
/** Progress and counts of time go on where nothing is told. */
const TICK_MS = 1000;

/** @param {Board} a @param {Board} b */
const byName = (a, b) => (natural(a.device) < natural(b.device) ? -1 : 1);

startPage({
  name: "boards",
  mount(main, { store, session }) {
    const problem = h("p", { class: "problem", role: "alert" });
    const tabs = h("nav", { class: "tabs", role: "tablist" });
    const body = h("div", { class: "tab" });
    main.append(h("header", {}, h("h1", { data: { t: "page.boards" } }, t("page.boards")), tabs), problem, body);
    /** @type {Context} */
    const context = {
      view: { boards: [], images: [], rollOuts: [] },
      state: () => store.state,
      mayManage: session.permissions.includes("firmware.manage"),
      reload: load,
      goTo: choose,
    };
    /** @type {Map<string, Tab>} */
    const made = new Map([["boards", new BoardTable(context)]]);
    let name = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "boards";
    let isLoaded = false;
    /** @type {LastAnswer<Pick<Context["view"], "boards" | "images" | "rollOuts">>} */
    const lastAnswer = new LastAnswer();

    async function load() {
      try {
        Object.assign(context.view, await lastAnswer.of(ask()));
        isLoaded = true;
        fill(problem);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
      show();
    }
    async function ask() {
      const [boards, images, rollOuts] = await Promise.all([get("/firmware/boards"), get("/firmware/images"), get("/firmware/rollouts")]);
      return { boards: boards.items.toSorted(byName), images: images.items, rollOuts: await Promise.all(rollOuts.items.map(withBoards)) };
    }
    /** The boards of what is over are asked for when somebody looks at it. @param {RollOut} rollOut @returns {Promise<RollOut>} */
    async function withBoards(rollOut) {
      if (rollOut.ended_at === null) return get(`/firmware/rollouts/${rollOut.rollout_id}`);
      const known = context.view.rollOuts.find(({ rollout_id: id }) => id === rollOut.rollout_id);
      return { ...rollOut, boards: known?.ended_at ? known.boards : null };
    }
    /** @param {string} wanted @returns {Promise<Tab>} */
    async function tab(wanted) {
      const known = made.get(wanted);
      if (known) return known;
      const fresh = wanted === "images" ? new (await import("./boards-images.js")).ImageList(context) : new (await import("./boards-rollouts.js")).RollOuts(context);
      made.set(wanted, fresh);
      return fresh;
    }
    /** @param {string} wanted @param {string} [chosen] */
    async function choose(wanted, chosen) {
      // What stood here does not stay under another name.
      if (wanted !== name) fill(body);
      name = wanted;
      history.replaceState(null, "", `#${name}`);
      show();
      const shown = await tab(wanted);
      // Somebody may have gone on meanwhile.
      if (name !== wanted) return;
      fill(body, shown.element);
      if (chosen !== undefined) shown.choose?.(chosen);
      show();
    }
    function show() {
      fill(
        tabs,
        ...TABS.map((each) => h("button", { type: "button", role: "tab", class: "quiet", "aria-selected": String(each === name), onclick: () => choose(each) }, t(`board_tab.${each}`), h("span", { class: "count" }, isLoaded ? countOf(each) : ""))),
      );
      if (isLoaded) made.get(name)?.show();
    }
    /** @param {string} each */
    function countOf(each) {
      const { boards, images, rollOuts } = context.view;
      return { boards: boards.length, images: images.length, rollouts: rollOuts.length }[each] ?? "";
    }
    const shown = () => made.get(name);
    onKey("j", () => t("keys.down"), () => shown()?.move(1));
    onKey("k", () => t("keys.up"), () => shown()?.move(-1));
    onKey("ArrowRight", () => t("boards.key_step"), () => shown()?.step?.(1));
    onKey("ArrowLeft", () => t("boards.key_step_back"), () => shown()?.step?.(-1));
    TABS.forEach((each, index) => onKey(String(index + 1), () => t(`board_tab.${each}`), () => choose(each)));
    onKey("/", () => t("keys.search"), () => /** @type {HTMLElement | null} */ (body.querySelector("input[type=search]"))?.focus());
    if (context.mayManage) {
      onKey("u", () => t("boards.upload"), async () => {
        if (name !== "images") await choose("images");
        shown()?.press?.("u");
      });
      onKey("n", () => t("boards.new"), async () => (await import("./boards-new.js")).askForRollOut(context));
      onKey("p", () => t("boards.key_pause"), () => shown()?.press?.("p"));
      onKey("b", () => t("boards.key_back"), () => shown()?.press?.("b"));
    }
    onLanguage(show);
    setInterval(() => shown()?.tick?.(), TICK_MS);
    // What stands in the table is also what the nodes say of their devices now.
    follow(store, (state) => `${state.firmwareVersion} ${state.link.isOnline} ${state.devices().map(({ isStale }) => Number(isStale)).join("")}`, load);
    choose(name);
  },
});
