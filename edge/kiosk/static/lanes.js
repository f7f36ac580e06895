/** The terminal's lanes: choose which one this screen belongs to. */

import { fill, h } from "/web/dom.js";
import { language, loadWords, localName, setLanguage, t } from "/web/i18n.js";

await loadWords();
const reply = await fetch("/access-points");
const { site, access_points: points } = await reply.json();
const main = h("main", { class: "lanes" });
document.body.append(main);
show();

function show() {
  const other = language() === "en" ? "zh-CN" : "en";
  const change = async () => {
    await setLanguage(other);
    show();
  };
  document.title = localName(site.name, site.id);
  fill(
    main,
    h("header", {}, h("h1", {}, localName(site.name, site.id)), h("button", { lang: other, onclick: change }, other === "en" ? "EN" : "中")),
    h("p", {}, points.length ? t("kiosk.lanes") : t("kiosk.no_lanes")),
    h("ul", {}, ...points.map(lane)),
  );
}

/** @param {{id: string, name: Record<string, string>, direction: string}} point */
function lane({ id, name, direction }) {
  const words = [h("b", {}, localName(name, id)), h("span", {}, t(`kiosk.${direction}`))];
  return h("li", {}, h("a", { href: `/kiosk/${encodeURIComponent(id)}` }, ...words));
}
