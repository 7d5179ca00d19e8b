/**
 * The front end of the lab in a notebook, a view of anywidget beside the ipycanvas of the pad. Its
 * kernel side is mnist_nb/lab/view.py, which also says what a frame holds.
 */

import { Answers, thereAndBack, type Message, type Side } from "./answers";
import { keepArrows } from "./arrows";
import { Echo } from "./echo";
import { helpNames, rootOf } from "./names";
import { helpPaper } from "./paper";
import { SIDE, Seen } from "./seen";
import { milliseconds } from "./words";

import "./lab.css";

interface Weights {
  sha256: string;
  name: string;
  not_sure_below: number | null;
}

/** What changes seldom. */
interface Facts {
  mode: "lab" | "seen" | "none";
  labels: string[];
  who: string;
  local?: Weights;
  edge?: Weights & { state: string; reason: string; place: string };
  candidate?: Weights | null;
}

interface Model {
  get(name: "facts"): Facts;
  get(name: "frame"): DataView | undefined;
  on(event: string, call: () => void): void;
  off(event: string, call: () => void): void;
  send(content: unknown): void;
}

const enum Flag {
  Here = 1,
  There = 2,
  Stale = 4,
  Late = 8,
  Cold = 16,
  Twin = 32,
  Tell = 64,
  Tried = 128,
}
const HEAD = 16; // bytes before the probabilities

const TITLES = {
  who: "This machine",
  where: "here",
  local: "Your machine",
  edge: "Edge",
  advice: "Push the same file to the edge, or load the edge's file here.",
};

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const ending = new AbortController();
  const { signal } = ending;
  keepArrows(signal);
  void rootOf(el, signal).then((root) => {
    if (root === null) return;
    helpNames(root, signal);
    helpPaper(root, signal);
    const box = el.closest<HTMLElement>(".mnist-nb-lab, .mnist-nb-pad");
    if (mode === "none" || box === null) return;
    const echo = new Echo(box, signal);
    const settle = () => echo.settle();
    model.on("change:frame", settle);
    signal.addEventListener("abort", () => model.off("change:frame", settle));
  });
  const { mode } = model.get("facts");
  if (mode === "none") el.classList.add("mnist-nb-hidden");
  else show(model, el, mode, signal);
  return () => ending.abort();
}

function show(model: Model, el: HTMLElement, mode: "lab" | "seen", signal: AbortSignal): void {
  el.classList.add("mnist-nb", `mnist-nb-view-${mode}`); // a view may stand alone, as in marimo
  const figure = el.appendChild(document.createElement("figure"));
  figure.className = "mnist-nb-seen";
  const seen = new Seen(figure.appendChild(document.createElement("canvas")));
  figure.appendChild(document.createElement("figcaption")).textContent =
    `What the network sees: ${SIDE}\u00a0×\u00a0${SIDE}`;
  let answers: Answers | null = null;
  let columns = "";
  let newest: DataView | undefined;
  let isAsked = false;
  let wanted = 0; // number of the frame that the kernel wants to hear of
  const { port1, port2 } = new MessageChannel();
  // A message that is posted from a frame's callback comes after its style, layout and paint.
  port1.onmessage = ({ data }) => model.send({ painted: data as number });

  const paint = () => {
    isAsked = false;
    if (newest === undefined || signal.aborted) return;
    const facts = model.get("facts");
    const isTrial = Boolean(facts.candidate);
    const layout = `${facts.labels.join()} ${isTrial}`;
    if (mode === "lab" && layout !== columns) {
      columns = layout;
      answers?.root.remove();
      answers = new Answers(TITLES, facts.labels, isTrial);
      el.append(answers.root);
    }
    const frame = new Frame(newest, answers === null ? 10 : facts.labels.length);
    seen.show(frame.image);
    if (answers !== null) {
      answers.root.dataset.number = String(frame.number);
      answers.root.dataset.edgeState = facts.edge?.state ?? "";
      answers.show(shown(frame, facts));
    }
    if (wanted > 0) port2.postMessage(wanted);
    wanted = 0;
  };
  const changed = () => {
    const frame = model.get("frame");
    if (frame === undefined || frame.byteLength < HEAD) return;
    newest = frame;
    // The frame that is asked about may be replaced before it is painted.
    if (frame.getUint32(4, true) & Flag.Tell) wanted = frame.getUint32(0, true);
    if (isAsked) return;
    isAsked = true;
    if (document.hidden)
      queueMicrotask(paint); // there are no frames where nobody looks
    else requestAnimationFrame(paint);
  };
  for (const event of ["change:frame", "change:facts"]) {
    model.on(event, changed);
    signal.addEventListener("abort", () => model.off(event, changed));
  }
  signal.addEventListener("abort", () => port1.close());
  changed();
}

