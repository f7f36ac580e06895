/** Look-alikes: a picture resembles somebody enrolled, and a second person says who is right. */

import { ApiError, get, post } from "./api.js";
import { actionButton } from "./forms.js";
import { fill, h } from "/web/dom.js";
import { formatAgo } from "/web/format.js";
import { t } from "/web/i18n.js";
import { prioritySign } from "/web/symbols.js";

/**
 * Show the open questions; nothing where there are none or where they are not ours to answer.
 * @param {HTMLElement} section
 * @param {() => void} onChanged
 */
export async function renderReviews(section, onChanged) {
  let reviews = [];
  try {
    const answer = await get("/face-reviews");
    reviews = answer.items ?? answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  section.hidden = reviews.length === 0;
  fill(
    section,
    h("h2", {}, prioritySign(3), t("reviews.title", { n: reviews.length })),
    h("p", { class: "muted" }, t("reviews.hint")),
    h("ul", {}, ...reviews.map((/** @type {any} */ review) => row(review, onChanged))),
  );
}

/** @param {any} review @param {() => void} onChanged */
function row(review, onChanged) {
  const problem = h("p", { class: "problem", role: "alert" });
  const path = `/face-reviews/${encodeURIComponent(review.review_id)}`;
  /** @param {"confirm" | "reject"} verdict */
  const decide = (verdict) => async () => {
    await post(`${path}/${verdict}`);
    onChanged();
  };
  const resembles = review.resembles?.name ?? review.resembles;
  const at = review.requested_at ?? review.created_at;
  return h(
    "li",
    {},
    h("b", {}, review.name ?? review.holder_id),
    h("span", {}, resembles ? t("reviews.resembles", { name: resembles }) : t("reviews.resembles_somebody")),
    at ? h("span", { class: "muted" }, t("reviews.asked", { who: review.requested_by ?? "", ago: formatAgo(at) })) : null,
    actionButton("reviews.confirm", decide("confirm"), problem),
    actionButton("reviews.reject", decide("reject"), problem),
    problem,
  );
}
