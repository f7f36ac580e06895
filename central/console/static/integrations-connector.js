/** A connection of central's own to another system: how it goes, and trying, switching off, removing it. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatDate, formatTime } from "/web/format.js";
import { hasWords, language, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {{zone: () => string, site: () => any, session: {permissions: string[]}, again: () => Promise<void>}} Context what is changed
 *   in one section shows in others: `again` loads all of them
 * @typedef {{name: string, is_connected: boolean, has_password: boolean, has_client_key: boolean, trusted_until: string | null,
 *   client_until: string | null, behind: number, failure: string, failing_since: string | null, last_delivered_at: string | null}} State
 * @typedef {{failure: string, duration_ms: number, certificate_until: string | null}} Tried
 * @typedef {{settings: any, password?: string | null, client_key?: string | null}} Wish
 */

/**
 * @typedef {object} Kind what tells one connection from another
 * @property {"mqtt" | "syslog"} name
 * @property {() => {title: string, hint: string, none: string, removal: string}} words
 * @property {(settings: any, list: any) => [string, import("/web/dom.js").Child][]} facts its own, after how it goes
 * @property {(settings: any | null, state: State | null) => HTMLElement[]} fields of the form
 * @property {(values: Record<string, string>, settings: any | null) => Wish} wish
 */

const SOON_MS = 30 * 86_400_000;

export class ConnectorSection {
  #kind;
  #context;
  /** @type {any} */
  #list = null;
  /** @type {Tried | null} */
  #tried = null;
  #shown = "";
  #title = h("h2");
  #hint = h("p", { class: "muted" });
  #facts = h("dl", { class: "facts" });
  #said = h("p", { role: "status" });
  #problem = h("p", { class: "problem", role: "alert" });
  /** @type {[HTMLElement, string, () => boolean][]} each with its words, and when it is there */
  #buttons;
  element;

