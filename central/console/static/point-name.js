/** What access points are called. */

import { localName } from "/web/i18n.js";

/**
 * The name of an access point, or of a till, in the page's language, else its identifier.
 * @param {any} site
 * @param {string} id
 */
export function pointName(site, id) {
  return localName(site?.access_points?.[id]?.name ?? site?.access_points?.[id] ?? site?.names?.till?.[id], id);
}
