/** The alarm that is chosen: what to do, what was seen, what became of it, and what else there is. */

import { ApiError, get } from "./api.js";
import { subjectsOf } from "./alarm-book.js";
import { historyLine, stepsOf } from "./alarm-record.js";
import { kindWords, place, standing } from "./alarm-words.js";
import { lineText } from "./event-line.js";
import { wear } from "./style.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, localName, t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./alarm-book.js").Alarm} Alarm
 * @typedef {{at: string, act: string, by: string, note: string}} HistoryLine
 * @typedef {{alarm: Alarm, history: HistoryLine[], procedure: {text: Record<string, string>}}} Detail
 * @typedef {object} Context
 * @property {import("/web/store.js").Store<import("./site-state.js").SiteState>} store
 * @property {string[]} permissions
 * @property {import("./event-line.js").Look} look
 * @property {(deed: string) => void} act
 * @property {(id: string) => void} choose another alarm
 */

/** Alarms that are settled on another page: who may see it, and where it is. @type {Record<string, [string, string]>} */
const PLACES = {
  canteen_exception: ["canteen.read", "/canteen#cases/exceptions"],
  board_update: ["firmware.read", "/boards"],
  rollout_halted: ["firmware.read", "/boards#rollouts"],
};
const EVENTS_SHOWN = 5;
const AROUND_SHOWN = 5;
/** Until central is asked again for what it could not tell. */
const RETRY_MS = 2_000;

export class AlarmPanel {
  #context;
  element = h("article", { class: "alarm" });
  #head = h("header");
  #deeds = h("p", { class: "deeds" });
  #procedure = h("div", { class: "procedure" });
  #media = h("div", { class: "media" });
  #signals = h("div", { class: "around of-fire" });
  #around = h("div", { class: "around" });
  #history = h("ol", { class: "history" });
  /** @type {Detail | null} what central has told in full */
  #known = null;
  /** @type {{id: string, version: number} | null} what central was last asked about */
  #asked = null;
  #said = "";

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.element.append(this.#head, this.#deeds, this.#procedure, this.#media, this.#signals, this.#around, this.#history);
  }

