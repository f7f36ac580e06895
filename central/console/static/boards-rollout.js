/** One roll-out: its three stages as bands, a square for each board, and what can be done about it. */

import { post } from "./api.js";
import { boardName, countWords, endOf, percent, placeOf, recorded, sign, stageWords, whyAndWhatToDo } from "./boards-words.js";
import { askToRollBack } from "./boards-table.js";
import { actionForm, field, openDialog } from "./forms.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{device: string, node: string, stage: number, state: string, step: string | null, why: string | null,
 *   before: string, running: string, sent_bytes: number, size_bytes: number, detail: string, asked_at: string | null,
 *   ended_at: string | null, is_passed_over: boolean}} Part a board of a roll-out; `stage` -1: left out
 * @typedef {{rollout_id: string, action: string, image: string | null, version: string, state: string, reason: string,
 *   created_by: string, created_at: string, changed_by: string, started_at: string | null, ended_at: string | null,
 *   halted_device: string | null, halted_why: string | null, stages: number[], counts: Record<string, number>,
 *   boards: Part[] | null}} RollOut `boards` null: not asked for yet
 * @typedef {import("./boards.js").Context} Context
 */

/** So many squares have room for a name. */
const NAMED_MAX = 12;
const OVER = ["done", "cancelled"];
/** @type {Record<string, string>} */
const SIGNS = { confirmed: "✓", went_back: "↶", refused: "×", failed: "×", cancelled: "–", uploads: "↓", restarts: "↻", proves: "…", goes_back: "↶", waits: "‖", asked: "·", under_way: "·" };

/** What a board has come to, or is being done to it. @param {Part} part */
export function wordOf({ state, step, why }) {
  return state === "under_way" && step ? step : endOf(state, why);
}

/** @param {Part} part */
function wordsOf(part) {
  if (part.state === "left_out") return term("board_left_out", part.why ?? "");
  return wordOf(part) === "uploads" ? t("boards.uploads", { n: percent(part) }) : term("board_part", wordOf(part));
}

/** @param {Part} part @returns {2 | 3 | null} */
function priorityOf({ state, why }) {
  const end = endOf(state, why);
  if (end === "failed") return 2;
  return end === "went_back" || end === "refused" ? 3 : null;
}

