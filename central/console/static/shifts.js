/** The shift log: who was on duty, what happened, what was done about it and what somebody wrote down. */

import { get, post } from "./api.js";
import { actionForm } from "./forms.js";
import { takeAway } from "./purpose.js";
import { linesOf, outcomeWords, saidWords, whatWords, whereWords } from "./shift-words.js";
import { currentShift, dayOf, recent, spanOf } from "./shift-span.js";
import { startPage } from "./shell.js";
import { fill, h, renderRows } from "/web/dom.js";
import { formatDate, formatMinute, formatTime, instantOf, minuteOf } from "/web/format.js";
import { localName, onLanguage, t, term, termsOf } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { LastAnswer } from "/web/last-answer.js";
import { prioritySign } from "/web/symbols.js";

const HEADS = ["time", "what", "where", "who", "said", "outcome"];

startPage({
  name: "shifts",
  mount(main, { store, session }) {
    const may = (/** @type {string} */ permission) => session.permissions.includes(permission);
    /** @type {import("./shift-span.js").Shift[]} */
    let shifts = [];
    /** @type {import("./shift-words.js").Names} */
    const names = { site: null, routes: new Map(), levels: new Map() };
    /** @type {import("./shift-words.js").Line[]} */
    let lines = [];
    let span = recent(Date.now());
    let only = "";
    let seen = "";
    const which = /** @type {HTMLSelectElement} */ (h("select", { name: "shift" }));
    const date = /** @type {HTMLInputElement} */ (h("input", { type: "date", name: "date", required: true }));
    const from = /** @type {HTMLInputElement} */ (h("input", { type: "datetime-local", name: "since" }));
    const until = /** @type {HTMLInputElement} */ (h("input", { type: "datetime-local", name: "until" }));
    const search = /** @type {HTMLInputElement} */ (h("input", { type: "search", name: "search" }));
    const span_fields = h("div", { class: "span" });
    const kinds = h("div", { class: "filters", role: "group" });
    const tools = h("div", { class: "deeds" });
    const note = h("div", { class: "note" });
    const said = h("p", { class: "muted", role: "status" });
    const problem = h("p", { class: "problem", role: "alert" });
    const news = h("button", { type: "button", hidden: true, onclick: () => load() });
    const heads = h("tr");
    const body = h("tbody");
    const printed = h("div", { class: "printed" });
    const signed = h("footer", { class: "signed" });
    main.append(
      h("header", {}, h("h1", { data: { t: "page.shifts" } }, t("page.shifts")), tools),
      printed,
      h("div", { class: "asked" }, span_fields, kinds),
      note,
      h("div", { class: "told" }, said, news),
      problem,
      h("table", { class: "log" }, h("thead", {}, heads), body),
      signed,
    );

    /** The time that is chosen. */
    function chosenSpan() {
      const { zone } = store.state;
      if (which.value === "recent") return recent(Date.now());
      if (which.value === "own") return { since: instantOf(from.value, zone), until: instantOf(until.value, zone) };
      if (which.value === "day") return dayOf(date.value, zone);
      const [id, index] = which.value.split("/");
      const hours = shifts.find((shift) => shift.id === id)?.intervals[Number(index)];
      return hours ? spanOf(date.value, hours, zone) : dayOf(date.value, zone);
    }

    const lastAnswer = new LastAnswer();
    async function load() {
      if ((which.value === "own" && !(from.value && until.value)) || !date.value) return;
      span = chosenSpan();
      seen = version();
      news.hidden = true;
      try {
        const answer = await lastAnswer.of(get(`/shift-log?${new URLSearchParams(span)}`));
        lines = linesOf(answer.items);
        fill(problem, answer.has_more ? t("shift.too_many") : "");
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? String(error));
      }
      draw();
    }

    /** Changes with everything that the log tells of. */
    const version = () => [store.state.commandsVersion, store.state.patrolVersion, store.state.accessVersion, store.state.alarms.revision].join();

    function shown() {
      const wanted = search.value.trim().toLowerCase();
      return lines.filter((line) => {
        if (only && line.kind !== only && !(only === "alarm" && line.kind === "alarm_act")) return false;
        return !wanted || cells(line).join(" ").toLowerCase().includes(wanted);
      });
    }

    /** @param {import("./shift-words.js").Line} line */
    const cells = (line) => [formatTime(line.at, store.state.zone), whatWords(line), whereWords(line, names), line.who, saidWords(line), outcomeWords(line).words];

    /** @param {boolean} [isPrinted] on paper the beginning stands first */
    function draw(isPrinted = false) {
      const { site, zone } = store.state;
      names.site = site;
      const found = shown();
      fill(heads, ...HEADS.map((key) => h("th", { scope: "col" }, t(`shift_head.${key}`))));
      renderRows(body, isPrinted ? found : found.toReversed(), {
        key: (line) => `${line.at} ${line.kind} ${line.what} ${line.about} ${line.alarm_id ?? line.action_id}`,
        create: (line) => h("tr", { data: { kind: line.kind } }, ...HEADS.map(() => h("td"))),
        update: (row, line) => {
          const { priority } = outcomeWords(line);
          cells(line).forEach((words, index) => fill(row.children[index], words));
          const sign = row.children[line.kind === "round" ? 1 : 5];
          if (priority) sign.prepend(prioritySign(priority), " ");
        },
      });
      const count = found.length === lines.length ? t("shift.count", { n: lines.length }) : t("shift.count_of", { n: found.length, all: lines.length });
      fill(said, lines.length ? count : t("shift.empty"));
      const range = `${formatMinute(span.since, zone)} – ${formatMinute(span.until, zone)}`;
      fill(printed, h("p", {}, h("b", {}, localName(site?.name, site?.id ?? ""))), h("p", {}, range), h("p", {}, t("shift.printed", { who: session.username, time: formatMinute(Date.now(), zone) })));
      fill(signed, h("span", {}, t("shift.handed_over_by")), h("span", {}, t("shift.taken_over_by")));
    }

    function words() {
      const { zone } = store.state;
      const before = which.value;
      fill(
        which,
        h("option", { value: "recent" }, t("shift.recent")),
        ...shifts.flatMap(({ id, name, intervals }) => intervals.map(({ start, end }, index) => h("option", { value: `${id}/${index}` }, `${localName(name, id)} ${start}–${end}`))),
        h("option", { value: "day" }, t("shift.day")),
        h("option", { value: "own" }, t("shift.own")),
      );
      if (before) which.value = before;
      const label = (/** @type {string} */ key, /** @type {HTMLElement} */ input) => h("label", { class: "field" }, h("span", {}, t(key)), input);
      fill(span_fields, label("shift.which", which), label("shift.date", date), label("event_search.since", from), label("event_search.until", until), label("keys.search", search));
      fill(
        kinds,
        ...["", ...termsOf("shift_kind")].map((kind) => h("button", { type: "button", "aria-pressed": String(kind === only), onclick: () => choose(kind) }, kind ? term("shift_kind", kind) : t("shift.all"))),
      );
      fill(news, t("shift.news"));
      const out = () => takeAway("/shift-log/export.csv", span, "shift-log.csv");
      fill(tools, h("button", { type: "button", onclick: out }, t("event_search.csv")), h("button", { type: "button", onclick: () => print() }, t("shift.print")));
      if (may("shifts.write") && !note.contains(document.activeElement)) fill(note, noteForm());
      if (!date.value) date.value = formatDate(Date.now(), zone);
      show();
      draw();
    }

    /** @param {string} kind */
    function choose(kind) {
      only = kind;
      words();
    }

    /** Only the fields that the choice needs. */
    function show() {
      const { zone } = store.state;
      const isOwn = which.value === "own";
      for (const each of [from, until]) /** @type {HTMLElement} */ (each.parentElement).hidden = !isOwn;
      /** @type {HTMLElement} */ (date.parentElement).hidden = isOwn || which.value === "recent";
      if (isOwn && !from.value) {
        from.value = minuteOf(span.since, zone);
        until.value = minuteOf(span.until, zone);
      }
    }

    function noteForm() {
      const text = h("textarea", { name: "text", required: true, maxlength: 2000, rows: 1, placeholder: t("shift.note_hint"), "aria-label": t("shift.note_hint") });
      const form = actionForm("shift.note_add", [text], async (values) => {
        await post("/shift-log/notes", { text: values.text });
        form.reset();
        await load();
      });
      text.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        form.requestSubmit();
      });
      return form;
    }

    for (const input of [which, date, from, until]) input.addEventListener("change", () => (show(), load()));
    search.addEventListener("input", () => draw());
    search.addEventListener("keydown", (event) => event.key === "Escape" && search.blur());
    onKey("/", () => t("keys.search"), () => search.focus());
    if (may("shifts.write")) onKey("n", () => t("shift.note_add"), () => note.querySelector("textarea")?.focus());
    onKey("p", () => t("shift.print"), () => print());
    addEventListener("beforeprint", () => draw(true));
    addEventListener("afterprint", () => draw());
    onLanguage(words);

    async function begin() {
      const nothing = () => null;
      const [plan, access] = await Promise.all([may("patrol.read") ? get("/patrol/routes").catch(nothing) : null, may("access.read") ? get("/access-model").catch(nothing) : null]);
      shifts = plan?.plan?.shifts ?? [];
      for (const { id, name } of plan?.plan?.routes ?? []) names.routes.set(id, name);
      for (const { id, name } of access?.model?.lockdown_levels ?? []) names.levels.set(id, name);
      words();
      const current = currentShift(shifts, Date.now(), store.state.zone);
      if (current) {
        which.value = current.key;
        date.value = current.date;
      }
      show();
      await load();
    }
    let isBegun = false;
    store.subscribe((state) => {
      if (!state.isLoaded) return;
      if (!isBegun) {
        isBegun = true;
        begin();
        return;
      }
      // The page holds still: what has happened meanwhile waits to be asked for.
      if (Date.parse(span.until) > Date.now() && version() !== seen) news.hidden = false;
    });
  },
});
