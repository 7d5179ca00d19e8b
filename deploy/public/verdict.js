// @ts-check
/**
 * What both sides say, in one line of words: pure functions of what is known.
 *
 * @typedef {object} Side
 * @property {ArrayLike<number> | null} probabilities 10, null without an answer
 * @property {string} sha256 of its weights, "" when they are not known
 * @property {number | null} notSureBelow a largest probability below it is no answer
 *
 * @typedef {object} EdgeOnly
 * @property {ArrayLike<number> | null} twin what this browser says of the image that the edge had
 * @property {string} trouble why there is no answer, "" when one is on its way
 *
 * @typedef {object} Verdict
 * @property {"empty" | "open" | "agree" | "disagree" | "not-sure"} kind
 * @property {{ digit: string, side: "here" | "edge" | "both" }[]} chips
 * @property {string} head
 * @property {string} detail
 * @property {string} said to who cannot see it
 */

import { difference, percent, sentence } from "./words.js";

const DIFFERENT = "They run different weights.";
const GUESS = 0.3; // a digit that is less probable is not worth naming
const SAME_ARITHMETIC = 1e-5; // two float32 computations of one network stay below this

/** @param {Side} here @param {Side & EdgeOnly} edge @param {boolean} drawn @returns {Verdict} */
export function verdict(here, edge, drawn) {
  const [ours, theirs] = [answerOf(here), answerOf(edge)];
  if (!drawn) return of("empty", [], "Nothing drawn yet", "Both answer while you draw.", "");
  if (ours === null && theirs === null) {
    const detail = edge.trouble || "The network is on its way.";
    return of("open", [], "No answer yet", detail, "");
  }
  if (ours === null) {
    return alone("edge", /** @type {Answer} */ (theirs), "Waiting for your browser.");
  }
  if (theirs === null) {
    const detail = edge.trouble ? "It goes on without the edge." : "Waiting for the edge.";
    return alone("here", ours, detail);
  }
  const detail = gap(here, edge);
  // While the pen moves the edge is some milliseconds behind: what counts is the same image.
  const twin = edge.twin === null ? theirs.digit : largest(edge.twin);
  // Where both are not sure there may be ten tenths, and rounding decides which is the largest.
  const unsure = !ours.sure && !theirs.sure;
  if (twin !== theirs.digit && !unsure) {
    const why = here.sha256 === edge.sha256 ? "" : ` ${DIFFERENT}`;
    const both = `${twin} in your browser, ${theirs.digit} at the edge.${why}`;
    /** @type {Verdict["chips"]} */
    const chips = [
      { digit: String(twin), side: "here" },
      { digit: String(theirs.digit), side: "edge" },
    ];
    return of("disagree", chips, "They disagree", both, `They disagree: ${both}`);
  }
  if (unsure) {
    const head = `Both are not sure${guess(ours)}`;
    return of("not-sure", [], head, "This may be no digit.", sentence(head));
  }
  if (ours.digit !== theirs.digit) return alone("here", ours, "Waiting for the edge.");
  const { digit } = ours;
  const doubt = ours.sure ? "the edge is" : "your browser is";
  const head = `Both say ${digit}${ours.sure && theirs.sure ? "" : `, but ${doubt} not sure`}`;
  const chips = [{ digit: String(digit), side: /** @type {const} */ ("both") }];
  return of("agree", chips, head, detail, `${head}, ${percent(ours.probability)}.`);
}

/** @param {ArrayLike<number>} probabilities @returns {number} index of the largest */
export function largest(probabilities) {
  const values = Array.from(probabilities);
  return values.indexOf(Math.max(...values));
}

/**
 * @typedef {{ digit: number, probability: number, sure: boolean }} Answer
 *
 * @param {Side} side @returns {Answer | null}
 */
function answerOf({ probabilities, notSureBelow }) {
  if (probabilities === null) return null;
  const digit = largest(probabilities);
  const probability = probabilities[digit];
  return { digit, probability, sure: notSureBelow === null || probability >= notSureBelow };
}

/** @param {"here" | "edge"} side @param {Answer} answer @param {string} detail */
function alone(side, answer, detail) {
  const { digit, probability, sure } = answer;
  const who = side === "here" ? "Your browser" : "The edge";
  if (!sure) {
    const head = `${who} is not sure${guess(answer)}`;
    return of("not-sure", [], head, detail, sentence(head));
  }
  const head = `${who} says ${digit}`;
  const chips = [{ digit: String(digit), side }];
  return of("open", chips, head, detail, `${head}, ${percent(probability)}.`);
}

/** @param {Answer} answer @returns {string} */
function guess({ digit, probability }) {
  return probability >= GUESS ? `: perhaps ${digit}` : "";
}

/** @param {Side} here @param {Side & EdgeOnly} edge @returns {string} */
function gap(here, edge) {
  if (here.sha256 !== edge.sha256) return DIFFERENT;
  if (edge.probabilities === null || edge.twin === null) return "";
  const theirs = edge.probabilities;
  const worst = Math.max(...Array.from(edge.twin, (p, digit) => Math.abs(p - theirs[digit])));
  if (worst === 0) return "All ten probabilities are identical.";
  const why = worst <= SAME_ARITHMETIC ? ", only rounding" : "";
  return `Largest difference ${difference(worst)}${why}.`;
}

/**
 * @param {Verdict["kind"]} kind @param {Verdict["chips"]} chips @param {string} head
 * @param {string} detail @param {string} said @returns {Verdict}
 */
function of(kind, chips, head, detail, said) {
  return { kind, chips, head, detail, said };
}
