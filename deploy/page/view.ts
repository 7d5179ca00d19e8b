/**
 * Everything that is seen on the page, from what is known. It may be called at any time, and as often
 * as one likes: what stays the same is not touched.
 */

import { Answers, thereAndBack, type Message, type Side } from "./answers";
import type { BrowserNetwork } from "./browser";
import { write } from "./columns";
import type { Answer, Described, Trouble } from "./edge";
import { Seen } from "./seen";
import { milliseconds, placeName, sentence } from "./words";

export type BrowserAnswer = ReturnType<BrowserNetwork["classify"]>;

/** All that the page shows. */
export interface State {
  /** 784 bytes, what is drawn. */
  image: Uint8Array<ArrayBuffer>;
  isEmpty: boolean;
  /** What this browser says of it. */
  mine: BrowserAnswer;
  /** The edge's newest answer, to this image or one before. */
  theirs: Answer | null;
  /** What this browser says of the image that `theirs` is about. */
  twin: BrowserAnswer;
  /** Why the edge gives no answer. */
  trouble: Trouble | null;
  /** Of what the edge runs, "" before it was heard. */
  edgeWeights: string;
  /** What GET /model said last. */
  described: Described | null;
}

const TITLES = {
  who: "Your browser",
  where: "in your browser",
  local: "In your browser",
  edge: "At the edge",
  advice: "", // this browser follows the edge by itself
};

const seen = new Seen(find("sees", HTMLCanvasElement));
let answers = table(false);
let hasTrial = false;
let lastCold = "";

/** The element of index.html with this id. */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}

export function show(state: State, network: BrowserNetwork): void {
  const { isEmpty, theirs, twin, trouble, image, edgeWeights } = state;
  const weights = network.current?.sha256 ?? "";
  const { dataset } = find("answer", HTMLElement);
  const whose = theirs?.image === image ? "answered" : "waiting";
  dataset.state = isEmpty ? "empty" : trouble ? "alone" : whose;
  dataset.differ = String(edgeWeights !== "" && weights !== "" && edgeWeights !== weights);
  showTools(isEmpty);
  const ready = isEmpty && edgeWeights !== "" && weights !== "" ? "Ready for your drawing." : "";
  const shown = {
    drawn: !isEmpty,
    local: browserSide(state.mine, network, trouble !== null),
    edge: edgeSide(state),
    twin: twin?.probabilities ?? null,
    stale: theirs !== null && theirs.image !== image,
    late: false, // the style sheet lets its bars fade after a while
    cold: theirs?.cold ?? false,
    trouble: trouble?.title ?? "",
  };
  const candidate = candidateSide(state);
  if ((candidate !== null) !== hasTrial) {
    hasTrial = !hasTrial;
    answers = table(hasTrial);
  }
  answers.show({ ...shown, candidate }, [troubleSaid(trouble, isEmpty), ready]);
  showStaying(network);
  showTrouble(trouble);
}

function table(isTrial: boolean): Answers {
  const made = new Answers(TITLES, Array.from("0123456789"), isTrial);
  find("answers", HTMLElement).replaceChildren(made.root);
  return made;
}

/** What is on trial beside it; null when nothing is. */
function candidateSide({ theirs, described }: State): Side | null {
  const candidate = described?.candidate;
  if (!candidate) return null;
  const answer = theirs?.tried && { ...candidate, probabilities: theirs.tried };
  const lines = { place: "on trial", took: "", time: "", ms: NaN };
  return { ...candidate, ...lines, answer: answer ?? null, message: null };
}

export function showImage(image: Uint8Array): void {
  seen.show(image);
}

/** Say something to who cannot see it, now. */
export function say(text: string): void {
  answers.say(text);
}

function showTools(isEmpty: boolean): void {
  find("hint", HTMLElement).hidden = !isEmpty;
  for (const id of ["clear", "undo"]) {
    // `disabled` would throw a keyboard user's focus away; this keeps the button reachable.
    find(id, HTMLButtonElement).setAttribute("aria-disabled", String(isEmpty));
  }
}

