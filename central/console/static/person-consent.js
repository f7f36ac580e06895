/** A person's consent to passing by face: what they are told, recording it, withdrawing, proofs. */

import { get, post } from "./api.js";
import { actionButton, actionForm, field } from "./forms.js";
import { prioritySign, symbol } from "/web/symbols.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatMinute } from "/web/format.js";
import { language, t, term } from "/web/i18n.js";

/**
 * @param {string} path of the person
 * @param {import("./site-state.js").SiteState} state
 * @param {(has: boolean) => void} onConsent whether a consent stands now
 */
export function personConsent(path, { zone, nodes }, onConsent) {
  const content = h("div");
  const proofs = h("ul", { class: "proofs" });
  const problem = h("p", { class: "problem", role: "alert" });
  const load = async () => {
    const holder = path.split("/").at(-1);
    const [{ items }, texts, deletions] = await Promise.all([get(`${path}/consents`), get("/consent-texts"), get(`/face-deletions?holder_id=${holder}`)]);
    const standing = items.find((/** @type {any} */ consent) => consent.purpose === "gate" && consent.ended_at === null);
    const text = texts.items.find((/** @type {any} */ one) => one.purpose === "gate");
    fill(content, ...(standing ? given(standing, path, zone, problem, load) : [form(path, text, [...nodes.keys()], load)]));
    fill(proofs, ...deletions.items.map((/** @type {any} */ deletion) => proof(deletion, zone)));
    onConsent(standing !== undefined);
  };
  load().catch((error) => fill(problem, error.sentence ?? t("error.other", { code: String(error) })));
  return h("section", { class: "consent" }, h("h3", {}, t("consent.title")), content, problem, proofs);
}

/**
 * @param {any} consent @param {string} path @param {string} zone @param {HTMLElement} problem
 * @param {() => Promise<void>} load
 */
function given(consent, path, zone, problem, load) {
  const withdraw = async () => {
    await post(`${path}/consents/${consent.consent_id}/withdraw`);
    await load();
  };
  const sure = h("p", { hidden: true }, t("consent.withdraw_sure"), " ", actionButton("consent.withdraw_yes", withdraw, problem, "danger"));
  const ask = h("button", { type: "button", class: "quiet" }, t("consent.withdraw"));
  ask.addEventListener("click", () => {
    sure.hidden = false;
    ask.hidden = true;
  });
  const place = consent.place === "central" ? t("consent.central") : t("consent.only_at", { nodes: consent.nodes.join(t("consent.comma")) });
  const guardian = consent.guardian_name && t("consent.by_guardian", { name: consent.guardian_name, relation: consent.guardian_relation });
  return [
    h("p", {}, symbol("granted"), " ", t("consent.given", { date: formatDate(consent.given_at, zone), n: consent.text_version, name: consent.taken_by })),
    h("p", { class: "muted" }, place, guardian && h("br"), guardian),
    ask,
    sure,
  ];
}

/** @param {string} path @param {any} text @param {string[]} nodes @param {() => Promise<void>} load */
function form(path, text, nodes, load) {
  const words = language() === "zh-CN" ? text.zh_cn : text.en;
  const method = choice("method", ["paper", "screen"], "consent_method");
  const place = choice("place", ["central", "terminal"], "consent_place");
  const terminals = h("div", { class: "checks", hidden: true }, ...nodes.map((node) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "node", value: node }), node)));
  const child = h("input", { type: "checkbox", name: "is_under_14" });
  const guardian = h("div", { hidden: true }, field("consent.guardian_name", h("input", { name: "guardian_name", maxlength: 200, autocomplete: "off" })), field("consent.guardian_relation", h("input", { name: "guardian_relation", maxlength: 100, autocomplete: "off" })));
  place.addEventListener("change", () => (terminals.hidden = /** @type {HTMLSelectElement} */ (place).value !== "terminal"));
  child.addEventListener("change", () => (guardian.hidden = !(/** @type {HTMLInputElement} */ (child).checked)));
  const element = actionForm(
    "consent.record",
    [
      h("p", { class: "muted" }, t("consent.needed")),
      h("details", {}, h("summary", {}, t("consent.text", { n: text.version })), h("p", { class: "consent-text" }, words)),
      field("consent.method", method),
      field("consent.place", place),
      terminals,
      h("label", { class: "check" }, child, t("consent.under_14")),
      guardian,
    ],
    async (values) => {
      const isChild = /** @type {HTMLInputElement} */ (child).checked;
      const chosen = [...element.querySelectorAll("input[name=node]:checked")].map((node) => /** @type {HTMLInputElement} */ (node).value);
      await post(`${path}/consents`, {
        purpose: "gate",
        text_version: text.version,
        place: values.place,
        nodes: values.place === "terminal" ? chosen : [],
        method: values.method,
        is_under_14: isChild,
        guardian_name: isChild ? values.guardian_name : null,
        guardian_relation: isChild ? values.guardian_relation : null,
      });
      await load();
    },
  );
  return element;
}

/** @param {string} name @param {string[]} values @param {string} group of the words */
function choice(name, values, group) {
  return h("select", { name }, ...values.map((value) => h("option", { value }, term(group, value))));
}

/** @param {any} deletion @param {string} zone */
function proof(deletion, zone) {
  const link = h("a", { href: `/api/v1/face-deletions/${deletion.deletion_id}/certificate`, download: `${deletion.deletion_id}.json` }, t("consent.certificate"));
  return h(
    "li",
    {},
    h("p", {}, deletion.is_complete ? symbol("granted") : prioritySign(4), " ", term("deletion_reason", deletion.reason), " · ", formatMinute(deletion.ordered_at, zone), " ", link),
    h(
      "ul",
      {},
      h("li", {}, deletion.central_deleted_at ? t("consent.central_deleted") : t("consent.central_waits")),
      ...deletion.nodes.map((/** @type {any} */ { node, confirmed_at: at }) => h("li", {}, at ? t("consent.proved", { node, at: formatMinute(at, zone) }) : t("consent.outstanding", { node, at: formatMinute(deletion.ordered_at, zone) }))),
    ),
  );
}
