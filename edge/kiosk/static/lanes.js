/** The terminal's lanes and tills: choose which one this screen belongs to. */

import { fill, h } from "/web/dom.js";
import { language, loadWords, localName, setLanguage, t } from "/web/i18n.js";

await loadWords();
const reply = await fetch("/access-points");
const { site, access_points: points, tills } = await reply.json();
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
    h("p", {}, points.length || tills.length ? t("kiosk.lanes") : t("kiosk.no_lanes")),
    h("ul", {}, ...points.map(lane), ...tills.flatMap(till)),
  );
}

/** @param {{id: string, name: Record<string, string>, direction: string}} point */
function lane({ id, name, direction }) {
  const words = [h("b", {}, localName(name, id)), h("span", {}, t(`kiosk.${direction}`))];
  return h("li", {}, h("a", { href: `/kiosk/${encodeURIComponent(id)}` }, ...words));
}

/** One screen for both, or one for each. @param {{id: string, name: Record<string, string>}} till */
function till({ id, name }) {
  const screens = [
    ["", "kiosk.till"],
    ["?side=diner", "kiosk.till_diner"],
    ["?side=cashier", "kiosk.till_cashier"],
  ];
  return screens.map(([side, words]) => h("li", {}, h("a", { href: `/till/${encodeURIComponent(id)}${side}` }, h("b", {}, localName(name, id)), h("span", {}, t(words)))));
}
