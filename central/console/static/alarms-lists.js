/** What stands, what people or the site have laid aside and until when, and what is over. */

import "/web/data-table.js";
import { ApiError, get, post } from "./api.js";
import { historyLine, stepsOf } from "./alarm-record.js";
import { kindWords, place, standing } from "./alarm-words.js";
import { actionButton, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t, term } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {import("/web/data-table.js").Column} Column
 * @typedef {{state: () => import("./site-state.js").SiteState, permissions: string[]}} Context
 * @typedef {{source: string, kind: string, alarm: Alarm, shelved: import("./alarm-book.js").Shelf | null,
 *   out_of_service: import("./alarm-book.js").OutOfService | null}} AsideSource
 * @typedef {{access_point: string, device: string | null, since: string, until: string}} Design
 */

const LISTS = ["standing", "shelved", "suppressed", "out_of_service", "closed"];
const PAGE_SIZE = 100;

export class AlarmLists {
  #context;
  #name = "standing";
  #chips = h("p", { class: "filters", role: "group" });
  #note = h("div", { class: "note" });
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table"));
  #more = h("button", { class: "quiet", hidden: true, onclick: () => this.#guarded(() => this.#loadClosed(true)) });
  #problem = h("p", { class: "problem", role: "alert" });
  element = h("div", { class: "lists" }, this.#chips, this.#note, this.#problem, this.#table, this.#more);
  /** @type {{sources: AsideSource[], designs: Design[], kinds: string[]}} */
  #aside = { sources: [], designs: [], kinds: [] };
  /** @type {Alarm[]} */
  #closed = [];
  #hasMore = false;
  #asked = 0;
  /** @type {LastAnswer<{sources: AsideSource[], designs: Design[], kinds: string[]}>} */
  #lastAside = new LastAnswer();
  /** What is shown: a button that is replaced under a finger is not pressed. */
  #said = "";

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#table.rowKey = (row) => row.key;
    this.#table.addEventListener("open", (event) => this.#guarded(() => this.#open(/** @type {CustomEvent} */ (event).detail)));
  }

