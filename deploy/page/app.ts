/**
 * The page: what is drawn goes to the network in this browser and to the edge, and what the two
 * say is shown side by side.
 */

import { BrowserNetwork } from "./browser";
import { Edge, type Answer, type Described, type Trouble } from "./edge";
import { listenToGivers, offerGiving } from "./giving";
import { KeyboardPen } from "./keys";
import { PAD_SIZE, Pad } from "./pad";
import { SIZE, rasterize } from "./raster";
import { find, say, show, showImage, type State } from "./view";

import "./page.css";

const state: State = {
  image: new Uint8Array(SIZE * SIZE),
  isEmpty: true,
  mine: null,
  theirs: null,
  twin: null,
  trouble: null,
  edgeWeights: "",
  described: null,
};

const network = new BrowserNetwork(() => edge.weights(), weightsChanged);
const edge = new Edge({ answered, ready, failed });
const canvas = find("pad", HTMLCanvasElement);
const pad = new Pad(canvas, drawingChanged);
new KeyboardPen(canvas, pad, say);
listenToGivers(
  edge,
  () => (pad.isEmpty ? null : state.image),
  () => pad.clear(),
);
showImage(state.image);
show(state, network);

find("clear", HTMLButtonElement).addEventListener("click", () => pad.clear());
find("undo", HTMLButtonElement).addEventListener("click", () => pad.undo());
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

function drawingChanged() {
  const image = rasterize(pad.strokes, PAD_SIZE);
  const same = image.every((grey, i) => grey === state.image[i]);
  state.isEmpty = pad.isEmpty;
  if (!same) {
    state.image = image;
    showImage(image);
    if (pad.isEmpty) {
      edge.clear();
      state.mine = state.theirs = state.twin = null;
    } else {
      state.mine = network.classify(image);
      edge.classify(image);
    }
  }
  show(state, network);
}

function answered(answer: Answer) {
  const { image, model } = answer;
  state.theirs = answer;
  state.twin = network.classify(image);
  state.trouble = null;
  state.edgeWeights = model.sha256;
  network.follow(model.sha256);
  show(state, network);
}

function ready(model: Described) {
  state.trouble = null;
  state.edgeWeights = model.sha256;
  state.described = model;
  offerGiving(model.collects);
  network.follow(model.sha256);
  show(state, network);
}

function failed(trouble: Trouble) {
  state.trouble = trouble;
  state.theirs = state.twin = null;
  show(state, network);
}

/** Other weights are in service in this browser, or there is a reason why not. */
function weightsChanged() {
  const { image, theirs } = state;
  if (!state.isEmpty) {
    state.mine = network.classify(image);
    state.twin = theirs && network.classify(theirs.image);
    // The edge may have gone on to these meanwhile: then its next answer is of the same weights.
    if (theirs && theirs.model.sha256 !== network.current?.sha256) edge.classify(image);
  }
  show(state, network);
}
