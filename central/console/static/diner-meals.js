/** Meals of tomorrow: meant or not, until the deadline. */

import { request } from "./api.js";
import { actionButton } from "./forms.js";
import { h } from "/web/dom.js";
import { formatTime } from "/web/format.js";
import { language, t } from "/web/i18n.js";

/**
 * @typedef {{merchant: string, period: string, begins: string, ends: string, is_registered: boolean}} Meal
 * @typedef {{day: string, closes_at: string, is_open: boolean, meals: Meal[],
 *   names: Record<string, Record<string, string>>}} Meals
 */

/** @param {Meals} meals @param {string} zone @param {() => Promise<void>} renew */
export function mealSection(meals, zone, renew) {
  const problem = h("p", { class: "problem", role: "alert" });
  const until = formatTime(meals.closes_at, zone).slice(0, -3);
  const hint = meals.is_open ? t("diner.meals_until", { time: until }) : t("diner.meals_closed");
  const rows = meals.meals.map((meal) => row(meals, meal, problem, renew));
  return h("section", { class: "meals" }, h("h2", {}, t("diner.meals")), h("p", { class: "muted" }, hint), h("ul", {}, ...rows), problem);
}

/** @param {Meals} meals @param {Meal} meal @param {HTMLElement} problem @param {() => Promise<void>} renew */
function row(meals, meal, problem, renew) {
  const name = (/** @type {string} */ key, /** @type {string} */ id) => meals.names[`${key}/${id}`]?.[language()] ?? id;
  const change = async () => {
    await request(meal.is_registered ? "DELETE" : "PUT", `/diner/meals/${meal.merchant}/${meal.period}`);
    await renew();
  };
  const key = meal.is_registered ? "diner.meal_cancel" : "diner.meal_register";
  const button = meals.is_open ? actionButton(key, change, problem, meal.is_registered ? "" : "primary") : null;
  const state = meal.is_registered ? h("small", { class: "state" }, t("diner.meal_registered")) : null;
  const where = `${meal.begins}–${meal.ends} · ${name("merchant", meal.merchant)}`;
  return h("li", {}, h("span", {}, h("span", {}, name("period", meal.period)), h("small", {}, where), state), button);
}
