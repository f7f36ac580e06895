/** Many people's photographs at once: each person a step of its own, and a report of every picture. */

import "/web/data-table.js";
import { ApiError, get, request } from "./api.js";
import { tick } from "./access-fields.js";
import { openDialog } from "./forms.js";
import { byNumber } from "./photo-folder.js";
import { fill, h } from "/web/dom.js";
import { t, term, termsOf } from "/web/i18n.js";

const PICTURE_COUNT_MAX = 5;
const DONE = ["enrolled", "awaiting", "already"];

/**
 * @typedef {{id: string, number: string, file: string, outcome: string, reason: string | null, sentence: string}} Row
 * @typedef {{name: string, file: File}} Picture
 */

/** @param {import("./person-dialog.js").Context} context */
export function openBulkEnrolment(context) {
  const folder = picker("bulk.folder", { webkitdirectory: true });
  const files = picker("bulk.files", { accept: "image/*", multiple: true });
  const replace = tick("bulk.replace", false);
  const outcome = h("div", { class: "import" });
  for (const { input } of [folder, files]) {
    input.addEventListener("change", () => {
      const people = byNumber([...(input.files ?? [])]);
      input.value = "";
      fill(outcome, people.size === 0 ? h("p", { class: "problem", role: "alert" }, t("bulk.nothing")) : new Run(people, () => replace.read(), context).element);
    });
  }
  openDialog(t("bulk.title"), h("p", { class: "muted" }, t("bulk.hint")), h("p", { class: "filters" }, folder.element, files.element), replace.element, outcome).classList.add("wide");
}

/** @param {string} key @param {Record<string, any>} more */
function picker(key, more) {
  const input = /** @type {HTMLInputElement} */ (h("input", { type: "file", ...more }));
  return { input, element: h("label", { class: "button" }, t(key), input) };
}

/** One run over what was chosen; what was done stays done, so it may stop and go on. */
class Run {
  #waiting;
  #count;
  #replace;
  #context;
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, number>} */
  #counts = new Map();
  #isRunning = false;
  #bar = /** @type {HTMLProgressElement} */ (h("progress", { value: 0 }));
  #said = h("span", { role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  #button = h("button", { class: "primary", type: "button" });
  #report = h("div", { class: "import" });

  /** @param {Map<string, Picture[]>} people @param {() => boolean} replace @param {import("./person-dialog.js").Context} context */
  constructor(people, replace, context) {
    this.#waiting = [...people];
    this.#count = people.size;
    this.#replace = replace;
    this.#context = context;
    this.#bar.max = people.size;
    this.#button.addEventListener("click", () => (this.#isRunning ? this.#stop() : this.#run()));
    fill(this.#button, t("bulk.start", { n: people.size }));
    this.element = h("div", { class: "import" }, h("p", { class: "filters" }, this.#button, this.#bar, this.#said), this.#problem, this.#report);
  }

  #stop() {
    this.#isRunning = false;
  }

  async #run() {
    this.#isRunning = true;
    fill(this.#problem);
    fill(this.#report);
    fill(this.#button, t("bulk.stop"));
    try {
      while (this.#isRunning && this.#waiting.length > 0) {
        const [number, pictures] = this.#waiting[0];
        this.#take(number, pictures, await enrol(number, pictures, this.#replace()));
        this.#waiting.shift();
        this.#bar.value = this.#count - this.#waiting.length;
        fill(this.#said, t("bulk.progress", { done: this.#bar.value, n: this.#count }));
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Nothing is lost: who was asked for last is asked for again, and passed over if it was done.
      fill(this.#problem, error.sentence);
    }
    this.#isRunning = false;
    fill(this.#button, t("bulk.go_on"));
    this.#button.hidden = this.#waiting.length === 0;
    this.#show();
    this.#context.onChanged();
  }

  /** @param {string} number @param {Picture[]} pictures @param {{outcome: string, verdicts?: any[], sentence?: string}} done */
  #take(number, pictures, { outcome, verdicts = [], sentence = "" }) {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1);
    pictures.forEach(({ name }, index) => this.#rows.push({ id: `${number}/${name}`, number, file: name, outcome, sentence, reason: verdicts[index]?.reason ?? null }));
  }

  #show() {
    const refused = this.#rows.filter((row) => row.reason !== null || !DONE.includes(row.outcome));
    const counts = termsOf("bulk_outcome").filter((name) => this.#counts.has(name)).map((name) => `${term("bulk_outcome", name)} ${this.#counts.get(name)}`);
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "bulk.all_good" }));
    table.columns = ["number", "file", "outcome", "reason"].map((name, index) => ({ title: `bulk.${name}`, cell: (row) => [cells(row)[index]] }));
    const words = t(this.#waiting.length === 0 ? "bulk.done" : "bulk.stopped");
    fill(this.#report, h("p", { class: "done", role: "status" }, `${words} ${counts.join(t("list.comma"))}`), table, h("p", {}, h("button", { type: "button", onclick: () => this.#download() }, t("bulk.download"))));
    table.rows = refused;
  }

  #download() {
    const lines = [["number", "file", "outcome", "reason"].map((name) => t(`bulk.${name}`)), ...this.#rows.map(cells)];
    // With a mark, so that spreadsheets see that it is UTF-8.
    const text = `\uFEFF${lines.map((line) => line.map(quoted).join(",")).join("\r\n")}\r\n`;
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    h("a", { href: address, download: `${t("bulk.report_name")}.csv` }).click();
    URL.revokeObjectURL(address);
  }
}

/** A cell as a spreadsheet reads it, and never a formula. @param {string} cell */
function quoted(cell) {
  const text = /^[=+\-@]/.test(cell) ? `'${cell}` : cell;
  return `"${text.replaceAll('"', '""')}"`;
}

/** @param {Row} row */
function cells({ number, file, outcome, reason, sentence }) {
  const why = reason === null ? sentence || knownOr(`bulk_advice.${outcome}`, "") : `${knownOr(`picture.${reason}`, t("picture.other"))} · ${knownOr(`advice.${reason}`, t("advice.other"))}`;
  return [number, file, term("bulk_outcome", outcome), why];
}

/** @param {string} key @param {string} otherwise */
function knownOr(key, otherwise) {
  const words = t(key);
  return words === key ? otherwise : words;
}

/**
 * Enrol one person; throws only where nothing is known of the outcome.
 * @param {string} number
 * @param {Picture[]} pictures
 * @param {boolean} replace
 * @returns {Promise<{outcome: string, verdicts?: any[], sentence?: string}>}
 */
async function enrol(number, pictures, replace) {
  if (pictures.length > PICTURE_COUNT_MAX) return { outcome: "too_many" };
  const { items } = await get(`/people?${new URLSearchParams({ query: number, limit: "1000" })}`);
  const person = items.find((/** @type {any} */ one) => one.number === number);
  if (!person) return { outcome: "no_person" };
  if (person.has_face && !person.must_come_again && !replace) return { outcome: "already" };
  const form = new FormData();
  try {
    for (const { name, file } of pictures) form.append("photos", new Blob([await file.arrayBuffer()]), name);
  } catch {
    return { outcome: "unreadable" };
  }
  try {
    const { status, pictures: verdicts } = await request("POST", `/people/${encodeURIComponent(person.holder_id)}/face`, { form });
    return { outcome: status === "enrolled" ? "enrolled" : "awaiting", verdicts };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 401) throw error;
    const verdicts = error.problem?.pictures;
    return { outcome: "refused", verdicts, sentence: verdicts ? "" : error.sentence };
  }
}
