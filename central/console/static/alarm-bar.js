/** Over every page of those who may see alarms: how many, the most urgent one, and whether it can be heard. */

import { AlarmSound } from "./alarm-sound.js";
import { kindWords, place } from "./alarm-words.js";
import { onSpeaker, speakerState } from "/web/speaker.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/** @typedef {import("./alarm-book.js").Alarm} Alarm */

/** What follows it in the address of the console, to choose it there. */
export const CHOSEN = "#alarm-";

export class AlarmBar {
  #store;
  #counts = h("ul", { class: "alarm-counts" });
  #top = h("a", { class: "top-alarm", hidden: true });
  #speaker = h("span", { class: "speaker", role: "status" });
  #sound = new AlarmSound();
  #said = "";

  /** @param {import("/web/store.js").Store<import("./site-state.js").SiteState>} store */
  constructor(store) {
    this.#store = store;
    this.element = h("div", { class: "alarm-bar" }, this.#counts, this.#top, this.#speaker);
    const { alarms } = store.state;
    alarms.onChange(() => this.#sound.follow(alarms.top));
    onSpeaker(() => this.#tellSpeaker());
    store.subscribe(() => this.#render());
  }

  #render() {
    const { alarms, zone, site, link } = this.#store.state;
    const said = `${alarms.revision} ${language()} ${link.isOnline} ${site?.id}`;
    if (!alarms.isLoaded || said === this.#said) return;
    this.#said = said;
    const counts = alarms.counts().map(({ priority, count, unacknowledged }) => {
      const kind = unacknowledged > 0 ? "is-unacknowledged" : "is-acknowledged";
      const said = t("desk.counted", { n: count, open: unacknowledged });
      return h("li", { class: count ? `p${priority} ${kind}` : "is-none", title: said, data: { priority } }, prioritySign(priority), t(`desk.priority_${priority}`), " ", h("b", {}, count));
    });
    const aside = alarms.aside.length;
    fill(this.#counts, ...counts, h("li", { class: aside ? "" : "is-none", data: { priority: "aside" } }, t("desk.aside"), " ", h("b", {}, aside)));
    this.#counts.classList.toggle("is-stale", !link.isOnline);
    this.#tellTop(alarms.top, zone, site);
    this.#tellSpeaker();
  }

  /** @param {Alarm | null} top @param {string} zone @param {any} site */
  #tellTop(top, zone, site) {
    this.#top.hidden = top === null;
    if (!top) return;
    this.#top.className = `top-alarm p${top.priority} is-unacknowledged`;
    this.#top.setAttribute("href", `/${CHOSEN}${top.id}`);
    fill(this.#top, prioritySign(top.priority), h("time", {}, formatTime(top.raised_at, zone)), h("b", {}, kindWords(top)), h("span", {}, place(top, site)));
  }

  #tellSpeaker() {
    const state = speakerState();
    this.#speaker.dataset.state = state;
    fill(this.#speaker, state === "locked" ? prioritySign(3) : null, t(`desk.speaker_${state}`));
  }
}