  async load() {
    this.#aside = await this.#lastAside.of(get("/alarms/aside"));
    if (this.#name === "closed") await this.#loadClosed(false);
    this.show();
  }

  /** @param {1 | -1} step */
  move(step) {
    this.#table.move(step);
  }

  /** @param {string} name of a list */
  choose(name) {
    if (!LISTS.includes(name)) return;
    this.#name = name;
    fill(this.#problem);
    this.show();
    if (name === "closed") this.#guarded(() => this.#loadClosed(false));
  }

  /** Do something, and say a refusal. @param {() => Promise<void>} run */
  async #guarded(run) {
    try {
      await run();
      fill(this.#problem);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(this.#problem, error.sentence);
    }
  }

  /** @param {boolean} isMore continue behind what is shown */
  async #loadClosed(isMore) {
    const mine = ++this.#asked;
    const last = isMore ? this.#closed.at(-1) : undefined;
    const before = last ? `&before=${encodeURIComponent(last.closed_at ?? "")}&before_id=${last.id}` : "";
    const list = await get(`/alarms?state=closed&limit=${PAGE_SIZE}${before}`);
    // While one list was on its way another may have been asked for.
    if (mine !== this.#asked) return;
    this.#hasMore = list.has_more;
    this.#closed = isMore ? [...this.#closed, ...list.items] : list.items;
    this.#more.hidden = this.#name !== "closed" || !this.#hasMore;
    this.show();
  }

  /** @returns {{key: string, alarm: Alarm, source?: AsideSource}[]} */
  #rows() {
    const { alarms } = this.#context.state();
    const whole = (/** @type {Alarm} */ alarm) => ({ key: alarm.id, alarm });
    const laid = (/** @type {AsideSource} */ source) => ({ key: source.alarm.id, alarm: source.alarm, source });
    switch (this.#name) {
      case "standing":
        return alarms.shown.map(whole);
      case "shelved":
        return this.#aside.sources.filter((each) => each.shelved).map(laid);
      case "out_of_service":
        return this.#aside.sources.filter((each) => each.out_of_service).map(laid);
      case "suppressed":
        return alarms.aside.filter((alarm) => alarm.is_suppressed).map(whole);
      default:
        return this.#closed.map(whole);
    }
  }

  show() {
    const { alarms, zone, isLoaded } = this.#context.state();
    const counts = {
      standing: alarms.shown.length,
      shelved: this.#aside.sources.filter((each) => each.shelved).length,
      suppressed: alarms.aside.filter((alarm) => alarm.is_suppressed).length,
      out_of_service: this.#aside.sources.filter((each) => each.out_of_service).length,
    };
    const rows = this.#rows();
    const said = [language(), zone, isLoaded, this.#name, JSON.stringify(counts), JSON.stringify(this.#aside.designs), ...rows.map(({ key, alarm, source }) => `${key} ${alarm.version} ${source?.shelved?.until}`)].join("|");
    if (said === this.#said) return;
    this.#said = said;
    fill(
      this.#chips,
      ...LISTS.map((name) => {
        const count = /** @type {Record<string, number>} */ (counts)[name];
        return h("button", { type: "button", "aria-pressed": String(name === this.#name), data: { list: name }, onclick: () => this.choose(name) }, t(`alarm_page.list_${name}`), count === undefined ? null : ` ${count}`);
      }),
    );
    fill(this.#note, ...this.#notes());
    fill(this.#more, t("people.more"));
    this.#more.hidden = this.#name !== "closed" || !this.#hasMore;
    this.#table.setAttribute("empty", `alarm_page.empty_${this.#name}`);
    // Another list has other columns: rows are made anew for them.
    this.#table.rows = [];
    this.#table.columns = this.#columns(zone);
    this.#table.rows = rows;
  }

  /** @returns {import("/web/dom.js").Child[]} what a list's rows cannot say */
  #notes() {
    const { alarms, site, zone } = this.#context.state();
    if (this.#name === "standing" && alarms.gathered.length > 0) {
      return [h("p", {}, t("desk.gathered", { n: alarms.gathered.reduce((sum, [, count]) => sum + count, 0) }), " ", alarms.gathered.map(([kind, n]) => `${term("alarm_kind", kind)} ${n}`).join(t("list.comma")))];
    }
    if (this.#name !== "suppressed" || this.#aside.designs.length === 0) return [];
    const kinds = this.#aside.kinds.map((kind) => term("alarm_kind", kind)).join(t("list.comma"));
    return [
      h("p", {}, t("alarm_page.designs", { kinds })),
      h(
        "ul",
        { class: "designs" },
        ...this.#aside.designs.map((each) =>
          h("li", {}, h("b", {}, localName(site?.access_points?.[each.access_point], each.access_point)), " ", t("alarm_page.design", { since: formatTime(each.since, zone), until: formatTime(each.until, zone) })),
        ),
      ),
    ];
  }

  /** @param {string} zone @returns {Column[]} */
  #columns(zone) {
    const { site } = this.#context.state();
    const time = (/** @type {string | null} */ at) => (at ? formatTime(at, zone) : "");
    /** @type {Column[]} */
    const what = [
      { title: "alarm_page.what", cell: ({ alarm }) => [prioritySign(alarm.priority), h("b", {}, kindWords(alarm))], order: ({ alarm }) => alarm.priority },
      { title: "alarm_page.where", cell: ({ alarm }) => [place(alarm, site)], order: ({ alarm }) => place(alarm, site) },
    ];
    /** @type {Column} */
    const now = { title: "alarm_page.stands", cell: ({ alarm }) => [h("span", { class: alarm.is_stale ? "is-stale" : "" }, alarm.closed_at ? t("alarm_page.is_quiet") : standing(alarm, zone))] };
    switch (this.#name) {
      case "shelved":
        return [
          ...what,
          { title: "alarm_page.by", cell: ({ source }) => [source?.shelved?.by] },
          { title: "alarm_page.why", cell: ({ source }) => [source?.shelved?.reason] },
          { title: "alarm_page.until", cell: ({ source }) => [time(source?.shelved?.until)], order: ({ source }) => source?.shelved?.until ?? "" },
          now,
          { title: "alarm_page.deed", cell: ({ alarm }) => [this.#button(alarm, "alarms.act", "unshelve", "desk.unshelve")] },
        ];
      case "out_of_service":
        return [
          ...what,
          { title: "alarm_page.by", cell: ({ source }) => [source?.out_of_service?.by] },
          { title: "alarm_page.why", cell: ({ source }) => [source?.out_of_service?.reason] },
          { title: "alarm_page.since", cell: ({ source }) => [time(source?.out_of_service?.since)], order: ({ source }) => source?.out_of_service?.since ?? "" },
          now,
          { title: "alarm_page.deed", cell: ({ alarm }) => [this.#button(alarm, "alarms.manage", "return-to-service", "desk.return_to_service")] },
        ];
      case "closed":
        return [
          ...what,
          { title: "alarm_page.raised", cell: ({ alarm }) => [time(alarm.raised_at)] },
          { title: "alarm_page.closed", cell: ({ alarm }) => [time(alarm.closed_at)] },
          { title: "alarm_page.seen_by", cell: ({ alarm }) => [alarm.acknowledged_by] },
          { title: "alarm_page.count", cell: ({ alarm }) => [alarm.count], isNumber: true },
        ];
      default:
        return [...what, { title: "alarm_page.raised", cell: ({ alarm }) => [time(alarm.raised_at)], order: ({ alarm }) => alarm.raised_at }, now, { title: "alarm_page.count", cell: ({ alarm }) => [alarm.count], order: ({ alarm }) => alarm.count, isNumber: true }];
    }
  }

  /** @param {Alarm} alarm @param {string} permission @param {string} deed @param {string} words */
  #button(alarm, permission, deed, words) {
    if (!this.#context.permissions.includes(permission)) return null;
    const run = async () => {
      await post(`/alarms/${alarm.id}/${deed}`, {});
      await this.load();
    };
    const button = actionButton(words, run, this.#problem);
    // The row below opens what became of the alarm.
    button.addEventListener("click", (event) => event.stopPropagation());
    return button;
  }

  /** @param {string} id */
  async #open(id) {
    const { zone, site } = this.#context.state();
    const { alarm, history, procedure } = await get(`/alarms/${id}`);
    const isManager = this.#context.permissions.includes("alarms.manage");
    const edit = async () => {
      dialog.close();
      const { editProcedure } = await import("./alarms-procedures.js");
      editProcedure(procedure, place(alarm, site), async () => {});
    };
    const dialog = openDialog(
      `${kindWords(alarm)} ${place(alarm, site)}`,
      h("p", {}, prioritySign(alarm.priority), " ", h("time", {}, formatTime(alarm.raised_at, zone)), " ", alarm.closed_at ? t("alarm_page.closed_at", { time: formatTime(alarm.closed_at, zone) }) : standing(alarm, zone)),
      h("h3", {}, t("desk.history")),
      h("ol", { class: "record" }, ...history.toReversed().map((/** @type {any} */ line) => historyLine(line, zone))),
      h("h3", {}, t("desk.procedure")),
      h("ol", { class: "steps" }, ...stepsOf(localName(procedure.text, ""))),
      h("footer", {}, isManager && h("button", { type: "button", onclick: edit }, t("alarm_page.edit_here")), alarm.closed_at ? null : h("a", { class: "button", href: `/#alarm-${alarm.id}` }, t("alarm_page.at_console"))),
    );
    dialog.classList.add("wide");
  }
}
