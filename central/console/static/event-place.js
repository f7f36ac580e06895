/** Names of what events are about: lanes, devices, checkpoints, zones; an identifier where nothing has a name. */

import { pointName } from "./point-name.js";
import { localName } from "/web/i18n.js";

/** @param {string} id @param {any} site */
export function placeName(id, site) {
  if (site?.access_points?.[id]) return pointName(site, id);
  const kinds = Object.values(site?.names ?? {});
  const named = kinds.find((names) => id in names);
  return named ? localName(named[id], id) : id;
}
