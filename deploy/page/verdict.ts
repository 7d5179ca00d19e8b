/**
 * What both sides say, in one line of words: pure functions of what is known. The terminal's are in
 * mnist_nb/network/words.py; tests/support/words.json holds the two together.
 */

import { difference } from "./words";

const GUESS = 0.3; // a digit that is less probable is not worth naming
const BETWEEN = 0.8; // two digits that have as much together: it is one of them
const SECOND = 0.15; // and the less probable of them this much
const SAME_ARITHMETIC = 1e-5; // two float32 computations of one network mostly stay below this

/** What one side says of one image. */
export interface Answer {
  /** One for each label. */
  probabilities: ArrayLike<number>;
  /** A largest probability below it is no answer; null where there is no such threshold. */
  notSureBelow: number | null;
  /** Of the weights; "" when they are not known. */
  sha256: string;
}

export interface Known {
  here: Answer | null;
  /** The edge's newest answer, maybe to an image before. */
  edge: Answer | null;
  /** What this side says of the image that the edge answered; null when it is the same image. */
  twin?: ArrayLike<number> | null;
  /** False on empty paper. */
  drawn?: boolean;
  /** The edge's answer is for an image so old that it does not count any more. */
  late?: boolean;
  /** Why the edge gives no answer, "" when one is on its way. */
  trouble?: string;
  /** This side, at the start of a sentence and within one. */
  who?: string;
  where?: string;
  labels?: readonly string[];
}

export interface Chip {
  label: string;
  side: "local" | "edge" | "both";
}

export interface Verdict {
  kind: "empty" | "open" | "agree" | "disagree" | "not-sure";
  head: string;
  detail: string;
  chips: Chip[];
}

export function verdict(known: Known): Verdict {
  const { here, edge, twin = null, drawn = true, late = false, trouble = "" } = known;
  const { who = "This machine", where = "here", labels = "0123456789" } = known;
  const label = (p: ArrayLike<number>) => labels[largest(p)] ?? "?";
  if (!drawn) return { kind: "empty", ...words("Draw a digit", "Both answer while you draw.") };
  if (here === null && edge === null) {
    return { kind: "open", ...words("No answer yet", trouble || "The network is on its way.") };
  }
  if (here === null) return alone("edge", edge!, "The edge", `Waiting for ${within(who)}.`, labels);
  const only = (detail: string) => alone("local", here, who, detail, labels);
  if (edge === null)
    return only(trouble ? "It goes on without the edge." : "Waiting for the edge.");
  if (late) return only("The edge is still at an older drawing.");
  // While the pen moves the edge is some milliseconds behind: what counts is the same image.
  const ours = twin ?? here.probabilities;
  const theirs = label(edge.probabilities);
  // Where both are not sure there may be ten tenths, and rounding decides which is the largest.
  const unsure = !isSure(here) && !isSure(edge);
  if (label(ours) !== theirs && !unsure) {
    const detail = `${label(ours)} ${where}, ${theirs} at the edge. ${otherWeights(here, edge)}`;
    const chips: Chip[] = [
      { label: label(ours), side: "local" },
      { label: theirs, side: "edge" },
    ];
    return { kind: "disagree", ...words("They disagree", detail.trim()), chips };
  }
  const said = label(here.probabilities);
  if (unsure) {
    const head = `Both are not sure${guess(here, labels)}`;
    const detail = between(here) ? "It may be either." : "This may be no digit.";
    return { kind: "not-sure", ...words(head, detail) };
  }
  if (said !== theirs) return only("Waiting for the edge.");
  const doubter = isSure(here) ? "the edge" : within(who);
  const doubt = isSure(here) && isSure(edge) ? "" : `, but ${doubter} is not sure`;
  const chips: Chip[] = [{ label: said, side: "both" }];
  return { kind: "agree", ...words(`Both say ${said}${doubt}`, gap(here, edge, ours)), chips };
}

/** What is on trial says beside what serves, to be added to the detail; "" where it is the same. */
export function besides(edge: Answer | null, tried: Answer | null, labels: readonly string[]): string {
  if (edge === null || tried === null || (!isSure(edge) && !isSure(tried))) return "";
  const [said, other] = [edge, tried].map(({ probabilities }) => labels[largest(probabilities)]);
  if (said !== other) return ` The candidate says ${other}.`;
  return isSure(tried) ? "" : " The candidate is not sure.";
}

/** Index of the largest. */
export function largest(probabilities: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) {
    if (probabilities[i]! > probabilities[best]!) best = i;
  }
  return best;
}

export function isSure({ probabilities, notSureBelow }: Answer): boolean {
  return notSureBelow === null || probabilities[largest(probabilities)]! >= notSureBelow;
}

/** Largest difference between two probabilities of the same label. */
export function worst(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  return Math.max(...Array.from(ours, (p, i) => Math.abs(p - theirs[i]!)));
}

function words(head: string, detail: string): { head: string; detail: string; chips: Chip[] } {
  return { head, detail, chips: [] };
}

function within(who: string): string {
  return who.charAt(0).toLowerCase() + who.slice(1);
}

function alone(
  side: "local" | "edge",
  answer: Answer,
  who: string,
  detail: string,
  labels: readonly string[] | string,
): Verdict {
  const said = labels[largest(answer.probabilities)] ?? "?";
  if (!isSure(answer)) {
    return { kind: "not-sure", ...words(`${who} is not sure${guess(answer, labels)}`, detail) };
  }
  return { kind: "open", ...words(`${who} says ${said}`, detail), chips: [{ label: said, side }] };
}

function guess(answer: Answer, labels: readonly string[] | string): string {
  const [first, second] = twoLargest(answer);
  const [said, other] = [labels[first!] ?? "?", labels[second!] ?? "?"];
  if (between(answer)) return `: ${said} or ${other}`;
  return answer.probabilities[first!]! >= GUESS ? `: perhaps ${said}` : "";
}

function between(answer: Answer): boolean {
  const [first = 0, second = 0] = twoLargest(answer).map((i) => answer.probabilities[i]!);
  return second >= SECOND && first + second >= BETWEEN;
}

function twoLargest({ probabilities }: Answer): number[] {
  const order = Array.from(probabilities, (_, i) => i);
  return order.sort((a, b) => probabilities[b]! - probabilities[a]!).slice(0, 2);
}

function otherWeights(here: Answer, edge: Answer): string {
  const known = here.sha256 !== "" && edge.sha256 !== "";
  return known && here.sha256 !== edge.sha256 ? "They run different weights." : "";
}

/** How far apart: the fingerprint says why, the size how much. */
function gap(here: Answer, edge: Answer, ours: ArrayLike<number>): string {
  const value = worst(ours, edge.probabilities);
  const size = `Largest difference ${difference(value)}`;
  const other = otherWeights(here, edge);
  if (other) return `${other} ${size}.`;
  if (value === 0) return "All ten probabilities are identical.";
  const same = here.sha256 !== "" && here.sha256 === edge.sha256;
  return `${size}${same && value <= SAME_ARITHMETIC ? ", only rounding" : ""}.`;
}
