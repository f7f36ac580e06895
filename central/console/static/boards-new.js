/** A new roll-out: which image, which boards, who is left out and why; then a reason, and it begins. */

import { post } from "./api.js";
import { boardName, countWords, hwWords, placeOf, stageWords } from "./boards-words.js";
import { actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";

/**
 * @typedef {import("./boards.js").Context} Context
 * @typedef {{device: string, stage: number}} Planned
 * @typedef {{device: string, why: string}} LeftOut
 * @typedef {{boards: Planned[], stages: number[], left_out: LeftOut[]}} Preview
 */

/** More names than these are counted. */
const NAMES_MAX = 8;

/**
 * @param {Context} context
 * @param {string[] | null} [devices] that are ticked at first; null for all
 * @param {string} [chosen] SHA-256 of the image that is chosen at first
 */
export function askForRollOut(context, devices = null, chosen) {
  const { images, boards } = context.view;
  if (images.length === 0 || boards.length === 0) {
    const go = () => {
      dialog.close();
      context.goTo(boards.length ? "images" : "boards");
    };
    const dialog = openDialog(t("boards.new"), h("p", {}, t(boards.length ? "boards.no_rollouts_no_image" : "boards.empty")), h("footer", {}, h("button", { type: "button", class: "primary", autofocus: true, onclick: go }, t(boards.length ? "board_tab.images" : "board_tab.boards"))));
    return;
  }
  const { site } = context.state();
  const option = (/** @type {import("./boards-words.js").Image} */ image) => h("option", { value: image.sha256, selected: image.sha256 === chosen }, `${image.version} · ${hwWords(image.hw)} · ${image.name}`);
  const image = /** @type {HTMLSelectElement} */ (h("select", { name: "image", autofocus: true }, ...images.map(option)));
  const boxes = new Map(
    boards.map(({ device }) => [device, /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: devices === null || devices.includes(device) }))]),
  );
  const rows = boards.map((board) =>
    h("label", { class: "check" }, boxes.get(board.device), h("span", {}, boardName(site, board.device)), h("small", {}, [placeOf(context.state(), board.device), board.identity?.version].filter(Boolean).join(" · "))),
  );
  const all = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: [...boxes.values()].every(({ checked }) => checked) }));
  const preview = h("div", { class: "plan-preview", role: "status" });
  const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off" });
  let asked = 0;
  const ticked = () => [...boxes].filter(([, box]) => box.checked).map(([device]) => device);
  // All are those of the image's type: boards that it is not for are none of its business.
  const wish = () => ({ image: image.value, devices: ticked().length === boards.length ? [] : ticked() });

  async function look() {
    const mine = ++asked;
    begin.disabled = true;
    if (ticked().length === 0) return fill(preview, h("p", { class: "muted" }, t("boards.choose_boards")));
    try {
      const plan = await post("/firmware/rollouts/preview", wish());
      if (mine !== asked) return;
      fill(preview, ...shown(plan, context));
      begin.disabled = plan.boards.length === 0;
    } catch (/** @type {any} */ error) {
      if (mine === asked) fill(preview, h("p", { class: "problem" }, error.sentence ?? t("error.other", { code: String(error) })));
    }
  }
  const form = actionForm("boards.start", [
    field("boards.which_image", image),
    h("fieldset", {}, h("legend", {}, t("boards.which_boards")), h("label", { class: "check" }, all, t("boards.all_boards", { n: boards.length })), h("div", { class: "some" }, ...rows)),
    preview,
    field("boards.reason", reason, "boards.reason_hint"),
  ], async (values) => {
    const made = await post("/firmware/rollouts", { ...wish(), reason: values.reason, starts: true });
    dialog.close();
    await context.reload();
    await context.goTo("rollouts", made.rollout_id);
  });
  const begin = /** @type {HTMLButtonElement} */ (form.querySelector("footer button"));
  all.addEventListener("change", () => {
    for (const box of boxes.values()) box.checked = all.checked;
  });
  form.addEventListener("change", (event) => {
    if (event.target !== reason) look();
  });
  const dialog = openDialog(t("boards.new"), form);
  dialog.classList.add("wide", "new-rollout");
  look();
}

/** @param {Preview} preview @param {Context} context */
function shown({ boards, stages: sizes, left_out: leftOut }, context) {
  const { site } = context.state();
  const names = (/** @type {{device: string}[]} */ some) => {
    const said = some.slice(0, NAMES_MAX).map(({ device }) => boardName(site, device)).join(t("list.comma"));
    return some.length > NAMES_MAX ? t("boards.and_more", { names: said, n: some.length - NAMES_MAX }) : said;
  };
  const stages = sizes.map((_, stage) => boards.filter((board) => board.stage === stage));
  const reasons = [...new Set(leftOut.map(({ why }) => why))];
  return [
    h("ol", { class: "planned" }, ...stages.map((some, stage) => h("li", {}, h("b", {}, stageWords(stage, sizes)), h("span", {}, `${countWords(some.length)} · ${names(some)}`)))),
    boards.length === 0 && h("p", { class: "problem" }, t("boards.nobody")),
    reasons.length > 0 && h("h3", {}, t("boards.left_out")),
    reasons.length > 0 && h("ul", { class: "left-out" }, ...reasons.map((why) => h("li", {}, h("b", {}, term("board_left_out", why)), " ", names(leftOut.filter((board) => board.why === why))))),
  ];
}
