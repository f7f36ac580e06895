/** What stands on the screen of a lane, drawn from its state alone. */

import { fill, h } from "/web/dom.js";
import { localName, t, term } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

/** @typedef {import("./kiosk.js").KioskState} KioskState */

/** Room around a face, as a share of its size. */
const FRAME_MARGIN = 0.25;

export class Screen {
  #path;
  #round = 0;
  #spoken = "";
  #picture = /** @type {HTMLImageElement} */ (h("img", { class: "live", alt: "" }));
  #frame = h("div", { class: "frame" });
  #place = h("header", {});
  #message = h("section", { class: "message", role: "status", "aria-live": "assertive" });

  /** @param {string} path of the lane, below which its live picture is */
  constructor(path) {
    this.#path = path;
    const stage = h("div", { class: "stage" }, this.#picture, this.#frame);
    this.element = h("main", { class: "kiosk" }, stage, this.#place, this.#message);
  }

  /** @param {KioskState} state */
  render(state) {
    if (state.round !== this.#round && state.point?.has_camera) {
      this.#round = state.round;
      this.#picture.src = `${this.#path}/live.mjpeg?round=${state.round}`;
    }
    const isFire = isAlarm(state.lane);
    const hasPicture = state.isOnline && state.picture.is_current && state.lane.phase !== "unavailable" && !isFire;
    this.element.dataset.phase = state.isOnline || isFire ? state.lane.phase : "offline";
    this.element.classList.toggle("has-picture", hasPicture);
    this.#follow(hasPicture ? state : null);
    if (state.point) {
      const name = localName(state.point.name, state.point.id);
      document.title = name;
      const isOpenToPictures = state.point.has_camera && state.point.liveness === "off";
      const direction = h("span", {}, t(`kiosk.${state.point.direction}`));
      fill(this.#place, h("b", {}, name), direction, isOpenToPictures && h("span", {}, t("kiosk.liveness_off")));
    }
    this.#speak(said(state));
  }

  /** @param {Said} words */
  #speak({ title, name, way, sign }) {
    const spoken = JSON.stringify([title, name, way, sign]);
    if (spoken === this.#spoken) return;
    this.#spoken = spoken;
    fill(
      this.#message,
      sign && h("div", { class: "sign-large" }, symbol(sign)),
      h("p", { class: name ? "title with-name" : "title" }, title),
      name ? h("p", { class: "name" }, name) : null,
      way ? h("p", { class: "way" }, way) : null,
    );
  }

  /** @param {KioskState | null} state null hides the frame */
  #follow(state) {
    const face = state?.picture.faces.find((each) => each.is_active) ?? state?.picture.faces[0];
    const { naturalWidth: width, naturalHeight: height } = this.#picture;
    this.#frame.classList.toggle("is-shown", Boolean(face) && width > 0);
    if (!face || !width) return;
    const [left, top, right, bottom] = face.box;
    const side = Math.max(right - left, bottom - top) * (1 + 2 * FRAME_MARGIN);
    // The picture fills the stage and is cut where it does not fit, like `object-fit: cover`.
    const { clientWidth, clientHeight } = this.#picture;
    const scale = Math.max(clientWidth / width, clientHeight / height);
    const x = ((left + right) / 2 - side / 2 - width / 2) * scale + clientWidth / 2;
    const y = ((top + bottom) / 2 - side / 2 - height / 2) * scale + clientHeight / 2;
    this.#frame.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    this.#frame.style.width = this.#frame.style.height = `${Math.round(side * scale)}px`;
  }
}

/** Reasons that wait for another person, not for another credential. */
const SOMEBODY_ELSE = new Set(["escort_needed", "awaiting_second_person"]);

/** What is asked for, drawn. @type {Record<string, import("/web/symbols.js").SymbolName>} */
const SHOWN_CREDENTIALS = { card: "card", pin: "keypad", face: "straight", qr: "code" };

/** @typedef {{title: string, name?: string, way?: string, sign?: import("/web/symbols.js").SymbolName}} Said */

/**
 * What is asked for is drawn, too. The picture is mirrored, so one's own left is the screen's left.
 * @type {Record<string, import("/web/symbols.js").SymbolName>}
 */
const SHOWN_HINTS = { turn_left: "left", turn_right: "right", blink: "blink", look_straight: "straight" };

/** @param {KioskState} state @returns {Said} one sentence and the way on */
function said({ lane, picture, isOnline, point }) {
  const { phase, reason, cover, asks } = lane;
  if (isAlarm(lane)) return alarm(lane);
  if (cover) return { title: t("kiosk.hidden"), way: term("hint", cover), sign: phase === "step_up" ? "card" : undefined };
  if (!isOnline || !point) return { title: t("kiosk.offline") };
  if (phase === "welcome") return { title: t("kiosk.welcome"), name: lane.masked_name, sign: "ahead" };
  if (phase === "passed") return { title: t("kiosk.passed"), sign: "granted" };
  if (phase === "refused") return { title: term("refusal", reason ?? ""), way: term("way", reason ?? "") };
  if (phase === "step_up") {
    const asked = SHOWN_CREDENTIALS[asks[0] ?? ""] ?? "card";
    const sign = SOMEBODY_ELSE.has(reason ?? "") ? "person" : asked;
    const way = asks.length ? t("kiosk.asks", { what: choice(asks) }) : term("way", reason ?? "");
    return { title: term("refusal", reason ?? ""), way, sign };
  }
  if (phase === "fault") return { title: t("kiosk.fault"), way: t("kiosk.fault_way") };
  if (phase === "unavailable") return { title: t("kiosk.card"), way: point.has_camera ? t("kiosk.unavailable_way") : "", sign: "card" };
  if (!picture.is_current) return { title: t("kiosk.card"), sign: "card" };
  const hint = picture.faces.find((face) => face.is_active)?.hint;
  return { title: hint ? term("hint", hint) : t("kiosk.looking"), sign: SHOWN_HINTS[hint ?? ""] };
}

/** Whether everybody is to leave; that is said even when the terminal is not heard any more. @param {{phase: string}} lane */
function isAlarm({ phase }) {
  return phase === "fire" || phase === "drill";
}

/**
 * Whoever reads an entrance's screen stands outside: they are sent away, not in.
 * @param {{phase: string, direction: string}} lane @returns {Said}
 */
function alarm({ phase, direction }) {
  const isWayIn = direction === "in";
  return { title: t(phase === "drill" ? "kiosk.drill" : "kiosk.fire"), way: t(isWayIn ? "kiosk.fire_stay_out" : "kiosk.fire_go"), sign: isWayIn ? "back" : "ahead" };
}

/** @param {string[]} kinds @returns {string} any of them, as one asks for it */
function choice(kinds) {
  return kinds.map((kind) => term("ask", kind)).join(t("kiosk.or"));
}
