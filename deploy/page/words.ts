/**
 * Numbers and names as people read them, on the page and in the lab. mnist_nb/network/words.py says
 * them alike in the terminal; tests/support/words.json holds the two together.
 */

const SHORT = 8; // hex digits of a sha256 that a person compares
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const CONTINENTS: Record<string, string> = {
  AF: "Africa",
  AN: "Antarctica",
  AS: "Asia",
  EU: "Europe",
  NA: "North America",
  OC: "Oceania",
  SA: "South America",
};

/** Where an answer came from, as the edge says it. */
export interface Place {
  object?: string;
  continent?: string | null;
  colo?: string | null;
  local?: boolean;
}

/** "99.8 %"; a line does not break before its sign. */
export function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)}\u00a0%`;
}

/** "0.35 ms", "2.5 ms", "87 ms", "1.2 s". */
export function milliseconds(ms: number): string {
  if (Number.isNaN(ms)) return "? ms";
  if (ms < 0.005) return "under 0.01 ms"; // a clock that a browser keeps coarse
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0)} ms`;
}

/** A difference in probability: "0", "0.012", "2.4 × 10⁻⁸". */
export function difference(value: number): string {
  if (value === 0) return "0";
  if (value >= 0.001) return value.toFixed(3);
  const [mantissa, exponent = ""] = value.toExponential(1).split("e-");
  return `${mantissa} × 10⁻${Array.from(exponent, (digit) => RAISED[Number(digit)]).join("")}`;
}

/** The digits of a sha256 that a person compares. */
export function short(sha256: string): string {
  return sha256.slice(0, SHORT);
}

/** "local workerd", "Europe (AMS)", or "" when the edge does not say. */
export function placeName({ local, continent, colo }: Place): string {
  if (local) return "local workerd";
  const where = continent ? (CONTINENTS[continent] ?? continent) : "";
  return where && colo ? `${where} (${colo})` : where || colo || "";
}

/** The text, ended. */
export function sentence(text: string): string {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}
