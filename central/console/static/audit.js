/** The audit log: who did or looked at what, for auditors. */

import "/web/data-table.js";
import { get } from "./api.js";
import { openDialog } from "./forms.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { onLanguage, t, term, termsOf } from "/web/i18n.js";
import { onKey } from "/web/keys.js";

const PAGE_SIZE = 100;
const TYPING_MS = 200;

/**
 * @typedef {{sequence: number, at: string, actor: string, actor_name: string | null, address: string,
 *   action: string, objects: string[], purpose: string, detail: Record<string, any>, hash: string}} Entry
 */

startPage({
  name: "audit",
  mount(main, { store }) {
    /** @type {{entries: Entry[], next: number | null, head: string, asked: number}} */
    const view = { entries: [], next: null, head: "", asked: 0 };
    const table = /** @type {import("/web/data-table.js").DataTable} */ (h("data-table", { empty: "audit.empty" }));
    const who = /** @type {HTMLInputElement} */ (h("input", { type: "search" }));
    const about = /** @type {HTMLInputElement} */ (h("input", { type: "search" }));
    const what = /** @type {HTMLSelectElement} */ (h("select"));
    const more = h("button", { class: "quiet", hidden: true });
    const problem = h("p", { class: "problem", role: "alert" });
    const head = h("p", { class: "muted head" });
    main.append(h("header", {}, h("h1", { data: { t: "page.audit" } }, t("page.audit")), who, what, about), problem, table, more, head);
    table.rowKey = (entry) => String(entry.sequence);
    table.columns = columns(() => store.state.zone);

    const show = () => {
      table.rows = view.entries;
      more.hidden = view.next === null;
      fill(head, view.head && t("audit.head", { head: view.head }));
    };
    /** @param {number | null} [before] continue behind this page */
    const load = async (before = null) => {
      const asked = ++view.asked;
      const wanted = { actor: who.value.trim(), action: what.value, about: about.value.trim(), limit: String(PAGE_SIZE) };
      const parameters = new URLSearchParams(Object.entries(wanted).filter(([, value]) => value));
      if (before !== null) parameters.set("before", String(before));
      try {
        const page = await get(`/audit?${parameters}`);
        if (asked !== view.asked) return;
        view.entries = before === null ? page.items : [...view.entries, ...page.items];
        view.next = page.next;
        view.head = page.head;
        fill(problem);
        show();
      } catch (/** @type {any} */ error) {
        fill(problem, error.sentence ?? t("error.other", { code: String(error) }));
      }
    };
    const words = () => {
      for (const [input, key] of /** @type {[HTMLInputElement, string][]} */ ([[who, "audit.who"], [about, "audit.about"]])) {
        input.placeholder = t(key);
        input.ariaLabel = t(key);
      }
      what.ariaLabel = t("audit.what");
      const chosen = what.value;
      what.replaceChildren(
        h("option", { value: "" }, t("audit.anything")),
        ...termsOf("audit_action").map((action) => h("option", { value: action }, t(`audit_action.${action}`))),
      );
      what.value = chosen;
      fill(more, t("people.more"));
      show();
    };
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let typing;
    for (const input of [who, about]) {
      input.addEventListener("input", () => {
        clearTimeout(typing);
        typing = setTimeout(load, TYPING_MS);
      });
    }
    what.addEventListener("change", () => load());
    table.addEventListener("open", (event) => {
      const found = view.entries.find((entry) => String(entry.sequence) === /** @type {CustomEvent} */ (event).detail);
      // As the log holds it, word for word.
      if (found) openDialog(term("audit_action", found.action), h("pre", { class: "token" }, JSON.stringify(found, null, 2)));
    });
    more.addEventListener("click", () => load(view.next));
    store.subscribe((state) => {
      // Times are shown in the site's zone.
      if (state.isLoaded) show();
    });
    onKey("j", () => t("keys.down"), () => table.move(1));
    onKey("k", () => t("keys.up"), () => table.move(-1));
    onKey("/", () => t("keys.search"), () => who.focus());
    onLanguage(words);
    words();
    load();
  },
});

/** @param {() => string} zone @returns {import("/web/data-table.js").Column[]} */
function columns(zone) {
  return [
    { title: "audit.sequence", cell: (entry) => [entry.sequence], isNumber: true },
    { title: "audit.when", cell: (entry) => [formatTime(entry.at, zone())] },
    { title: "audit.who", cell: (entry) => [actor(entry)] },
    { title: "audit.from", cell: (entry) => [entry.address] },
    { title: "audit.what", cell: (entry) => [term("audit_action", entry.action)] },
    { title: "audit.about", cell: (entry) => entry.objects.map((/** @type {string} */ object) => h("div", {}, ...about(object))) },
    { title: "audit.purpose", cell: (entry) => [entry.purpose && term("audit_purpose", entry.purpose)] },
  ];
}

/** @param {Entry} entry */
function actor({ actor: id, actor_name: name }) {
  return name ?? term("audit_actor", id);
}

/** @param {string} object `kind:identifier` @returns {import("/web/dom.js").Child[]} */
function about(object) {
  const [kind, ...identifier] = object.split(":");
  return [`${term("audit_object", kind)} `, h("code", {}, identifier.join(":"))];
}
