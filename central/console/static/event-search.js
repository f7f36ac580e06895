/** The conditions of a search for events, as a form. */

import { pointName } from "./point-name.js";
import { actionForm, field, openDialog } from "./forms.js";
import { personPicker } from "./person-picker.js";
import { fill, h } from "/web/dom.js";
import { instantOf, minuteOf } from "/web/format.js";
import { localName, t, term, termsOf } from "/web/i18n.js";

/**
 * @typedef {import("./site-state.js").SiteState} SiteState
 * @typedef {import("./event-tail.js").Wanted} Wanted
 */

const DAY_MS = 86_400_000;

/** The parameters of a search. @param {Wanted} wanted */
export function questionOf(wanted) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value) found.append(name, value);
  return found.toString();
}

/**
 * @param {SiteState} state
 * @param {{mayChoose: boolean, run: (wanted: Wanted) => Promise<void>}} given `mayChoose`: a person
 * @returns {HTMLElement}
 */
export function searchForm({ site, zone, nodes }, { mayChoose, run }) {
  /** @param {string} name @param {[string, string][]} options */
  const choice = (name, options) => h("select", { name }, h("option", { value: "" }, t("event_search.any")), ...options.map(([value, words]) => h("option", { value }, words)));
  /** @param {string} group @returns {[string, string][]} */
  const terms = (group) => termsOf(group).map((word) => [word, term(group, word)]);
  const since = h("input", { name: "since", type: "datetime-local", value: minuteOf(Date.now() - DAY_MS, zone) });
  const until = h("input", { name: "until", type: "datetime-local" });
  const fields = [
    field("event_search.since", since),
    field("event_search.until", until, "event_search.until_hint"),
    field("event_search.type", choice("type", terms("event"))),
    field("event_search.class", choice("class", terms("class"))),
    field("event_search.place", choice("place", placesOf(site))),
    field("event_search.node", choice("node", [...nodes.keys()].map((node) => [node, node]))),
    mayChoose ? personField() : null,
  ];
  return actionForm("event_search.find", /** @type {HTMLElement[]} */ (fields.filter(Boolean)), (values) =>
    run({
      since: values.since ? instantOf(values.since, zone) : "",
      until: values.until ? instantOf(values.until, zone) : "",
      type: values.type ? `menshen.${values.type}.v1` : "",
      class: values.class,
      place: values.place,
      node: values.node,
      person: values.person ?? "",
    }),
  );
}

/** Everything that events happen at, by name. @param {any} site @returns {[string, string][]} */
function placesOf(site) {
  /** @type {[string, string][]} */
  const found = Object.keys(site?.access_points ?? {}).map((id) => [id, pointName(site, id)]);
  for (const named of Object.values(site?.names ?? {})) {
    for (const [id, name] of Object.entries(/** @type {Record<string, any>} */ (named))) {
      const words = localName(name, id);
      // A gate is called as its lanes are: what it says itself stands beside them, told apart by what it is.
      found.push([id, found.some(([, other]) => other === words) ? t("event_search.device", { name: words }) : words]);
    }
  }
  return found.sort(([, one], [, other]) => one.localeCompare(other, document.documentElement.lang));
}

/** Whom it is about: chosen by name or number, shown by name, sent by identifier. */
function personField() {
  const value = /** @type {HTMLInputElement} */ (h("input", { type: "hidden", name: "person" }));
  const button = h("button", { type: "button", class: "person" });
  const none = h("button", { type: "button", class: "quiet", hidden: true, "aria-label": t("event_search.nobody") }, "×");
  /** @param {string} id @param {string} name */
  const choose = (id, name) => {
    value.value = id;
    none.hidden = !id;
    fill(button, name);
  };
  button.addEventListener("click", () => {
    const picker = personPicker("holder", "event_search.person");
    const form = actionForm("event_search.choose", [picker], async (values) => {
      const option = picker.querySelector("option:checked");
      choose(values.holder, option?.textContent ?? values.holder);
      dialog.close();
      button.focus();
    });
    const dialog = openDialog(t("event_search.person"), form);
  });
  none.addEventListener("click", () => {
    choose("", t("event_search.anybody"));
    button.focus();
  });
  choose("", t("event_search.anybody"));
  return h("div", { class: "field" }, h("span", {}, t("event_search.person")), h("div", { class: "whom" }, button, none, value));
}
