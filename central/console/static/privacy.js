/** Data protection: how long what is kept of people, and whether the timers that delete it are in time. */

import "/web/data-table.js";
import { get } from "./api.js";
import { keysSection } from "./keys-section.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, onLanguage, t, term } from "/web/i18n.js";
import { onKey } from "/web/keys.js";
import { prioritySign } from "/web/symbols.js";

const REFRESH_MS = 30_000;
const DAY_H = 24;

/**
 * @typedef {{name: string, node: string | null, ending: string, kept_h: number | null, setting: string,
 *   minimum_days: number | null, maximum_days: number | null, oldest_at: string | null, last_run_at: string | null,
 *   next_run_at: string | null, deleted_count: number, is_overdue: boolean}} Line
 */

startPage({
  name: "privacy",
  mount(main, { store, session }) {
    /** @type {{items: Line[], overdue_count: number} | null} */
    let view = null;
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "privacy.empty" }));
    const standing = h("p", { role: "status" });
    const problem = h("p", { class: "problem", role: "alert" });
    const title = h("h1", { data: { t: "page.privacy" } }, t("page.privacy"));
    main.append(h("header", {}, title, assessment()), standing, problem, table);
    if (session.permissions.includes("keys.manage")) main.append(keysSection());
    table.rowKey = (line) => `${line.node ?? ""} ${line.name}`;
    table.columns = columns(() => store.state.zone);

    const show = () => {
      if (!view) return;
      table.rows = view.items;
      const late = view.overdue_count;
      fill(standing, ...(late ? [prioritySign(2), t("privacy.overdue", { n: late })] : [t("privacy.in_time")]));
    };
    const load = async () => {
      try {
        view = await get("/retention");
        fill(problem);
        show();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    };
    setInterval(load, REFRESH_MS);
    store.subscribe((state) => {
      // Times are shown in the site's zone.
      if (state.isLoaded) show();
    });
    onKey("j", () => t("keys.down"), () => table.move(1));
    onKey("k", () => t("keys.up"), () => table.move(-1));
    onLanguage(show);
    load();
  },
});

/** @returns {HTMLElement} the impact assessment in the page's language, in a tab of its own to print */
function assessment() {
  const link = h("a", { class: "button", target: "_blank", data: { t: "privacy.assessment" } }, t("privacy.assessment"));
  const point = () => link.setAttribute("href", `/api/v1/privacy/assessment?language=${language()}&format=html&purpose=compliance`);
  onLanguage(point);
  point();
  return link;
}

/** @param {() => string} zone @returns {import("/web/data-table.js").Column[]} */
function columns(zone) {
  const time = (/** @type {string | null} */ at) => (at ? formatTime(at, zone()) : "");
  return [
    { title: "privacy.class", cell: (line) => [term("data_class", line.name)] },
    { title: "privacy.place", cell: (line) => [line.node ?? t("privacy.central")] },
    { title: "privacy.kept", cell: (line) => [h("span", { title: line.setting }, kept(line))] },
    { title: "privacy.bounds", cell: (line) => [h("span", { class: "muted" }, bounds(line))] },
    { title: "privacy.oldest", cell: (line) => [time(line.oldest_at)] },
    { title: "privacy.last_run", cell: (line) => [line.last_run_at ? time(line.last_run_at) : line.kept_h === null ? "" : t("privacy.never")] },
    { title: "privacy.next_run", cell: (line) => (line.is_overdue ? [h("span", { class: "trouble p2" }, prioritySign(2), t("privacy.late"))] : [time(line.next_run_at)]) },
    { title: "privacy.deleted", cell: (line) => [line.kept_h === null ? "" : line.deleted_count], isNumber: true },
  ];
}

/** @param {Line} line */
function kept({ kept_h: hours, ending }) {
  if (hours === null || (hours === 0 && ending === "expiry")) return term("data_ending", ending);
  return hours % DAY_H ? t("privacy.hours", { n: hours }) : t("privacy.days", { n: hours / DAY_H });
}

/** @param {Line} line */
function bounds({ minimum_days: least, maximum_days: most }) {
  if (least !== null && most !== null) return t("privacy.between", { least, most });
  if (least !== null) return t("privacy.at_least", { least });
  return most === null ? "" : t("privacy.at_most", { most });
}
