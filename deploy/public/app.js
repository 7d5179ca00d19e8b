// @ts-nocheck
// Made by `npm run page` in deploy/ from page/, src/ and kernel/: change those instead.

// page/browser.ts
var DIGITS = 10;
var RETRY_MS = 1e3;
var KEPT = 2;
var BrowserNetwork = class {
  current = null;
  /** Why the wanted weights are not in service; "" while they are, or are on their way. */
  trouble = "";
  #fetchFile;
  #changed;
  #wanted = "";
  /** The newest last. */
  #kept = [];
  /** By sha256, why they will not do, however often they are fetched. */
  #refused = /* @__PURE__ */ new Map();
  #busy = false;
  /**
   * @param fetchFile the weights that the edge serves now
   * @param changed called when `current` or `trouble` has changed
   */
  constructor(fetchFile, changed) {
    this.#fetchFile = fetchFile;
    this.#changed = changed;
  }
  /** @param sha256 the weights that the edge answers with: have the same here */
  follow(sha256) {
    this.#wanted = sha256;
    if (!this.#busy && !this.#isSettled) void this.#load();
  }
  /**
   * @param image 784 bytes
   * @returns null without weights, or when they overflow on this image
   */
  classify(image) {
    if (this.current === null) return null;
    const start = performance.now();
    const probabilities = this.current.kernel.one(image);
    const ms = performance.now() - start;
    return probabilities.every(Number.isFinite) ? { probabilities, ms } : null;
  }
  get #isSettled() {
    return this.current?.sha256 === this.#wanted && this.trouble === "";
  }
  /** Until the wanted weights are in service; never two at a time. */
  async #load() {
    this.#busy = true;
    while (!this.#isSettled) {
      const wanted = this.#wanted;
      const before = [this.current, this.trouble];
      try {
        const known = this.#kept.find(({ sha256 }) => sha256 === wanted);
        this.#use(known ?? await this.#fetch(wanted));
      } catch (error) {
        this.trouble = reasonOf(error);
      }
      if (before[0] !== this.current || before[1] !== this.trouble) this.#changed();
      if (this.#refused.has(wanted)) break;
      if (!this.#isSettled && wanted === this.#wanted) await pause(RETRY_MS);
    }
    this.#busy = false;
  }
  #use(loaded) {
    this.#kept = [...this.#kept.filter((other) => other !== loaded), loaded].slice(-KEPT);
    this.current = loaded;
    this.trouble = "";
  }
  /** @returns what the edge serves, hopefully as wanted */
  async #fetch(wanted) {
    const refused = this.#refused.get(wanted);
    if (refused !== void 0) throw new Error(refused);
    const start = performance.now();
    const { Kernel, readWeights } = await this.#parts(wanted);
    const { sha256, bytes } = await this.#fetchFile();
    await check(bytes, sha256);
    const known = this.#kept.find((loaded) => loaded.sha256 === sha256);
    if (known) return known;
    try {
      const weights = readWeights(bytes);
      if (weights.labels.length !== DIGITS) {
        throw new Error(`the network knows ${weights.labels.length} labels, not ten digits`);
      }
      await pause(0);
      const kernel = new Kernel(weights);
      const { name, notSureBelow } = weights;
      return { sha256, name, notSureBelow, kernel, ms: performance.now() - start };
    } catch (error) {
      this.#refused.set(sha256, reasonOf(error));
      throw error;
    }
  }
  /** @returns the Worker's own code, as built for the page */
  async #parts(wanted) {
    try {
      return await import("./network.js");
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      const reason = "this browser has no WebAssembly with SIMD";
      this.#refused.set(wanted, reason);
      throw new Error(reason);
    }
  }
};
async function check(bytes, sha256) {
  if (crypto.subtle === void 0) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Error("the file was damaged on its way");
}
function reasonOf(error) {
  return error instanceof Error ? error.message : String(error);
}
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// page/words.ts
var SHORT = 8;
var RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
var CONTINENTS = {
  AF: "Africa",
  AN: "Antarctica",
  AS: "Asia",
  EU: "Europe",
  NA: "North America",
  OC: "Oceania",
  SA: "South America"
};
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
function placeName({ local, continent, colo }) {
  if (local) return "local workerd";
  const where = continent ? CONTINENTS[continent] ?? continent : "";
  return where && colo ? `${where} (${colo})` : where || colo || "";
}
function sentence(text) {
  return text === "" || /[.!?]$/.test(text) ? text : `${text}.`;
}