  /** @param {Alarm} alarm @param {string | null} pressed key of what is under way */
  show(alarm, pressed) {
    const { store } = this.#context;
    const { site, zone, alarms, log } = store.state;
    this.#ask(alarm);
    const detail = this.#known?.alarm.id === alarm.id ? this.#known : null;
    const said = [alarm.id, alarm.version, detail?.alarm.version, pressed, language(), alarms.revision, log.lines[0]?.key].join("|");
    if (said === this.#said) return;
    const isAnother = this.element.dataset.id !== alarm.id;
    this.#said = said;
    this.element.dataset.id = alarm.id;
    this.element.className = `alarm p${alarm.priority} ${alarm.acknowledged_at === null ? "is-unacknowledged" : "is-acknowledged"}`;
    fill(
      this.#head,
      prioritySign(alarm.priority),
      h("h2", {}, kindWords(alarm), " ", h("span", { class: "where" }, place(alarm, site))),
      h("time", {}, formatTime(alarm.raised_at, zone)),
      cause(alarm) ? h("p", { class: "cause" }, cause(alarm)) : null,
      h("p", { class: "standing" }, pressed ? t(pressed) : standing(alarm, zone)),
    );
    this.#drawDeeds(alarm, isAnother);
    this.#drawProcedure(detail);
    this.#drawMedia(alarm);
    this.#drawSignals(alarm);
    this.#drawAround(alarm);
    fill(this.#history, ...(detail?.history ?? []).toReversed().map((line) => historyLine(line, zone)));
  }

  /** An alarm that has left the list while it was looked at. @param {string} id @returns {Alarm | undefined} */
  last(id) {
    return this.#known?.alarm.id === id ? this.#known.alarm : undefined;
  }

  /** Ask central for what the list does not tell. @param {Alarm} alarm */
  async #ask({ id, version }) {
    if (this.#asked?.id === id && this.#asked.version === version) return;
    const asked = { id, version };
    this.#asked = asked;
    try {
      const detail = await get(`/alarms/${id}`);
      // An answer may come after that to a later question; the last question counts.
      if (this.#asked === asked) this.#known = detail;
    } catch (error) {
      // What the list tells stays; the link to central says that it is cut off.
      if (!(error instanceof ApiError)) throw error;
      setTimeout(() => this.#askAgain(asked), RETRY_MS);
    }
    this.#context.store.schedule();
  }

  /** @param {{id: string, version: number}} asked in vain */
  #askAgain(asked) {
    if (this.#asked !== asked) return;
    this.#asked = null;
    this.#context.store.schedule();
  }

  /** @param {Alarm} alarm @param {boolean} isAnother */
  #drawDeeds(alarm, isAnother) {
    const { permissions, act } = this.#context;
    const mayAct = permissions.includes("alarms.act");
    const isAside = alarm.shelved || alarm.is_out_of_service;
    /** @type {[string, string, string, boolean][]} */
    const all = [
      ["a", "desk.acknowledge", "acknowledge", mayAct && alarm.acknowledged_at === null],
      ["s", "desk.shelve", "shelve", mayAct && !alarm.is_latched && !isAside],
      ["u", alarm.is_out_of_service ? "desk.return_to_service" : "desk.unshelve", "unshelve", mayAct && !!isAside],
      ["c", "desk.camera", "camera", permissions.includes("video.watch")],
      ["n", "desk.note", "note", mayAct],
      ["o", "desk.take_out", "take_out", permissions.includes("alarms.manage") && !alarm.is_latched && !isAside],
    ];
    const shown = all.filter(([, , , may]) => may);
    const said = `${language()} ${shown.map(([key]) => key).join("")}`;
    // A button that is replaced under a finger is not pressed.
    if (!isAnother && this.#deeds.dataset.said === said) return;
    this.#deeds.dataset.said = said;
    const [needed, address] = PLACES[alarm.kind] ?? [];
    fill(
      this.#deeds,
      needed && permissions.includes(needed) ? h("a", { class: "button", href: address }, t("desk.settle_there")) : null,
      ...shown.map(([key, words, deed], index) =>
        h("button", { type: "button", class: index === 0 && deed === "acknowledge" ? "primary" : "", onclick: () => act(deed) }, h("kbd", {}, key), t(words)),
      ),
    );
  }

  /** @param {Detail | null} detail */
  #drawProcedure(detail) {
    const text = detail ? localName(detail.procedure.text, "") : "";
    const said = `${language()} ${text}`;
    if (this.#procedure.dataset.said === said) return;
    this.#procedure.dataset.said = said;
    const steps = stepsOf(text);
    fill(this.#procedure, h("h3", {}, t("desk.procedure")), h("ol", {}, ...steps));
    this.#procedure.hidden = steps.length === 0;
  }

  /** @param {Alarm} alarm */
  #drawMedia({ media }) {
    const said = media.map(({ sha256 }) => sha256).join(" ") + language();
    if (this.#media.dataset.said === said) return;
    this.#media.dataset.said = said;
    fill(this.#media);
    this.#media.hidden = media.length === 0;
    if (media.length === 0) return;
    // Pictures are wanted only of alarms that have some.
    wear("video.css");
    import("./video.js").then(({ medium }) => {
      if (this.#media.dataset.said !== said) return;
      fill(this.#media, ...media.map((each) => medium(each, this.#context.store.state.zone)));
    });
  }

  /** The detectors that a fire's line stands for. @param {Alarm} alarm */
  #drawSignals(alarm) {
    const signals = this.#context.store.state.alarms.signalsOf(alarm);
    this.#signals.hidden = signals.length === 0;
    fill(this.#signals, h("h3", {}, t("desk.signals_of")), h("ul", {}, ...signals.map((signal) => this.#other(signal))));
  }

  /** A way to another alarm. @param {Alarm} other */
  #other(other) {
    const { store, choose } = this.#context;
    const { site, zone } = store.state;
    const words = `${formatTime(other.raised_at, zone)} ${kindWords(other)}${other.kind === "fire_point" ? ` ${place(other, site)}` : ""}`;
    return h("li", { class: `p${other.priority}` }, prioritySign(other.priority), h("button", { type: "button", class: "plain", onclick: () => choose(other.id) }, words), h("small", {}, standing(other, zone)));
  }

  /** @param {Alarm} alarm */
  #drawAround(alarm) {
    const { store, look } = this.#context;
    const { alarms, site, log } = store.state;
    const others = alarms.around(alarm).slice(0, AROUND_SHOWN);
    const own = String(alarm.event_position);
    const ids = new Set(subjectsOf(alarm).map(([, id]) => id));
    const lines = log.lines.filter(({ key, data }) => key !== own && (ids.has(data.access_point) || ids.has(data.device))).slice(0, EVENTS_SHOWN);
    this.#around.hidden = others.length + lines.length === 0;
    fill(
      this.#around,
      h("h3", {}, t("desk.around")),
      h(
        "ul",
        {},
        ...others.map((other) => this.#other(other)),
        ...lines.map((line) => h("li", {}, h("span", {}, lineText(line, site, look)))),
      ),
    );
  }
}

/** What is wrong with a board, or why it was not updated: a line of its own; others have none. @param {Alarm} alarm */
function cause({ kind, detail }) {
  if (kind === "board_health") return (detail.faults ?? []).map((/** @type {string} */ fault) => term("board_fault", fault)).join(t("list.comma"));
  const reason = kind === "board_update" ? detail.reason : kind === "rollout_halted" && detail.why;
  return reason ? term("board_reason", reason) : "";
}
