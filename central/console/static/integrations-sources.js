/** Outside systems whose events are taken in: who they are, and their tokens. */

import "/web/data-table.js";
import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { shownOnce } from "./integrations-webhooks.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t } from "/web/i18n.js";

/** @typedef {{source_id: string, name: string, vendor: string, may_alarm: boolean, heard_at: string | null, count: number}} Source */

export class SourcesSection {
  #context;
  /** @type {Source[] | null} */
  #items = null;
  #title = h("h2");
  #hint = h("p", { class: "muted" });
  #add = h("button", { type: "button" });
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "integrations.no_sources" }));
  element = h("section", {}, this.#title, this.#hint, this.#table, this.#add);

  /** @param {import("./integrations-webhooks.js").Context} context */
  constructor(context) {
    this.#context = context;
    this.#table.rowKey = (source) => source.source_id;
    this.#table.columns = [
      { title: "integrations.name", cell: (/** @type {Source} */ each) => [each.name] },
      { title: "integrations.types", cell: (/** @type {Source} */ each) => [`ext.${each.vendor}.`] },
      { title: "integrations.may_alarm", cell: (/** @type {Source} */ each) => [t(each.may_alarm ? "integrations.yes" : "integrations.no")] },
      { title: "integrations.heard_at", cell: (/** @type {Source} */ each) => [each.heard_at ? formatTime(each.heard_at, context.zone()) : t("integrations.never")] },
      { title: "integrations.events", cell: (/** @type {Source} */ each) => [each.count], isNumber: true },
    ];
    this.#table.addEventListener("open", (event) => this.#open(/** @type {CustomEvent} */ (event).detail));
    this.#add.addEventListener("click", () => this.#ask());
  }

  async load() {
    this.#items = (await get("/integrations/sources")).items;
  }

  show() {
    fill(this.#title, t("integrations.sources"));
    fill(this.#hint, t("integrations.sources_hint"));
    fill(this.#add, t("integrations.add_source"));
    if (this.#items) this.#table.rows = this.#items;
  }

  async #again() {
    await this.load();
    this.show();
  }

  /** @param {string} id */
  #open(id) {
    const source = this.#items?.find((each) => each.source_id === id);
    if (!source) return;
    const path = `/integrations/sources/${id}`;
    const problem = h("p", { class: "problem", role: "alert" });
    const answer = h("p", { role: "status" });
    const token = async () => fill(answer, t("integrations.token_hint"), " ", shownOnce((await post(`${path}/token`)).token));
    const dialog = openDialog(
      source.name,
      answer,
      problem,
      h(
        "footer",
        {},
        actionButton("integrations.new_token", token, problem),
        actionButton("integrations.shut_out", async () => (await request("DELETE", path), dialog.close(), await this.#again()), problem, "danger"),
      ),
    );
  }

  #ask() {
    const word = { required: true, maxlength: "40", pattern: "[a-z0-9]([a-z0-9\\-]{0,38}[a-z0-9])?" };
    const fields = [
      field("integrations.name", h("input", { name: "name", required: true, maxlength: "80" })),
      field("integrations.source_id", h("input", { name: "source_id", ...word }), "integrations.source_id_hint"),
      field("integrations.vendor", h("input", { name: "vendor", ...word }), "integrations.vendor_hint"),
      h("label", {}, h("input", { type: "checkbox", name: "may_alarm" }), t("integrations.may_alarm")),
    ];
    const form = actionForm("action.save", fields, async (values) => {
      const { name, source_id, vendor } = values;
      const made = await post("/integrations/sources", { name, source_id, vendor, may_alarm: "may_alarm" in values });
      dialog.close();
      await this.#again();
      openDialog(t("integrations.token"), h("p", {}, t("integrations.token_hint")), shownOnce(made.token));
    });
    const dialog = openDialog(t("integrations.add_source"), form);
  }
}
