/** Choosing one person: type a part of the name or number, then choose from what was found. */

import { get } from "./api.js";
import { field } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const FOUND_COUNT = 20;
const TYPING_MS = 200;

/**
 * @param {string} name of the value, the holder's identifier
 * @param {string} label key of the words
 */
export function personPicker(name, label) {
  const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", autocomplete: "off", "aria-label": t("people.search") }));
  const select = h("select", { name, required: true, "aria-label": t(label), size: 4 });
  let asked = 0;
  const load = async () => {
    const mine = ++asked;
    const parameters = new URLSearchParams({ query: search.value.trim(), limit: String(FOUND_COUNT) });
    const { items } = await get(`/people?${parameters}`);
    if (mine === asked) fill(select, ...items.map(option));
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(load, TYPING_MS);
  });
  load();
  return h("fieldset", { class: "picker" }, field(label, search, "pairs.search_hint"), select);
}

/** @param {import("./people.js").Person} person */
function option({ holder_id: id, name, number }) {
  return h("option", { value: id }, number ? `${name} · ${number}` : name);
}
