// @ts-check
/** Numbers and names as people read them. The notebook says them alike. */

const SHORT = 8; // hex digits of a sha256 that a person compares
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const CONTINENTS = /** @type {Record<string, string>} */ ({
  AF: "Africa",
  AN: "Antarctica",
  AS: "Asia",
  EU: "Europe",
  NA: "North America",
  OC: "Oceania",
  SA: "South America",
});

/** @param {number} probability @returns {string} */
export function percent(probability) {
  return `${(100 * probability).toFixed(1)} %`;
}

/** @param {number} ms @returns {string} */
export function milliseconds(ms) {
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 0.005) return "under 0.1 ms"; // a clock that a browser keeps coarse
  return `${ms.toFixed(ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0)} ms`;
}

/** @param {number} value of probability @returns {string} such as "2.4 × 10⁻⁸" */
export function difference(value) {
  if (value === 0) return "0";
  if (value >= 0.001) return value.toFixed(3);
  const [mantissa, exponent] = value.toExponential(1).split("e-");
  return `${mantissa} × 10⁻${Array.from(exponent, (digit) => RAISED[Number(digit)]).join("")}`;
}

/** @param {string} sha256 @returns {string} */
export function short(sha256) {
  return sha256.slice(0, SHORT);
}

/** @param {import("./edge.js").Place} place @returns {string} */
export function placeName({ local, continent, colo }) {
  if (local) return "local workerd";
  const where = continent && (CONTINENTS[continent] ?? continent);
  return where && colo ? `${where} (${colo})` : where || colo || "";
}

/** @param {string} text @returns {string} the text, ended */
export function sentence(text) {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}
