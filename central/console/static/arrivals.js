/** Who has just arrived, and whom to tell; each line stays until somebody has told the host. */

import { pointName } from "./point-name.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { recall, remember, t } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

/** @typedef {import("./visitors.js").Visit} Visit */

const TOLD = "menshen.arrivals-told";
const SHOWN_MS_MAX = 12 * 3_600_000;

export class Arrivals {
  element = h("section", { class: "arrivals notice", role: "status", hidden: true });
  #list = h("ul");
  #host = /** @type {HTMLSelectElement} */ (h("select"));
  #title = h("h2");
  /** @type {Visit[]} */
  #visits = [];
  #state;

  /** @param {() => import("./site-state.js").SiteState} state */
  constructor(state) {
    this.#state = state;
    this.element.append(h("header", {}, this.#title, this.#host), this.#list);
    this.#host.addEventListener("change", () => this.show());
  }

  /** @param {Visit[]} visits */
  set visits(visits) {
    this.#visits = visits;
    this.show();
  }

  show() {
    const told = new Set((recall(TOLD) ?? "").split(" "));
    const isNew = ({ arrived_at: at }) => at !== null && Date.now() - Date.parse(at) < SHOWN_MS_MAX;
    const waiting = this.#visits.filter((visit) => isNew(visit) && !told.has(visit.visit_id));
    const hosts = new Map(waiting.map(({ host_id: id, host }) => [id, host ?? t("considered.removed")]));
    const wanted = hosts.has(this.#host.value) ? this.#host.value : "";
    fill(this.#title, t("arrivals.title", { n: waiting.length }));
    fill(this.#host, h("option", { value: "" }, t("arrivals.all_hosts")), ...[...hosts].map(([id, name]) => h("option", { value: id }, name)));
    this.#host.ariaLabel = t("arrivals.filter");
    this.#host.value = wanted;
    fill(this.#list, ...waiting.filter(({ host_id: id }) => !wanted || id === wanted).map((visit) => this.#line(visit, told)));
    this.element.hidden = waiting.length === 0;
  }

  /** @param {Visit} visit @param {Set<string>} told */
  #line({ visit_id: id, arrived_at: at, arrived_point: point, visitor, host }, told) {
    const { site, zone } = this.#state();
    const words = t("arrivals.line", { visitor, time: formatTime(at ?? "", zone), place: pointName(site, point ?? ""), host: host ?? t("considered.removed") });
    const done = () => {
      // Of visits that are listed no more nothing is kept.
      const known = this.#visits.map((visit) => visit.visit_id).filter((each) => each === id || told.has(each));
      remember(TOLD, known.join(" "));
      this.show();
    };
    return h("li", {}, symbol("passed"), h("span", {}, words), h("button", { type: "button", onclick: done }, t("arrivals.told")));
  }
}
