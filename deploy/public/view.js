// @ts-check
/**
 * Everything that is seen, from what is known. It may be called at any time, and as often as one
 * likes: what stays the same is not touched.
 *
 * @typedef {import("./edge.js").Answer} Answer
 * @typedef {import("./edge.js").Trouble} Trouble
 * @typedef {import("./browser.js").BrowserNetwork} BrowserNetwork
 * @typedef {ReturnType<BrowserNetwork["classify"]>} BrowserAnswer
 *
 * @typedef {object} State
 * @property {Uint8Array<ArrayBuffer>} image 784 bytes, what is drawn
 * @property {boolean} isEmpty nothing is drawn
 * @property {BrowserAnswer} mine what this browser says of it
 * @property {Answer | null} theirs the edge's newest answer, to this image or one before
 * @property {BrowserAnswer} twin what this browser says of the image that `theirs` is about
 * @property {Trouble | null} trouble why the edge gives no answer
 * @property {string} edgeWeights sha256 of what the edge runs, "" before it was heard
 * @property {import("./edge.js").Described | null} described what GET /model said last
 */

import { Bars } from "./bars.js";
import { SIZE } from "./raster.js";
import { verdict } from "./verdict.js";
import { milliseconds, placeName, sentence, short } from "./words.js";

const QUIET_MS = 700; // the summary is read aloud when answers have stopped coming for so long

const sees = /** @type {CanvasRenderingContext2D} */ (
  find("sees", HTMLCanvasElement).getContext("2d")
);
const bars = new Bars(find("bars", HTMLTableSectionElement));
let lastCold = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let quiet;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}

