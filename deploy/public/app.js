// @ts-check
/**
 * The page: what is drawn goes to the edge, what the edge says is shown.
 *
 * @typedef {import("./edge.js").Answer} Answer
 * @typedef {import("./edge.js").Model} Model
 * @typedef {import("./edge.js").Trouble} Trouble
 */

import { Edge } from "./edge.js";
import { PAD_SIZE, Pad } from "./pad.js";
import { SIZE, rasterize } from "./raster.js";

const QUIET_MS = 700; // the summary is read aloud when answers have stopped coming for so long
const SHORT = 8; // hex digits of a sha256, as in the notebook
const CONTINENTS = /** @type {Record<string, string>} */ ({
  AF: "Africa",
  AN: "Antarctica",
  AS: "Asia",
  EU: "Europe",
  NA: "North America",
  OC: "Oceania",
  SA: "South America",
});

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}

/** @param {string} id @param {string} text */
function write(id, text) {
  const element = find(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/** @param {string} id @param {string} text with `code` between backticks */
function writeProse(id, text) {
  const parts = text.split("`").map((part, i) => {
    const element = document.createElement(i % 2 === 1 ? "code" : "span");
    element.textContent = part;
    return element;
  });
  find(id, HTMLElement).replaceChildren(...parts);
}

const sees = /** @type {CanvasRenderingContext2D} */ (
  find("sees", HTMLCanvasElement).getContext("2d")
);
const clearButton = find("clear", HTMLButtonElement);
const undoButton = find("undo", HTMLButtonElement);
const answerSection = find("answer", HTMLElement);
const rows = makeRows();
let image = new Uint8Array(SIZE * SIZE);
/** @type {ReturnType<typeof setTimeout> | undefined} */
let quiet;

const pad = new Pad(find("pad", HTMLCanvasElement), drawingChanged);
const edge = new Edge({ answered, ready, failed });
showImage();

clearButton.addEventListener("click", () => pad.clear());
undoButton.addEventListener("click", () => pad.undo());
document.addEventListener("keydown", (event) => {
  const undo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
  if (!undo || event.target instanceof HTMLInputElement) return;
  event.preventDefault();
  pad.undo();
});
find("token-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  edge.token = find("token", HTMLInputElement).value.trim();
  edge.retry();
});

// --- what is drawn -------------------------------------------------------------------------------

function drawingChanged() {
  const before = image;
  image = rasterize(pad.strokes, PAD_SIZE);
  find("hint", HTMLElement).hidden = !pad.isEmpty;
  setDisabled(clearButton, pad.isEmpty);
  setDisabled(undoButton, pad.isEmpty);
  if (image.every((grey, i) => grey === before[i])) return;
  showImage();
  if (pad.isEmpty) {
    edge.clear();
    showNothing();
  } else {
    answerSection.dataset.state = "waiting";
    edge.classify(image);
  }
}

/**
 * `disabled` would throw a keyboard user's focus away; this keeps the button reachable.
 *
 * @param {HTMLButtonElement} button @param {boolean} disabled
 */
function setDisabled(button, disabled) {
  button.setAttribute("aria-disabled", String(disabled));
}

function showImage() {
  const pixels = sees.createImageData(SIZE, SIZE);
  image.forEach((grey, i) => pixels.data.set([grey, grey, grey, 255], 4 * i));
  sees.putImageData(pixels, 0, 0);
}

// --- what the edge says --------------------------------------------------------------------------

/** @param {Answer} answer */
function answered(answer) {
  const { probabilities, model, cold, place, newest, ms } = answer;
  const winner = probabilities.indexOf(Math.max(...probabilities));
  const time = milliseconds(ms);
  probabilities.forEach((probability, digit) => showRow(digit, probability, digit === winner));
  const share = percent(probabilities[winner]);
  showVerdict(String(winner), `The edge says ${winner}`, `Probability ${share}`);
  write("time", time);
  write("start", cold ? "cold start" : "warm");
  if (cold) write("last-cold", `last cold start: ${time}`);
  write("place", placeName(place));
  write("object", place.object ? `Durable Object ${place.object}` : "");
  showUp(model, cold ? "Edge up, cold start" : "Edge up");
  answerSection.dataset.state = newest ? "answered" : "waiting";
  announce(`The edge says ${winner}, ${share}.`);
}

/** @param {Model} model */
function ready(model) {
  showUp(model, "Edge up");
  announce("The edge is up and ready for your drawing.");
}

/** @param {Trouble} trouble */
function failed({ status, title, detail, retryIn }) {
  const needsToken = status === 401 || status === 403;
  const later = retryIn > 5 ? ` in ${Math.ceil(retryIn)} seconds` : "";
  const next = needsToken
    ? "Give the token of this edge; it is kept only while this page is open."
    : `Trying again by itself${later}.`;
  write("trouble-title", title);
  writeProse("trouble-detail", detail);
  write("trouble-next", next);
  find("token-form", HTMLFormElement).hidden = !needsToken;
  find("trouble", HTMLElement).hidden = false;
  answerSection.toggleAttribute("data-stale", true);
  showEdge(status === 0 ? "offline" : "trouble", status === 0 ? "Edge offline" : title);
  announce([title, detail.replaceAll("`", ""), next].map(sentence).join(" "));
}

/** @param {Model} model @param {string} text */
function showUp({ sha256, name }, text) {
  find("trouble", HTMLElement).hidden = true;
  answerSection.toggleAttribute("data-stale", false);
  showEdge("up", text);
  write("weights", sha256?.slice(0, SHORT) || "unknown");
  find("weights", HTMLElement).title = sha256 ? `sha256 ${sha256}` : "";
  if (name) write("model", name);
}

/** @param {string} state @param {string} text */
function showEdge(state, text) {
  find("edge", HTMLElement).dataset.state = state;
  write("edge-text", text);
}

/** @param {import("./edge.js").Place} place @returns {string} */
function placeName({ local, continent, colo }) {
  if (local) return "local workerd";
  const where = continent && (CONTINENTS[continent] ?? continent);
  return where && colo ? `${where} (${colo})` : where || colo || "unknown";
}

/** @param {string} digit @param {string} head @param {string} detail */
function showVerdict(digit, head, detail) {
  find("digit", HTMLElement).classList.toggle("is-empty", digit === "?");
  write("digit", digit);
  write("says", head);
  write("says-more", detail);
}

function showNothing() {
  rows.forEach((_, digit) => showRow(digit, null, false));
  showVerdict("?", "Nothing drawn yet", "The edge answers while you draw.");
  answerSection.dataset.state = "empty";
  announce("");
}

// --- the bars ------------------------------------------------------------------------------------

function makeRows() {
  const body = find("bars", HTMLTableSectionElement);
  return Array.from({ length: 10 }, (_, digit) => {
    const row = body.insertRow();
    const name = document.createElement("th");
    name.scope = "row";
    name.textContent = String(digit);
    const bar = document.createElement("div");
    bar.className = "bar";
    row.append(name);
    row.insertCell().append(bar);
    const number = row.insertCell();
    row.dataset.digit = String(digit);
    return { row, bar, number };
  });
}

/** @param {number} digit @param {number | null} probability @param {boolean} winner */
function showRow(digit, probability, winner) {
  const { row, bar, number } = rows[digit];
  row.toggleAttribute("data-winner", winner);
  row.dataset.probability = String(probability ?? "");
  // Without a sliver, zero and one percent would look the same as an empty table.
  bar.style.setProperty("--share", String(probability === null ? 0 : Math.max(probability, 0.004)));
  number.textContent = probability === null ? "" : percent(probability);
  if (winner) number.append(unseen(", its answer"));
}

/** @param {string} text for screen readers @returns {HTMLElement} */
function unseen(text) {
  const span = document.createElement("span");
  span.className = "unseen";
  span.textContent = text;
  return span;
}

/** @param {number} ms @returns {string} */
function milliseconds(ms) {
  if (ms >= 995) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms < 9.95 ? 1 : 0)} ms`;
}

/** @param {string} text @returns {string} */
function sentence(text) {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

/** @param {number} probability @returns {string} */
function percent(probability) {
  return `${(100 * probability).toFixed(1)} %`;
}

/**
 * Say it to screen readers, once it has settled.
 *
 * @param {string} text
 */
function announce(text) {
  clearTimeout(quiet);
  quiet = setTimeout(() => write("summary", text), QUIET_MS);
}
