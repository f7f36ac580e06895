/** Webhooks: how each goes, what was sent last, and what one can do about it. */

import "/web/data-table.js";
import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { hasWords, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{zone: () => string, session: {permissions: string[]}}} Context
 * @typedef {{webhook_id: string, settings: any, off_reason: string, waiting: number, forgotten: number, attempts: number,
 *   failure: string, failing_since: string | null, next_at: string | null, taken_at: string | null}} Webhook
 */

const FRESH = { name: "", url: "", types: [], classes: [], places: [], batch: 1, has_names: false, is_on: true };
const CLASSES = ["fire", "alarm", "access", "telemetry", "money"];
const HTTP_GONE = 410;

export class WebhooksSection {
  #context;
  /** @type {Webhook[] | null} */
  #items = null;
  #title = h("h2");
  #hint = h("p", { class: "muted" });
  #add = h("button", { type: "button" });
  #table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "integrations.no_webhooks" }));
  element = h("section", {}, this.#title, this.#hint, this.#table, this.#add);

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#table.rowKey = (webhook) => webhook.webhook_id;
    this.#table.columns = this.#columns();
    this.#table.addEventListener("open", (event) => this.#open(/** @type {CustomEvent} */ (event).detail));
    this.#add.addEventListener("click", () => this.#ask(FRESH, null));
  }

  async load() {
    this.#items = (await get("/integrations/webhooks")).items;
  }