// page/edge.ts
var TIMEOUT_MS = 1e4;
var DOWNLOAD_MS = 12e4;
var FIRST_RETRY_S = 1;
var LAST_RETRY_S = 5;
var NEEDS_TOKEN_RETRY_S = 60;
var Problem = class extends Error {
  /** @param retryAfter seconds */
  constructor(status, title, detail, retryAfter = 0) {
    super(title);
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
  status;
  detail;
  retryAfter;
};
var Edge = class {
  /** Bearer token, for an edge that wants one. Kept in memory only. */
  token = "";
  #listener;
  /** The newest drawing without an answer. */
  #waiting = null;
  #busy = false;
  /** Whether the edge is to be asked how it is. */
  #probe = true;
  /** sha256 of the weights that GET /model told of, and of those on trial. */
  #known = "";
  /** sha256 of what the last answer said to be on trial. */
  #candidate = "";
  /** Counts drawings begun, so that an answer to a cleared one is not shown. */
  #drawing = 0;
  #failures = 0;
  #timer;
  constructor(listener) {
    this.#listener = listener;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== void 0) this.retry();
    });
    void this.#run();
  }
  /** @param image 784 bytes */
  classify(image) {
    this.#waiting = image;
    if (this.#timer === void 0) void this.#run();
  }
  /** Nothing is drawn any more. */
  clear() {
    this.#waiting = null;
    this.#drawing += 1;
  }
  /** Try again now: something changed. */
  retry() {
    clearTimeout(this.#timer);
    this.#timer = void 0;
    this.#probe = true;
    void this.#run();
  }
  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#timer === void 0 && (this.#waiting !== null || this.#probe)) {
      await this.#step();
    }
    this.#busy = false;
  }
  async #step() {
    const image = this.#waiting;
    const drawing = this.#drawing;
    this.#waiting = null;
    try {
      if (image === null) {
        const model = await this.#model();
        this.#candidate = model.candidate?.sha256 ?? "";
        this.#known = model.sha256 + this.#candidate;
        this.#probe = false;
        this.#listener.ready(model);
      } else {
        const answer = await this.#classify(image);
        const { model, candidate } = answer;
        this.#probe = model.sha256 + candidate !== this.#known;
        this.#candidate = candidate;
        if (model.sha256 === candidate) this.#waiting ??= image;
        else if (drawing === this.#drawing) this.#listener.answered(answer);
      }
      this.#failures = 0;
    } catch (error) {
      this.#fail(error);
      if (drawing === this.#drawing) this.#waiting ??= image;
    }
  }
  #fail(error) {
    const problem = error instanceof Problem ? error : unreachable(error);
    const backoff = Math.min(FIRST_RETRY_S * 2 ** this.#failures, LAST_RETRY_S);
    const needsToken2 = problem.status === 401 || problem.status === 403;
    const retryIn = needsToken2 ? NEEDS_TOKEN_RETRY_S : Math.max(problem.retryAfter, backoff);
    this.#failures += 1;
    this.#timer = setTimeout(() => document.hidden || this.retry(), retryIn * 1e3);
    this.#listener.failed({
      status: problem.status,
      title: problem.message,
      detail: problem.detail,
      retryIn
    });
  }
  /** During a trial both are asked, at once: what serves, and what is on trial. */
  async #classify(image) {
    if (!this.#candidate) return this.#ask(image, "");
    const candidate = this.#ask(image, "?model=candidate").catch(() => null);
    const [answer, tried] = await Promise.all([this.#ask(image, "?model=current"), candidate]);
    return { ...answer, tried: tried && tried.probabilities };
  }
  async #ask(image, query) {
    const start = performance.now();
    const headers = { "Content-Type": "application/octet-stream" };
    const request = { method: "POST", headers, body: image };
    const { said, answer } = await this.#answered(`/classify${query}`, request);
    const candidate = answer.headers.get("X-Candidate-Sha256") ?? "";
    const ms = performance.now() - start;
    const probabilities = said?.probabilities?.[0];
    if (probabilities?.length !== 10 || !probabilities.every(Number.isFinite)) {
      throw new Problem(
        200,
        "Not ten probabilities",
        "The edge answered something else: push weights of a network that knows ten digits."
      );
    }
    const newest = this.#waiting === null;
    const { model = {}, cold = false, place = {} } = said;
    const { sha256 = "", name = "" } = model;
    const rest = { tried: null, candidate, cold, place, newest, ms };
    return { image, probabilities, model: { sha256, name }, ...rest };
  }
  async #model() {
    const said = await this.#json("/model", {}) ?? {};
    if (typeof said.sha256 !== "string") {
      throw new Problem(200, "No edge here", "Something else answered in its place.");
    }
    const isTried = ["on trial", "stopped"].includes(said.candidate?.state);
    const candidate = isTried ? weightsOf(said.candidate) : null;
    return { ...weightsOf(said), candidate, collects: said.collects === true };
  }
  /** @returns the id that takes the drawing back */
  async give(image, label, consent) {
    const headers = { "Content-Type": "application/octet-stream" };
    const request = { method: "POST", headers, body: image };
    const said = await this.#json(`/drawings?${new URLSearchParams({ label, consent })}`, request);
    return String(said?.id);
  }
  async takeBack(id) {
    await this.#json(`/drawings?${new URLSearchParams({ id })}`, { method: "DELETE" });
  }
  /** The file of the weights that it serves now, beside the drawings that it is asked about. */
  async weights() {
    const answer = await this.#fetch("/model/weights", { cache: "no-cache" }, DOWNLOAD_MS);
    if (!answer.ok) throw await problemOf(answer);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { sha256: answer.headers.get("X-Model-Sha256") ?? "", bytes };
  }
  /** @returns the JSON of the answer */
  async #json(path, request) {
    return (await this.#answered(path, request)).said;
  }
  async #answered(path, request) {
    const headers = { ...request.headers, Accept: "application/json" };
    const answer = await this.#fetch(path, { cache: "no-store", ...request, headers }, TIMEOUT_MS);
    if (!answer.ok) throw await problemOf(answer);
    return { said: parsed(await answer.text()), answer };
  }
  /** @param timeout in ms */
  #fetch(path, request, timeout) {
    const headers = new Headers(request.headers);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    return fetch(path, { ...request, headers, signal: AbortSignal.timeout(timeout) });
  }
};
function whyNot(error) {
  const { message, detail } = error instanceof Problem ? error : unreachable(error);
  return sentence(detail || message);
}
function weightsOf({ sha256, name = "", not_sure_below: below }) {
  return { sha256, name, notSureBelow: Number.isFinite(below) ? below : null };
}
async function problemOf(answer) {
  const said = parsed(await answer.text());
  return new Problem(
    answer.status,
    said?.title || `The edge answered ${answer.status}`,
    said?.detail || "",
    Number(answer.headers.get("Retry-After")) || 0
  );
}
function unreachable(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const detail2 = `No answer within ${TIMEOUT_MS / 1e3} seconds.`;
    return new Problem(0, "The edge is too slow", detail2);
  }
  const detail = navigator.onLine ? "" : "You are offline.";
  return new Problem(0, "The edge cannot be reached", detail);
}
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
}

