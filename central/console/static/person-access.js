/** What the access rules know of one person: profiles, marks and a PIN that is never shown again. */

import { get, request } from "./api.js";
import { choices, optionsOf, tick } from "./access-fields.js";
import { actionButton, actionForm, field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const MARKS = ["needs_escort", "may_escort", "is_first_person", "is_passback_exempt", "has_extended_access_time"];
const PIN = { type: "password", inputmode: "numeric", pattern: "[0-9]{4,8}", minlength: 4, maxlength: 8, autocomplete: "new-password" };

/**
 * @param {any} person
 * @param {string} path of the person
 * @param {() => void} onChanged
 */
export function personAccess(person, path, onChanged) {
  const section = h("section", { class: "person-access" }, h("h3", {}, t("person_access.title")));
  const problem = h("p", { class: "problem", role: "alert" });
  get("/access-model")
    .then(({ model }) => section.append(rules(person, path, model, onChanged), pin(person, path, onChanged)))
    .catch((error) => {
      fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      section.append(problem);
    });
  return section;
}

/** @param {any} person @param {string} path @param {any} model @param {() => void} onChanged */
function rules(person, path, model, onChanged) {
  const done = h("p", { class: "saved", role: "status" });
  const byProfiles = tick("person_access.by_profiles", person.profiles !== null);
  const profiles = choices(t("rule_table.profiles"), optionsOf(model.profiles), person.profiles ?? []);
  const marks = MARKS.map((name) => tick(`mark.${name}`, person[name]));
  const show = () => {
    profiles.element.hidden = !byProfiles.read();
  };
  byProfiles.element.addEventListener("change", show);
  show();
  const form = actionForm("person_access.save", [byProfiles.element, profiles.element, ...marks.map(({ element }) => element)], async () => {
    const given = Object.fromEntries(MARKS.map((name, index) => [name, marks[index].read()]));
    await request("PATCH", path, { body: { ...given, profiles: byProfiles.read() ? profiles.read() : null } });
    fill(done, t("people.saved"));
    onChanged();
  });
  form.append(done);
  return form;
}

/** @param {any} person @param {string} path @param {() => void} onChanged */
function pin(person, path, onChanged) {
  const state = h("p", { class: "muted", role: "status" });
  const problem = h("p", { class: "problem", role: "alert" });
  const remove = actionButton("pin.remove", async () => {
    await request("DELETE", `${path}/pin`);
    show(false, false);
    onChanged();
  }, problem, "quiet");
  /** @param {boolean} has @param {boolean} hasDuress */
  const show = (has, hasDuress) => {
    fill(state, has ? t(hasDuress ? "pin.both" : "pin.present") : t("pin.absent"));
    remove.hidden = !has;
  };
  show(person.has_pin, person.has_duress_pin);
  const fields = [
    field("credential.pin", h("input", { name: "pin", required: true, ...PIN }), "pin.hint"),
    field("pin.duress", h("input", { name: "duress", ...PIN }), "pin.duress_hint"),
  ];
  const form = actionForm("pin.set", fields, async ({ pin: wanted, duress }) => {
    await request("PUT", `${path}/pin`, { body: { pin: wanted, duress_pin: duress || null } });
    form.reset();
    show(true, Boolean(duress));
    onChanged();
  });
  return h("div", { class: "pin" }, h("h3", {}, t("credential.pin")), state, remove, problem, form);
}
