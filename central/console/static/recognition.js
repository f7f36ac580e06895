/** Recognition: what is demanded of a face at each lane, what it costs, and people too alike. */

import "/web/data-table.js";
import { get, post } from "./api.js";
import { pointName } from "./point-name.js";
import { actionButton } from "./forms.js";
import { followRecognition } from "./recognition-feed.js";
import { renderPairs } from "./recognition-pairs.js";
import { costs, formatCount, helps, reason } from "./recognition-words.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatShare, formatSimilarity, formatTime } from "/web/format.js";
import { language, onLanguage, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./recognition-words.js").Recognition} Recognition
 * @typedef {import("./recognition-words.js").Demand} Demand
 * @typedef {import("./recognition-pairs.js").Pairs} Pairs
 */

startPage({
  name: "recognition",
  mount(main, { store, session }) {
    const mayRun = session.permissions.includes("recognition.manage");
    /** @type {{recognition: Recognition | null, pairs: Pairs, asked: number}} */
    const view = { recognition: null, pairs: { items: [], count: 0 }, asked: 0 };
    const problem = h("p", { class: "problem", role: "alert" });
    const top = h("header");
    const warning = h("section", { class: "notice", hidden: true });
    const facts = h("dl", { class: "facts" });
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "recognition.points_empty" }));
    const points = h("section", {}, h("h2", { data: { t: "recognition.points" } }, t("recognition.points")), table, h("small", { data: { t: "recognition.refused_hint" } }, t("recognition.refused_hint")));
    const selfTest = h("section", { class: "self-test" });
    const pairs = h("section", { class: "pairs" });
    const parts = [warning, facts, points, selfTest, pairs];
    main.append(top, problem, ...parts);
    for (const part of parts) part.hidden = true;
    table.rowKey = (point) => point.access_point;
    table.columns = columns(() => store.state.site);

    const load = async () => {
      const asked = ++view.asked;
      try {
        const [recognition, found] = await Promise.all([get("/recognition"), get("/recognition/pairs")]);
        if (asked !== view.asked) return;
        Object.assign(view, { recognition, pairs: found });
        fill(problem);
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
      store.schedule();
    };
    const context = {
      state: () => store.state,
      onChanged: load,
      mayDecide: session.permissions.includes("recognition.pairs"),
    };
    const run = async () => {
      await post("/recognition/self-test");
      await load();
    };
    const words = () => {
      const button = mayRun ? actionButton("recognition.run", run, problem, "primary") : null;
      fill(top, h("h1", {}, t("page.recognition")), button);
      store.schedule();
    };
    followRecognition(store, load);
    store.subscribe((state) => {
      const { recognition } = view;
      if (!recognition) return;
      for (const part of parts.slice(1)) part.hidden = false;
      redraw(warning, [recognition, state.site], () => renderWarning(warning, recognition, state.site));
      redraw(facts, [recognition], () => renderFacts(facts, recognition, state.zone));
      redraw(points, [recognition, state.site], () => (table.rows = recognition.points));
      redraw(selfTest, [recognition], () => renderSelfTest(selfTest, recognition, state.zone));
      redraw(pairs, [view.pairs], () => renderPairs(pairs, view.pairs, context));
    });
    onLanguage(words);
    words();
  },
});

/** @type {WeakMap<HTMLElement, string>} */
const drawn = new WeakMap();

/**
 * Draw a part only when what it says has changed: buttons keep their focus while events go on.
 * @param {HTMLElement} part
 * @param {any[]} said
 * @param {() => void} draw
 */
function redraw(part, said, draw) {
  const key = JSON.stringify([language(), said]);
  if (drawn.get(part) === key) return;
  drawn.set(part, key);
  draw();
}

/** @param {HTMLElement} section @param {Recognition} view @param {any} site */
function renderWarning(section, view, site) {
  section.hidden = view.holds;
  if (view.holds) return;
  fill(
    section,
    h("h2", {}, prioritySign(3), `${t("recognition.warning")} · ${reason(view)}`),
    h("ul", {}, ...costs(view, site).map((sentence) => h("li", {}, sentence))),
    h("h3", {}, t("recognition.helps")),
    h("ul", { class: "helps" }, ...helps(view).map((sentence) => h("li", {}, sentence))),
  );
}

