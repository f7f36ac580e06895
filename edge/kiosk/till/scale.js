/** What the scale says, whether it stands still, and the tare. */

import { fill, h } from "/web/dom.js";
import { language, t, term } from "/web/i18n.js";
import { symbol } from "/web/symbols.js";

export class Scale {
  #drawn = "";
  #weight = h("p", { class: "grams" });
  #sign = h("p", { class: "sign" });
  #tare = h("button", { type: "button" });

  /** @param {import("./commands.js").Commands} commands */
  constructor(commands) {
    this.#tare.addEventListener("click", () => commands.send({ do: "tare" }));
    this.element = h("div", { class: "scale" }, this.#weight, this.#sign, this.#tare);
  }

  /** @param {import("./till.js").TillScreen} screen */
  render({ weight, mode }) {
    const key = JSON.stringify([weight, mode, language()]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.element.hidden = mode !== "weighed" || !weight;
    if (!weight) return;
    const { grams, is_stable: isStable, is_overload: isOverload, is_lost: isLost, tare_g: tare } = weight;
    const state = isLost ? "lost" : isOverload ? "overload" : isStable ? "stable" : "moving";
    this.element.dataset.state = state;
    fill(this.#weight, grams === null || isLost || isOverload ? "–" : t("till.grams", { n: grams }));
    fill(this.#sign, symbol(state === "stable" ? "granted" : state === "moving" ? "circle" : "triangle"), term("till_scale", state));
    fill(this.#tare, t("till.tare"), tare > 0 && h("small", {}, t("till.grams", { n: tare })), h("kbd", {}, "*"));
  }
}
