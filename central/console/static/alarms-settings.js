/** When alarms escalate, and who is told of them outside of the pages. */

import { get, post, request } from "./api.js";
import { actionButton, actionForm, field, openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { hasWords, localName, t } from "/web/i18n.js";

/**
 * @typedef {import("./alarms-lists.js").Context} Context
 * @typedef {{name: string, has_secret: boolean, waiting: number, failure: string, last_delivered_at: string | null}} ChannelState
 * @typedef {{webhook: any, mail: any, states: ChannelState[], sirens: any[]}} Channels
 */

const PRIORITIES = [1, 2, 3, 4];
const LEVELS = [1, 2, 3];
const ASK_MS = 400;
/** Central waits ten seconds for an answer. */
const TRIAL_MS = 20_000;
const WEBHOOK = { url: "", is_on: true, priority: 1, level: 2 };
const MAIL = { host: "", port: 465, security: "tls", username: "", sender: "", recipients: [], language: "zh-CN", is_on: true, priority: 1, level: 2 };

export class AlarmSettings {
  #context;
  /** @type {any} */
  #pace = null;
  /** @type {Channels | null} */
  #channels = null;
  element = h("div", { class: "settings" });

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  async load() {
    [this.#pace, this.#channels] = await Promise.all([get("/alarms/pace"), get("/alarms/channels")]);
    this.show();
  }

  show() {
    if (!this.#pace || !this.#channels) return;
    const { webhook, mail, states, sirens } = this.#channels;
    const { zone } = this.#context.state();
    const state = (/** @type {string} */ name) => stateLine(states.find((each) => each.name === name), zone);
    const known = (/** @type {string} */ name) => states.find((each) => each.name === name)?.has_secret ?? false;
    fill(
      this.element,
      section("alarm_page.pace", this.#paceForm()),
      section("alarm_page.webhook", state("webhook"), webhookForm(webhook ?? WEBHOOK, { zone, isKnown: known("webhook") })),
      section("alarm_page.mail", state("mail"), mailForm(mail ?? MAIL, { zone, isKnown: known("mail") })),
      section("alarm_page.sirens", sirensPart(sirens)),
    );
  }

  #paceForm() {
    const pace = this.#pace;
    const done = h("p", { class: "done", role: "status" });
    const heads = h("tr", {}, h("th", {}, t("alarm_page.priority")), ...LEVELS.map((level) => h("th", {}, t("alarm_page.level_after", { n: level }))), h("th", {}, t("alarm_page.remind_after")));
    const rows = PRIORITIES.map((priority) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, `${priority} ${t(`desk.priority_${priority}`)}`),
        ...LEVELS.map((level) => h("td", {}, seconds(`${priority}-${level}`, pace.escalate_s[priority]?.[level - 1], `${t(`desk.priority_${priority}`)} ${t("alarm_page.level_after", { n: level })}`))),
        h("td", {}, seconds(`${priority}-remind`, pace.remind_s[priority], `${t(`desk.priority_${priority}`)} ${t("alarm_page.remind_after")}`)),
      ),
    );
    const number = (/** @type {string} */ name, /** @type {number} */ min, /** @type {number} */ max) => h("input", { type: "number", name, min, max, required: true, value: pace[name] });
    const form = actionForm(
      "action.save",
      [
        h("p", { class: "muted" }, t("alarm_page.pace_hint")),
        h("table", { class: "pace" }, h("thead", {}, heads), h("tbody", {}, ...rows)),
        h("div", { class: "row" }, field("alarm_page.flood_count", number("flood_count", 5, 10_000)), field("alarm_page.flood_window", number("flood_window_s", 5, 86_400)), field("alarm_page.positions", number("positions", 1, 50), "alarm_page.positions_hint")),
        done,
      ],
      async (values) => {
        const given = (/** @type {string} */ name) => (values[name] ? [Number(values[name])] : []);
        const escalate = PRIORITIES.map((priority) => [priority, LEVELS.flatMap((level) => given(`${priority}-${level}`))]);
        const remind = PRIORITIES.flatMap((priority) => given(`${priority}-remind`).map((s) => [priority, s]));
        const numbers = Object.fromEntries(["flood_count", "flood_window_s", "positions"].map((name) => [name, Number(values[name])]));
        this.#pace = await request("PUT", "/alarms/pace", {
          body: { escalate_s: Object.fromEntries(escalate.filter(([, steps]) => /** @type {number[]} */ (steps).length > 0)), remind_s: Object.fromEntries(remind), ...numbers },
        });
        fill(done, t("alarm_page.saved"));
      },
    );
    form.addEventListener("input", () => fill(done));
    return form;
  }
}

