/** The way to a diner's own page, shown large to who stands at the counter: used or not, and how long it is good. */

import { ApiError, get, post } from "./api.js";
import { openDialog } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { t } from "/web/i18n.js";

const LOOK_MS = 1500;
const TICK_MS = 500;

/** @param {{holder_id: string, name: string}} person */
export async function linkDialog(person) {
  const picture = h("div", { class: "link-code", role: "img", "aria-label": t("canteen_link.code") });
  const left = h("p", { class: "link-left", role: "timer" });
  const said = h("p", { class: "link-said", role: "status" });
  const again = h("button", { type: "button", hidden: true, onclick: () => begin() }, t("canteen_link.again"));
  const dialog = openDialog(t("canteen_link.title", { name: person.name }), h("div", { class: "link" }, picture, left, said, again, h("p", { class: "muted" }, t("canteen_link.hint"))));
  dialog.classList.add("wide");
  /** @type {{link_id: string, until: number} | null} `until` counts from when this page was opened, whatever its clock shows */
  let link = null;
  let isAsking = false;

  async function begin() {
    try {
      const made = await post("/diners/links", { holder_id: person.holder_id });
      link = { link_id: made.link_id, until: Infinity };
      fill(picture, drawing(made.code_svg));
      show("waiting");
      await look();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(said, error.sentence);
    }
  }

  /** @param {"waiting" | "opened" | "over"} state */
  function show(state) {
    if (state !== "waiting") link = null;
    picture.classList.toggle("is-used", state !== "waiting");
    dialog.dataset.state = state;
    fill(said, state === "opened" ? `✓ ${t("canteen_link.opened")}` : t(`canteen_link.${state}`));
    left.hidden = state !== "waiting";
    again.hidden = state === "waiting";
    tick();
  }

  function tick() {
    if (!link || link.until === Infinity) return;
    const seconds = Math.max(0, Math.ceil((link.until - performance.now()) / 1000));
    fill(left, `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  }

  async function look() {
    if (!link || isAsking) return;
    isAsking = true;
    try {
      const { state, left_s: left } = await get(`/diners/links/${link.link_id}`);
      if (state !== "waiting") return show(state);
      if (link?.until === Infinity) link.until = performance.now() + 1000 * left;
      tick();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Without an answer it goes on counting; the next look says more.
      if (error.status === 404) show("over");
    } finally {
      isAsking = false;
    }
  }

  const timers = [setInterval(tick, TICK_MS), setInterval(look, LOOK_MS)];
  dialog.addEventListener("close", () => timers.forEach(clearInterval));
  await begin();
}

/** Central's drawing as an element that can be as large as the screen allows. @param {string} text */
function drawing(text) {
  const svg = document.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
  svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
  for (const name of ["width", "height"]) svg.removeAttribute(name);
  return svg;
}
