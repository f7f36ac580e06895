/** Enrolment by photograph: up to five pictures, and for each how good it is and what to do. */

import { ApiError, request } from "./api.js";
import { fill, h } from "/web/dom.js";
import { t, term } from "/web/i18n.js";
import { prioritySign, symbol } from "/web/symbols.js";

const PICTURE_COUNT_MAX = 5;
const PICTURES_WANTED = 3;
const THUMBNAIL_PX = 72;

/** @param {import("./people.js").Person} person @param {() => void} onChanged */
export function enrolment(person, onChanged) {
  const path = `/people/${encodeURIComponent(person.holder_id)}/face`;
  const said = h("p", { role: "status" });
  const again = h("p", { class: "p4", hidden: !person.must_come_again }, prioritySign(4), t("face.again_hint"));
  const advice = h("div", { class: "muted advice" });
  const results = h("ul", { class: "pictures" });
  const input = /** @type {HTMLInputElement} */ (
    h("input", { type: "file", accept: "image/jpeg,image/png,image/webp", multiple: true, name: "photos" })
  );
  const choose = h("label", { class: "button" }, t(person.has_face ? "face.replace" : "face.enrol"), input);
  const forget = h("button", { type: "button", class: "quiet", hidden: !person.has_face }, t("face.remove"));

  input.addEventListener("change", async () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length === 0) return;
    if (files.length > PICTURE_COUNT_MAX) {
      fill(said, t("face.too_many", { n: PICTURE_COUNT_MAX }));
      return;
    }
    fill(said, t("face.sending"));
    fill(advice);
    fill(results, ...files.map((file) => pictureRow(file, null)));
    const answer = await send(path, files);
    fill(results, ...files.map((file, index) => pictureRow(file, answer.pictures[index] ?? null)));
    say(said, answer);
    advise(advice, answer);
    forget.hidden = forget.hidden && answer.status !== "enrolled";
    again.hidden = again.hidden || answer.status === "enrolled";
    onChanged();
  });
  forget.addEventListener("click", async () => {
    try {
      await request("DELETE", path);
      forget.hidden = true;
      fill(said, t("face.removed"));
      onChanged();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(said, error.sentence);
    }
  });
  return h(
    "section",
    { class: "face" },
    h("h3", {}, t("field.face")),
    again,
    h("p", { class: "muted" }, t("face.hint")),
    h("p", {}, choose, forget),
    said,
    advice,
    results,
  );
}

/**
 * @typedef {{status: string, pictures: any[], picture_count?: number, not_compared_count?: number,
 *   error?: ApiError, resembles?: any}} Answer
 */

/**
 * @param {string} path
 * @param {File[]} files
 * @returns {Promise<Answer>}
 */
async function send(path, files) {
  const form = new FormData();
  for (const file of files) form.append("photos", file, file.name);
  try {
    const answer = await request("POST", path, { form });
    return { ...answer, pictures: answer.pictures ?? [] };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: "refused", pictures: error.problem?.pictures ?? [], error };
  }
}

/** @param {HTMLElement} said @param {Answer} answer */
function say(said, { status, error, resembles }) {
  if (status === "enrolled") {
    fill(said, symbol("granted"), t("face.enrolled"));
  } else if (status === "awaiting_confirmation") {
    const name = resembles?.name ?? resembles;
    fill(said, prioritySign(3), name ? t("face.resembles", { name }) : t("face.resembles_somebody"));
  } else {
    fill(said, prioritySign(3), error?.sentence ?? "");
  }
}

/**
 * What to know of an enrolment that was taken: no reason to refuse it, but to do better.
 * @param {HTMLElement} advice @param {Answer} answer
 */
function advise(advice, { picture_count: count, not_compared_count: notCompared }) {
  fill(
    advice,
    count && count < PICTURES_WANTED ? h("p", {}, t("face.enrol_three")) : null,
    notCompared ? h("p", {}, t("face.not_compared", { n: notCompared })) : null,
  );
}

/**
 * @param {File} file
 * @param {{accepted: boolean, reason: string | null, score?: number | null} | null} verdict
 */
function pictureRow(file, verdict) {
  const name = h("span", { class: "file" }, file.name);
  if (verdict === null) return h("li", {}, thumbnail(file), name);
  const reason = verdict.reason ?? "other";
  const sign = verdict.accepted ? symbol("granted") : prioritySign(3);
  const words = verdict.accepted ? t("picture.accepted") : known("picture", reason);
  const quality = typeof verdict.score === "number" && h("span", { class: "muted" }, ` · ${t("face.quality", { n: Math.round(100 * verdict.score) })}`);
  const todo = verdict.accepted ? null : h("small", {}, known("advice", reason));
  return h("li", {}, thumbnail(file), name, h("span", {}, sign, words, quality, todo));
}

/** The words for a reason; those for any other where it is newer than this page.
 * @param {string} group @param {string} reason */
function known(group, reason) {
  const words = term(group, reason);
  return words === reason ? t(`${group}.other`) : words;
}

/** A picture of the chosen file, drawn rather than linked: pages show no address but our own.
 * @param {File} file */
function thumbnail(file) {
  const canvas = /** @type {HTMLCanvasElement} */ (h("canvas", { width: THUMBNAIL_PX, height: THUMBNAIL_PX }));
  createImageBitmap(file, { resizeHeight: THUMBNAIL_PX * 2 })
    .then((bitmap) => {
      const scale = Math.max(THUMBNAIL_PX / bitmap.width, THUMBNAIL_PX / bitmap.height);
      const [width, height] = [bitmap.width * scale, bitmap.height * scale];
      const left = (THUMBNAIL_PX - width) / 2;
      canvas.getContext("2d")?.drawImage(bitmap, left, (THUMBNAIL_PX - height) / 3, width, height);
      bitmap.close();
    })
    .catch(() => canvas.classList.add("is-unreadable"));
  return canvas;
}
