/** Other systems: webhooks that are told of events, and outside systems whose events are taken in. */

import { SourcesSection } from "./integrations-sources.js";
import { WebhooksSection } from "./integrations-webhooks.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";

const REFRESH_MS = 5_000;

startPage({
  name: "integrations",
  mount(main, { store, session }) {
    const problem = h("p", { class: "problem", role: "alert" });
    const context = { zone: () => store.state.zone, session };
    // A further way to other systems is a section of its own here.
    const sections = [new WebhooksSection(context), new SourcesSection(context)];
    const title = h("h1", { data: { t: "page.integrations" } }, t("page.integrations"));
    const hint = h("p", { class: "muted" });
    const show = () => {
      fill(hint, t("integrations.hint"));
      for (const section of sections) section.show();
    };
    main.append(h("header", {}, title), hint, problem, ...sections.map((section) => section.element));
    const load = async () => {
      try {
        await Promise.all(sections.map((section) => section.load()));
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
    onLanguage(show);
    load();
  },
});
