// @ts-nocheck
// Made by `npm run page` in deploy/ from page/, src/ and kernel/: change those instead.

// page/columns.ts
function classOf(side2) {
  return side2 === "candidate" ? "is-edge is-candidate" : `is-${side2}`;
}
function addHead(row, side2, title) {
  const cell = add(row, "th", classOf(side2));
  cell.scope = "col";
  add(cell, "span", "mnist-nb-side").textContent = title;
  const place = add(cell, "span", "is-place");
  const times = add(cell, "span", "is-time");
  const took = add(times, "b", "");
  const time = add(times, "span", "");
  const weights = add(cell, "span", "is-weights");
  weights.textContent = "weights ";
  const code = add(weights, "code", "");
  return { place, took, time, code, start: add(cell, "span", "is-start") };
}
function addCell(row, side2) {
  const cell = row.insertCell();
  cell.className = classOf(side2);
  const bar = add(cell, "i", "");
  const words2 = add(cell, "span", "mnist-nb-number");
  const number = add(words2, "span", "");
  const aside = add(words2, "span", "mnist-nb-unseen");
  row.dataset[side2] = row.dataset.winner = "";
  return { cell, bar, number, aside, p: NaN, won: false };
}
function addMessage(side2, cells) {
  const cell = make("td", `mnist-nb-message ${classOf(side2)}`);
  cell.rowSpan = cells.length;
  cell.hidden = true;
  const box = add(cell, "div", "");
  for (const tag of ["strong", "span", "em"]) add(box, tag, "");
  cells[0].cell.after(cell);
  return cell;
}
function make(tag, classes) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  return element;
}
function add(parent, tag, classes) {
  return parent.appendChild(make(tag, classes));
}
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// page/words.ts
var SHORT = 8;
var RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function percent(probability) {
  return `${(100 * probability).toFixed(1)} %`;
}
function milliseconds(ms) {
  if (Number.isNaN(ms)) return "? ms";
  if (ms < 5e-3) return "under 0.01 ms";
  if (ms >= 995) return `${(ms / 1e3).toFixed(1)} s`;
  return `${ms.toFixed(ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0)} ms`;
}
function difference(value) {
  if (value === 0) return "0";
  if (value >= 1e-3) return value.toFixed(3);
  const [mantissa, exponent = ""] = value.toExponential(1).split("e-");
  return `${mantissa} × 10⁻${Array.from(exponent, (digit) => RAISED[Number(digit)]).join("")}`;
}
function short(sha256) {
  return sha256.slice(0, SHORT);
}