/** @param {HTMLElement} list @param {Recognition} view @param {string} zone */
function renderFacts(list, view, zone) {
  const { target } = view;
  const words = t("recognition.target_words", {
    strangers: formatCount(Math.round(1 / target.strangers)),
    tries: target.tries,
    step_up: formatShare(target.step_up_strangers),
  });
  const others = view.not_comparable_count;
  /** @type {[string, ...import("/web/dom.js").Child[]][]} */
  const facts = [
    ["field.pipeline", term("pipeline", view.pipeline)],
    ["recognition.network", view.network_name],
    ["recognition.target", words],
    ["recognition.gallery", t("recognition.people", { n: formatCount(view.gallery_size) })],
    ["recognition.basis", basis(view, zone)],
  ];
  if (view.holds) facts.push(["field.state", t("recognition.holds")]);
  fill(list, ...facts.flatMap(([key, ...value]) => [h("dt", {}, t(key)), h("dd", {}, ...value)]));
  if (others > 0) {
    list.append(h("dd", { class: "p3" }, prioritySign(3), t("recognition.not_comparable", { n: formatCount(others) })));
  }
}

/** @param {Recognition} view @param {string} zone */
function basis({ whole, points, last }, zone) {
  if (!last) return t("recognition.basis_none");
  if (!last.is_of_this_network) return t("recognition.basis_other");
  const people = formatCount(last.people_count ?? 0);
  const isOwn = [whole, ...points.map((point) => point.demand)].some((demand) => demand.basis === "site");
  if (!isOwn) return t("recognition.basis_few", { people });
  return t("recognition.basis_site", {
    people,
    comparisons: formatCount(last.comparison_count ?? 0),
    at: formatTime(last.finished_at ?? "", zone),
  });
}

/** @param {() => any} site @returns {import("/web/data-table.js").Column[]} */
function columns(site) {
  /** @param {string} title @param {(demand: Demand) => string} words @param {(demand: Demand) => number} order */
  const figure = (title, words, order) => ({
    title,
    cell: (/** @type {any} */ point) => [words(point.demand)],
    order: (/** @type {any} */ point) => order(point.demand),
    isNumber: true,
  });
  return [
    { title: "recognition.point", cell: (point) => [pointName(site(), point.access_point)], order: (point) => pointName(site(), point.access_point) },
    figure("recognition.compared", (d) => formatCount(d.people), (d) => d.people),
    figure("recognition.accept", (d) => formatSimilarity(d.accept) + (d.is_extrapolated ? "*" : ""), (d) => d.accept),
    figure("recognition.step_up", (d) => formatSimilarity(d.step_up), (d) => d.step_up),
    figure("recognition.refused", (d) => formatShare(d.refused), (d) => d.refused),
    figure("recognition.refused_outright", (d) => formatShare(d.refused_outright), (d) => d.refused_outright),
    { title: "recognition.target", cell: ({ demand }) => (demand.holds ? [t("recognition.held")] : [h("span", { class: "p3" }, prioritySign(3), t("recognition.broken"))]), order: ({ demand }) => Number(demand.holds) },
  ];
}

/** @param {HTMLElement} section @param {Recognition} view @param {string} zone */
function renderSelfTest(section, { last, attempt, next_at: nextAt }, zone) {
  const isOpen = attempt !== null && attempt.state !== "failed";
  fill(
    section,
    h("h2", {}, t("self_test.title")),
    h("p", {}, last ? done(last, zone) : t("self_test.never"), " ", nextAt ? t("self_test.next", { at: formatTime(nextAt, zone) }) : t("self_test.not_yet")),
    isOpen ? h("p", { role: "status" }, t(attempt.state === "running" ? "self_test.running" : "self_test.wanted"), " ", h("progress", { value: attempt.progress, max: 1 })) : null,
    attempt?.failure ? h("p", { class: "p3" }, prioritySign(3), term("self_test_failure", attempt.failure)) : null,
    last?.is_complete === false ? h("p", { class: "p3" }, prioritySign(3), t("self_test.incomplete")) : null,
    last && last.strays.length > 0 ? strays(last) : null,
    last?.uncheckable_count ? h("p", { class: "muted" }, t("self_test.uncheckable", { n: formatCount(last.uncheckable_count) })) : null,
  );
}

/** @param {import("./recognition-words.js").SelfTest} last @param {string} zone */
function done(last, zone) {
  return t("self_test.last", {
    at: formatTime(last.finished_at ?? "", zone),
    people: formatCount(last.people_count ?? 0),
    seconds: (last.duration_s ?? 0).toFixed(1),
    pairs: formatCount(last.pair_count ?? 0),
  });
}

/** @param {import("./recognition-words.js").SelfTest} last */
function strays({ strays: found }) {
  return h(
    "div",
    { class: "strays" },
    h("h3", {}, prioritySign(3), t("self_test.strays", { n: found.length })),
    h("p", { class: "muted" }, t("self_test.strays_hint")),
    h("ul", {}, ...found.map((stray) => h("li", {}, h("b", {}, stray.name), " ", t("self_test.stray", { n: stray.picture, similarity: formatSimilarity(stray.similarity) })))),
  );
}