/** A frame as Python packed it. */
class Frame {
  readonly number: number;
  readonly flags: number;
  readonly ms: [number, number];
  readonly rows: Float32Array[];
  readonly image: Uint8Array;

  constructor(view: DataView, labels: number) {
    const at = (index: number) => view.getFloat32(4 * index, true);
    this.number = view.getUint32(0, true);
    this.flags = view.getUint32(4, true);
    this.ms = [at(2), at(3)];
    this.rows = [0, 1, 2, 3].map((row) =>
      Float32Array.from({ length: labels }, (_, i) => at(HEAD / 4 + row * labels + i)),
    );
    const start = view.byteOffset + view.byteLength - SIDE * SIDE;
    this.image = new Uint8Array(view.buffer, start, SIDE * SIDE);
  }

  has(flag: Flag): boolean {
    return (this.flags & flag) !== 0;
  }
}

function shown(frame: Frame, { local, edge, candidate }: Facts) {
  const [ours, theirs, twin, tried] = frame.rows as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const drawn = frame.has(Flag.Here);
  const [here, there] = [side(local), side(edge)];
  if (drawn) here.answer = { ...here, probabilities: ours };
  here.ms = frame.ms[0];
  here.place = "numpy";
  here.took = drawn ? milliseconds(here.ms) : "";
  here.time = drawn ? " to compute" : "ready";
  const answered = frame.has(Flag.There);
  if (answered) there.answer = { ...there, probabilities: theirs };
  there.ms = frame.ms[1];
  there.place = edge?.place ? `Durable Object, ${edge.place}` : "Durable Object";
  const cold = frame.has(Flag.Cold);
  const waiting = { up: "ready", offline: "no answer" }[edge?.state ?? ""] ?? "calling";
  Object.assign(there, answered ? thereAndBack(there.ms, cold) : { time: waiting });
  there.message = edge === undefined ? null : message(edge.state, edge.reason, drawn);
  const third = candidate ? { ...side(candidate), place: "on trial" } : null;
  if (third && frame.has(Flag.Tried)) third.answer = { ...third, probabilities: tried };
  return {
    drawn,
    local: here,
    edge: there,
    candidate: third,
    twin: frame.has(Flag.Twin) ? twin : null,
    stale: frame.has(Flag.Stale),
    late: frame.has(Flag.Late),
    cold,
    trouble: edge?.state === "offline" ? "The edge is offline" : "",
  };
}

function side(weights: Weights | undefined): Side {
  return {
    answer: null,
    sha256: weights?.sha256 ?? "",
    name: weights?.name ?? "",
    notSureBelow: weights?.not_sure_below ?? null,
    place: "",
    took: "",
    time: "",
    message: null,
    ms: NaN,
  };
}

function message(state: string, reason: string, drawn: boolean): Message {
  switch (state) {
    case "starting": {
      const detail = reason || "This takes about two seconds.";
      return { kind: state, title: "Starting the local edge", detail };
    }
    case "offline":
      return {
        kind: state,
        title: "Edge offline",
        detail: reason,
        tail: "Trying again by itself.",
      };
    case "up": {
      const tail = drawn ? "Waiting for its answer." : "Ready for your drawing.";
      return { kind: state, title: "The edge is up", detail: "", tail };
    }
    default:
      return { kind: state, title: "Calling the edge", detail: reason };
  }
}

export default { render };
