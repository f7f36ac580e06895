/** Styles that come with what they dress: a console that shows no plan and no film loads neither's. */

import { h } from "/web/dom.js";

const worn = new Set();

/** @param {string} name of a file beside this one */
export function wear(name) {
  if (worn.has(name)) return;
  worn.add(name);
  document.head.append(h("link", { rel: "stylesheet", href: `/static/${name}` }));
}
