/** Duty checks on the page Fire: asked by hand, by chance, and what came of the last ones. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

export class DutyPart {
  element = h("section", { class: "duty" });
  #given;
  #problem = h("p", { class: "problem", role: "alert" });

  /** @param {{mayAsk: boolean, zone: () => string, reload: () => Promise<void>}} given */
  constructor(given) {
    this.#given = given;
  }

  /** @param {any[]} checks the newest first */
  show(checks) {
    const { mayAsk, reload } = this.#given;
    const ask = async () => {
      await post("/fire/duty-checks", { minutes: 5 });
      await reload();
    };
    fill(
      this.element,
      h("header", {}, h("h2", {}, t("fire.duty")), mayAsk && actionButton("fire.duty_ask", ask, this.#problem), mayAsk && h("button", { type: "button", class: "quiet", onclick: () => this.#plan() }, t("fire.duty_plan"))),
      this.#problem,
      checks.length > 0 ? h("ul", {}, ...checks.slice(0, 5).map((check) => this.#line(check))) : h("p", { class: "muted" }, t("fire.duty_none")),
    );
  }

  /** @param {any} check */
  #line(check) {
    const zone = this.#given.zone();
    const asked = t("fire.duty_asked", { time: formatTime(check.asked_at, zone), who: check.asked_by || t("fire.duty_by_plan") });
    const isMissed = check.missed_at !== null;
    const said = check.answered_at ? t("fire.duty_answered", { time: formatTime(check.answered_at, zone), who: check.answered_by }) : isMissed ? t("fire.duty_missed") : t("fire.duty_open", { until: formatTime(check.due_at, zone) });
    const panels = Object.entries(check.panels).map(([device, answer]) => ` · ${device} ${!answer ? t("fire.duty_panel_waits") : answer.is_answered ? t("fire.duty_panel_answered") : t("fire.duty_panel_silent")}`);
    return h("li", { class: isMissed ? "p2" : "" }, isMissed && prioritySign(2), `${asked} `, h("b", {}, said), ...panels);
  }

  async #plan() {
    const plan = await get("/fire/duty-plan");
    const time = (/** @type {string} */ name, /** @type {string} */ value) => h("input", { name, type: "time", value: value.slice(0, 5), required: true });
    const number = (/** @type {string} */ name, /** @type {number} */ value, /** @type {number} */ max) => h("input", { name, type: "number", min: 1, max, value, required: true });
    const isOn = h("select", { name: "on" }, h("option", { value: "yes", selected: plan.is_on }, t("fire.plan_on")), h("option", { value: "no", selected: !plan.is_on }, t("fire.plan_off")));
    const panels = h("select", { name: "panels" }, h("option", { value: "no", selected: !plan.asks_panels }, t("fire.plan_consoles")), h("option", { value: "yes", selected: plan.asks_panels }, t("fire.plan_panels")));
    const fields = [h("p", {}, t("fire.plan_hint")), field("fire.plan_state", isOn), field("fire.plan_begins", time("begins", plan.begins)), field("fire.plan_ends", time("ends", plan.ends)), field("fire.plan_count", number("count", plan.count, 12)), field("fire.plan_minutes", number("minutes", plan.minutes, 60)), field("fire.plan_where", panels)];
    const form = actionForm("fire.plan_save", fields, async (values) => {
      const wish = { is_on: values.on === "yes", begins: values.begins, ends: values.ends, count: Number(values.count), minutes: Number(values.minutes), asks_panels: values.panels === "yes" };
      await request("PUT", "/fire/duty-plan", { body: wish });
      dialog.close();
    });
    const dialog = openDialog(t("fire.duty_plan"), form);
  }
}