// page/columns.ts
function classOf(side) {
  return side === "candidate" ? "is-edge is-candidate" : `is-${side}`;
}
function addHead(row, side, title) {
  const cell = add(row, "th", classOf(side));
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
function addCell(row, side) {
  const cell = row.insertCell();
  cell.className = classOf(side);
  const bar = add(cell, "i", "");
  const words2 = add(cell, "span", "mnist-nb-number");
  const number = add(words2, "span", "");
  const aside = add(words2, "span", "mnist-nb-unseen");
  row.dataset[side] = row.dataset.winner = "";
  return { cell, bar, number, aside, p: NaN, won: false };
}
function addMessage(side, cells) {
  const cell = make("td", `mnist-nb-message ${classOf(side)}`);
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

// page/verdict.ts
var GUESS = 0.3;
var BETWEEN = 0.8;
var SECOND = 0.15;
var SAME_ARITHMETIC = 1e-5;
function verdict(known) {
  const { here, edge: edge2, twin = null, drawn = true, late = false, trouble = "" } = known;
  const { who = "This machine", where = "here", labels = "0123456789" } = known;
  const label = (p) => labels[largest(p)] ?? "?";
  if (!drawn) return { kind: "empty", ...words("Draw a digit", "Both answer while you draw.") };
  if (here === null && edge2 === null) {
    return { kind: "open", ...words("No answer yet", trouble || "The network is on its way.") };
  }
  if (here === null) return alone("edge", edge2, "The edge", `Waiting for ${within(who)}.`, labels);
  const only = (detail) => alone("local", here, who, detail, labels);
  if (edge2 === null)
    return only(trouble ? "It goes on without the edge." : "Waiting for the edge.");
  if (late) return only("The edge is still at an older drawing.");
  const ours = twin ?? here.probabilities;
  const theirs = label(edge2.probabilities);
  const unsure = !isSure(here) && !isSure(edge2);
  if (label(ours) !== theirs && !unsure) {
    const detail = `${label(ours)} ${where}, ${theirs} at the edge. ${otherWeights(here, edge2)}`;
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
  const doubt = isSure(here) && isSure(edge2) ? "" : `, but ${doubter} is not sure`;
  const chips = [{ label: said, side: "both" }];
  return { kind: "agree", ...words(`Both say ${said}${doubt}`, gap(here, edge2, ours)), chips };
}
function besides(edge2, tried, labels) {
  if (edge2 === null || tried === null || !isSure(edge2) && !isSure(tried)) return "";
  const [said, other] = [edge2, tried].map(({ probabilities }) => labels[largest(probabilities)]);
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
function alone(side, answer, who, detail, labels) {
  const said = labels[largest(answer.probabilities)] ?? "?";
  if (!isSure(answer)) {
    return { kind: "not-sure", ...words(`${who} is not sure${guess(answer, labels)}`, detail) };
  }
  return { kind: "open", ...words(`${who} says ${said}`, detail), chips: [{ label: said, side }] };
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
function otherWeights(here, edge2) {
  const known = here.sha256 !== "" && edge2.sha256 !== "";
  return known && here.sha256 !== edge2.sha256 ? "They run different weights." : "";
}
function gap(here, edge2, ours) {
  const value = worst(ours, edge2.probabilities);
  const size = `Largest difference ${difference(value)}`;
  const other = otherWeights(here, edge2);
  if (other) return `${other} ${size}.`;
  if (value === 0) return "All ten probabilities are identical.";
  const same = here.sha256 !== "" && here.sha256 === edge2.sha256;
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
    const table2 = add(this.root, "table", "mnist-nb-bars");
    add(table2, "caption", "mnist-nb-unseen").textContent = `Probability of each digit, ${titles.where} and at the edge`;
    const columns = add(table2, "colgroup", "");
    add(columns, "col", "mnist-nb-digit");
    for (const _ of this.#names) add(columns, "col", "");
    const heads = add(add(table2, "thead", ""), "tr", "");
    const corner = add(heads, "th", "");
    corner.scope = "col";
    add(corner, "span", "mnist-nb-unseen").textContent = "label";
    const heading = { local: titles.local, edge: titles.edge, candidate: "Candidate" };
    const lines = this.#names.map((name) => addHead(heads, name, heading[name]));
    const body = add(table2, "tbody", "");
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
  show(shown, more = []) {
    const { drawn, local, edge: edge2, twin, late, trouble } = shown;
    const theirs = drawn ? edge2.answer : null;
    const { who, where } = this.#titles;
    const known = { here: local.answer, edge: theirs, twin, drawn, late, trouble, who, where };
    const said = verdict({ ...known, labels: this.#labels });
    const tried = drawn ? shown.candidate?.answer ?? null : null;
    const beside = besides(theirs, late ? null : tried, this.#labels);
    said.detail += beside;
    this.#showVerdict(said);
    this.#showSide("local", local, local.answer);
    this.#showSide("edge", edge2, theirs);
    if (shown.candidate) this.#showSide("candidate", shown.candidate, tried);
    const faded = late && theirs !== null;
    this.root.classList.toggle("is-late", faded);
    this.#showWarning(local, edge2);
    this.#note(shown, theirs, tried);
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
    const key = chips.map(({ label, side }) => label + side).join() || "?";
    if (this.#chips.dataset.shown === key) return;
    this.#chips.dataset.shown = key;
    const shown = chips.length > 0 ? chips : [{ label: "?", side: "empty" }];
    this.#chips.replaceChildren(
      ...shown.map(({ label, side }) => {
        const chip = make("span", `mnist-nb-chip is-${side}`);
        chip.textContent = label;
        return chip;
      })
    );
  }
  #showSide(name, side, answer) {
    const winner = answer === null ? -1 : largest(answer.probabilities);
    const { lines, cells, message: box } = this.#columns[name];
    write(lines.place, side.place);
    write(lines.took, side.took);
    write(lines.time, side.time);
    write(lines.code, short(side.sha256) || "–");
    lines.code.title = side.sha256 && `${side.name} sha256 ${side.sha256}`.trim();
    write(lines.start, side.start ?? "");
    lines.start.hidden = side.start === void 0;
    const message = answer === null ? side.message : null;
    this.#showMessage(box, message);
    cells.forEach((cell, index) => {
      const p = answer === null ? NaN : answer.probabilities[index];
      const won = index === winner;
      cell.cell.hidden = message !== null;
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
  #showMessage(cell, message) {
    cell.hidden = message === null;
    if (message === null) return;
    const [title, detail, tail] = Array.from(cell.firstElementChild.children);
    cell.firstElementChild.className = `is-${message.kind}`;
    write(title, message.title);
    write(detail, message.detail);
    write(tail, message.tail ?? "");
  }
  #showWarning(local, edge2) {
    const differ = local.sha256 !== "" && edge2.sha256 !== "" && local.sha256 !== edge2.sha256;
    setData(this.root, "sameWeights", edge2.sha256 === "" ? "" : String(!differ));
    const { advice } = this.#titles;
    const key = differ && advice ? `${local.sha256}/${edge2.sha256}` : "";
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
      ...[...named(edge2), `: the answers differ for that reason. ${advice}`]
    );
  }
  /** All of it in `data-*`. */
  #note(shown, theirs, tried) {
    const { local, edge: edge2, twin, drawn, stale, cold } = shown;
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
      edgeMs: theirs === null ? "" : exactly(edge2.ms),
      localSha256: local.sha256,
      edgeSha256: edge2.sha256,
      candidateSha256: shown.candidate?.sha256 ?? "",
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

// page/seen.ts
var SIDE = 28;
var Seen = class {
  #context;
  #pixels = new ImageData(SIDE, SIDE);
  #words;
  constructor(canvas2) {
    canvas2.width = canvas2.height = SIDE;
    canvas2.setAttribute("role", "img");
    canvas2.setAttribute("aria-label", `What the network sees, ${SIDE} by ${SIDE} pixels`);
    this.#context = canvas2.getContext("2d");
    this.#words = new Uint32Array(this.#pixels.data.buffer);
  }
  /** @param image 784 bytes, 255 is ink */
  show(image) {
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = 4278190080 | image[i] * 65793;
    this.#context.putImageData(this.#pixels, 0, 0);
  }
};

// page/view.ts
var TITLES = {
  who: "Your browser",
  where: "in your browser",
  local: "In your browser",
  edge: "At the edge",
  advice: ""
  // this browser follows the edge by itself
};
var seen = new Seen(find("sees", HTMLCanvasElement));
var answers = table(false);
var hasTrial = false;
var lastCold = "";
function find(id, kind) {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return element;
}
function show(state2, network2) {
  const { isEmpty, theirs, twin, trouble, image, edgeWeights } = state2;
  const weights = network2.current?.sha256 ?? "";
  const { dataset } = find("answer", HTMLElement);
  const whose = theirs?.image === image ? "answered" : "waiting";
  dataset.state = isEmpty ? "empty" : trouble ? "alone" : whose;
  dataset.differ = String(edgeWeights !== "" && weights !== "" && edgeWeights !== weights);
  showTools(isEmpty);
  const ready2 = isEmpty && edgeWeights !== "" && weights !== "" ? "Ready for your drawing." : "";
  const shown = {
    drawn: !isEmpty,
    local: browserSide(state2.mine, network2, trouble !== null),
    edge: edgeSide(state2),
    twin: twin?.probabilities ?? null,
    stale: theirs !== null && theirs.image !== image,
    late: false,
    // the style sheet lets its bars fade after a while
    cold: theirs?.cold ?? false,
    trouble: trouble?.title ?? ""
  };
  const candidate = candidateSide(state2);
  if (candidate !== null !== hasTrial) {
    hasTrial = !hasTrial;
    answers = table(hasTrial);
  }
  answers.show({ ...shown, candidate }, [troubleSaid(trouble, isEmpty), ready2]);
  showStaying(network2);
  showTrouble(trouble);
}
function table(isTrial) {
  const made = new Answers(TITLES, Array.from("0123456789"), isTrial);
  find("answers", HTMLElement).replaceChildren(made.root);
  return made;
}
function candidateSide({ theirs, described }) {
  const candidate = described?.candidate;
  if (!candidate) return null;
  const answer = theirs?.tried && { ...candidate, probabilities: theirs.tried };
  const lines = { place: "on trial", took: "", time: "", ms: NaN };
  return { ...candidate, ...lines, answer: answer ?? null, message: null };
}
function showImage(image) {
  seen.show(image);
}
function say(text) {
  answers.say(text);
}
function showTools(isEmpty) {
  find("hint", HTMLElement).hidden = !isEmpty;
  for (const id of ["clear", "undo"]) {
    find(id, HTMLButtonElement).setAttribute("aria-disabled", String(isEmpty));
  }
}
function browserSide(mine, network2, alone2) {
  const { current, trouble } = network2;
  const lacking = current === null && (trouble !== "" || alone2);
  const detail = trouble ? sentence(trouble) : "They come from the edge.";
  const weights = {
    sha256: current?.sha256 ?? "",
    name: current?.name ?? "",
    notSureBelow: current?.notSureBelow ?? null
  };
  const message = { kind: "offline", title: "No weights yet", detail };
  const waiting = current ? "ready" : lacking ? "not ready" : "loading";
  return {
    ...weights,
    answer: mine && { ...weights, probabilities: mine.probabilities },
    place: "WebAssembly, this device",
    took: mine ? milliseconds(mine.ms) : "",
    time: mine ? " to compute" : waiting,
    start: current ? `loaded in ${milliseconds(current.ms)}` : "",
    message: lacking ? message : null,
    ms: mine?.ms ?? NaN
  };
}
function edgeSide({ theirs, trouble, edgeWeights, described }) {
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
    ...theirs ? thereAndBack(theirs.ms, theirs.cold) : { took: "", time: waiting },
    start: theirs && !theirs.cold && lastCold ? `cold start ${lastCold}` : "",
    message,
    ms: theirs?.ms ?? NaN
  };
}
function showStaying({ current, trouble }) {
  const element = find("browser-trouble", HTMLElement);
  element.hidden = current === null || trouble === "";
  if (!element.hidden) write(element, `Your browser stays with its weights: ${sentence(trouble)}`);
}
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
function needsToken({ status }) {
  return status === 401 || status === 403;
}
function nextTry(trouble) {
  if (needsToken(trouble)) return "Give its token below; it is kept while this page is open.";
  const { status, detail, retryIn } = trouble;
  const later = retryIn > 5 ? ` in ${Math.ceil(retryIn)} seconds` : "";
  return `${status === 0 && detail ? `${detail} ` : ""}Trying again by itself${later}.`;
}
function troubleSaid(trouble, isEmpty) {
  if (trouble === null) return "";
  const { status, title, detail } = trouble;
  const more = isEmpty ? [status === 0 ? "" : detail.replaceAll("`", ""), nextTry(trouble)] : [];
  return [title, ...more].map(sentence).filter(Boolean).join(" ");
}

// page/giving.ts
function listenToGivers(edge2, drawn, clear) {
  const label = find("label", HTMLSelectElement);
  const id = find("given-id", HTMLInputElement);
  let given = [];
  whenSent("give-form", async () => {
    const image = drawn();
    if (image === null) return "There is nothing on the paper: draw a digit first.";
    const consent = find("consent", HTMLInputElement).checked ? "yes" : "no";
    given.push(id.value = await edge2.give(image, label.value, consent));
    label.value = "";
    clear();
    return "Kept. With the id below you can take it back, also later: note it.";
  });
  whenSent("back-form", async () => {
    await edge2.takeBack(id.value.trim());
    given = given.filter((one) => one !== id.value.trim());
    id.value = given.at(-1) ?? "";
    return given.length > 0 ? "Taken back. Now the one before is below." : "Taken back.";
  });
}
function offerGiving(collects) {
  find("giving", HTMLElement).hidden = !collects;
}
function whenSent(form, act) {
  let busy = false;
  find(form, HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    act().catch(whyNot).then((text) => write(find("given", HTMLElement), text)).finally(() => busy = false);
  });
}

// page/keys.ts
var STEP = 8;
var FINE = 2;
var ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};
var KeyboardPen = class {
  #pad;
  #say;
  /** Arrow keys that are down: two at once draw a slope. */
  #held = /* @__PURE__ */ new Set();
  /** @param pad that paints on it @param say to who cannot see the pen */
  constructor(canvas2, pad2, say2) {
    this.#pad = pad2;
    this.#say = say2;
    canvas2.addEventListener("keydown", (event) => this.#press(event));
    canvas2.addEventListener("keyup", (event) => this.#held.delete(event.key));
    canvas2.addEventListener("focus", () => pad2.showCursor(canvas2.matches(":focus-visible")));
    canvas2.addEventListener("blur", () => {
      this.#held.clear();
      pad2.lift();
      pad2.showCursor(false);
    });
  }
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      this.#held.add(event.key);
      this.#move(event.shiftKey ? FINE : STEP);
    } else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat) this.#toggle();
    } else if (event.key === "Backspace") {
      this.#pad.undo();
    } else if (event.key === "Delete") {
      this.#pad.clear();
    } else {
      return;
    }
    event.preventDefault();
  }
  #move(step) {
    let [right, down] = [0, 0];
    for (const key of this.#held) {
      right += ARROWS[key][0];
      down += ARROWS[key][1];
    }
    this.#pad.moveCursor(right * step, down * step);
  }
  #toggle() {
    if (this.#pad.isCursorDown) this.#pad.lift();
    else this.#pad.putDown();
    this.#say(this.#pad.isCursorDown ? "Pen down." : "Pen up.");
  }
};

// page/pad.ts
var PAD_SIZE = [280, 280];
var PEN = 15;
var KEYS = -1;
var Pad = class {
  strokes = [];
  #canvas;
  #context;
  #changed;
  /** The pointer that draws; others are ignored until it is lifted. */
  #pointer = null;
  /** The stroke that grows; null while the pointer is outside. */
  #stroke = null;
  /** Strokes before the pointer went down: Undo takes back a whole gesture. */
  #gestures = [];
  #frame = 0;
  /** Where the keyboard's pen is. */
  #cursor = [PAD_SIZE[0] / 2, PAD_SIZE[1] / 2];
  #cursorShown = false;
  /** @param changed called at most once a frame, after the strokes changed */
  constructor(canvas2, changed) {
    this.#canvas = canvas2;
    this.#context = canvas2.getContext("2d");
    this.#changed = changed;
    canvas2.addEventListener("pointerdown", (event) => this.#down(event));
    canvas2.addEventListener("pointermove", (event) => this.#move(event));
    canvas2.addEventListener("pointerup", (event) => this.#up(event));
    canvas2.addEventListener("pointercancel", (event) => this.#up(event));
    canvas2.addEventListener("lostpointercapture", (event) => this.#up(event));
    canvas2.addEventListener("contextmenu", (event) => {
      if (this.#pointer !== null) event.preventDefault();
    });
    new ResizeObserver(() => this.paint()).observe(canvas2);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }
  get isEmpty() {
    return this.strokes.length === 0;
  }
  /** The keyboard's pen begins a stroke. */
  putDown() {
    this.#release();
    this.#begin(KEYS);
    this.#draw(this.#cursor);
  }
  /** @param down in units of the pad */
  moveCursor(right, down) {
    const [x, y] = this.#cursor;
    this.#cursor = [clip(x + right, PAD_SIZE[0]), clip(y + down, PAD_SIZE[1])];
    if (this.isCursorDown) this.#draw(this.#cursor);
    else this.#schedule();
  }
  /** The keyboard's pen ends its stroke. */
  lift() {
    if (this.isCursorDown) this.#release();
    this.#schedule();
  }
  get isCursorDown() {
    return this.#pointer === KEYS;
  }
  showCursor(shown) {
    this.#cursorShown = shown;
    this.#schedule();
  }
  undo() {
    this.#release();
    this.strokes.length = this.#gestures.pop() ?? 0;
    this.#schedule();
  }
  clear() {
    this.#release();
    this.strokes = [];
    this.#gestures = [];
    this.#schedule();
  }
  /** Paint all strokes, sharp on any screen and in the colours of the theme. */
  paint() {
    const [width, height] = PAD_SIZE;
    const scale = this.#canvas.clientWidth * devicePixelRatio / width;
    const pixels = Math.max(1, Math.round(width * scale));
    this.#canvas.width = pixels;
    this.#canvas.height = Math.round(pixels * height / width);
    const ink = this.#context;
    ink.scale(scale, scale);
    ink.strokeStyle = getComputedStyle(this.#canvas).color;
    ink.lineWidth = PEN;
    ink.lineCap = ink.lineJoin = "round";
    for (const [first, ...rest] of this.strokes) {
      ink.beginPath();
      ink.moveTo(...first);
      ink.lineTo(...first);
      for (const point of rest) ink.lineTo(...point);
      ink.stroke();
    }
    if (this.#cursorShown) this.#paintCursor(ink);
  }
  /** A ring, filled while the pen is down. */
  #paintCursor(ink) {
    ink.beginPath();
    ink.arc(...this.#cursor, PEN / 2, 0, 2 * Math.PI);
    ink.strokeStyle = ink.fillStyle = getComputedStyle(this.#canvas).outlineColor;
    ink.lineWidth = 3;
    ink.stroke();
    if (this.isCursorDown) ink.fill();
  }
  #down(event) {
    this.lift();
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#begin(event.pointerId);
    this.#add(event);
  }
  #begin(pointer) {
    this.#pointer = pointer;
    this.#gestures.push(this.strokes.length);
  }
  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#add(each);
  }
  #up(event) {
    if (event.pointerId === this.#pointer) this.#release();
  }
  #release() {
    const pointer = this.#pointer;
    this.#pointer = this.#stroke = null;
    if (this.#gestures.at(-1) === this.strokes.length) this.#gestures.pop();
    if (pointer !== null && pointer !== KEYS && this.#canvas.hasPointerCapture(pointer)) {
      this.#canvas.releasePointerCapture(pointer);
    }
  }
  /**
   * Add a point. A stroke ends where it leaves the pad and a new one begins where the pointer
   * comes back: ink that nobody sees would shrink the digit that the network sees.
   */
  #add(event) {
    const box = this.#canvas.getBoundingClientRect();
    const { clientLeft, clientTop, clientWidth, clientHeight } = this.#canvas;
    const x = (event.clientX - box.left - clientLeft) / clientWidth * PAD_SIZE[0];
    const y = (event.clientY - box.top - clientTop) / clientHeight * PAD_SIZE[1];
    const point = [clip(x, PAD_SIZE[0]), clip(y, PAD_SIZE[1])];
    const inside = point[0] === x && point[1] === y;
    if (inside || this.#stroke !== null) this.#draw(point);
    if (!inside) this.#stroke = null;
  }
  /** @param point on the pad */
  #draw(point) {
    const last = this.#stroke?.at(-1);
    if (this.#stroke === null) {
      this.#stroke = [point];
      this.strokes.push(this.#stroke);
    } else if (last === void 0 || last[0] !== point[0] || last[1] !== point[1]) {
      this.#stroke.push(point);
    }
    this.#schedule();
  }
  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.paint();
      this.#changed();
    });
  }
};
function clip(value, high) {
  return Math.min(Math.max(value, 0), high);
}

// page/raster.ts
var SIZE = 28;
var BOX = 20;
var PEN2 = 2.5;
var CENTER = 14;
var SMALLEST = 0.04;
function rasterize(strokes, size) {
  const lines = linesInBox(strokes, size);
  if (lines.length === 0) return new Uint8Array(SIZE * SIZE);
  const [massX, massY] = centerOfMass(render(lines, CENTER, CENTER));
  const ends = lines.flatMap(([ax, ay, bx, by]) => [
    [ax, ay],
    [bx, by]
  ]);
  const [lowX, lowY, highX, highY] = bounds(ends);
  const x = clip2(2 * CENTER - massX, PEN2 / 2 - lowX, SIZE - 1 - PEN2 / 2 - highX);
  const y = clip2(2 * CENTER - massY, PEN2 / 2 - lowY, SIZE - 1 - PEN2 / 2 - highY);
  return Uint8Array.from(render(lines, x, y), (ink) => Math.floor(ink * 255 + 0.5));
}
function linesInBox(strokes, size) {
  const [lowX, lowY, highX, highY] = bounds(strokes.flat());
  const extent = Math.max(highX - lowX, highY - lowY, SMALLEST * Math.max(...size));
  const scale = (BOX - PEN2) / extent;
  const middleX = (lowX + highX) / 2;
  const middleY = (lowY + highY) / 2;
  const lines = [];
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [(x - middleX) * scale, (y - middleY) * scale]);
    if (points.length === 1) points.push(points[0]);
    for (let i = 1; i < points.length; i++) {
      lines.push([points[i - 1][0], points[i - 1][1], points[i][0], points[i][1]]);
    }
  }
  return lines;
}
function render(lines, originX, originY) {
  const reach = PEN2 / 2 + 0.5;
  const field = new Float64Array(SIZE * SIZE);
  for (const [ax, ay, bx, by] of lines) {
    const startX = ax + originX;
    const startY = ay + originY;
    const dx = bx - ax;
    const dy = by - ay;
    const length2 = dx * dx + dy * dy || 1;
    const left = Math.max(0, Math.ceil(Math.min(startX, startX + dx) - reach));
    const right = Math.min(SIZE - 1, Math.floor(Math.max(startX, startX + dx) + reach));
    const top = Math.max(0, Math.ceil(Math.min(startY, startY + dy) - reach));
    const bottom = Math.min(SIZE - 1, Math.floor(Math.max(startY, startY + dy) + reach));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const px = x - startX;
        const py = y - startY;
        const along = clip2((px * dx + py * dy) / length2, 0, 1);
        const ex = px - along * dx;
        const ey = py - along * dy;
        const ink = clip2(reach - Math.sqrt(ex * ex + ey * ey), 0, 1);
        if (ink > field[y * SIZE + x]) field[y * SIZE + x] = ink;
      }
    }
  }
  return field;
}
function centerOfMass(field) {
  let total = 0;
  let x = 0;
  let y = 0;
  field.forEach((ink, i) => {
    total += ink;
    x += ink * (i % SIZE);
    y += ink * Math.floor(i / SIZE);
  });
  return [x / total, y / total];
}
function bounds(points) {
  let [lowX, lowY, highX, highY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    lowX = Math.min(lowX, x);
    lowY = Math.min(lowY, y);
    highX = Math.max(highX, x);
    highY = Math.max(highY, y);
  }
  return [lowX, lowY, highX, highY];
}
function clip2(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// page/app.ts
var state = {
  image: new Uint8Array(SIZE * SIZE),
  isEmpty: true,
  mine: null,
  theirs: null,
  twin: null,
  trouble: null,
  edgeWeights: "",
  described: null
};
var network = new BrowserNetwork(() => edge.weights(), weightsChanged);
var edge = new Edge({ answered, ready, failed });
var canvas = find("pad", HTMLCanvasElement);
var pad = new Pad(canvas, drawingChanged);
new KeyboardPen(canvas, pad, say);
listenToGivers(
  edge,
  () => pad.isEmpty ? null : state.image,
  () => pad.clear()
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
function answered(answer) {
  const { image, model } = answer;
  state.theirs = answer;
  state.twin = network.classify(image);
  state.trouble = null;
  state.edgeWeights = model.sha256;
  network.follow(model.sha256);
  show(state, network);
}
function ready(model) {
  state.trouble = null;
  state.edgeWeights = model.sha256;
  state.described = model;
  offerGiving(model.collects);
  network.follow(model.sha256);
  show(state, network);
}
function failed(trouble) {
  state.trouble = trouble;
  state.theirs = state.twin = null;
  show(state, network);
}
function weightsChanged() {
  const { image, theirs } = state;
  if (!state.isEmpty) {
    state.mine = network.classify(image);
    state.twin = theirs && network.classify(theirs.image);
    if (theirs && theirs.model.sha256 !== network.current?.sha256) edge.classify(image);
  }
  show(state, network);
}
