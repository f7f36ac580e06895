/** Money as people read it. An amount is a whole number of fen, never a fraction. */

/** @param {number} fen @returns {string} such as `¥12.50` */
export function yuan(fen) {
  const whole = Math.abs(fen);
  const left = String(Math.trunc(whole / 100)).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${fen < 0 ? "-" : ""}¥${left}.${String(whole % 100).padStart(2, "0")}`;
}

/**
 * What somebody typed, in fen; null where it is no amount.
 * @param {string} text such as `12`, `12.5` or `12.50`
 */
export function fenOf(text) {
  const found = /^(\d{1,7})(?:\.(\d{0,2}))?$/.exec(text.trim());
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}