// page/verdict.ts
var GUESS = 0.3;
var BETWEEN = 0.8;
var SECOND = 0.15;
var SAME_ARITHMETIC = 1e-5;
function verdict(known) {
  const { here, edge, twin = null, drawn = true, late = false, trouble = "" } = known;
  const { who = "This machine", where = "here", labels = "0123456789" } = known;
  const label = (p) => labels[largest(p)] ?? "?";
  if (!drawn) return { kind: "empty", ...words("Draw a digit", "Both answer while you draw.") };
  if (here === null && edge === null) {
    return { kind: "open", ...words("No answer yet", trouble || "The network is on its way.") };
  }
  if (here === null) return alone("edge", edge, "The edge", `Waiting for ${within(who)}.`, labels);
  const only = (detail) => alone("local", here, who, detail, labels);
  if (edge === null)
    return only(trouble ? "It goes on without the edge." : "Waiting for the edge.");
  if (late) return only("The edge is still at an older drawing.");
  const ours = twin ?? here.probabilities;
  const theirs = label(edge.probabilities);
  const unsure = !isSure(here) && !isSure(edge);
  if (label(ours) !== theirs && !unsure) {
    const detail = `${label(ours)} ${where}, ${theirs} at the edge. ${otherWeights(here, edge)}`;
    const chips2 = [
      { label: label(ours), side: "local" },
      { label: theirs, side: "edge" }
    ];
    return { kind: "disagree", ...words("They disagree", detail.trim()), chips: chips2 };
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
  const chips = [{ label: said, side: "both" }];
  return { kind: "agree", ...words(`Both say ${said}${doubt}`, gap(here, edge, ours)), chips };
}
function besides(edge, tried, labels) {
  if (edge === null || tried === null || !isSure(edge) && !isSure(tried)) return "";
  const [said, other] = [edge, tried].map(({ probabilities }) => labels[largest(probabilities)]);
  if (said !== other) return ` The candidate says ${other}.`;
  return isSure(tried) ? "" : " The candidate is not sure.";
}
function largest(probabilities) {
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) {
    if (probabilities[i] > probabilities[best]) best = i;
  }
  return best;
}
function isSure({ probabilities, notSureBelow }) {
  return notSureBelow === null || probabilities[largest(probabilities)] >= notSureBelow;
}
function worst(ours, theirs) {
  return Math.max(...Array.from(ours, (p, i) => Math.abs(p - theirs[i])));
}
function words(head, detail) {
  return { head, detail, chips: [] };
}
function within(who) {
  return who.charAt(0).toLowerCase() + who.slice(1);
}
function alone(side2, answer, who, detail, labels) {
  const said = labels[largest(answer.probabilities)] ?? "?";
  if (!isSure(answer)) {
    return { kind: "not-sure", ...words(`${who} is not sure${guess(answer, labels)}`, detail) };
  }
  return { kind: "open", ...words(`${who} says ${said}`, detail), chips: [{ label: said, side: side2 }] };
}
function guess(answer, labels) {
  const [first, second] = twoLargest(answer);
  const [said, other] = [labels[first] ?? "?", labels[second] ?? "?"];
  if (between(answer)) return `: ${said} or ${other}`;
  return answer.probabilities[first] >= GUESS ? `: perhaps ${said}` : "";
}
function between(answer) {
  const [first = 0, second = 0] = twoLargest(answer).map((i) => answer.probabilities[i]);
  return second >= SECOND && first + second >= BETWEEN;
}
function twoLargest({ probabilities }) {
  const order = Array.from(probabilities, (_, i) => i);
  return order.sort((a, b) => probabilities[b] - probabilities[a]).slice(0, 2);
}
function otherWeights(here, edge) {
  const known = here.sha256 !== "" && edge.sha256 !== "";
  return known && here.sha256 !== edge.sha256 ? "They run different weights." : "";
}
function gap(here, edge, ours) {
  const value = worst(ours, edge.probabilities);
  const size = `Largest difference ${difference(value)}`;
  const other = otherWeights(here, edge);
  if (other) return `${other} ${size}.`;
  if (value === 0) return "All ten probabilities are identical.";
  const same = here.sha256 !== "" && here.sha256 === edge.sha256;
  return `${size}${same && value <= SAME_ARITHMETIC ? ", only rounding" : ""}.`;
}

