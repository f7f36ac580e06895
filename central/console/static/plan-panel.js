/**
 * What stands at a place of the plan, beside it: its state and alarms, what can be done, and what is to be seen there: a
 * camera as it sees now; of a gate the last snapshot, and the cameras that see it.
 */

import { CHOSEN } from "./alarm-bar.js";
import { get } from "./api.js";
import { subjectName } from "./plan-places.js";
import { alarmsAt, planSymbol } from "./plan-symbols.js";
import { wear } from "./style.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { t, term } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * @typedef {import("./plan.js").Item} Item
 * @typedef {import("./video.js").Camera} Camera
 */

const SNAPSHOTS_SEARCHED = 50;
/** Pages that go on about a kind of place. @type {Record<string, string>} */
const PAGES = { fire_zone: "fire", checkpoint: "patrol" };

export class PlanPanel {
  #store;
  #session;
  /** @type {Item | null} */
  #item = null;
  /** @type {import("./live-view.js").LiveView | null} */
  #view = null;
  /** @type {(() => void) | null} ends what the store tells */
  #leave = null;
  #name = h("h2");
  #state = h("p", { class: "plan-state", role: "status" });
  #alarms = h("ul", { class: "plan-alarms" });
  #deeds = h("div", { class: "deeds" });
  #pictures = h("div", { class: "plan-pictures" });
  #close = h("button", { type: "button", class: "quiet close", onclick: () => this.close() }, "×");
  element = h("aside", { class: "plan-panel", hidden: true }, h("header", {}, this.#name, this.#close), this.#state, this.#alarms, this.#deeds, this.#pictures);
  /** Called when it has closed. */
  onClosed = () => {};

  /** @param {import("./plan.js").Store} store @param {import("./session.js").Session} session */
  constructor(store, session) {
    this.#store = store;
    this.#session = session;
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    // Nobody looks at a hidden page: the node need not send.
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#view?.stop() : this.#view?.start()));
  }

  /** @param {Item} item */
  open(item) {
    wear("video.css");
    this.#end();
    this.#item = item;
    this.element.hidden = false;
    this.element.dataset.place = `${item.place.kind}/${item.place.id}`;
    this.#leave = this.#store.subscribe(() => this.#draw());
    this.words();
    /** @type {HTMLElement} */ (this.#deeds.querySelector("button, a") ?? this.#close).focus();
  }

  close() {
    if (!this.#item) return;
    this.#end();
    this.element.hidden = true;
    this.#item = null;
    this.onClosed();
  }

  /** Say everything anew, as in another language. */
  words() {
    if (!this.#item) return;
    this.#draw();
    this.#close.setAttribute("aria-label", t("action.close"));
    fill(this.#deeds, ...this.#actions(this.#item));
    this.#look(this.#item);
  }

  #end() {
    this.#view?.stop();
    this.#view = null;
    this.#leave?.();
    this.#leave = null;
  }

  #draw() {
    const item = this.#item;
    if (!item) return;
    const { state } = this.#store;
    const look = planSymbol(item, state);
    const since = look.since === null ? null : t("since", { time: formatTime(look.since, state.zone) });
    fill(this.#name, subjectName(item, state.site));
    const words = [term("plan_kind", item.place.kind), look.word, look.isStale || look.isAbnormal ? since : null, item.subject ? item.subject.node : t("plan.unknown_subject")];
    fill(this.#state, words.filter(Boolean).join(" · "));
    this.#state.classList.toggle("is-stale", look.isStale);
    const standing = alarmsAt(item, state);
    fill(
      this.#alarms,
      ...standing.map((alarm) => h("li", { class: `p${alarm.priority}` }, prioritySign(alarm.priority), h("a", { href: `/${CHOSEN}${alarm.id}` }, term("alarm_kind", alarm.kind)), h("time", {}, formatTime(alarm.raised_at, state.zone)))),
    );
  }

  /** @param {string} permission */
  #may(permission) {
    return this.#session.permissions.includes(permission);
  }

  /** @param {Item} item @returns {(HTMLElement | false)[]} */
  #actions({ place, subject }) {
    const page = PAGES[place.kind];
    if (page) return [this.#may(`${page}.read`) && h("a", { class: "button", href: `/${page}` }, t(`page.${page}`))];
    if (place.kind !== "access_point" || !subject || !this.#may("commands.send")) return [];
    const operate = async () => {
      const gate = this.#store.state.gates().find((each) => each.node === subject.node && each.device === subject.device);
      const { openGate } = await import("./gate-commands.js");
      openGate(gate ?? { device: subject.device ?? "", node: subject.node ?? "", access_points: [place.id] }, this.#store);
    };
    const area = async () => (await import("./area-commands.js")).openArea(this.#store, place.id);
    return [
      h("button", { type: "button", class: "primary", onclick: operate }, t("plan.operate")),
      this.#may("access.read") && h("button", { type: "button", onclick: area }, t("area.open")),
    ];
  }

  /** What is to be seen there. @param {Item} item */
  async #look(item) {
    const { place } = item;
    fill(this.#pictures);
    if (!["access_point", "camera", "checkpoint", "fire_zone", "device"].includes(place.kind) || !this.#may("video.watch")) return;
    const { cameraName, cameras, covering } = await import("./video.js");
    const seeing = covering(await cameras().catch(() => []), [place.id, ...(item.subject?.access_points ?? [])]);
    if (item !== this.#item) return;
    const own = seeing.find(({ camera }) => place.kind === "camera" && camera === place.id);
    if (own) return this.#watch(own);
    const list = h("ul", { class: "plan-cameras" }, ...seeing.map((camera) => h("li", {}, h("button", { type: "button", onclick: () => this.#watch(camera, list) }, cameraName(camera)))));
    fill(this.#pictures, h("h3", {}, t("plan.cameras")), seeing.length ? list : h("p", { class: "muted" }, t("desk.no_camera")));
    if (place.kind === "access_point" && this.#may("video.clips")) await this.#snapshot(item, seeing);
  }

  /** Show the last picture that was kept of a gate. @param {Item} item @param {Camera[]} seeing */
  async #snapshot(item, seeing) {
    const { medium } = await import("./video.js");
    const kept = await Promise.all(seeing.map(({ camera }) => get(`/clips?camera=${camera}&limit=${SNAPSHOTS_SEARCHED}`).catch(() => ({ items: [] }))));
    if (item !== this.#item) return;
    const about = [item.place.id, item.subject?.device];
    const found = kept
      .flatMap(({ items }) => items)
      .filter(({ kind, has_content: isHere, subjects }) => kind === "snapshot" && isHere && subjects.some((/** @type {string} */ each) => about.includes(each)))
      .sort((one, other) => Date.parse(other.from_at) - Date.parse(one.from_at))[0];
    const { zone } = this.#store.state;
    this.#pictures.append(h("h3", {}, t("plan.snapshot")));
    if (found) this.#pictures.append(medium(found, zone), h("p", { class: "muted" }, formatTime(found.from_at, zone)));
    else this.#pictures.append(h("p", { class: "muted" }, t("plan.no_snapshot")));
  }

  /** See through a camera; above what else is there. @param {Camera} camera @param {HTMLElement} [list] */
  async #watch(camera, list) {
    const item = this.#item;
    const [{ LiveView }, { cameraName, openCamera, recordedSince }] = await Promise.all([import("./live-view.js"), import("./video.js")]);
    if (item !== this.#item) return;
    const { zone } = this.#store.state;
    this.#view?.stop();
    this.#view?.element.parentElement?.remove();
    const view = new LiveView(camera.camera, { zone, title: cameraName(camera) });
    this.#view = view;
    const large = () => {
      // One view of a camera is enough; closing the large one goes on here.
      view.stop();
      openCamera(camera, { zone, permissions: this.#session.permissions });
      document.querySelector("dialog.camera")?.addEventListener("close", () => this.#view === view && view.start());
    };
    const shown = h("div", { class: "plan-live" }, view.element, h("div", { class: "deeds" }, h("button", { type: "button", onclick: large }, t("plan.larger"))), recordedSince(camera, zone));
    if (list) list.before(shown);
    else fill(this.#pictures, shown);
    view.start();
  }
}
