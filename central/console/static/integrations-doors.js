/** Doors that may be opened over the broker: for whoever answers for doors, not for whoever sets brokers up. */

import { get, request } from "./api.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { check } from "./integrations-parts.js";
import { pointName } from "./point-name.js";
import { fill, h } from "/web/dom.js";
import { language, t } from "/web/i18n.js";

/** @typedef {{broker: string, prefix: string, access_points: string[], user_id: string}} Doors */

export class DoorsSection {
  #context;
  /** @type {Doors | null} */
  #doors = null;
  #shown = "";
  #title = h("h2");
  #hint = h("p", { class: "muted" });
  #allowed = h("p");
  #problem = h("p", { class: "problem", role: "alert" });
  #change = actionButton("connector.change_doors", async () => this.#ask(), this.#problem);
  element = h("section", { class: "connector doors" }, this.#title, this.#hint, this.#allowed, this.#problem, h("footer", { class: "deeds" }, this.#change));

  /** @param {import("./integrations-connector.js").Context} context */
  constructor(context) {
    this.#context = context;
  }

  async load() {
    this.#doors = await get("/connectors/mqtt/doors");
  }

  show() {
    const site = this.#context.site();
    const wanted = JSON.stringify([language(), this.#doors, site?.access_points]);
    if (!this.#doors || wanted === this.#shown) return;
    this.#shown = wanted;
    const { broker, access_points: points } = this.#doors;
    fill(this.#title, t("connector.doors_title"));
    fill(this.#hint, t("connector.doors_hint"));
    fill(this.#problem);
    const names = points.map((each) => pointName(site, each)).join(" · ");
    fill(this.#allowed, broker ? t(names ? "connector.doors_of" : "connector.no_doors_of", { broker, names }) : t("connector.doors_without"));
    fill(this.#change, t("connector.change_doors"));
    this.#change.hidden = !broker;
  }

  #ask() {
    const { access_points: allowed = [], broker = "", prefix = "" } = this.#doors ?? {};
    const site = this.#context.site();
    // One that the site no longer has is there to be taken back by saving.
    const points = Object.keys(site?.access_points ?? {});
    const topic = `${prefix}/${site?.id ?? ""}/access_point/…/open`;
    const form = actionForm(
      "action.save",
      [
        h("p", {}, t("connector.doors_warning", { broker, topic })),
        h("fieldset", { class: "choices" }, h("legend", {}, t("connector.doors")), ...points.map((id) => check(id, allowed.includes(id), pointName(site, id)))),
      ],
      async (values) => {
        await request("PUT", "/connectors/mqtt/doors", { body: { access_points: points.filter((id) => id in values) } });
        dialog.close();
        await this.#context.again();
      },
    );
    const dialog = openDialog(t("connector.doors_title"), form);
  }
}