/** @param alone the edge gives no answer */
function browserSide(mine: BrowserAnswer, network: BrowserNetwork, alone: boolean): Side {
  const { current, trouble } = network;
  const lacking = current === null && (trouble !== "" || alone);
  const detail = trouble ? sentence(trouble) : "They come from the edge.";
  const weights = {
    sha256: current?.sha256 ?? "",
    name: current?.name ?? "",
    notSureBelow: current?.notSureBelow ?? null,
  };
  const message: Message = { kind: "offline", title: "No weights yet", detail };
  const waiting = current ? "ready" : lacking ? "not ready" : "loading";
  return {
    ...weights,
    answer: mine && { ...weights, probabilities: mine.probabilities },
    place: "WebAssembly, this device",
    took: mine ? milliseconds(mine.ms) : "",
    time: mine ? " to compute" : waiting,
    start: current ? `loaded in ${milliseconds(current.ms)}` : "",
    message: lacking ? message : null,
    ms: mine?.ms ?? NaN,
  };
}

function edgeSide({ theirs, trouble, edgeWeights, described }: State): Side {
  const served = theirs?.model.sha256 ?? "";
  const notSureBelow = described?.sha256 === served ? described.notSureBelow : null;
  const where = theirs ? placeName(theirs.place) : "";
  if (theirs?.cold) lastCold = milliseconds(theirs.ms);
  const message = trouble && { kind: "offline", title: trouble.title, detail: nextTry(trouble) };
  const waiting = trouble ? "no answer" : edgeWeights ? "ready" : "calling";
  return {
    answer: theirs && { probabilities: theirs.probabilities, sha256: served, notSureBelow },
    sha256: edgeWeights,
    name: theirs?.model.name ?? "",
    notSureBelow,
    place: where ? `Durable Object, ${where}` : "Durable Object",
    ...(theirs ? thereAndBack(theirs.ms, theirs.cold) : { took: "", time: waiting }),
    start: theirs && !theirs.cold && lastCold ? `cold start ${lastCold}` : "",
    message,
    ms: theirs?.ms ?? NaN,
  };
}

/** Why this browser runs other weights than the edge. */
function showStaying({ current, trouble }: BrowserNetwork): void {
  const element = find("browser-trouble", HTMLElement);
  element.hidden = current === null || trouble === "";
  if (!element.hidden) write(element, `Your browser stays with its weights: ${sentence(trouble)}`);
}

/** What is too long for a column, below the table. */
function showTrouble(trouble: Trouble | null): void {
  const detail = trouble && trouble.status !== 0 ? trouble.detail : "";
  const form = trouble !== null && needsToken(trouble);
  find("token-form", HTMLFormElement).hidden = !form;
  find("trouble", HTMLElement).hidden = detail === "" && !form;
  const place = find("trouble-detail", HTMLElement);
  if (place.textContent === detail.replaceAll("`", "")) return;
  const parts = detail.split("`").map((part, i) => {
    const element = document.createElement(i % 2 === 1 ? "code" : "span");
    element.textContent = part;
    return element;
  });
  place.replaceChildren(...parts);
}

function needsToken({ status }: Trouble): boolean {
  return status === 401 || status === 403;
}

function nextTry(trouble: Trouble): string {
  if (needsToken(trouble)) return "Give its token below; it is kept while this page is open.";
  const { status, detail, retryIn } = trouble;
  const later = retryIn > 5 ? ` in ${Math.ceil(retryIn)} seconds` : "";
  return `${status === 0 && detail ? `${detail} ` : ""}Trying again by itself${later}.`;
}

/** The reason in full once; who draws on hears only that there is one. */
function troubleSaid(trouble: Trouble | null, isEmpty: boolean): string {
  if (trouble === null) return "";
  const { status, title, detail } = trouble;
  const more = isEmpty ? [status === 0 ? "" : detail.replaceAll("`", ""), nextTry(trouble)] : [];
  return [title, ...more].map(sentence).filter(Boolean).join(" ");
}