/** @param {string} title key @param {...import("/web/dom.js").Child} parts */
function section(title, ...parts) {
  return h("section", {}, h("h2", {}, t(title)), ...parts);
}

/** @param {string} name @param {number | undefined} value @param {string} words */
function seconds(name, value, words) {
  return h("input", { type: "number", name, min: 5, max: 86_400, value, "aria-label": words });
}

/** What became of the newest that was sent. @param {ChannelState | undefined} state @param {string} zone */
function stateLine(state, zone) {
  if (!state) return h("p", { class: "muted" }, t("alarm_page.not_set_up"));
  const words = [
    state.last_delivered_at ? t("alarm_page.last_taken", { time: formatTime(state.last_delivered_at, zone) }) : t("alarm_page.none_taken"),
    state.waiting > 0 && t("alarm_page.waiting", { n: state.waiting }),
  ];
  return h("div", {}, h("p", { class: "muted" }, words.filter(Boolean).join(" · ")), state.failure ? h("p", { class: "problem" }, failureWords(state.failure)) : null);
}

/** @param {string} failure `CODE` or `CODE:NUMBER` */
export function failureWords(failure) {
  const [name, code = ""] = failure.split(":");
  const key = `channel_failure.${name}`;
  return hasWords(key) ? t(key, { code }) : t("alarm_page.not_taken", { code: failure });
}

/**
 * The fields that every channel has.
 * @param {any} settings
 */
function whenTold({ is_on: isOn, priority, level }) {
  const select = (/** @type {string} */ name, /** @type {number[]} */ values, /** @type {number} */ chosen) =>
    h("select", { name }, ...values.map((each) => h("option", { value: each, selected: each === chosen }, t(`alarm_page.${name}_${each}`))));
  return [
    h("div", { class: "row" }, field("alarm_page.told_priority", select("told", PRIORITIES, priority)), field("alarm_page.told_level", select("level", [0, ...LEVELS], level))),
    h("label", { class: "check" }, h("input", { type: "checkbox", name: "is_on", checked: isOn }), t("alarm_page.is_on")),
  ];
}

/** @param {Record<string, string>} values */
const told = (values) => ({ is_on: "is_on" in values, priority: Number(values.told), level: Number(values.level) });

/**
 * A form that saves a channel, and saves and tries it.
 * @param {string} name @param {HTMLElement[]} fields @param {string} zone
 * @param {(values: Record<string, string>) => Promise<void>} save
 */
function channelForm(name, fields, zone, save) {
  const answer = h("p", { class: "answer", role: "status" });
  const form = actionForm("action.save", [...fields, answer], async (values) => {
    fill(answer);
    await save(values);
    fill(answer, t("alarm_page.saved"));
  });
  const problem = /** @type {HTMLElement} */ (form.querySelector(".problem"));
  const attempt = async () => {
    if (!form.reportValidity()) return;
    fill(answer, t("alarm_page.trying"));
    answer.className = "answer";
    try {
      await save(Object.fromEntries([...new FormData(form)].map(([key, value]) => [key, String(value)])));
      const { delivery_id: id } = await post(`/alarms/channels/${name}/test`);
      await tell(answer, id, zone);
    } catch (error) {
      fill(answer);
      throw error;
    }
  };
  form.querySelector("footer")?.append(actionButton("alarm_page.try", attempt, problem));
  form.addEventListener("input", () => fill(answer));
  return form;
}

