/** How well the site recognises, in sentences: the same ones on the console and on the page. */

import { pointName } from "./point-name.js";
import { broken } from "./recognition-warning.js";
import { formatShare } from "/web/format.js";
import { t } from "/web/i18n.js";

/**
 * @typedef {{people: number, accept: number, step_up: number, refused: number,
 *   refused_outright: number, holds: boolean, is_extrapolated: boolean, basis: string,
 *   advice: string[]}} Demand
 * @typedef {{access_point: string, demand: Demand}} Point
 * @typedef {{state: string, finished_at: string | null, duration_s: number | null,
 *   progress: number, failure: string | null, is_of_this_network: boolean,
 *   people_count: number | null, comparison_count: number | null, pair_count: number | null,
 *   is_complete: boolean | null, uncheckable_count: number | null,
 *   strays: {holder_id: string, name: string, picture: number, similarity: number}[]}} SelfTest
 * @typedef {{pipeline: string, network_name: string, gallery_size: number,
 *   not_comparable_count: number, whole: Demand, points: Point[], holds: boolean,
 *   target: {strangers: number, step_up_strangers: number, tries: number},
 *   last: SelfTest | null, attempt: SelfTest | null, next_at: string | null,
 *   open_pair_count: number}} Recognition
 */

/** @param {number} count */
export const formatCount = (count) => count.toLocaleString("en-US");

/** The network cannot hold the target: why, for all lanes. @param {Recognition} view */
export function reason({ network_name: network, target }) {
  return t("recognition.cannot_hold", { network, strangers: formatCount(Math.round(1 / target.strangers)) });
}

/** What that costs where it is so, one sentence a lane. @param {Recognition} view @param {any} site */
export function costs(view, site) {
  /** @param {Demand} demand */
  const values = ({ people, refused }) => ({ people: formatCount(people), refused: formatShare(refused) });
  if (view.points.length === 0) return [t("recognition.not_held_whole", values(view.whole))];
  return broken(view).map(({ access_point: id, demand }) =>
    t("recognition.not_held", { point: pointName(site, id), ...values(demand) }),
  );
}

/** What helps, one sentence each. @param {Recognition} view */
export function helps(view) {
  const worst = broken(view)[0]?.demand ?? view.whole;
  const own = view.pipeline === "builtin" ? ["production"] : [];
  return [...own, ...worst.advice].map((each) => t(`advice.${each}`));
}
