/** Every board: who it is, what it runs, how it is; what can be done with one. */

import "/web/data-table.js";
import { post } from "./api.js";
import { actionForm, field, openDialog } from "./forms.js";
import { boardName, hwWords, isBad, isLost, natural, needsSomebody, placeOf, recorded, sign, stateOf, updateLine, updateWords, whyAndWhatToDo } from "./boards-words.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {import("./boards-words.js").Board} Board
 * @typedef {import("./boards.js").Context} Context
 */

const KINDS = ["all", "attention", "trial", "updating", "lost"];

export class BoardTable {
  #context;
  #kind = "all";
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "boards.none_such" }));
  #search = /** @type {HTMLInputElement} */ (h("input", { type: "search", oninput: () => this.show() }));
  #filters = h("div", { class: "filters", role: "group" });
  #empty = h("div", { class: "empty first" });
  #bar = h("div", { class: "filters bar" }, this.#search, this.#filters);
  element = h("section", {}, this.#bar, this.#table, this.#empty);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#table.rowKey = (board) => board.device;
    this.#table.columns = columns(context);
    this.#table.addEventListener("open", (event) => {
      const board = context.view.boards.find(({ device }) => device === /** @type {CustomEvent} */ (event).detail);
      if (board) openBoard(board, context);
    });
    this.#search.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#search.blur();
    });
  }

  show() {
    const { boards } = this.#context.view;
    this.#search.placeholder = t("boards.search");
    this.#search.ariaLabel = t("boards.search");
    this.#bar.hidden = boards.length === 0;
    this.#table.hidden = boards.length === 0;
    this.#empty.hidden = boards.length > 0;
    fill(this.#empty, h("h2", {}, t("boards.empty")), h("p", {}, t("boards.empty_hint")), h("pre", {}, '[[device]]\nid = "board-1"\ndriver = "board"\nbus = "line-1"'));
    fill(
      this.#filters,
      ...KINDS.map((kind) => {
        const count = boards.filter((board) => this.#isOf(board, kind)).length;
        const choose = () => {
          this.#kind = kind;
          this.show();
        };
        return h("button", { type: "button", class: "quiet", "aria-pressed": String(kind === this.#kind), onclick: choose }, `${t(`board_filter.${kind}`)} ${count}`);
      }),
    );
    const wanted = this.#search.value.trim().toLowerCase().split(/\s+/);
    this.#table.rows = boards.filter((board) => this.#isOf(board, this.#kind) && wanted.every((word) => this.#text(board).includes(word)));
  }

  /** @param {Board} board @param {string} kind */
  #isOf(board, kind) {
    const state = this.#context.state();
    if (kind === "attention") return needsSomebody(board, state);
    if (kind === "trial") return board.identity?.is_confirmed === false;
    if (kind === "updating") return board.update !== null && board.update.outcome === null;
    return kind === "all" || isLost(board, state);
  }

  /** Everything that a row says. @param {Board} board */
  #text(board) {
    const state = this.#context.state();
    const words = stateOf(board, state).map((each) => each.words);
    return [board.device, boardName(state.site, board.device), placeOf(state, board.device), board.node, ...who(board.identity), ...words].join(" ").toLowerCase();
  }

  /** @param {1 | -1} by */
  move(by) {
    this.#table.move(by);
  }

  /** @param {string} device */
  choose(device) {
    this.#kind = "all";
    this.#search.value = device;
  }
}

/** @param {Context} context @returns {import("/web/data-table.js").Column[]} */
function columns({ state }) {
  const stale = (/** @type {Board} */ board) => (isLost(board, state()) ? "is-stale" : "");
  return [
    { title: "boards.board", cell: (board) => [h("button", { class: "plain" }, boardName(state().site, board.device)), h("small", { class: "below" }, placeOf(state(), board.device))], order: (board) => natural(boardName(state().site, board.device)) },
    { title: "field.node", cell: (board) => [board.node], order: (board) => natural(board.node) },
    { title: "boards.model", cell: ({ identity }) => (identity ? [[identity.model, identity.revision].filter(Boolean).join(" "), h("small", { class: "below" }, identity.serial_number)] : []), order: ({ identity }) => (identity ? `${identity.model} ${identity.serial_number}` : "") },
    { title: "field.version", cell: (board) => (board.identity ? [h("span", { class: stale(board) }, board.identity.version), trial(board.identity)] : []), order: ({ identity }) => natural(identity?.version ?? "") },
    { title: "boards.other_slot", cell: ({ identity }) => (identity ? [identity.other_version ?? h("span", { class: "muted" }, t("boards.slot_empty"))] : []), order: ({ identity }) => natural(identity?.other_version ?? "") },
    { title: "field.state", cell: (board) => stateOf(board, state()).map(sign), order: (board) => Math.min(...stateOf(board, state()).map(({ priority }) => priority ?? 9)) },
    { title: "boards.last_update", cell: (board) => [board.update ? updateLine(board.update, state().zone) : h("span", { class: "muted" }, t("boards.no_update"))], order: (board) => board.update?.at ?? "" },
  ];
}

/** All that a board says of itself. @param {import("./boards-words.js").Identity | null} identity */
function who(identity) {
  return identity ? [identity.model, hwWords(identity.hw), identity.serial_number, identity.version, identity.other_version ?? ""] : [];
}

/** @param {import("./boards-words.js").Identity} identity */
function trial(identity) {
  return identity.is_confirmed ? null : h("small", { class: "below" }, sign({ priority: 4, words: t("boards.on_trial") }));
}

/** @param {Board} board @param {Context} context */
function openBoard(board, context) {
  const state = context.state();
  const time = (/** @type {string} */ at) => formatTime(at, state.zone);
  /** @type {[string, ...import("/web/dom.js").Child[]][]} */
  const facts = [
    ["field.state", ...stateOf(board, state).map(sign)],
    ["boards.place", placeOf(state, board.device) || t("boards.no_place")],
    ["field.node", board.node],
  ];
  const { update, identity } = board;
  if (identity) {
    facts.push(
      ["boards.model", [identity.model, identity.revision, hwWords(identity.hw)].filter(Boolean).join(" · ")],
      ["boards.serial_number", identity.serial_number],
      ["field.version", `${identity.version} · ${t(identity.is_confirmed ? "boards.confirmed" : "boards.on_trial")}`],
      ["boards.other_slot", identity.other_version ?? t("boards.slot_empty")],
      ["boards.identified", time(identity.at)],
    );
  }
  const dialog = openDialog(
    boardName(state.site, board.device),
    h("dl", { class: "facts" }, ...facts.flatMap(([key, ...value]) => [h("dt", {}, t(key)), h("dd", {}, ...value)])),
    h("h3", {}, t("boards.last_update")),
    update ? h("p", {}, updateLine(update, state.zone)) : h("p", { class: "muted" }, t("boards.no_update")),
    ...(update && isBad(update) ? [...whyAndWhatToDo(update.reason), recorded(update.detail)] : []),
  );
  dialog.classList.add("board");
  if (!context.mayManage || !identity) return;
  const begin = async () => {
    dialog.close();
    (await import("./boards-new.js")).askForRollOut(context, [board.device]);
  };
  const back = h("button", { type: "button", hidden: identity.other_version === null, onclick: () => askToRollBack(board, context, () => dialog.close()) }, t("boards.roll_back"));
  dialog.append(h("footer", {}, back, h("button", { type: "button", class: "primary", onclick: begin }, t("boards.update_this"))));
}

/**
 * What it does, then a reason, then doing it.
 * @param {Board} board @param {Context} context @param {() => void} [onDone]
 */
export function askToRollBack(board, context, onDone) {
  const name = boardName(context.state().site, board.device);
  const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true });
  const hint = h("p", {}, t("boards.roll_back_hint", { now: board.identity?.version ?? "", then: board.identity?.other_version ?? "" }));
  const leftOut = h("p", { class: "problem", role: "status" });
  const wish = { action: "roll_back", devices: [board.device] };
  const form = actionForm("boards.roll_back_now", [hint, leftOut, field("boards.reason", reason)], async (values) => {
    await post("/firmware/rollouts", { ...wish, reason: values.reason, starts: true });
    dialog.close();
    onDone?.();
    await context.reload();
  });
  const dialog = openDialog(t("boards.roll_back_sure", { name }), form);
  // Whether it can be done is said before somebody gives a reason; what fails here, the form says.
  post("/firmware/rollouts/preview", wish).then(
    ({ left_out: left }) => fill(leftOut, ...left.map((/** @type {{why: string}} */ { why }) => term("board_left_out", why))),
    () => {},
  );
}