  show() {
    fill(this.#title, t("integrations.webhooks"));
    fill(this.#hint, t("integrations.webhooks_hint"));
    fill(this.#add, t("integrations.add_webhook"));
    if (this.#items) this.#table.rows = this.#items;
  }

  #columns() {
    const time = (/** @type {string | null} */ at) => (at ? formatTime(at, this.#context.zone()) : "");
    return [
      { title: "integrations.name", cell: (/** @type {Webhook} */ each) => [each.settings.name] },
      { title: "integrations.url", cell: (/** @type {Webhook} */ each) => [each.settings.url] },
      { title: "integrations.what", cell: (/** @type {Webhook} */ each) => [wanted(each.settings)] },
      { title: "integrations.state", cell: (/** @type {Webhook} */ each) => stateOf(each, time) },
      { title: "integrations.waiting", cell: (/** @type {Webhook} */ each) => [each.waiting], isNumber: true },
      { title: "integrations.taken_at", cell: (/** @type {Webhook} */ each) => [time(each.taken_at) || t("integrations.never")] },
    ];
  }

  async #again() {
    await this.load();
    this.show();
  }

  /** @param {string} id */
  async #open(id) {
    const webhook = this.#items?.find((each) => each.webhook_id === id);
    if (!webhook) return;
    const path = `/integrations/webhooks/${id}`;
    const problem = h("p", { class: "problem", role: "alert" });
    const answer = h("p", { role: "status" });
    const list = h("div");
    const attempts = async () => fill(list, attemptsTable((await get(`${path}/attempts`)).items, this.#context.zone()));
    const test = async () => {
      const { failure, duration_ms: duration } = await post(`${path}/test`);
      fill(answer, failure ? sentence(failure) : t("integrations.test_taken", { n: duration }));
      await attempts();
    };
    const secret = async () => {
      const made = await post(`${path}/secret`);
      fill(answer, shownOnce(made.secret), " ", t("integrations.both_until", { until: formatTime(made.before_until, this.#context.zone()) }));
    };
    const dialog = openDialog(
      webhook.settings.name,
      h("p", {}, ...stateOf(webhook, (at) => (at ? formatTime(at, this.#context.zone()) : ""))),
      webhook.forgotten ? h("p", {}, t("integrations.forgotten", { n: webhook.forgotten })) : null,
      h("h3", {}, t("integrations.attempts")),
      list,
      answer,
      problem,
      h(
        "footer",
        {},
        actionButton("integrations.test", test, problem),
        actionButton("integrations.new_secret", secret, problem),
        actionButton("integrations.change", async () => (dialog.close(), this.#ask(webhook.settings, id)), problem),
        actionButton("integrations.remove", async () => (await request("DELETE", path), dialog.close(), await this.#again()), problem, "danger"),
      ),
    );
    await attempts();
  }

  /** @param {any} settings @param {string | null} id null makes a new one */
  #ask(settings, id) {
    const may = (/** @type {string} */ permission) => this.#context.session.permissions.includes(permission);
    const check = (/** @type {string} */ name, /** @type {boolean} */ on) => h("input", { type: "checkbox", name, checked: on });
    const classes = CLASSES.filter((name) => name !== "money" || may("canteen.read"));
    const fields = [
      field("integrations.name", h("input", { name: "name", required: true, maxlength: "80", value: settings.name })),
      field("integrations.url", h("input", { name: "url", type: "url", required: true, maxlength: "500", value: settings.url }), "integrations.url_hint"),
      h("fieldset", { class: "choices" }, h("legend", {}, t("integrations.classes")), ...classes.map((name) => h("label", { class: "check" }, check(`class-${name}`, settings.classes.includes(name)), term("class", name)))),
      field("integrations.types", h("input", { name: "types", value: settings.types.join(" "), placeholder: "menshen.access." }), "integrations.types_hint"),
      field("integrations.places", h("input", { name: "places", value: settings.places.join(" ") }), "integrations.places_hint"),
      field("integrations.batch", h("input", { name: "batch", type: "number", min: "1", max: "100", required: true, value: settings.batch }), "integrations.batch_hint"),
      may("people.names") ? h("label", { class: "check" }, check("has_names", settings.has_names), t("integrations.has_names")) : null,
      h("label", { class: "check" }, check("is_on", settings.is_on), t("integrations.is_on")),
    ].filter((each) => each !== null);
    const form = actionForm("action.save", /** @type {HTMLElement[]} */ (fields), async (values) => {
      const words = (/** @type {string} */ name) => values[name].split(/[\s,，]+/u).filter(Boolean);
      const wish = {
        ...settings,
        name: values.name,
        url: values.url,
        classes: CLASSES.filter((name) => `class-${name}` in values),
        types: words("types"),
        places: words("places"),
        batch: Number(values.batch),
        has_names: "has_names" in values,
        is_on: "is_on" in values,
      };
      if (id) await request("PUT", `/integrations/webhooks/${id}`, { body: wish });
      const made = id ? null : await post("/integrations/webhooks", wish);
      dialog.close();
      await this.#again();
      if (made) openDialog(t("integrations.secret"), h("p", {}, t("integrations.secret_hint")), shownOnce(made.secret));
    });
    const dialog = openDialog(t(id ? "integrations.change" : "integrations.add_webhook"), form);
  }
}

/** @param {string} secret */
export function shownOnce(secret) {
  return h("code", { class: "secret" }, secret);
}

/** @param {any} settings */
function wanted({ classes, types, places }) {
  const named = [...classes.map((/** @type {string} */ name) => term("class", name)), ...types, ...places];
  return named.length ? named.join(", ") : t("integrations.everything");
}

/** @param {Webhook} webhook @param {(at: string | null) => string} time */
function stateOf(webhook, time) {
  if (webhook.off_reason) return [prioritySign(3), term("webhook_off", webhook.off_reason)];
  if (!webhook.settings.is_on) return [t("integrations.off")];
  if (webhook.attempts) return [prioritySign(3), t("integrations.failing", { since: time(webhook.failing_since), next: time(webhook.next_at) }), " ", sentence(webhook.failure)];
  return [t("integrations.on")];
}

/** @param {string} failure as `CODE` or `CODE:NUMBER` */
function sentence(failure) {
  const [code, number] = failure.split(":");
  if (Number(number) === HTTP_GONE) return t("integrations.gone");
  const key = `channel_failure.${code}`;
  return hasWords(key) ? t(key, { code: number ?? "" }) : failure;
}

/** @param {any[]} items @param {string} zone */
function attemptsTable(items, zone) {
  if (items.length === 0) return h("p", { class: "muted" }, t("integrations.no_attempts"));
  const heads = ["integrations.at", "integrations.events", "integrations.answer", "integrations.duration"].map((key) => h("th", {}, t(key)));
  const rows = items.slice(0, 10).map((each) => h("tr", {}, h("td", {}, formatTime(each.at, zone)), h("td", { class: "number" }, `${each.count}`), h("td", {}, each.failure ? sentence(each.failure) : `${each.status}`), h("td", { class: "number" }, `${each.duration_ms} ms`)));
  return h("table", {}, h("thead", {}, h("tr", {}, ...heads)), h("tbody", {}, ...rows));
}