// page/answers.ts
var QUIET_MS = 700;
var SLIVER = 5e-3;
var Answers = class {
  root;
  #titles;
  #labels;
  #names;
  #head;
  #verdict;
  #detail;
  #chips;
  #said;
  #warning;
  #rows = [];
  #columns = {};
  #quiet;
  #announced = "";
  /** @param isTrial with a third column, for what is on trial */
  constructor(titles, labels, isTrial) {
    this.#titles = titles;
    this.#labels = labels;
    this.#names = isTrial ? ["local", "edge", "candidate"] : ["local", "edge"];
    this.root = make("div", "mnist-nb-answers");
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "Answers of both sides");
    this.#verdict = add(this.root, "div", "mnist-nb-verdict");
    this.#verdict.setAttribute("aria-hidden", "true");
    this.#chips = add(this.#verdict, "span", "mnist-nb-chips");
    const says = add(this.#verdict, "p", "");
    this.#head = add(says, "strong", "mnist-nb-head");
    says.append(document.createElement("br"));
    this.#detail = add(says, "span", "mnist-nb-detail");
    const table = add(this.root, "table", "mnist-nb-bars");
    add(table, "caption", "mnist-nb-unseen").textContent = `Probability of each digit, ${titles.where} and at the edge`;
    const columns = add(table, "colgroup", "");
    add(columns, "col", "mnist-nb-digit");
    for (const _ of this.#names) add(columns, "col", "");
    const heads = add(add(table, "thead", ""), "tr", "");
    const corner = add(heads, "th", "");
    corner.scope = "col";
    add(corner, "span", "mnist-nb-unseen").textContent = "label";
    const heading = { local: titles.local, edge: titles.edge, candidate: "Candidate" };
    const lines = this.#names.map((name) => addHead(heads, name, heading[name]));
    const body = add(table, "tbody", "");
    labels.forEach((label, index) => {
      const row = body.insertRow();
      row.dataset.digit = String(index);
      const name = add(row, "th", "");
      name.scope = "row";
      name.textContent = label;
      this.#rows.push(row);
    });
    this.#names.forEach((name, i) => {
      const cells = this.#rows.map((row) => addCell(row, name));
      this.#columns[name] = { cells, lines: lines[i], message: addMessage(name, cells) };
    });
    this.#warning = add(this.root, "p", "mnist-nb-warning");
    this.#warning.setAttribute("role", "note");
    this.#warning.hidden = true;
    this.#said = add(this.root, "p", "mnist-nb-unseen mnist-nb-said");
    this.#said.setAttribute("role", "status");
  }
  /** @param more what else is to be read aloud */
  show(shown2, more = []) {
    const { drawn, local, edge, twin, late, trouble } = shown2;
    const theirs = drawn ? edge.answer : null;
    const { who, where } = this.#titles;
    const known = { here: local.answer, edge: theirs, twin, drawn, late, trouble, who, where };
    const said = verdict({ ...known, labels: this.#labels });
    const tried = drawn ? shown2.candidate?.answer ?? null : null;
    const beside = besides(theirs, late ? null : tried, this.#labels);
    said.detail += beside;
    this.#showVerdict(said);
    this.#showSide("local", local, local.answer);
    this.#showSide("edge", edge, theirs);
    if (shown2.candidate) this.#showSide("candidate", shown2.candidate, tried);
    const faded = late && theirs !== null;
    this.root.classList.toggle("is-late", faded);
    this.#showWarning(local, edge);
    this.#note(shown2, theirs, tried);
    const best = local.answer ?? theirs;
    const sure = best && said.kind === "agree" ? `, ${percent(max(best.probabilities))}` : "";
    this.#announce([drawn ? `${said.head}${sure}.${beside}` : "", ...more].filter(Boolean).join(" "));
  }
  /** Say something to who cannot see it, now. */
  say(text) {
    clearTimeout(this.#quiet);
    write(this.#said, this.#announced = text);
  }
  #announce(text) {
    if (text === this.#announced) return;
    this.#announced = text;
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => write(this.#said, text), QUIET_MS);
  }
  #showVerdict({ kind, head, detail, chips }) {
    setData(this.#verdict, "verdict", kind);
    write(this.#head, head);
    write(this.#detail, detail.replace(" × ", " × "));
    const key = chips.map(({ label, side: side2 }) => label + side2).join() || "?";
    if (this.#chips.dataset.shown === key) return;
    this.#chips.dataset.shown = key;
    const shown2 = chips.length > 0 ? chips : [{ label: "?", side: "empty" }];
    this.#chips.replaceChildren(
      ...shown2.map(({ label, side: side2 }) => {
        const chip = make("span", `mnist-nb-chip is-${side2}`);
        chip.textContent = label;
        return chip;
      })
    );
  }
  #showSide(name, side2, answer) {
    const winner = answer === null ? -1 : largest(answer.probabilities);
    const { lines, cells, message: box } = this.#columns[name];
    write(lines.place, side2.place);
    write(lines.took, side2.took);
    write(lines.time, side2.time);
    write(lines.code, short(side2.sha256) || "–");
    lines.code.title = side2.sha256 && `${side2.name} sha256 ${side2.sha256}`.trim();
    write(lines.start, side2.start ?? "");
    lines.start.hidden = side2.start === void 0;
    const message2 = answer === null ? side2.message : null;
    this.#showMessage(box, message2);
    cells.forEach((cell, index) => {
      const p = answer === null ? NaN : answer.probabilities[index];
      const won = index === winner;
      cell.cell.hidden = message2 !== null;
      if (p !== cell.p && !(Number.isNaN(p) && Number.isNaN(cell.p))) {
        cell.p = p;
        const share = Number.isNaN(p) ? 0 : Math.max(p, SLIVER);
        cell.bar.style.setProperty("--p", `${(100 * share).toFixed(2)}%`);
        write(cell.number, Number.isNaN(p) ? "" : percent(p));
        this.#rows[index].dataset[name] = Number.isNaN(p) ? "" : exactly(p);
      }
      if (won !== cell.won) {
        cell.won = won;
        cell.cell.classList.toggle("is-winner", won);
        write(cell.aside, won ? ", its answer" : "");
        const row = this.#rows[index];
        const sides = this.#names.filter((s) => this.#columns[s].cells[index].won);
        setData(row, "winner", sides.join(" "));
      }
    });
  }
  #showMessage(cell, message2) {
    cell.hidden = message2 === null;
    if (message2 === null) return;
    const [title, detail, tail] = Array.from(cell.firstElementChild.children);
    cell.firstElementChild.className = `is-${message2.kind}`;
    write(title, message2.title);
    write(detail, message2.detail);
    write(tail, message2.tail ?? "");
  }
  #showWarning(local, edge) {
    const differ = local.sha256 !== "" && edge.sha256 !== "" && local.sha256 !== edge.sha256;
    setData(this.root, "sameWeights", edge.sha256 === "" ? "" : String(!differ));
    const { advice } = this.#titles;
    const key = differ && advice ? `${local.sha256}/${edge.sha256}` : "";
    if (this.#warning.dataset.shown === key) return;
    this.#warning.dataset.shown = key;
    this.#warning.hidden = key === "";
    const head = make("strong", "");
    head.textContent = "Different weights.";
    const named = ({ sha256, name }) => {
      const code = make("code", "");
      code.textContent = short(sha256);
      return [`${name || "unnamed"} `, code];
    };
    this.#warning.replaceChildren(
      ...[head, ` ${this.#titles.local} runs `, ...named(local), ", the edge runs "],
      ...[...named(edge), `: the answers differ for that reason. ${advice}`]
    );
  }
  /** All of it in `data-*`. */
  #note(shown2, theirs, tried) {
    const { local, edge, twin, drawn, stale, cold } = shown2;
    const ours = local.answer;
    const same = twin ?? ours?.probabilities ?? null;
    const compared = theirs !== null && same !== null;
    const unsure = ours !== null && theirs !== null && !isSure(ours) && !isSure(theirs);
    const agree = compared && (unsure || largest(same) === largest(theirs.probabilities));
    const notes = {
      state: drawn ? "drawn" : "empty",
      edgeStale: String(stale),
      edgeCold: theirs === null ? "" : String(cold),
      agree: compared ? String(agree) : "",
      maxDiff: compared ? exactly(worst(same, theirs.probabilities)) : "",
      localWinner: ours === null ? "" : String(largest(ours.probabilities)),
      edgeWinner: theirs === null ? "" : String(largest(theirs.probabilities)),
      localSure: ours === null ? "" : String(isSure(ours)),
      edgeSure: theirs === null ? "" : String(isSure(theirs)),
      localMs: ours === null ? "" : exactly(local.ms),
      edgeMs: theirs === null ? "" : exactly(edge.ms),
      localSha256: local.sha256,
      edgeSha256: edge.sha256,
      candidateSha256: shown2.candidate?.sha256 ?? "",
      candidateWinner: tried === null ? "" : String(largest(tried.probabilities))
    };
    for (const [name, value] of Object.entries(notes)) setData(this.root, name, value);
  }
};
function thereAndBack(ms, cold) {
  return { took: milliseconds(ms), time: ` there and back, ${cold ? "cold start" : "warm"}` };
}
function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}
function max(values) {
  return values[largest(values)];
}
function exactly(value) {
  return String(Number(value.toPrecision(9)));
}

// page/arrows.ts
var BY_SCRIPT = "[role=slider], .mn-picker canvas";
var BY_BROWSER = "select, input[type=radio]";
function keepArrows(signal) {
  window.addEventListener(
    "keydown",
    (event) => {
      const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event;
      if (!key.startsWith("Arrow") || ctrlKey || metaKey || altKey || shiftKey) return;
      if (!(target instanceof Element) || target.closest(".jp-OutputArea") === null) return;
      if (target.matches(BY_SCRIPT)) event.preventDefault();
      else if (target.matches(BY_BROWSER)) event.stopPropagation();
    },
    { capture: true, signal }
  );
}

// page/pad.ts
var PAD_SIZE = [280, 280];
var PEN = 15;

// page/paper.ts
var PAD = ".mnist-nb-paper";
var PAPERS = `${PAD}, .mn-picker`;
var COPIED = ["key", "code", "location", "repeat", "ctrlKey", "shiftKey", "altKey", "metaKey"];
function helpPaper(root, signal) {
  const early = { capture: true, signal };
  root.addEventListener(
    "pointerdown",
    (event) => {
      if (paperOf(event)?.matches(PAD))
        event.target.setPointerCapture(event.pointerId);
    },
    early
  );
  root.addEventListener(
    "mousemove",
    (event) => {
      const isHovering = event.buttons === 0 && paperOf(event)?.matches(PAD);
      if (isHovering) event.stopPropagation();
    },
    early
  );
  root.addEventListener(
    "keydown",
    (event) => {
      const paper = paperOf(event);
      if (paper === null || isUsed(event, paper)) return;
      event.stopImmediatePropagation();
      const copy = new KeyboardEvent("keydown", {
        ...Object.fromEntries(COPIED.map((name) => [name, event[name]])),
        bubbles: true,
        cancelable: true,
        composed: true
      });
      Object.defineProperty(copy, "keyCode", { value: event.keyCode });
      if (!paper.dispatchEvent(copy)) event.preventDefault();
    },
    early
  );
  root.addEventListener(
    "wheel",
    (event) => {
      if (paperOf(event)) event.stopPropagation();
    },
    { ...early, passive: true }
  );
}
function paperOf({ target }) {
  return target instanceof HTMLCanvasElement ? target.closest(PAPERS) : null;
}
function isUsed(event, paper) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (altKey) return false;
  if (ctrlKey || metaKey) return key === "z" && !shiftKey && paper.matches(PAD);
  if (paper.matches(".mn-picker")) return key.startsWith("Arrow");
  return /^[0-9]$/.test(key) || key === "Backspace" || key === "Delete";
}

// page/echo.ts
var SVG = "http://www.w3.org/2000/svg";
var LOOKS = {
  class: "mnist-nb-echo",
  viewBox: `0 0 ${PAD_SIZE.join(" ")}`,
  fill: "none",
  stroke: "#000",
  "stroke-width": String(PEN),
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
  "aria-hidden": "true"
};
var Echo = class {
  #layer = document.createElementNS(SVG, "svg");
  #pointer = null;
  /** The line that grows; null while the pen is up or beyond the paper. */
  #line = null;
  #presses = 0;
  /** @param box with the paper in it, and no other */
  constructor(box, signal) {
    for (const [name, value] of Object.entries(LOOKS)) this.#layer.setAttribute(name, value);
    const listen = (type) => window.addEventListener(
      type,
      (event) => {
        const paper = paperOf(event);
        if (paper !== null && box.contains(paper)) this[type](event, paper);
      },
      { capture: true, signal }
    );
    ["pointerdown", "pointermove", "pointerup", "pointercancel"].forEach(listen);
    const key = (event) => {
      const paper = paperOf(event);
      if (paper !== null && box.contains(paper) && isUsed(event, paper)) this.#drop();
    };
    window.addEventListener("keydown", key, { capture: true, signal });
    signal.addEventListener("abort", () => this.#layer.remove());
  }
  /** The kernel has shown what it knows: when the pen is up, that is all. */
  settle() {
    const presses = this.#presses;
    const clear = () => {
      if (this.#pointer === null && presses === this.#presses) this.#layer.replaceChildren();
    };
    if (this.#layer.firstChild === null || this.#pointer !== null) return;
    requestAnimationFrame(() => requestAnimationFrame(clear));
  }
  /** What is drawn was taken back or replaced. */
  #drop() {
    this.#pointer = this.#line = null;
    this.#layer.replaceChildren();
  }
  pointerdown(event, paper) {
    if (this.#pointer !== null || event.button !== 0) return;
    if (this.#layer.parentNode !== paper) paper.append(this.#layer);
    this.#pointer = event.pointerId;
    this.#presses++;
    this.#add(event);
  }
  pointermove(event) {
    if (event.pointerId !== this.#pointer) return;
    if (event.buttons === 0) this.pointerup(event);
    else this.#add(event);
  }
  pointerup(event) {
    if (event.pointerId !== this.#pointer) return;
    if (this.#line !== null) this.#add(event);
    this.#pointer = this.#line = null;
  }
  pointercancel(event) {
    if (event.pointerId === this.#pointer) this.#pointer = this.#line = null;
  }
  /** As the pad in Python: a line ends at the border, and begins anew where the pen comes back. */
  #add(event) {
    const box = event.target.getBoundingClientRect();
    const [width, height] = PAD_SIZE;
    const x = (event.clientX - box.left) / box.width * width;
    const y = (event.clientY - box.top) / box.height * height;
    const at = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)];
    const isInside = at[0] === x && at[1] === y;
    if (this.#line === null) {
      if (!isInside) return;
      this.#line = document.createElementNS(SVG, "polyline");
      this.#line.points.appendItem(this.#point(...at));
      this.#layer.append(this.#line);
    }
    this.#line.points.appendItem(this.#point(...at));
    if (!isInside) this.#line = null;
  }
  #point(x, y) {
    return Object.assign(this.#layer.createSVGPoint(), { x, y });
  }
};

// page/names.ts
async function rootOf(el, signal) {
  while (!el.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, 16));
    if (signal.aborted) return null;
  }
  let root = null;
  for (let at = el; at !== null; at = at.parentElement) {
    if (at instanceof HTMLElement && at.classList.contains("mnist-nb")) root = at;
  }
  return root;
}
function helpNames(root, signal) {
  const name = () => {
    for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const slider = handle.closest(".widget-slider");
      const text = slider?.querySelector(".widget-label")?.textContent;
      if (text) handle.setAttribute("aria-label", text);
    }
    for (const canvas of root.querySelectorAll("canvas[title]")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", canvas.title);
      canvas.removeAttribute("title");
    }
  };
  name();
  const observer = new MutationObserver(name);
  observer.observe(root, { childList: true, subtree: true, attributeFilter: ["title"] });
  signal.addEventListener("abort", () => observer.disconnect());
}

// page/seen.ts
var SIDE = 28;
var Seen = class {
  #context;
  #pixels = new ImageData(SIDE, SIDE);
  #words;
  constructor(canvas) {
    canvas.width = canvas.height = SIDE;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `What the network sees, ${SIDE} by ${SIDE} pixels`);
    this.#context = canvas.getContext("2d");
    this.#words = new Uint32Array(this.#pixels.data.buffer);
  }
  /** @param image 784 bytes, 255 is ink */
  show(image) {
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = 4278190080 | image[i] * 65793;
    this.#context.putImageData(this.#pixels, 0, 0);
  }
};

// page/lab.ts
var HEAD = 16;
var TITLES = {
  who: "This machine",
  where: "here",
  local: "Your machine",
  edge: "Edge",
  advice: "Push the same file to the edge, or load the edge's file here."
};
function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  keepArrows(signal);
  void rootOf(el, signal).then((root) => {
    if (root === null) return;
    helpNames(root, signal);
    helpPaper(root, signal);
    const box = el.closest(".mnist-nb-lab, .mnist-nb-pad");
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
function show(model, el, mode, signal) {
  el.classList.add("mnist-nb", `mnist-nb-view-${mode}`);
  const figure = el.appendChild(document.createElement("figure"));
  figure.className = "mnist-nb-seen";
  const seen = new Seen(figure.appendChild(document.createElement("canvas")));
  figure.appendChild(document.createElement("figcaption")).textContent = `What the network sees: ${SIDE} × ${SIDE}`;
  let answers = null;
  let columns = "";
  let newest;
  let isAsked = false;
  let wanted = 0;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }) => model.send({ painted: data });
  const paint = () => {
    isAsked = false;
    if (newest === void 0 || signal.aborted) return;
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
    if (frame === void 0 || frame.byteLength < HEAD) return;
    newest = frame;
    if (frame.getUint32(4, true) & 64 /* Tell */) wanted = frame.getUint32(0, true);
    if (isAsked) return;
    isAsked = true;
    if (document.hidden)
      queueMicrotask(paint);
    else requestAnimationFrame(paint);
  };
  for (const event of ["change:frame", "change:facts"]) {
    model.on(event, changed);
    signal.addEventListener("abort", () => model.off(event, changed));
  }
  signal.addEventListener("abort", () => port1.close());
  changed();
}
var Frame = class {
  number;
  flags;
  ms;
  rows;
  image;
  constructor(view, labels) {
    const at = (index) => view.getFloat32(4 * index, true);
    this.number = view.getUint32(0, true);
    this.flags = view.getUint32(4, true);
    this.ms = [at(2), at(3)];
    this.rows = [0, 1, 2, 3].map(
      (row) => Float32Array.from({ length: labels }, (_, i) => at(HEAD / 4 + row * labels + i))
    );
    const start = view.byteOffset + view.byteLength - SIDE * SIDE;
    this.image = new Uint8Array(view.buffer, start, SIDE * SIDE);
  }
  has(flag) {
    return (this.flags & flag) !== 0;
  }
};
function shown(frame, { local, edge, candidate }) {
  const [ours, theirs, twin, tried] = frame.rows;
  const drawn = frame.has(1 /* Here */);
  const [here, there] = [side(local), side(edge)];
  if (drawn) here.answer = { ...here, probabilities: ours };
  here.ms = frame.ms[0];
  here.place = "numpy";
  here.took = drawn ? milliseconds(here.ms) : "";
  here.time = drawn ? " to compute" : "ready";
  const answered = frame.has(2 /* There */);
  if (answered) there.answer = { ...there, probabilities: theirs };
  there.ms = frame.ms[1];
  there.place = edge?.place ? `Durable Object, ${edge.place}` : "Durable Object";
  const cold = frame.has(16 /* Cold */);
  const waiting = { up: "ready", offline: "no answer" }[edge?.state ?? ""] ?? "calling";
  Object.assign(there, answered ? thereAndBack(there.ms, cold) : { time: waiting });
  there.message = edge === void 0 ? null : message(edge.state, edge.reason, drawn);
  const third = candidate ? { ...side(candidate), place: "on trial" } : null;
  if (third && frame.has(128 /* Tried */)) third.answer = { ...third, probabilities: tried };
  return {
    drawn,
    local: here,
    edge: there,
    candidate: third,
    twin: frame.has(32 /* Twin */) ? twin : null,
    stale: frame.has(4 /* Stale */),
    late: frame.has(8 /* Late */),
    cold,
    trouble: edge?.state === "offline" ? "The edge is offline" : ""
  };
}
function side(weights) {
  return {
    answer: null,
    sha256: weights?.sha256 ?? "",
    name: weights?.name ?? "",
    notSureBelow: weights?.not_sure_below ?? null,
    place: "",
    took: "",
    time: "",
    message: null,
    ms: NaN
  };
}
function message(state, reason, drawn) {
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
        tail: "Trying again by itself."
      };
    case "up": {
      const tail = drawn ? "Waiting for its answer." : "Ready for your drawing.";
      return { kind: state, title: "The edge is up", detail: "", tail };
    }
    default:
      return { kind: state, title: "Calling the edge", detail: reason };
  }
}
var lab_default = { render };
export {
  lab_default as default
};
