/** A new hire's code: to come in by, many times, until there is a card or a face. */

import { get, post, request } from "./api.js";
import { actionButton } from "./forms.js";
import { pointName } from "./point-name.js";
import { fill, h } from "/web/dom.js";
import { formatMinute } from "/web/format.js";
import { t } from "/web/i18n.js";
import { LastAnswer } from "/web/last-answer.js";

/** The last minute before an end. @param {string} end @param {string} zone */
export function formatLast(end, zone) {
  return formatMinute(Date.parse(end) - 1, zone);
}

/**
 * @param {string} path of the person
 * @param {{site: any, zone: string}} state
 */
export function personCodes(path, { site, zone }) {
  const list = h("ul", { class: "codes" });
  const problem = h("p", { class: "problem", role: "alert" });
  const lastAnswer = new LastAnswer();
  const load = async () => {
    const { items } = await lastAnswer.of(get(`${path}/codes`));
    const good = items.filter((/** @type {any} */ code) => code.state === "good");
    fill(list, ...good.map(row));
    if (good.length === 0) fill(list, h("li", { class: "muted" }, t("codes.empty")));
  };
  /** @param {any} code */
  function row(code) {
    const own = `${path}/codes/${encodeURIComponent(code.code_id)}`;
    const cancel = async () => {
      await request("DELETE", own);
      await load();
    };
    return h(
      "li",
      { class: "visit", data: { code: code.code_id } },
      h("img", { class: "code", src: `/api/v1${own}/code.svg`, alt: t("codes.code") }),
      h("p", {}, t("codes.until", { until: formatLast(code.valid_until, zone) })),
      h("p", { class: "muted" }, code.points.map((/** @type {string} */ id) => pointName(site, id)).join(", ")),
      h("footer", {}, actionButton("codes.cancel", cancel, problem, "quiet"), h("button", { type: "button", onclick: () => window.print() }, t("muster.print"))),
    );
  }
  const give = async () => {
    await post(`${path}/codes`, {});
    await load();
  };
  load().catch((error) => fill(problem, error.sentence));
  return h("section", {}, h("h3", {}, t("codes.title")), h("p", { class: "muted" }, t("codes.hint")), list, problem, actionButton("codes.give", give, problem));
}
