/** Over the console: what waits for a second person, the oldest emergency first; overdue ones stand out. */

import { ApiError, get, post } from "./api.js";
import { follow } from "./follow.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{act_id: string, act: string, subject: string, reason: string, done_by: string, done_at: string,
 *   due_at: string, is_overdue: boolean, is_own: boolean, signed_at: string | null}} Act
 * @typedef {{approval_id: string, deed: string, state: string, asked_by: string, asked_at: string,
 *   expires_at: string, decided_by: string | null, is_own: boolean}} Question
 */

/** Where each deed is done, once it was approved. */
const PLACES = new Map([["key_rotation", "/privacy"]]);

/**
 * @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @param {string[]} permissions
 * @returns {HTMLElement}
 */
export function signingStrip(store, permissions) {
  const strip = h("section", { class: "signing", role: "status", hidden: true });
  const problem = h("p", { class: "problem", role: "alert" });
  /** @type {{acts: Act[], questions: Question[], levels: any[]}} */
  let view = { acts: [], questions: [], levels: [] };

  const show = () => {
    const count = view.acts.length + view.questions.length;
    strip.hidden = count === 0;
    if (count === 0) return fill(strip);
    fill(
      strip,
      h("h2", {}, t("signing.title", { n: count })),
      h("ul", {}, ...view.acts.map(act), ...view.questions.map(question)),
      problem,
    );
  };

  const load = async () => {
    try {
      const [acts, questions] = await Promise.all([get("/countersignatures"), get("/approvals")]);
      view.acts = acts.items.filter((/** @type {Act} */ each) => each.signed_at === null);
      view.questions = questions.items.filter(
        (/** @type {Question} */ each) => each.state === "pending" || (each.state === "approved" && each.is_own),
      );
      if (view.acts.length > 0 && permissions.includes("access.read")) {
        view.levels = (await get("/access-model")).model.lockdown_levels;
      }
    } catch (error) {
      // Without an answer the strip keeps still: the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
    }
    show();
  };

  /** @param {string} iso */
  const time = (iso) => formatTime(iso, store.state.zone);

  /** @param {Act} each */
  function act(each) {
    const level = view.levels.find(({ id }) => id === each.subject);
    const what = localName(level?.name, each.subject);
    const words = t(`signing_act.${each.act}`, { who: each.done_by, what, time: time(each.done_at), reason: each.reason });
    const until = time(each.due_at);
    const priority = each.is_overdue ? 2 : 3;
    return line(
      priority,
      words,
      t(each.is_overdue ? "signing.overdue" : "signing.due", { until }),
      each.is_own
        ? [t("signing.own_act")]
        : [permissions.includes("emergency.countersign") && h("button", { type: "button", onclick: () => askToSign(each, words, load) }, t("signing.sign"))],
    );
  }

  /** @param {Question} each */
  function question(each) {
    const until = time(each.expires_at);
    const path = `/approvals/${encodeURIComponent(each.approval_id)}`;
    /** @param {"approve" | "refuse"} word */
    const decide = (word) => async () => {
      await post(`${path}/${word}`);
      await load();
    };
    const words = t(`signing_deed.${each.deed}`, { who: each.asked_by });
    if (each.state === "approved") {
      const link = h("a", { href: PLACES.get(each.deed) }, t("signing.go"));
      return line(4, words, t("signing.approved", { who: each.decided_by ?? "", until }), [link]);
    }
    const may = permissions.includes("approvals.decide");
    const deeds = [may && actionButton("signing.approve", decide("approve"), problem), may && actionButton("signing.refuse", decide("refuse"), problem)];
    return line(3, words, t("signing.until", { time: time(each.asked_at), until }), each.is_own ? [t("signing.own_question")] : deeds);
  }

  follow(store, (state) => state.approvalsVersion, load);
  onLanguage(show);
  return strip;
}

/**
 * @param {2 | 3 | 4} priority @param {string} words @param {string} until
 * @param {import("/web/dom.js").Child[]} deeds
 */
function line(priority, words, until, deeds) {
  return h("li", { class: `p${priority}` }, prioritySign(priority), h("span", {}, words), h("small", {}, until), h("span", { class: "deeds" }, ...deeds));
}

/** @param {Act} act @param {string} words what was done @param {() => Promise<void>} onSigned */
function askToSign(act, words, onSigned) {
  const reason = h("input", { name: "reason", required: true, maxlength: 200, autocomplete: "off", autofocus: true });
  const form = actionForm("signing.sign_now", [h("p", {}, words), field("signing.reason", reason)], async (values) => {
    await post(`/countersignatures/${encodeURIComponent(act.act_id)}/sign`, { reason: values.reason });
    dialog.close();
    await onSigned();
  });
  const dialog = openDialog(t("signing.sign_now"), form);
}
