/** People whom face alone does not tell apart: who they are, and what an operator says of them. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { personPicker } from "./person-picker.js";
import { fill, h } from "/web/dom.js";
import { formatSimilarity, formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{holder_id: string, name: string}} PairPerson
 * @typedef {{one: PairPerson, other: PairPerson, similarity: number | null, origin: string,
 *   verdict: string | null, decided_by: string | null, decided_at: string | null,
 *   superfluous: string | null}} Pair
 * @typedef {{items: Pair[], count: number}} Pairs
 * @typedef {{state: () => import("./site-state.js").SiteState, onChanged: () => void,
 *   mayDecide: boolean}} Context
 */
const VERDICTS = ["alike", "same_person", "not_confusable"];

/** @param {HTMLElement} section @param {Pairs} pairs @param {Context} context */
export function renderPairs(section, pairs, context) {
  const hidden = pairs.count - pairs.items.length;
  const add = h("button", { type: "button", hidden: !context.mayDecide, onclick: () => addPair(context) }, t("pairs.add"));
  fill(
    section,
    h("header", {}, h("h2", {}, t("pairs.title", { n: pairs.count })), add),
    h("p", { class: "muted" }, pairs.count > 0 ? t("pairs.hint") : t("pairs.empty")),
    h("ul", {}, ...pairs.items.map((pair) => row(pair, context))),
    hidden > 0 ? h("p", { class: "muted" }, t("pairs.more", { n: hidden })) : null,
  );
}

/** @param {Pair} pair @param {Context} context */
function row(pair, context) {
  const problem = h("p", { class: "problem", role: "alert" });
  const path = `/recognition/pairs/${encodeURIComponent(pair.one.holder_id)}/${encodeURIComponent(pair.other.holder_id)}`;
  const similarity = pair.similarity === null ? "" : t("pairs.similarity", { similarity: formatSimilarity(pair.similarity) });
  return h(
    "li",
    {},
    h("b", {}, `${pair.one.name} — ${pair.other.name}`),
    h("span", { class: "muted" }, [similarity, term("pair_origin", pair.origin)].filter(Boolean).join(" · ")),
    standing(pair, context.state().zone),
    context.mayDecide ? actions(pair, path, context, problem) : null,
    pair.superfluous ? superfluous(pair, context, problem) : null,
    problem,
  );
}

/** @param {Pair} pair @param {string} zone */
function standing(pair, zone) {
  if (pair.verdict === null) return h("span", { class: "p3" }, prioritySign(3), t("pairs.open"));
  const title = pair.decided_at ? t("pairs.decided", { who: pair.decided_by ?? "", at: formatTime(pair.decided_at, zone) }) : null;
  return h("span", { title }, term("verdict", pair.verdict));
}

/** @param {Pair} pair @param {string} path @param {Context} context @param {HTMLElement} problem */
function actions(pair, path, context, problem) {
  const answers = VERDICTS.filter((verdict) => verdict !== pair.verdict).map((verdict) =>
    actionButton(`pairs.${verdict}`, async () => {
      await request("PUT", path, { body: { verdict } });
      context.onChanged();
    }, problem, pair.verdict === null ? "" : "quiet"),
  );
  const remove = async () => {
    await request("DELETE", path);
    context.onChanged();
  };
  // What a self-test found it would find again; a pair given by hand may have been a mistake.
  const isOurs = pair.origin === "operator";
  return h("span", { class: "actions" }, ...answers, isOurs ? actionButton("pairs.remove", remove, problem, "quiet") : null);
}

/** @param {Pair} pair @param {Context} context @param {HTMLElement} problem */
function superfluous(pair, context, problem) {
  const { holder_id: id, name } = pair.superfluous === pair.one.holder_id ? pair.one : pair.other;
  const open = async () => {
    const { openPerson } = await import("./person-dialog.js");
    openPerson(await get(`/people/${encodeURIComponent(id)}`), context);
  };
  return h("p", {}, t("pairs.superfluous", { name }), actionButton("pairs.superfluous_open", open, problem, "quiet"));
}

/** @param {Context} context */
function addPair(context) {
  const pickers = [personPicker("one", "pairs.one"), personPicker("other", "pairs.other")];
  const form = actionForm("action.add", pickers, async ({ one, other }) => {
    await post("/recognition/pairs", { one, other });
    dialog.close();
    context.onChanged();
  });
  const dialog = openDialog(t("pairs.add"), form);
}
