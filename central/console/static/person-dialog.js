/** One person: what is known, where they may pass, their cards and their face. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { pointName } from "./point-name.js";
import { enrolment } from "./face-enrolment.js";
import { personAccess } from "./person-access.js";
import { personConsent } from "./person-consent.js";
import { formatLast, personCodes } from "./person-codes.js";
import { fill, h } from "/web/dom.js";
import { formatDate, startOfDay } from "/web/format.js";
import { t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";

/**
 * @typedef {import("./people.js").Person} Person
 * @typedef {{state: () => import("./site-state.js").SiteState, onChanged: () => void}} Context
 */

/** @param {Context} context */
export function addPerson(context) {
  const form = actionForm("action.add", fields(null, context.state()), async (values) => {
    const person = await post("/people", wanted(values, form, context.state().zone));
    context.onChanged();
    dialog.close();
    openPerson(person, context);
  });
  const dialog = openDialog(t("people.add"), form);
}

/** @param {Person} person @param {Context} context */
export function openPerson(person, context) {
  const path = `/people/${encodeURIComponent(person.holder_id)}`;
  const done = h("p", { class: "done", role: "status" });
  const form = actionForm("action.save", fields(person, context.state()), async (values) => {
    const active = /** @type {HTMLInputElement} */ (form.elements.namedItem("is_active")).checked;
    await request("PATCH", path, { body: { ...wanted(values, form, context.state().zone), is_active: active } });
    fill(done, t("people.saved"));
    context.onChanged();
  });
  form.append(done);
  const face = enrolment(person, context.onChanged);
  const consent = personConsent(path, context.state(), (has) => {
    face.hidden = !has;
    context.onChanged();
  });
  face.hidden = true;
  const side = h("div", {}, cards(path, context.onChanged, context.state().zone), personCodes(path, context.state()), personAccess(person, path, context.onChanged), consent, face, removal(path));
  const dialog = openDialog(person.name, h("div", { class: "columns" }, form, side));
  dialog.classList.add("wide");

  /** @param {string} target */
  function removal(target) {
    const problem = h("p", { class: "problem", role: "alert" });
    const remove = async () => {
      await request("DELETE", target);
      context.onChanged();
      dialog.close();
    };
    const sure = h("p", { hidden: true }, t("people.remove_sure"), actionButton("people.remove_yes", remove, problem, "danger"));
    const ask = h("button", { type: "button", class: "quiet" }, t("people.remove"));
    ask.addEventListener("click", () => {
      sure.hidden = false;
      ask.hidden = true;
    });
    return h("section", { class: "removal" }, ask, sure, problem);
  }
}

/** @param {Person | null} person @param {import("./site-state.js").SiteState} state */
function fields(person, { zone, site, nodes }) {
  const last = person?.valid_until ? formatDate(Date.parse(person.valid_until) - 1, zone) : null;
  const first = person?.valid_from ? formatDate(person.valid_from, zone) : null;
  const rows = [
    field("field.name", h("input", { name: "name", required: true, maxlength: 80, value: person?.name, autocomplete: "off", autofocus: !person })),
    field("field.number", h("input", { name: "number", maxlength: 40, value: person?.number, autocomplete: "off" })),
    field("field.valid_from", h("input", { name: "valid_from", type: "date", value: first })),
    field("field.valid_until", h("input", { name: "valid_until", type: "date", value: last }), "people.until_hint"),
    places(person, site, nodes),
  ];
  if (person) {
    rows.push(h("label", { class: "check" }, h("input", { type: "checkbox", name: "is_active", checked: person.is_active }), t("people.may_pass")));
  }
  return rows;
}

/** @param {Person | null} person @param {any} site @param {Map<string, any>} nodes */
function places(person, site, nodes) {
  const devices = [...nodes.values()].flatMap((node) => node.status?.devices ?? []);
  const chosen = person?.access_points ?? null;
  const known = new Set([...devices.flatMap((device) => device.access_points), ...(chosen ?? [])]);
  const everywhere = h("input", { type: "checkbox", name: "everywhere", checked: chosen === null });
  const list = h(
    "div",
    { class: "checks", hidden: chosen === null },
    ...[...known].map((id) => h("label", { class: "check" }, h("input", { type: "checkbox", name: "point", value: id, checked: chosen?.includes(id) }), pointName(site, id))),
  );
  everywhere.addEventListener("change", () => {
    list.hidden = /** @type {HTMLInputElement} */ (everywhere).checked;
  });
  return h("fieldset", {}, h("legend", {}, t("field.access_points")), h("label", { class: "check" }, everywhere, t("people.everywhere")), list);
}

/** @param {Record<string, string>} values @param {HTMLFormElement} form @param {string} zone */
function wanted(values, form, zone) {
  const points = new FormData(form).getAll("point");
  return {
    name: values.name.trim(),
    number: values.number.trim() || null,
    valid_from: values.valid_from ? startOfDay(values.valid_from, zone) : null,
    // The last day counts: validity ends when the next one begins.
    valid_until: values.valid_until ? startOfDay(values.valid_until, zone, 1) : null,
    access_points: values.everywhere ? null : points,
  };
}

/** @param {string} path @param {() => void} onChanged @param {string} zone */
function cards(path, onChanged, zone) {
  const list = h("ul", { class: "cards" });
  const problem = h("p", { class: "problem", role: "alert" });
  const lastAnswer = new LastAnswer();
  const load = async () => {
    const answer = await lastAnswer.of(get(`${path}/cards`));
    const items = answer.items ?? answer;
    fill(list, ...items.map((/** @type {any} */ card, /** @type {number} */ index) => row(card, index)));
    if (items.length === 0) fill(list, h("li", { class: "muted" }, t("cards.empty")));
  };
  /** @param {any} card @param {number} index */
  const row = (card, index) => {
    const remove = async () => {
      await request("DELETE", `${path}/cards/${encodeURIComponent(card.card_id)}`);
      onChanged();
      await load();
    };
    return h("li", {}, h("span", {}, t("cards.nth", { n: index + 1 }), card.valid_until && h("small", {}, " ", t("codes.until", { until: formatLast(card.valid_until, zone) }))), actionButton("cards.remove", remove, problem, "quiet"));
  };
  const number = h("input", { name: "number", required: true, autocomplete: "off", inputmode: "numeric" });
  const until = h("input", { name: "until", type: "date" });
  const form = actionForm("cards.add", [field("cards.number", number, "cards.hint"), field("cards.until", until, "cards.until_hint")], async (values) => {
    const end = values.until ? startOfDay(values.until, zone, 1) : null;
    await post(`${path}/cards`, { number: values.number.trim(), valid_until: end });
    form.reset();
    onChanged();
    await load();
  });
  load().catch((error) => fill(problem, error.sentence));
  return h("section", {}, h("h3", {}, t("field.cards")), list, problem, form);
}
