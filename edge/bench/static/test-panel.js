/** A test with its steps filling in, and its report to print, keep and sign. */

import { fill, h, renderRows } from "/web/dom.js";
import { t } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";
import { PREFIX, remove } from "./api.js";
import { actionButton } from "./forms.js";
import { quote } from "./sentences.js";

export class TestPanel {
  #heading = h("h3");
  #verdict = h("p", { class: "verdict", role: "status" });
  #steps = h("ol", { class: "steps" });
  #findings = h("ul", { class: "findings" });
  #buttons = h("div", { class: "buttons" });
  #problem;
  #shown = "";

  /** @param {HTMLElement} problem where a refusal is said */
  constructor(problem) {
    this.#problem = problem;
    const head = h("header", {}, this.#heading, this.#verdict, this.#buttons);
    this.element = h("section", { class: "test", "aria-live": "polite" }, head, this.#steps, this.#findings);
  }

  /** @param {any} test null hides it */
  show(test) {
    this.element.hidden = !test;
    if (!test) return;
    fill(this.#heading, t("test.title"));
    this.#showVerdict(test);
    const steps = test.steps.map((/** @type {any} */ step, /** @type {number} */ index) => ({ ...step, key: `${test.id} ${index}` }));
    if (test.state === "running") steps.push({ key: "next", isNext: true });
    renderRows(this.#steps, steps, { key: (step) => step.key, create: () => h("li"), update: updateStep });
    // A list that grew shows its end, unless somebody reads in it.
    if (test.state === "running" && !this.#steps.matches(":hover")) this.#steps.scrollTop = this.#steps.scrollHeight;
    fill(this.#findings, ...test.findings.map((/** @type {string} */ text) => h("li", {}, quote(text))), test.problem && h("li", { class: "p2" }, quote(test.problem)));
    this.#findings.hidden = test.findings.length === 0 && !test.problem;
  }

  /** @param {any} test */
  #showVerdict(test) {
    const word = test.state === "running" ? "running" : test.passed === null ? "stopped" : test.passed ? "passed" : "failed";
    this.element.dataset.verdict = word;
    const signs = { running: null, stopped: null, passed: symbol("granted"), failed: prioritySign(2) };
    const words = { running: "test.running", stopped: "test.stopped", passed: "test.passed", failed: "test.failed" };
    fill(this.#verdict, signs[word], t(words[word]));
    const wanted = `${test.id} ${word} ${document.documentElement.lang}`;
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    const report = `${PREFIX}/tests/${test.id}/report`;
    const stop = () => actionButton(t("test.stop"), this.#problem, () => remove(`/tests/${test.id}`));
    const links = () => [
      h("a", { class: "button", href: `${report}.html`, target: "_blank" }, t("test.print")),
      h("a", { class: "button", href: `${report}.html?download=true`, download: "" }, t("test.download")),
      h("a", { class: "button", href: `${report}.json`, download: `${test.id}.json` }, "JSON"),
    ];
    fill(this.#buttons, ...(word === "running" ? [stop()] : word === "stopped" ? [] : links()));
  }
}

/** @param {HTMLElement} row @param {any} step */
function updateStep(row, step) {
  const key = `${step.key} ${document.documentElement.lang}`;
  if (row.dataset.shown === key) return;
  row.dataset.shown = key;
  if (step.isNext) {
    row.className = "is-next";
    fill(row, h("i", { class: "spinner" }), h("span", {}, t("test.next")));
    return;
  }
  const result = step.is_skipped ? "skipped" : step.passed ? "passed" : "failed";
  row.className = `is-${result}`;
  const sign = { skipped: symbol("note"), passed: symbol("granted"), failed: prioritySign(2) }[result];
  const words = { skipped: "step.skipped", passed: "step.passed", failed: "step.failed" }[result];
  const bytes = [["→", step.sent], ["←", step.received]].filter(([, text]) => text).map(([arrow, text]) => h("code", {}, `${arrow} ${text}`));
  fill(
    row,
    sign,
    h("div", {}, h("span", { class: "name" }, quote(step.name)), step.finding && h("small", {}, quote(step.finding)), bytes.length && h("details", {}, h("summary", {}, t("step.bytes")), ...bytes)),
    h("span", { class: "result" }, t(words)),
  );
}
