/** Muster: who is inside, by area, live and as a list to print; roll-calls in an evacuation. */

import { get, post } from "./api.js";
import { follow } from "./follow.js";
import { actionForm, openDialog } from "./forms.js";
import { RollCalls } from "./roll-call.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { localName, onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

/**
 * @typedef {{holder_id: string, name: string | null, since: string, node: string}} PersonInside
 * @typedef {{area: string, name: Record<string, string>, count: number, people: PersonInside[],
 *   unnamed_count: number, occupancy_max: number | null}} AreaMuster
 * @typedef {{at: string, is_configured: boolean, areas: AreaMuster[],
 *   silent_nodes: {node: string, last_seen_at: string | null}[]}} Muster
 */

startPage({
  name: "muster",
  mount(main, { store, session }) {
    const mayForgive = session.permissions.includes("passback.forgive");
    /** @type {Muster | null} */
    let known = null;
    const total = h("strong", { class: "total" });
    const at = h("span", { class: "muted at" });
    const print = h("button", {});
    const everybody = h("button", { class: "quiet", hidden: !mayForgive });
    const problem = h("p", { class: "problem", role: "alert" });
    const silent = h("div", { role: "status" });
    const areas = h("div", { class: "areas" });
    const mayCall = session.permissions.includes("muster.call");
    const rollCalls = new RollCalls({ state: () => store.state, mayCall, silence, changed: () => show() });
    main.append(
      h("header", {}, h("h1", { data: { t: "page.muster" } }, t("page.muster")), total, at, everybody, print, rollCalls.button),
      problem, rollCalls.element, silent, areas, rollCalls.earlier,
    );
    print.addEventListener("click", () => window.print());
    everybody.addEventListener("click", () => askToForgive(null));
    /** Ask, and forget where somebody is, or everybody. @param {PersonInside | null} person */
    function askToForgive(person) {
      const name = person?.name ?? t("considered.removed");
      const title = person ? t("muster.forgive_sure", { name }) : t("muster.forgive_everybody_sure");
      const form = actionForm("muster.forgive_now", [h("p", {}, t("muster.forgive_hint"))], async () => {
        await post("/forgiven", person ? { holder_id: person.holder_id } : { everybody: true });
        dialog.close();
      });
      const dialog = openDialog(title, form);
    }

    const show = () => {
      fill(print, t("muster.print"));
      fill(everybody, t("muster.forgive_everybody"));
      for (const element of [silent, areas, total, at]) element.hidden = rollCalls.isShown;
      everybody.hidden = !mayForgive || rollCalls.isShown;
      if (!known) return;
      const { zone } = store.state;
      const count = known.areas.reduce((sum, area) => sum + area.count, 0);
      fill(total, t("muster.total", { n: count }));
      fill(at, t("muster.at", { time: formatTime(known.at, zone) }));
      fill(silent, ...known.silent_nodes.map((node) => silence(node, zone)));
      const sections = known.areas.map((area) => section(area, zone, mayForgive ? askToForgive : null));
      fill(areas, ...(known.is_configured ? sections : [h("p", { class: "empty" }, t("muster.empty"))]));
    };
    const load = async () => {
      try {
        [known] = await Promise.all([get("/muster"), rollCalls.load()]);
        fill(problem);
        show();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    };
    onLanguage(() => {
      rollCalls.show();
      show();
    });
    onKey("p", () => t("muster.print"), () => window.print());
    follow(store, (state) => `${state.musterVersion}/${state.accessVersion}/${silentNodes(state)}`, load);
    show();
  },
});

/** @param {import("./site-state.js").SiteState} state */
function silentNodes({ nodes }) {
  return [...nodes.values()].filter((node) => !node.is_online).map((node) => node.node).join(",");
}

/** @param {{node: string, last_seen_at: string | null}} node @param {string} zone */
function silence({ node, last_seen_at: seenAt }, zone) {
  const words = seenAt
    ? t("muster.silent", { node, since: formatTime(seenAt, zone) })
    : t("muster.never_heard", { node });
  return h("p", { class: "silent is-stale" }, words);
}

/** @param {AreaMuster} area @param {string} zone @param {((person: PersonInside) => void) | null} forgive */
function section({ area, name, count, people, unnamed_count: unnamed, occupancy_max: most }, zone, forgive) {
  const isFull = most !== null && count >= most;
  const size = most === null ? String(count) : t("muster.of", { n: count, most });
  const label = localName(name, area);
  return h(
    "section",
    { "aria-label": label, data: { area } },
    h("header", {}, h("h2", {}, label), h("span", { class: "size" }, size), isFull && h("span", { class: "p3" }, t("muster.full"))),
    people.length > 0 && table(people, zone, forgive),
    unnamed !== 0 && h("p", { class: "unnamed" }, unnamed > 0 ? t("muster.unnamed", { n: unnamed }) : t("muster.left_unseen", { n: -unnamed })),
    count === 0 && people.length === 0 && h("p", { class: "muted" }, t("muster.nobody")),
  );
}

/** @param {PersonInside[]} people @param {string} zone @param {((person: PersonInside) => void) | null} forgive */
function table(people, zone, forgive) {
  const heads = ["field.name", "field.since", "field.node"];
  return h(
    "table",
    {},
    h("thead", {}, h("tr", {}, h("th", { class: "tick", scope: "col", "aria-label": t("muster.tick") }), ...heads.map((key) => h("th", { scope: "col" }, t(key))), forgive && h("th"))),
    h(
      "tbody",
      {},
      ...people.map((person) =>
        h(
          "tr",
          {},
          h("td", { class: "tick" }, "☐"),
          h("td", {}, person.name ?? t("considered.removed")),
          h("td", {}, h("time", {}, formatTime(person.since, zone))),
          h("td", { class: "muted" }, person.node),
          forgive && h("td", { class: "number" }, h("button", { type: "button", class: "quiet", onclick: () => forgive(person) }, t("muster.forgive"))),
        ),
      ),
    ),
  );
}