/** Say in one line what became of a trial. @param {HTMLElement} answer @param {string} id @param {string} zone */
async function tell(answer, id, zone) {
  const until = Date.now() + TRIAL_MS;
  while (Date.now() < until) {
    const state = await get(`/alarms/channels/tests/${id}`);
    if (state.is_taken !== null) {
      answer.className = state.is_taken ? "answer is-taken" : "answer problem";
      fill(answer, state.is_taken ? t("alarm_page.taken_at", { time: formatTime(state.at, zone) }) : failureWords(state.failure));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  fill(answer, t("alarm_page.no_answer_yet"));
}

/** @param {any} webhook @param {{zone: string, isKnown: boolean}} about */
function webhookForm(webhook, { zone, isKnown }) {
  const url = h("input", { name: "url", type: "url", required: true, maxlength: 500, value: webhook.url, autocomplete: "off" });
  const fresh = h("label", { class: "check" }, h("input", { type: "checkbox", name: "fresh" }), t("alarm_page.new_secret"));
  return channelForm("webhook", [field("alarm_page.url", url, "alarm_page.url_hint"), ...whenTold(webhook), ...(isKnown ? [fresh] : [])], zone, async (values) => {
    const made = await request("PUT", "/alarms/channels/webhook", { body: { settings: { url: values.url, ...told(values) }, is_new_secret: "fresh" in values } });
    if (!made.secret) return;
    /** @type {HTMLInputElement | null} */ (fresh.querySelector("input"))?.removeAttribute("checked");
    openDialog(t("alarm_page.secret"), h("p", {}, t("alarm_page.secret_hint")), h("pre", { class: "token" }, made.secret));
  });
}

/** @param {any} mail @param {{zone: string, isKnown: boolean}} about */
function mailForm(mail, { zone, isKnown }) {
  const input = (/** @type {string} */ name, /** @type {Record<string, any>} */ more = {}) => h("input", { name, value: mail[name], autocomplete: "off", ...more });
  const select = (/** @type {string} */ name, /** @type {string[]} */ values) => h("select", { name }, ...values.map((each) => h("option", { value: each, selected: each === mail[name] }, t(`alarm_page.${name}_${each.slice(0, 2)}`))));
  const recipients = /** @type {HTMLTextAreaElement} */ (h("textarea", { name: "recipients", rows: 3, required: true }));
  recipients.value = mail.recipients.join("\n");
  const fields = [
    h("div", { class: "row" }, field("alarm_page.host", input("host", { required: true })), field("alarm_page.port", input("port", { type: "number", min: 1, max: 65_535, required: true })), field("alarm_page.security", select("security", ["tls", "starttls", "none"]), "alarm_page.security_hint")),
    h("div", { class: "row" }, field("alarm_page.username", input("username")), field("alarm_page.password", h("input", { name: "password", type: "password", autocomplete: "new-password" }), isKnown ? "alarm_page.password_kept" : "alarm_page.password_hint")),
    h("div", { class: "row" }, field("alarm_page.sender", input("sender", { type: "email", required: true })), field("alarm_page.mail_language", select("language", ["zh-CN", "en"]))),
    field("alarm_page.recipients", recipients, "alarm_page.recipients_hint"),
    ...whenTold(mail),
  ];
  return channelForm("mail", fields, zone, async (values) => {
    const { host, port, security, username, sender, language, password } = values;
    const wanted = values.recipients.split(/\s+/).filter(Boolean);
    const settings = { host, port: Number(port), security, username, sender, language, recipients: wanted, ...told(values) };
    await request("PUT", "/alarms/channels/mail", { body: { settings, ...(password ? { password } : {}) } });
  });
}

/** @param {any[]} sirens */
function sirensPart(sirens) {
  if (sirens.length === 0) return h("p", { class: "muted" }, t("alarm_page.no_sirens"));
  const rows = sirens.map((each) =>
    h(
      "tr",
      {},
      h("td", {}, localName(each.name, each.id)),
      h("td", {}, t(`alarm_page.siren_${each.kind}`)),
      h("td", {}, each.node),
      h("td", {}, t(`alarm_page.told_${each.priority}`)),
      h("td", {}, hasWords(`alarm_page.level_${each.level}`) ? t(`alarm_page.level_${each.level}`) : each.level),
      h("td", {}, each.own.length > 0 ? each.own.map((/** @type {string} */ kind) => t(`alarm_kind.${kind}`)).join(t("list.comma")) : ""),
      h("td", {}, each.is_on ? h("b", {}, t("alarm_page.sounds")) : t("alarm_page.silent")),
    ),
  );
  const heads = ["alarm_page.siren", "alarm_page.siren_kind", "alarm_page.siren_node", "alarm_page.told_priority", "alarm_page.told_level", "alarm_page.siren_own", "alarm_page.stands"];
  return h("div", {}, h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((key) => h("th", { scope: "col" }, t(key))))), h("tbody", {}, ...rows)), h("p", { class: "muted" }, t("alarm_page.sirens_hint")));
}
