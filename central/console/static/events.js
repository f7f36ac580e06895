/** Events of the past: looked for by time, kind, place and class, and taken away as a table. */

import { get } from "./api.js";
import { actionForm, field } from "./forms.js";
import { keptPurpose } from "./purpose-kept.js";
import { startPage } from "./shell.js";
import { pointName } from "./event-line.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatTime, instantOf, minuteOf } from "/web/format.js";
import { onLanguage, t, term, termsOf } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

const PAGE_LENGTH = 100;
const DAY_MS = 86_400_000;
const EXPORTS = [["csv", "event_search.csv"], ["jsonl", "event_search.jsonl"]];

startPage({
  name: "events",
  mount(main, { store }) {
    /** @type {any[]} */
    let items = [];
    /** @type {number | null} */
    let next = null;
    let asked = "";
    const form = h("div", { class: "event-search" });
    const said = h("p", { class: "muted", role: "status" });
    const body = h("tbody");
    const more = h("button", { type: "button", hidden: true });
    const out = h("div", { class: "deeds" });
    main.append(h("header", {}, h("h1", { data: { t: "page.events" } }, t("page.events")), out), form, said, h("table", { class: "found" }, body), more);

    /** @param {Record<string, string>} values @returns {string} */
    function question(values) {
      const { zone } = store.state;
      const wanted = new URLSearchParams();
      if (values.since) wanted.set("since", instantOf(values.since, zone));
      if (values.until) wanted.set("until", instantOf(values.until, zone));
      if (values.type) wanted.append("type", `menshen.${values.type}.v1`);
      for (const name of ["class", "place", "person"]) if (values[name]) wanted.append(name, values[name].trim());
      return wanted.toString();
    }

    /** @param {boolean} isMore */
    async function load(isMore) {
      const answer = await get(`/events/search?${asked}&limit=${PAGE_LENGTH}${isMore && next ? `&before=${next}` : ""}`);
      items = isMore ? [...items, ...answer.items] : answer.items;
      next = answer.next;
      show();
    }

    function show() {
      const { site, zone } = store.state;
      renderRows(body, items, {
        key: (item) => String(item.position),
        create: () => h("tr", {}, h("td", {}, h("time")), h("td"), h("td"), h("td"), h("td")),
        update: (row, { event, node, holder_name: name }) => {
          const [at, what, where, who, at_node] = row.children;
          fill(at, h("time", { datetime: event.time }, formatTime(event.time, zone)));
          fill(what, term("event", event.type.replace("menshen.", "").replace(/\.v\d+$/, "")));
          fill(where, event.data.access_point ? pointName(site, event.data.access_point) : (event.data.device ?? ""));
          fill(who, name ?? (event.data.reason ? term("reason", event.data.reason) : ""));
          fill(at_node, node);
        },
      });
      fill(said, asked === "" && !items.length ? t("event_search.begin") : items.length ? t("event_search.found", { n: items.length }) : t("event_search.none"));
      more.hidden = next === null;
      fill(more, t("event_search.more"));
      fill(out);
      if (items.length) out.append(...EXPORTS.map(([kind, key]) => h("button", { type: "button", onclick: () => takeAway(kind) }, t(key))));
    }

    /** A link says no header: the purpose that holds goes into the address. @param {string} kind */
    function takeAway(kind) {
      const { purpose, reference } = keptPurpose() ?? { purpose: "", reference: "" };
      const why = new URLSearchParams({ purpose, reference });
      h("a", { href: `/api/v1/events/export.${kind}?${asked}&${why}`, download: `events.${kind}` }).click();
    }

    function build() {
      const { zone } = store.state;
      const choice = (/** @type {string} */ name, /** @type {string} */ group) =>
        h("select", { name }, h("option", { value: "" }, t("event_search.any")), ...termsOf(group).map((word) => h("option", { value: word }, term(group, word))));
      const minute = (/** @type {string} */ name, /** @type {number} */ at) => h("input", { name, type: "datetime-local", value: minuteOf(at, zone) });
      const now = Date.now();
      const points = Object.keys(store.state.site?.access_points ?? {});
      const places = h("datalist", { id: "event-places" }, ...points.map((id) => h("option", { value: id }, pointName(store.state.site, id))));
      const fields = [
        field("event_search.since", minute("since", now - DAY_MS)),
        field("event_search.until", minute("until", now + 60_000)),
        field("event_search.type", choice("type", "event")),
        field("event_search.class", choice("class", "class")),
        field("event_search.place", h("input", { name: "place", list: "event-places", autocomplete: "off" })),
        field("event_search.person", h("input", { name: "person", autocomplete: "off" })),
      ];
      fill(form, actionForm("event_search.find", fields, async (values) => {
        asked = question(values);
        await load(false);
      }), places);
      show();
    }

    more.addEventListener("click", () => load(true));
    onKey("/", () => t("keys.search"), () => form.querySelector("select")?.focus());
    onLanguage(build);
    let isBuilt = false;
    store.subscribe((state) => {
      if (isBuilt || !state.isLoaded) return;
      isBuilt = true;
      build();
    });
  },
});
