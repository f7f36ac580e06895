/** The plan: meals with their prices, dishes, limits and groups; nothing holds before it was looked at. */

import { wear } from "./style.js";
import { ApiError, get, post } from "./api.js";
import { actionButton } from "./forms.js";
import { PlanDraft } from "./canteen-plan-draft.js";
import { dishCard, freeKeys, mealCard, orderCard } from "./canteen-plan-cards.js";
import { groupCard, limitCard } from "./canteen-plan-everybody.js";
import { meanwhile, openHistory, openPreview, typedWords } from "./canteen-plan-preview.js";
import { mark } from "./canteen-plan-table.js";
import { namer, pathOfMistake, placed, rowName } from "./canteen-plan-words.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { localName, t } from "/web/i18n.js";

wear("canteen-plan.css");

const LOOK_MS = 15_000;

export class Plan {
  #around;
  #mayWrite;
  /** @type {PlanDraft | null} */
  #draft = null;
  /** @type {import("./canteen-plan-draft.js").View | null} newer than what the draft is made from */
  #newer = null;
  /** @type {{words: string, paths: string[]}[]} what central said of the plan */
  #found = [];
  #merchant = "";
  #wanted = { text: "" };
  #told = "[]";
  #said = h("span", { class: "muted version" });
  #problem = h("span", { class: "problem", role: "alert" });
  /** Seen while something was changed; built once, so that nothing goes from under the finger. */
  #open = h(
    "div", { class: "bar", hidden: true },
    h("strong", { role: "status" }, t("mealplan.not_in_force")),
    actionButton("mealplan.look", () => this.#look(), this.#problem, "primary"),
    h("button", { type: "button", class: "quiet", onclick: () => this.#discard() }, t("mealplan.discard")),
  );
  #head = h("div", { class: "bar plan-bar" }, this.#said, actionButton("mealplan.history", () => openHistory(this.#made, this.#around), this.#problem, "quiet"), this.#open, this.#problem);
  #news = h("section", { class: "waiting", hidden: true });
  #lines = h("section", { class: "card problems", role: "alert", hidden: true });
  #body = h("div", { class: "cards" });
  element = h("div", { class: "mealplan" }, this.#head, this.#news, this.#lines, this.#body);

  /** @param {import("./canteen-parts.js").Around} around */
  constructor(around) {
    this.#around = around;
    this.#mayWrite = around.permissions.includes("canteen.manage");
    const leave = (/** @type {BeforeUnloadEvent} */ event) => this.#draft?.isChanged && event.preventDefault();
    window.addEventListener("beforeunload", leave);
    const looking = setInterval(() => {
      if (this.element.isConnected) {
        if (document.visibilityState === "visible") this.#lookAgain();
        return;
      }
      clearInterval(looking);
      window.removeEventListener("beforeunload", leave);
    }, LOOK_MS);
  }

  get #made() {
    return /** @type {PlanDraft} */ (this.#draft);
  }

  async load() {
    const view = await get("/canteen/plan");
    if (!this.#draft) {
      this.#draft = new PlanDraft(view, this.#around.username);
      this.#merchant = view.merchants[0]?.id ?? "";
      this.#redraw();
    }
    if (view.version !== this.#draft.view.version) await this.#changedMeanwhile(view);
  }

  show() {}

  /** A plan of somebody else is told within moments; while central does not answer the page says so elsewhere. */
  async #lookAgain() {
    try {
      await this.load();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** @param {import("./canteen-plan-draft.js").View} view */
  async #changedMeanwhile(view) {
    const draft = this.#made;
    if (this.#newer?.version === view.version) return;
    if (!draft.isChanged) {
      draft.load(view);
      this.#redraw();
      return;
    }
    this.#newer = view;
    const problem = h("p", { class: "problem", role: "alert" });
    const take = actionButton("mealplan.take_theirs", async () => {
      draft.rebase(view);
      this.#newer = null;
      this.#found = [];
      this.#news.hidden = true;
      this.#redraw();
    }, problem, "primary");
    fill(
      this.#news,
      h("h2", {}, t("mealplan.changed_meanwhile", { who: view.changed_by ?? "", n: view.version })),
      h("p", {}, t("mealplan.nothing_lost")),
      ...(await meanwhile(draft, draft.view.version, this.#around.state().zone)),
      h("div", { class: "bar" }, take),
      problem,
    );
    this.#news.hidden = false;
    this.#news.scrollIntoView({ block: "nearest" });
    this.#drawHead();
  }

  /** @param {PlanDraft} draft @returns {import("./canteen-plan-cards.js").Desk} */
  #desk(draft) {
    return {
      draft,
      mayWrite: this.#mayWrite,
      redraw: (path) => this.#redraw(path),
      typed: (table, row, field, text) => this.#typed(table, row, field, text),
      regrouped: () => {
        // What is being pressed or typed elsewhere stays under the finger.
        this.#body.querySelector(".meals")?.replaceWith(mealCard(this.#desk(draft), this.#merchant));
        this.#say();
      },
    };
  }

  /** @param {string} [focus] a path */
  #redraw(focus = "") {
    const draft = this.#made;
    const desk = this.#desk(draft);
    const { merchants } = draft.view;
    const choose = h("select", { "aria-label": t("office.merchant") }, ...merchants.map((each) => h("option", { value: each.id, selected: each.id === this.#merchant }, localName(each.name, each.id))));
    choose.addEventListener("change", () => {
      this.#merchant = /** @type {HTMLSelectElement} */ (choose).value;
      this.#redraw();
    });
    const top = scrollY;
    fill(
      this.#body,
      merchants.length > 1 && h("div", { class: "bar" }, choose),
      ...(this.#merchant ? [mealCard(desk, this.#merchant), dishCard(desk, this.#merchant, this.#wanted), orderCard(desk, this.#merchant)] : [h("p", { class: "empty" }, t("office.no_merchants"))]),
      groupCard(desk),
      limitCard(desk),
    );
    scrollTo(0, top);
    this.#say();
    if (focus) this.#goTo(focus);
  }

  /** @param {string} table @param {import("./canteen-plan-rows.js").Row} row @param {string} field @param {string} text */
  #typed(table, row, field, text) {
    const draft = this.#made;
    draft.set(table, row.id, field, text);
    const path = `${table}|${row.id}|${field}`;
    this.#found = this.#found.filter((each) => !each.paths.includes(path));
    const free = this.#body.querySelector(".free-keys");
    if (field === "key" && free) free.textContent = freeKeys(draft, table);
    this.#say();
  }

  /** What each cell was, and what is wrong with it. */
  #say() {
    const draft = this.#made;
    const { faults } = draft.read();
    const fault = (/** @type {string} */ path) => {
      const found = faults.get(path);
      return found ? t(`plan_fault.${found.key}`, found.values) : (this.#found.find((each) => each.paths.includes(path))?.words ?? "");
    };
    const was = (/** @type {string} */ path) => {
      const [table, id, field] = path.split("|");
      const [before, now] = [draft.before(table, id), draft.mine[table]?.find((each) => each.id === id)];
      if (!now || (before?.[field] ?? "") === (now[field] ?? "")) return null;
      if (!before?.[field] || field === "dishes" || field === "takes") return "";
      return field === "profile" ? namer(draft)("profile", "", before[field]) : typedWords(field, before[field]);
    };
    const theirs = (/** @type {string} */ path) => {
      const found = draft.theirs.get(path);
      return found === undefined ? "" : t("mealplan.theirs", { value: typedWords(path.split("|")[2], found) });
    };
    mark(this.#body, { was, fault, theirs });
    const typed = [...faults].map(([path, { key, values }]) => ({ words: t(`plan_fault.${key}`, values), paths: [path] }));
    const all = [...typed, ...this.#found];
    const said = JSON.stringify(all);
    if (said === this.#told) return this.#drawHead();
    this.#told = said;
    this.#lines.hidden = all.length === 0;
    fill(this.#lines, h("h2", {}, t("mealplan.problems", { n: all.length })), h("ul", {}, ...all.map((each) => h("li", {}, h("button", { type: "button", class: "plain", onclick: () => this.#goTo(each.paths[0] ?? "") }, `${this.#placeName(each.paths[0] ?? "")}${each.words}`)))));
    this.#drawHead();
  }

  /** Where a line is about. @param {string} path */
  #placeName(path) {
    const [table, id] = path.split("|");
    const draft = this.#made;
    const row = (draft.mine[table.replace("window/", "period/")] ?? []).find((each) => each.id === id);
    const [part, merchant] = table.split("/");
    const name = row ? rowName(row) || (part === "group" && row.profile && namer(draft)("profile", "", row.profile)) : "";
    const where = merchant && draft.view.merchants.length > 1 ? namer(draft)("merchant", "", merchant) : "";
    const words = [where, name].filter(Boolean).join(" · ");
    return words ? `${words}: ` : "";
  }

  /** Stand in a cell, at whichever merchant it is. @param {string} path */
  #goTo(path) {
    const merchant = path.split("|")[0].split("/")[1];
    if (merchant && merchant !== this.#merchant) {
      this.#merchant = merchant;
      this.#redraw();
    }
    this.#wanted.text = "";
    for (const line of this.#body.querySelectorAll("tr[hidden]")) line.removeAttribute("hidden");
    /** @type {HTMLElement | null | undefined} */ (this.#body.querySelector(`[data-path="${CSS.escape(path)}"]`)?.querySelector("input, select, summary"))?.focus();
  }

  #drawHead() {
    const draft = this.#made;
    const { version, changed_by: who, changed_at: at } = draft.view;
    fill(this.#said, at ? t("mealplan.in_force", { n: version, who: who ?? "", time: formatMinute(at, this.#around.state().zone) }) : t("mealplan.no_plan"));
    this.#open.hidden = !draft.isChanged || !this.#mayWrite;
  }

  #discard() {
    this.#made.load(this.#newer ?? this.#made.view);
    this.#newer = null;
    this.#found = [];
    this.#news.hidden = true;
    this.#redraw();
  }

  async #look() {
    const draft = this.#made;
    const { plan, faults } = draft.read();
    const [first] = faults.keys();
    if (first !== undefined) return this.#goTo(first);
    await this.load();
    if (this.#newer) return this.#news.querySelector("button")?.focus();
    try {
      const preview = await post("/canteen/plan/preview", { made_from: draft.view.version, plan });
      this.#refuse(preview.problems);
      if (preview.problems.length > 0) return;
      openPreview(draft, plan, preview, { around: this.#around, done: (view) => this.#done(view), refused: (error) => this.#refused(error, plan) });
    } catch (error) {
      if (!(error instanceof ApiError) || !(await this.#refused(error, plan))) throw error;
    }
  }

  /** @param {import("./canteen-plan-draft.js").View} view */
  #done(view) {
    this.#draft?.load(view);
    this.#found = [];
    this.#around.renew();
    this.#redraw();
  }

  /** Say each line at the cells that it is about. @param {import("./canteen-plan-words.js").Problem[]} problems */
  #refuse(problems) {
    const draft = this.#made;
    const nameOf = namer(draft);
    this.#found = problems.map((each) => placed(each, draft, nameOf));
    this.#say();
    if (problems.length > 0) this.#goTo(this.#found[0].paths[0] ?? "");
  }

  /** @param {ApiError} error @param {any} plan @returns {Promise<boolean>} whether the page itself says it */
  async #refused(error, plan) {
    if (error.code === "plan_changed_meanwhile") await this.load();
    else if (error.code === "plan_impossible") this.#refuse(error.problem.problems);
    else if (error.code === "invalid_request") {
      this.#found = error.problem.mistakes.map((/** @type {any} */ each) => ({ words: t("plan_fault.not_understood"), paths: [pathOfMistake(each.place, plan)] }));
      this.#say();
    } else return false;
    return true;
  }
}
