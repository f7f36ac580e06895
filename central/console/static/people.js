/** People: search, add, and the questions that a second person must answer. */

import "/web/data-table.js";
import { get } from "./api.js";
import { renderMigration } from "./migration.js";
import { renderReviews } from "./reviews.js";
import { pointName } from "./point-name.js";
import { startPage } from "./shell.js";
import { renderStoredFaces } from "./stored-faces.js";
import { fill, h } from "/web/dom.js";
import { formatDate } from "/web/format.js";
import { onLanguage, t } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { prioritySign, symbol } from "/web/symbols.js";

const PAGE_SIZE = 100;
const TYPING_MS = 200;

/**
 * @typedef {{holder_id: string, name: string, number: string | null, is_active: boolean,
 *   valid_from: string | null, valid_until: string | null, access_points: string[] | null,
 *   has_face: boolean, picture_count: number | null, must_come_again: boolean, card_count: number,
 *   profiles: string[] | null, has_pin: boolean, has_duress_pin: boolean,
 *   unit: string | null, created_at: string}} Person
 * @typedef {{unit_id: string, name: string, path: string, people_count: number}} Unit
 */

startPage({
  name: "people",
  mount(main, { store, session }) {
    /** @type {{people: Person[], next: any, query: string, unit: string, isFiltered: boolean, version: number, asked: number}} */
    const view = { people: [], next: null, query: "", unit: "", isFiltered: false, version: 0, asked: 0 };
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "people.empty" }));
    const search = /** @type {HTMLInputElement} */ (h("input", { type: "search" }));
    const unit = /** @type {HTMLSelectElement} */ (h("select", { hidden: true }));
    const add = h("button", { class: "primary", hidden: !session.permissions.includes("people.write") });
    const importing = h("button", { class: "quiet", hidden: !session.permissions.includes("people.write") });
    const enrolling = h("button", { class: "quiet", hidden: importing.hidden });
    const more = h("button", { class: "quiet", hidden: true });
    const problem = h("p", { class: "problem", role: "alert" });
    const reviews = h("section", { class: "reviews", hidden: true });
    const migration = h("section", { class: "migration", hidden: true });
    const faces = h("p", { class: "muted stored-faces" });
    main.append(h("header", {}, h("h1", { data: { t: "page.people" } }, t("page.people")), search, unit, enrolling, importing, add), faces, reviews, migration, problem, table, more);
    table.rowKey = (person) => person.holder_id;
    table.columns = columns(() => store.state);

    const show = () => {
      table.rows = view.people;
      more.hidden = view.next === null;
    };
    /** @param {any} error */
    const tell = (error) => fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
    /** @param {any} [after] continue after this page */
    const load = async (after) => {
      const asked = ++view.asked;
      const parameters = new URLSearchParams({ query: view.query, limit: String(PAGE_SIZE) });
      if (view.unit) parameters.set("unit", view.unit);
      if (after) parameters.set("after", after);
      if (view.isFiltered) parameters.set("must_come_again", "true");
      try {
        const page = await get(`/people?${parameters}`);
        if (asked !== view.asked) return;
        view.people = after ? [...view.people, ...page.items] : page.items;
        view.next = page.next ?? null;
        fill(problem);
        show();
      } catch (error) {
        tell(error);
      }
    };
    const renderState = () => {
      renderStoredFaces(faces).catch(() => fill(faces));
      return renderMigration(migration, {
        isFiltered: view.isFiltered,
        onFilter() {
          view.isFiltered = !view.isFiltered;
          reload();
        },
      }).catch(tell);
    };
    // Asked first: central then knows its network, and so whose face is of another one.
    const reload = () => Promise.all([renderState().then(() => load()), renderReviews(reviews, reload), loadUnits()]).catch(tell);
    /** @type {Unit[]} */
    let units = [];
    const loadUnits = async () => {
      ({ items: units } = await get("/units"));
      showUnits();
    };
    const showUnits = () => {
      unit.hidden = units.length === 0;
      unit.ariaLabel = t("people.unit");
      fill(unit, h("option", { value: "" }, t("people.all_units")), ...units.map(unitOption));
      unit.value = view.unit;
    };
    unit.addEventListener("change", () => {
      view.unit = unit.value;
      load();
    });

    const words = () => {
      search.placeholder = t("people.search");
      search.ariaLabel = t("people.search");
      fill(add, t("people.add"));
      fill(importing, t("import.open"));
      fill(enrolling, t("bulk.open"));
      fill(more, t("people.more"));
      showUnits();
      show();
    };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let typing;
    search.addEventListener("input", () => {
      view.query = search.value.trim();
      clearTimeout(typing);
      typing = setTimeout(load, TYPING_MS);
    });
    more.addEventListener("click", () => load(view.next));
    const context = { state: () => store.state, onChanged: reload };
    add.addEventListener("click", () => import("./person-dialog.js").then(({ addPerson }) => addPerson(context)));
    // Few come for it: the others need not load it.
    importing.addEventListener("click", () => import("./import-dialog.js").then(({ openImport }) => openImport(context)));
    enrolling.addEventListener("click", () => import("./bulk-enrolment.js").then(({ openBulkEnrolment }) => openBulkEnrolment(context)));
    table.addEventListener("open", (event) => {
      const found = view.people.find((person) => person.holder_id === /** @type {CustomEvent} */ (event).detail);
      if (found) import("./person-dialog.js").then(({ openPerson }) => openPerson(found, context));
    });
    store.subscribe((state) => {
      // The names of the lanes come with the site.
      if (state.isLoaded) show();
      if (state.peopleVersion !== view.version) {
        view.version = state.peopleVersion;
        reload();
      }
    });
    onKey("j", () => t("keys.down"), () => table.move(1));
    onKey("k", () => t("keys.up"), () => table.move(-1));
    onKey("/", () => t("keys.search"), () => search.focus());
    if (!add.hidden) onKey("n", () => t("people.add"), () => import("./person-dialog.js").then(({ addPerson }) => addPerson(context)));
    onLanguage(words);
    onLanguage(renderState);
    words();
    reload();
  },
});