  /** @param {Context} context @param {Kind} kind */
  constructor(context, kind) {
    this.#context = context;
    this.#kind = kind;
    const button = (/** @type {string} */ key, /** @type {() => Promise<void>} */ run, kind = "") => actionButton(key, run, this.#problem, kind);
    const isSet = () => Boolean(this.#settings);
    const change = async () => this.#ask();
    this.#buttons = [
      [button("connector.set_up", change), "connector.set_up", () => !this.#settings],
      [button("connector.change", change), "connector.change", isSet],
      [button("connector.try", () => this.#try({ settings: this.#settings })), "connector.try", isSet],
      [button("connector.switch_off", () => this.#switch(false)), "connector.switch_off", () => Boolean(this.#settings?.is_on)],
      [button("connector.switch_on", () => this.#switch(true)), "connector.switch_on", () => this.#settings?.is_on === false],
      [button("connector.remove", async () => this.#askRemoval(), "danger"), "connector.remove", isSet],
    ];
    const deeds = h("footer", { class: "deeds" }, ...this.#buttons.map(([each]) => each));
    this.element = h("section", { class: `connector ${kind.name}` }, this.#title, this.#hint, this.#facts, this.#said, this.#problem, deeds);
  }

  get #settings() {
    return this.#list?.[this.#kind.name] ?? null;
  }

  /** @returns {State | null} */
  get #state() {
    return this.#list?.states.find((/** @type {State} */ each) => each.name === this.#kind.name) ?? null;
  }

  async load() {
    this.#list = await get("/connectors");
  }

  show() {
    // Nothing moves under the hand of whoever reads or is about to press.
    const wanted = JSON.stringify([language(), this.#list, this.#tried, this.#context.zone(), this.#context.site()?.access_points]);
    if (!this.#list || wanted === this.#shown) return;
    if (!this.#shown.startsWith(`["${language()}"`)) fill(this.#problem);
    this.#shown = wanted;
    const { title, hint, none } = this.#kind.words();
    fill(this.#title, title);
    fill(this.#hint, hint);
    const lines = this.#settings && this.#state ? this.#lines(this.#settings, this.#state) : [[t("connector.state"), none]];
    fill(this.#facts, ...lines.flatMap(([key, value]) => [h("dt", {}, key), h("dd", {}, value)]));
    fill(this.#said, ...(this.#tried ? outcome(this.#tried, this.#context.zone()) : []));
    for (const [button, key, isThere] of this.#buttons) {
      fill(button, t(key));
      button.hidden = !isThere();
    }
  }

  /** @param {any} settings @param {State} state @returns {[string, import("/web/dom.js").Child][]} */
  #lines(settings, state) {
    const zone = this.#context.zone();
    return [
      [t("connector.state"), stateOf(settings, state, zone)],
      [t("connector.behind"), t(state.behind ? "connector.behind_by" : "connector.has_all", { n: state.behind })],
      [t("connector.taken_at"), state.last_delivered_at ? formatTime(state.last_delivered_at, zone) : t("connector.never")],
      ...this.#kind.facts(settings, this.#list),
      [t("connector.trusted"), state.trusted_until ? end(state.trusted_until, zone) : t("connector.any_public")],
      ...(state.client_until ? [/** @type {[string, import("/web/dom.js").Child]} */ ([t("connector.ours"), end(state.client_until, zone)])] : []),
    ];
  }

  /** @param {Wish} wish */
  async #try(wish) {
    this.#tried = await post(`/connectors/${this.#kind.name}/try`, wish);
    await this.#context.again();
  }

  /** @param {boolean} isOn */
  async #switch(isOn) {
    await this.#put({ settings: { ...this.#settings, is_on: isOn } });
  }

  /** @param {Wish} wish */
  async #put(wish) {
    await request("PUT", `/connectors/${this.#kind.name}`, { body: wish });
    this.#tried = null;
    await this.#context.again();
  }

  #askRemoval() {
    const problem = h("p", { class: "problem", role: "alert" });
    const remove = async () => {
      await request("DELETE", `/connectors/${this.#kind.name}`);
      this.#tried = null;
      dialog.close();
      await this.#context.again();
    };
    const dialog = openDialog(this.#kind.words().title, h("p", {}, this.#kind.words().removal), problem, h("footer", {}, actionButton("connector.remove", remove, problem, "danger")));
  }

  #ask() {
    const settings = this.#settings;
    const said = h("p", { role: "status" });
    const problem = h("p", { class: "problem", role: "alert" });
    const form = actionForm("action.save", [...this.#kind.fields(settings, this.#state), said, problem], async (values) => {
      await this.#put(this.#kind.wish(values, settings));
      dialog.close();
    });
    const attempt = async () => {
      fill(said);
      if (!form.reportValidity()) return;
      const values = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
      fill(said, ...outcome(await post(`/connectors/${this.#kind.name}/try`, this.#kind.wish(values, settings)), this.#context.zone()));
    };
    form.querySelector("footer")?.prepend(actionButton("connector.try", attempt, problem));
    const dialog = openDialog(this.#kind.words().title, form);
  }
}

/** @param {any} settings @param {State} state @param {string} zone */
function stateOf(settings, state, zone) {
  if (!settings.is_on) return t("connector.off");
  if (state.failing_since) return h("span", {}, prioritySign(3), " ", t("connector.failing", { since: formatTime(state.failing_since, zone) }), " ", sentence(state.failure));
  return t(state.is_connected ? "connector.connected" : "connector.connecting");
}

/** @param {Tried} tried @param {string} zone */
function outcome(tried, zone) {
  if (tried.failure) return [prioritySign(3), " ", sentence(tried.failure)];
  const { duration_ms: n, certificate_until: until } = tried;
  return [until ? t("connector.works_until", { n, until: formatDate(until, zone) }) : t("connector.works", { n })];
}

/** @param {string} failure a code */
function sentence(failure) {
  const key = `connector_failure.${failure}`;
  return hasWords(key) ? t(key) : failure;
}

/** @param {string} until @param {string} zone */
function end(until, zone) {
  const words = t("connector.ends", { until: formatDate(until, zone) });
  return Date.parse(until) - Date.now() < SOON_MS ? h("span", {}, prioritySign(3), " ", words) : words;
}
