/** Other systems: who is told of events, by webhooks, a broker and a collector, and whose events are taken in. */

import { DoorsSection } from "./integrations-doors.js";
import { mqttSection } from "./integrations-mqtt.js";
import { SourcesSection } from "./integrations-sources.js";
import { syslogSection } from "./integrations-syslog.js";
import { WebhooksSection } from "./integrations-webhooks.js";
import { startPage } from "./shell.js";
import { fill, h } from "/web/dom.js";
import { onLanguage, t } from "/web/i18n.js";

const REFRESH_MS = 5_000;

startPage({
  name: "integrations",
  mount(main, { store, session }) {
    const problem = h("p", { class: "problem", role: "alert" });
    const context = { zone: () => store.state.zone, site: () => store.state.site, session, again: () => load() };
    const { permissions } = session;
    const sections = [
      ...(permissions.includes("integrations.manage") ? [new WebhooksSection(context), new SourcesSection(context)] : []),
      ...(permissions.includes("connectors.manage") ? [mqttSection(context)] : []),
      ...(permissions.includes("commands.connect") ? [new DoorsSection(context)] : []),
      ...(permissions.includes("connectors.manage") ? [syslogSection(context)] : []),
    ];
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