/** @param {() => import("./site-state.js").SiteState} state @returns {import("/web/data-table.js").Column[]} */
function columns(state) {
  return [
    { title: "field.name", cell: (person) => [h("button", { class: "plain" }, person.name)], order: (person) => person.name },
    { title: "field.number", cell: (person) => [person.number ?? ""], order: (person) => person.number ?? "", isNumber: true },
    { title: "people.unit", cell: (person) => [person.unit ?? ""], order: (person) => person.unit ?? "" },
    { title: "field.state", cell: (person) => standing(person), order: (person) => validity(person) },
    { title: "field.face", cell: face, order: (person) => (person.must_come_again ? 0 : person.has_face ? 1 + (person.picture_count ?? 0) : -1) },
    { title: "field.cards", cell: (person) => [person.card_count], order: (person) => person.card_count, isNumber: true },
    { title: "field.access_points", cell: (person) => [places(person, state().site)] },
    { title: "field.valid_until", cell: (person) => [person.valid_until ? formatDate(Date.parse(person.valid_until) - 1, state().zone) : ""], order: (person) => person.valid_until ?? "" },
  ];
}

/** A unit under the one above it. @param {Unit} unit */
function unitOption({ unit_id: id, name, path, people_count: count }) {
  return h("option", { value: id }, `${"\u3000".repeat(path.split("/").length - 1)}${name} (${count})`);
}

/** @param {Person} person @returns {import("/web/dom.js").Child[]} */
function face({ has_face: hasFace, must_come_again: isOutdated, picture_count: count }) {
  if (isOutdated) return [h("span", { class: "p4" }, prioritySign(4), t("face.outdated"))];
  if (!hasFace) return [h("span", { class: "muted" }, t("face.absent"))];
  const pictures = count === 1 ? t("face.picture_one") : count && t("face.picture_count", { n: count });
  return [symbol("granted"), t("face.present"), pictures && h("span", { class: "muted" }, ` · ${pictures}`)];
}

/** @param {Person} person @param {any} site */
function places({ access_points: points }, site) {
  return points === null ? t("people.everywhere") : points.map((id) => pointName(site, id)).join(", ");
}

/** @param {Person} person */
function validity({ is_active: isActive, valid_from: from, valid_until: until }) {
  if (!isActive) return "inactive";
  if (from && Date.parse(from) > Date.now()) return "not_yet";
  return until && Date.parse(until) <= Date.now() ? "over" : "valid";
}

/** @param {Person} person @returns {import("/web/dom.js").Child[]} */
function standing(person) {
  const word = validity(person);
  return word === "valid" ? [t("standing.valid")] : [h("span", { class: "p4" }, prioritySign(4), t(`standing.${word}`))];
}