/** @param {string} id @param {string} text */
function write(id, text) {
  const element = find(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {State} state @param {BrowserNetwork} network */
export function show(state, network) {
  const { isEmpty, mine, theirs, twin, trouble, image, edgeWeights, described } = state;
  const weights = network.current?.sha256 ?? "";
  const here = {
    probabilities: mine?.probabilities ?? null,
    sha256: weights,
    notSureBelow: network.current?.notSureBelow ?? null,
  };
  const served = theirs?.model.sha256 ?? "";
  const there = {
    probabilities: theirs?.probabilities ?? null,
    sha256: served,
    notSureBelow: described?.sha256 === served ? described.notSureBelow : null,
    twin: twin?.probabilities ?? null,
    trouble: trouble?.title ?? "",
  };
  const words = verdict(here, there, !isEmpty);
  const { dataset } = find("answer", HTMLElement);
  const whose = theirs?.image === image ? "answered" : "waiting";
  dataset.state = isEmpty ? "empty" : trouble ? "alone" : whose;
  dataset.differ = String(edgeWeights !== "" && weights !== "" && edgeWeights !== weights);
  showTools(isEmpty);
  showVerdict(words);
  showBrowser(mine, network, trouble !== null);
  showEdge(theirs, trouble, edgeWeights);
  showTrouble(trouble);
  const isReady = isEmpty && edgeWeights !== "" && weights !== "";
  announce([words.said, troubleSaid(trouble, isEmpty), isReady ? "Ready for your drawing." : ""]);
}

/** @param {Uint8Array} image 784 bytes */
export function showImage(image) {
  const pixels = sees.createImageData(SIZE, SIZE);
  image.forEach((grey, i) => pixels.data.set([grey, grey, grey, 255], 4 * i));
  sees.putImageData(pixels, 0, 0);
}

/** @param {string} text for screen readers, now */
export function say(text) {
  clearTimeout(quiet);
  write("summary", text);
}

/** @param {string[]} texts for screen readers, once it has settled */
function announce(texts) {
  clearTimeout(quiet);
  quiet = setTimeout(() => write("summary", texts.filter(Boolean).join(" ")), QUIET_MS);
}

/** @param {boolean} isEmpty */
function showTools(isEmpty) {
  find("hint", HTMLElement).hidden = !isEmpty;
  for (const id of ["clear", "undo"]) {
    // `disabled` would throw a keyboard user's focus away; this keeps the button reachable.
    find(id, HTMLButtonElement).setAttribute("aria-disabled", String(isEmpty));
  }
}

/** @param {import("./verdict.js").Verdict} words */
function showVerdict({ kind, chips, head, detail }) {
  find("verdict", HTMLElement).dataset.kind = kind;
  write("says", head);
  write("says-more", detail);
  const place = find("chips", HTMLElement);
  const shown = chips.length > 0 ? chips : [{ digit: "?", side: "none" }];
  const key = shown.map(({ digit, side }) => digit + side).join();
  if (place.dataset.shown === key) return;
  place.dataset.shown = key;
  place.replaceChildren(
    ...shown.map(({ digit, side }) => {
      const chip = document.createElement("span");
      chip.className = `chip is-${side}`;
      chip.textContent = digit;
      return chip;
    }),
  );
}

/** @param {BrowserAnswer} mine @param {BrowserNetwork} network @param {boolean} alone */
function showBrowser(mine, { current, trouble }, alone) {
  const lacking = current === null && (trouble !== "" || alone);
  const detail = trouble ? sentence(trouble) : "They come from the edge.";
  const message = lacking ? { title: "No weights yet", detail } : null;
  bars.show("here", mine?.probabilities ?? null, message);
  write("here-time", mine ? milliseconds(mine.ms) : "");
  write("here-way", mine ? "to compute" : current ? "ready" : lacking ? "not ready" : "loading");
  write("here-start", current ? `loaded in ${milliseconds(current.ms)}` : "");
  showWeights("here-weights", current?.sha256 ?? "", current?.name ?? "");
  const staying = current !== null && trouble !== "";
  find("browser-trouble", HTMLElement).hidden = !staying;
  const reason = `Your browser stays with its weights: ${sentence(trouble)}`;
  if (staying) write("browser-trouble", reason);
}

/** @param {Answer | null} theirs @param {Trouble | null} trouble @param {string} sha256 */
function showEdge(theirs, trouble, sha256) {
  const message = trouble && { title: trouble.title, detail: nextTry(trouble) };
  bars.show("edge", theirs?.probabilities ?? null, message);
  const state = trouble ? "no answer" : sha256 ? "ready" : "calling";
  write("edge-time", theirs ? milliseconds(theirs.ms) : "");
  write("edge-way", theirs ? "there and back" : state);
  showWeights("edge-weights", sha256, theirs?.model.name ?? "");
  if (theirs === null) write("edge-start", "");
  if (theirs === null) return; // where it was the last time stays true
  const where = placeName(theirs.place);
  write("edge-place", where ? `Durable Object, ${where}` : "Durable Object");
  if (theirs.cold) lastCold = milliseconds(theirs.ms);
  write("edge-start", theirs.cold ? "cold start" : lastCold ? `warm; cold ${lastCold}` : "warm");
}

/** @param {string} id @param {string} sha256 @param {string} name */
function showWeights(id, sha256, name) {
  write(id, short(sha256) || "–");
  find(id, HTMLElement).title = sha256 && `${name} sha256 ${sha256}`.trim();
}

/** What is too long for a column, below the table. @param {Trouble | null} trouble */
function showTrouble(trouble) {
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

/** @param {Trouble} trouble */
function needsToken({ status }) {
  return status === 401 || status === 403;
}

/** @param {Trouble} trouble @returns {string} */
function nextTry(trouble) {
  if (needsToken(trouble)) return "Give its token below; it is kept while this page is open.";
  const { status, detail, retryIn } = trouble;
  const later = retryIn > 5 ? ` in ${Math.ceil(retryIn)} seconds` : "";
  return `${status === 0 && detail ? `${detail} ` : ""}Trying again by itself${later}.`;
}

/**
 * The reason in full once; who draws on hears only that there is one.
 *
 * @param {Trouble | null} trouble @param {boolean} isEmpty
 */
function troubleSaid(trouble, isEmpty) {
  if (trouble === null) return "";
  const { status, title, detail } = trouble;
  const more = isEmpty ? [status === 0 ? "" : detail.replaceAll("`", ""), nextTry(trouble)] : [];
  return [title, ...more].map(sentence).filter(Boolean).join(" ");
}