export class RollOutCard {
  #context;
  /** @type {RollOut | null} */
  #rollOut = null;
  #isChosen = false;
  /** @type {string | null} */
  #device = null;
  #name = h("button", { type: "button", class: "plain" });
  #state = h("span", { class: "state" });
  #left = h("span", { class: "left muted" });
  #deeds = h("span", { class: "deeds" });
  #note = h("p", { class: "muted" });
  #halt = h("div", { class: "halt", role: "status" });
  #bands = h("ol", { class: "bands" });
  #one = h("div", { class: "one" });
  element = h("li", {}, h("header", {}, this.#name, this.#state, this.#left, this.#deeds), this.#note, this.#halt, this.#bands, this.#one);

  /** @param {Context} context @param {() => void} choose */
  constructor(context, choose) {
    this.#context = context;
    this.#name.addEventListener("click", choose);
  }

  /** @param {RollOut} rollOut @param {boolean} isChosen */
  show(rollOut, isChosen) {
    this.#rollOut = rollOut;
    this.#isChosen = isChosen;
    const { zone } = this.#context.state();
    this.element.className = `${isChosen ? "is-chosen" : ""} is-${rollOut.state}`;
    fill(this.#name, t(`rollout_title.${rollOut.action}`, { version: rollOut.version, boards: countWords(rollOut.stages.reduce((sum, n) => sum + n, 0)) }));
    const priority = rollOut.state === "halted" ? 2 : null;
    fill(this.#state, sign({ priority, words: term("rollout_state", rollOut.state) }));
    fill(this.#note, t("boards.asked_by", { who: rollOut.created_by, time: formatTime(rollOut.created_at, zone), reason: rollOut.reason }));
    this.#showDeeds();
    this.#showHalt();
    this.#bands.hidden = rollOut.boards === null || (!isChosen && OVER.includes(rollOut.state));
    if (!this.#bands.hidden) this.#showBands();
    this.#showOne();
    this.tick();
  }

  /** Boards that take part. */
  #parts() {
    return this.#rollOut?.boards?.filter(({ stage }) => stage >= 0) ?? [];
  }

  #showDeeds() {
    const rollOut = /** @type {RollOut} */ (this.#rollOut);
    if (!this.#context.mayManage || OVER.includes(rollOut.state)) return fill(this.#deeds);
    if (this.#deeds.dataset.state === `${rollOut.state} ${document.documentElement.lang}` && this.#deeds.children.length) return;
    this.#deeds.dataset.state = `${rollOut.state} ${document.documentElement.lang}`;
    const isRunning = rollOut.state === "running";
    const deed = isRunning ? "pause" : "start";
    const key = isRunning ? "boards.pause" : rollOut.state === "ready" ? "boards.start" : "boards.go_on";
    fill(
      this.#deeds,
      h("button", { type: "button", class: isRunning ? "" : "primary", onclick: () => askTo(deed, key, rollOut, this.#context) }, t(key), " ", h("kbd", {}, "p")),
      h("button", { type: "button", onclick: () => askTo("cancel", "boards.cancel", rollOut, this.#context) }, t("boards.cancel")),
    );
  }

  #showHalt() {
    const { state, halted_device: device, halted_why: why } = /** @type {RollOut} */ (this.#rollOut);
    this.#halt.hidden = state !== "halted";
    if (this.#halt.hidden) return fill(this.#halt);
    const part = this.#parts().find((each) => each.device === device);
    const name = device ? boardName(this.#context.state().site, device) : "";
    fill(
      this.#halt,
      h("h3", {}, prioritySign(2), part ? t("boards.halted_by", { name, what: term("board_part", part.state) }) : t("boards.halted")),
      ...whyAndWhatToDo(why),
      h("p", { class: "muted" }, t("boards.halted_hint")),
      part && recorded(part.detail),
    );
  }

  #showBands() {
    const rollOut = /** @type {RollOut} */ (this.#rollOut);
    const stages = [...new Set(this.#parts().map(({ stage }) => stage))].toSorted((a, b) => a - b);
    const bands = stages.map((stage) => ({ stage, parts: this.#parts().filter((part) => part.stage === stage) }));
    const left = rollOut.boards?.filter(({ stage }) => stage < 0) ?? [];
    if (left.length) bands.push({ stage: -1, parts: left });
    renderRows(this.#bands, bands, {
      key: ({ stage }) => String(stage),
      create: () => h("li", {}, h("header", {}, h("h3"), h("span", { class: "muted" })), h("ol", { class: "squares" })),
      update: (band, { stage, parts }) => {
        const [head, squares] = band.children;
        const done = parts.filter(({ state }) => state === "confirmed").length;
        band.className = stage >= 0 && done === parts.length ? "is-done" : "";
        fill(head.children[0], stage < 0 ? t("boards.left_out") : stageWords(stage, rollOut.stages));
        fill(head.children[1], stage < 0 ? countWords(parts.length) : t("boards.confirmed_of", { n: done, all: parts.length }));
        this.#showSquares(squares, parts);
      },
    });
  }

  /** @param {Element} squares @param {Part[]} parts */
  #showSquares(squares, parts) {
    const { site } = this.#context.state();
    squares.classList.toggle("is-named", parts.length <= NAMED_MAX);
    renderRows(squares, parts, {
      key: (part) => part.device,
      create: (part) => h("li", {}, h("button", { type: "button", onclick: () => this.#chooseBoard(part.device) }, h("b"), h("small"))),
      update: (square, part) => {
        const button = square.children[0];
        const word = wordOf(part);
        const name = boardName(site, part.device);
        const said = `${name}: ${wordsOf(part)}`;
        const priority = priorityOf(part);
        button.className = [word, priority && `p${priority}`].filter(Boolean).join(" ");
        button.setAttribute("aria-label", said);
        button.setAttribute("title", said);
        button.setAttribute("aria-pressed", String(this.#isChosen && part.device === this.#device));
        fill(button.children[0], word === "uploads" ? `${percent(part)}%` : (SIGNS[word] ?? ""));
        fill(button.children[1], parts.length <= NAMED_MAX ? name : "");
      },
    });
  }

  /** What there is to say of the chosen square. */
  #showOne() {
    const rollOut = /** @type {RollOut} */ (this.#rollOut);
    const part = rollOut.boards?.find(({ device }) => device === this.#device);
    this.#one.hidden = !this.#isChosen || !part;
    if (!part || this.#one.hidden) return;
    const stamp = JSON.stringify([part, document.documentElement.lang]);
    if (this.#one.dataset.stamp === stamp) return;
    this.#one.dataset.stamp = stamp;
    const state = this.#context.state();
    const place = placeOf(state, part.device);
    const versions = part.running ? t("boards.from_to", { before: part.before, after: part.running }) : t("boards.runs", { version: part.before });
    const ended = part.ended_at && formatTime(part.ended_at, state.zone);
    fill(
      this.#one,
      h("h3", {}, boardName(state.site, part.device)),
      h("p", { class: "muted" }, [place, part.node, versions, ended].filter(Boolean).join(" · ")),
      h("p", {}, sign({ priority: priorityOf(part), words: wordsOf(part) })),
      ...(part.stage < 0 ? [] : whyAndWhatToDo(part.why)),
      recorded(part.detail),
      this.#mayGoBack(part) && h("p", { class: "deeds" }, h("button", { type: "button", onclick: () => this.press("b") }, t("boards.roll_back"), " ", h("kbd", {}, "b"))),
    );
  }

  /** @param {Part} part */
  #mayGoBack(part) {
    const board = this.#context.view.boards.find(({ device }) => device === part.device);
    return this.#context.mayManage && part.state === "confirmed" && Boolean(board?.identity?.other_version);
  }

  /** @param {string} device */
  #chooseBoard(device) {
    this.#device = device;
    if (!this.#isChosen) return this.#name.click();
    if (this.#rollOut) this.show(this.#rollOut, true);
  }

  /** @param {1 | -1} by */
  step(by) {
    const devices = this.#rollOut?.boards?.map(({ device }) => device) ?? [];
    if (devices.length === 0) return;
    const at = devices.indexOf(this.#device ?? "");
    this.#chooseBoard(devices[at < 0 ? 0 : Math.min(devices.length - 1, Math.max(0, at + by))]);
    this.#bands.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} key */
  press(key) {
    const part = this.#rollOut?.boards?.find(({ device }) => device === this.#device);
    if (key === "p") this.#deeds.querySelector("button")?.click();
    else if (key === "b" && part && this.#mayGoBack(part)) {
      const board = this.#context.view.boards.find(({ device }) => device === part.device);
      if (board) askToRollBack(board, this.#context);
    }
  }

  /** How long it still takes, by how long it took so far. */
  tick() {
    const rollOut = this.#rollOut;
    if (!rollOut || rollOut.state !== "running") return fill(this.#left);
    const ended = this.#parts().filter(({ ended_at: at }) => at);
    const rest = this.#parts().length - ended.length;
    const begun = Math.min(...this.#parts().map(({ asked_at: at }) => (at ? Date.parse(at) : Infinity)));
    if (ended.length === 0 || begun === Infinity) return fill(this.#left, t("boards.n_left", { n: rest }));
    const minutes = Math.ceil(((Date.now() - begun) / ended.length) * (rest / 60_000));
    fill(this.#left, t("boards.time_left", { n: rest, minutes }));
  }
}

/**
 * What it does, why it is done, then doing it.
 * @param {string} deed @param {string} key of the button's words @param {RollOut} rollOut @param {Context} context
 */
function askTo(deed, key, rollOut, context) {
  const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true });
  const again = deed === "start" && rollOut.state === "halted" && h("label", { class: "check" }, h("input", { type: "checkbox", name: "retries" }), t("boards.try_again"));
  const fields = /** @type {HTMLElement[]} */ ([h("p", {}, t(`rollout_hint.${deed}`)), again, field("boards.reason", reason)].filter(Boolean));
  const form = actionForm(key, fields, async (values) => {
    await post(`/firmware/rollouts/${rollOut.rollout_id}/${deed}`, { reason: values.reason, ...(deed === "start" && { retries: "retries" in values }) });
    dialog.close();
    await context.reload();
  });
  const dialog = openDialog(t(key), form);
}
