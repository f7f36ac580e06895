/** Symbols as drawings: the same shape in every font, in the colour of the words beside them. */

const NAMESPACE = "http://www.w3.org/2000/svg";

/** Paths in a field of 24 by 24; those of `FILLED` are areas, the others lines. */
const PATHS = {
  granted: ["M5 12.5l4.5 4.5L19 7.5"],
  passed: ["M4 12h12", "M11.5 6.5L17 12l-5.5 5.5", "M20 5v14"],
  denied: ["M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z", "M6 18L18 6"],
  not_passed: ["M12 12H4", "M8.5 7.5L4 12l4.5 4.5", "M20 5v14"],
  note: ["M12 8v.01", "M12 11.5V17", "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z"],
  lost: ["M9 15l6-6", "M10.5 6.5l1.5-1.5a4.5 4.5 0 016.5 6.5L17 13", "M13.5 17.5L12 19a4.5 4.5 0 01-6.5-6.5L7 11", "M4 4l16 16"],
  person: ["M12 4a4 4 0 110 8 4 4 0 010-8z", "M4 21c0-4.5 3.5-7 8-7s8 2.5 8 7"],
  card: ["M3 6.5h18v11H3z", "M3 10h18", "M6 14.5h4"],
  keypad: ["M7 5v.01", "M12 5v.01", "M17 5v.01", "M7 11v.01", "M12 11v.01", "M17 11v.01", "M7 17v.01", "M12 17v.01", "M17 17v.01"],
  lock: ["M5.5 11h13v9.5h-13z", "M8.5 11V7.5a3.5 3.5 0 017 0V11"],
  code: ["M4 4h6v6H4z", "M14 4h6v6h-6z", "M4 14h6v6H4z", "M14 14h2v2", "M20 14v2", "M14 20h2", "M18 18h2v2"],
  ahead: ["M12 21V4", "M4.5 11.5L12 4l7.5 7.5"],
  back: ["M12 3v17", "M4.5 12.5L12 20l7.5-7.5"],
  left: ["M21 12H3", "M10.5 4.5L3 12l7.5 7.5"],
  right: ["M3 12h18", "M13.5 4.5L21 12l-7.5 7.5"],
  blink: ["M2.5 10c2.5 4 6 6 9.5 6s7-2 9.5-6", "M5.5 14l-2 2.5", "M9.5 16l-1 3", "M14.5 16l1 3", "M18.5 14l2 2.5"],
  straight: ["M12 3a8 9 0 110 18 8 9 0 010-18z", "M9 10v.01", "M15 10v.01", "M12 11v3", "M9.5 16.5h5"],
  square: ["M4 4h16v16H4z"],
  triangle: ["M12 3l10 18H2z"],
  diamond: ["M12 1.5L22.5 12 12 22.5 1.5 12z"],
  circle: ["M12 2.5a9.5 9.5 0 100 19 9.5 9.5 0 000-19z"],
  door: ["M3 21h18", "M6 21V4h12v17", "M14.5 12.5v.01"],
};
const PRIORITY_SHAPES = ["square", "triangle", "diamond", "circle"];

/** @typedef {keyof typeof PATHS} SymbolName */

/** An element of a drawing. @param {string} tag @param {Record<string, string>} attributes */
export function draw(tag, attributes) {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * A symbol that says what the words beside it say.
 * @param {SymbolName} name
 */
export function symbol(name) {
  const svg = draw("svg", { viewBox: "0 0 24 24", class: "symbol", "aria-hidden": "true" });
  svg.append(...PATHS[name].map((d) => draw("path", { d })));
  return svg;
}

/**
 * The sign of a priority: shape, colour and digit say the same.
 * @param {1 | 2 | 3 | 4} priority
 */
export function prioritySign(priority) {
  const svg = draw("svg", { viewBox: "0 0 24 24", class: `sign sign-${priority}`, "aria-hidden": "true" });
  const [d] = PATHS[/** @type {SymbolName} */ (PRIORITY_SHAPES[priority - 1])];
  const digit = draw("text", { x: "12", y: priority === 2 ? "18.5" : "16.8", "text-anchor": "middle" });
  digit.textContent = String(priority);
  svg.append(draw("path", { d }), digit);
  return svg;
}

/** How far each wing of a speed gate stands out, 0..1, by the gate's state. */
const WINGS = { closed: 1, closing: 0.7, opening: 0.35, open: 0.08, emergency_open: 0.08, self_test: 0.5 };

/**
 * A speed gate from above: two bodies and the wings between them.
 * @param {string} state of the contract's `DoorState`; others show no wings
 */
export function gateDrawing(state) {
  const svg = draw("svg", { viewBox: "0 0 72 40", class: "gate-drawing", "aria-hidden": "true" });
  for (const y of [2, 32]) {
    svg.append(draw("rect", { x: "4", y: String(y), width: "64", height: "6", rx: "3", class: "body" }));
  }
  const out = WINGS[/** @type {keyof typeof WINGS} */ (state)];
  if (out === undefined) {
    const crossed = state === "blocked" || state === "fault";
    const text = draw("text", { x: "36", y: "26", "text-anchor": "middle", class: "unknown" });
    text.textContent = crossed ? "!" : "?";
    svg.append(text);
    return svg;
  }
  const length = 11 * out;
  svg.append(draw("rect", { x: "33", y: "8", width: "6", height: String(length), class: "wing" }));
  svg.append(draw("rect", { x: "33", y: String(32 - length), width: "6", height: String(length), class: "wing" }));
  return svg;
}
