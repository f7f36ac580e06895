/** Cameras: a wall of 1, 4 or 9 live views, a camera by itself, and the newest pictures of alarms. */

import { get } from "./api.js";
import { openDialog } from "./forms.js";
import { LiveView } from "./live-view.js";
import { startPage } from "./shell.js";
import { cameraName, cameras, medium, openCamera, recordedSince } from "./video.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, recall, remember, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

const SIZES = [1, 4, 9];
/** A browser has six connections to central at once; beyond this many views they take turns. */
const AT_ONCE = 4;
const KEPT_SHOWN = 12;

startPage({
  name: "cameras",
  mount(main, { store, session }) {
    /** @type {import("./video.js").Camera[]} */
    let known = [];
    /** @type {LiveView[]} */
    let views = [];
    let size = Number(recall("wall") ?? 4);
    let page = 0;
    const sizes = h("div", { class: "sizes", role: "group" });
    const pages = h("div", { class: "sizes", role: "group" });
    const wall = h("div", { class: "wall" });
    const kept = h("section", { class: "kept" });
    main.append(h("header", {}, h("h1", { data: { t: "page.cameras" } }, t("page.cameras")), sizes, pages), wall, kept);
    const zone = () => store.state.zone;
    const viewer = () => ({ zone: zone(), permissions: session.permissions });

    function show() {
      for (const view of views) view.stop();
      const count = Math.max(1, Math.ceil(known.length / size));
      page = Math.min(page, count - 1);
      const shown = known.slice(page * size, (page + 1) * size);
      views = shown.map((camera) => new LiveView(camera.camera, { zone: zone(), title: cameraName(camera), byTurns: shown.length > AT_ONCE }));
      wall.dataset.size = String(size);
      fill(
        wall,
        ...views.map((view, index) =>
          h("button", { class: "tile", type: "button", onclick: () => openCamera(shown[index], viewer()) }, view.element, recordedSince(shown[index], zone())),
        ),
        !known.length && h("p", { class: "empty" }, t("video.none")),
      );
      fill(
        sizes,
        ...SIZES.map((each) =>
          h("button", { type: "button", class: "quiet", "aria-pressed": String(each === size), "aria-label": t("video.wall", { count: each }), onclick: () => resize(each) }, String(each)),
        ),
      );
      fill(
        pages,
        count > 1 && h("button", { type: "button", class: "quiet", "aria-label": t("video.previous"), onclick: () => turn(-1) }, "‹"),
        count > 1 && h("span", {}, `${page + 1} / ${count}`),
        count > 1 && h("button", { type: "button", class: "quiet", "aria-label": t("video.next"), onclick: () => turn(1) }, "›"),
      );
      if (!document.hidden) for (const view of views) view.start();
    }

    /** @param {number} wanted */
    function resize(wanted) {
      size = wanted;
      remember("wall", String(size));
      show();
    }

    /** @param {number} by */
    function turn(by) {
      const count = Math.max(1, Math.ceil(known.length / size));
      page = (page + by + count) % count;
      show();
    }

    async function showKept() {
      if (!session.permissions.includes("video.clips")) return;
      const { items } = await get(`/clips?limit=${KEPT_SHOWN}`);
      fill(
        kept,
        h("h2", {}, t("video.clips")),
        !items.length && h("p", { class: "muted" }, t("video.clips_none")),
        h(
          "ul",
          {},
          ...items.map((/** @type {any} */ each) => {
            const camera = known.find(({ camera: id }) => id === each.camera);
            const words = [formatTime(each.from_at, zone()), term("media_kind", each.kind), camera ? cameraName(camera) : each.camera];
            const look = () => openDialog(words.join(" "), medium(each, zone())).classList.add("wide", "camera");
            return h("li", {}, h("button", { type: "button", class: "quiet", disabled: !each.has_content, onclick: look }, ...words.map((word) => h("span", {}, word))));
          }),
        ),
      );
    }

    for (const each of SIZES) onKey(String(each), () => t("video.wall", { count: each }), () => resize(each));
    onKey("n", () => t("video.next"), () => turn(1));
    onKey("p", () => t("video.previous"), () => turn(-1));
    // Nobody looks at a hidden page: the nodes need not send.
    document.addEventListener("visibilitychange", () => {
      for (const view of views) document.hidden ? view.stop() : view.start();
    });
    let loaded = false;
    let version = "";
    store.subscribe(async (state) => {
      if (!state.isLoaded) return;
      if (!loaded) {
        loaded = true;
        known = await cameras();
        show();
      }
      if (version !== String(state.videoVersion)) {
        version = String(state.videoVersion);
        await showKept();
      }
    });
    onLanguage(() => {
      if (!loaded) return;
      show();
      showKept();
    });
  },
});
