/**
 * The edge, as the page talks to it: one request in flight, the newest drawing wins.
 *
 * A request is never cancelled for a newer drawing: with a slow edge that would show nothing
 *   at
 * all while drawing. What did not go through is tried again, so the page recovers by itself.
 */

import { sentence, type Place } from "./words";

interface Model {
  sha256: string;
  name: string;
}

type Weights = Model & { notSureBelow: number | null };

/** As GET /model has it, with what is on trial beside it. */
export type Described = Weights & { candidate: Weights | null; collects: boolean };

export interface Answer {
  /** What it is the answer to. */
  image: Uint8Array<ArrayBuffer>;
  /** 10, of the digits 0 to 9. */
  probabilities: number[];
  model: Model;
  /** The model had to be loaded first. */
  cold: boolean;
  place: Place;
  /** What is on trial says of it, and its sha256, "" for none. */
  tried: number[] | null;
  candidate: string;
  /** No newer drawing waits for its answer. */
  newest: boolean;
  /** From sending the request to having read the answer, measured here. */
  ms: number;
}

export interface Trouble {
  /** HTTP status, 0 when there was no answer. */
  status: number;
  title: string;
  detail: string;
  /** Seconds until the next try. */
  retryIn: number;
}

interface Listener {
  /** A drawing has its answer; in the order in which they were drawn. */
  answered: (answer: Answer) => void;
  /** The edge is up, or serves other weights. */
  ready: (model: Described) => void;
  failed: (trouble: Trouble) => void;
}

const TIMEOUT_MS = 10_000; // a request that hangs must not block the next one for ever
const DOWNLOAD_MS = 120_000; // 1.5 MB through a telephone far from everything
const FIRST_RETRY_S = 1;
const LAST_RETRY_S = 5;
const NEEDS_TOKEN_RETRY_S = 60; // the token is what mends it, time hardly does

/** An error answer, or an answer that is not in the protocol. */
class Problem extends Error {
  /** @param retryAfter seconds */
  constructor(
    readonly status: number,
    title: string,
    readonly detail: string,
    readonly retryAfter = 0,
  ) {
    super(title);
  }
}

export class Edge {
  /** Bearer token, for an edge that wants one. Kept in memory only. */
  token = "";
  #listener;
  /** The newest drawing without an answer. */
  #waiting: Uint8Array<ArrayBuffer> | null = null;
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
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== undefined) this.retry();
    });
    void this.#run();
  }

  /** @param image 784 bytes */
  classify(image: Uint8Array<ArrayBuffer>) {
    this.#waiting = image;
    if (this.#timer === undefined) void this.#run();
  }

  /** Nothing is drawn any more. */
  clear() {
    this.#waiting = null;
    this.#drawing += 1;
  }

  /** Try again now: something changed. */
  retry() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#probe = true;
    void this.#run();
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#timer === undefined && (this.#waiting !== null || this.#probe)) {
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
        // A first answer of what is on trial says nothing of what serves: now both are asked.
        if (model.sha256 === candidate) this.#waiting ??= image;
        else if (drawing === this.#drawing) this.#listener.answered(answer);
      }
      this.#failures = 0;
    } catch (error) {
      this.#fail(error);
      if (drawing === this.#drawing) this.#waiting ??= image;
    }
  }

  #fail(error: unknown) {
    const problem = error instanceof Problem ? error : unreachable(error);
    const backoff = Math.min(FIRST_RETRY_S * 2 ** this.#failures, LAST_RETRY_S);
    const needsToken = problem.status === 401 || problem.status === 403;
    const retryIn = needsToken ? NEEDS_TOKEN_RETRY_S : Math.max(problem.retryAfter, backoff);
    this.#failures += 1;
    // A page that nobody looks at does not knock; it does when it is looked at again.
    this.#timer = setTimeout(() => document.hidden || this.retry(), retryIn * 1000);
    this.#listener.failed({
      status: problem.status,
      title: problem.message,
      detail: problem.detail,
      retryIn,
    });
  }

  /** During a trial both are asked, at once: what serves, and what is on trial. */
  async #classify(image: Uint8Array<ArrayBuffer>): Promise<Answer> {
    if (!this.#candidate) return this.#ask(image, "");
    const candidate = this.#ask(image, "?model=candidate").catch(() => null);
    const [answer, tried] = await Promise.all([this.#ask(image, "?model=current"), candidate]);
    return { ...answer, tried: tried && tried.probabilities };
  }

  async #ask(image: Uint8Array<ArrayBuffer>, query: string): Promise<Answer> {
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
        "The edge answered something else: push weights of a network that knows ten digits.",
      );
    }
    const newest = this.#waiting === null;
    const { model = {}, cold = false, place = {} } = said;
    const { sha256 = "", name = "" } = model;
    const rest = { tried: null, candidate, cold, place, newest, ms };
    return { image, probabilities, model: { sha256, name }, ...rest };
  }

  async #model(): Promise<Described> {
    const said = (await this.#json("/model", {})) ?? {};
    if (typeof said.sha256 !== "string") {
      throw new Problem(200, "No edge here", "Something else answered in its place.");
    }
    const isTried = ["on trial", "stopped"].includes(said.candidate?.state);
    const candidate = isTried ? weightsOf(said.candidate) : null;
    return { ...weightsOf(said), candidate, collects: said.collects === true };
  }

  /** @returns the id that takes the drawing back */
  async give(image: Uint8Array<ArrayBuffer>, label: string, consent: string): Promise<string> {
    const headers = { "Content-Type": "application/octet-stream" };
    const request = { method: "POST", headers, body: image };
    const said = await this.#json(`/drawings?${new URLSearchParams({ label, consent })}`, request);
    return String(said?.id);
  }

  async takeBack(id: string): Promise<void> {
    await this.#json(`/drawings?${new URLSearchParams({ id })}`, { method: "DELETE" });
  }

  /** The file of the weights that it serves now, beside the drawings that it is asked about. */
  async weights(): Promise<{ sha256: string; bytes: Uint8Array<ArrayBuffer> }> {
    // With its ETag the browser's cache knows whether it has them.
    const answer = await this.#fetch("/model/weights", { cache: "no-cache" }, DOWNLOAD_MS);
    if (!answer.ok) throw await problemOf(answer);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return { sha256: answer.headers.get("X-Model-Sha256") ?? "", bytes };
  }

  /** @returns the JSON of the answer */
  async #json(path: string, request: RequestInit): Promise<any> {
    return (await this.#answered(path, request)).said;
  }

  async #answered(path: string, request: RequestInit): Promise<{ said: any; answer: Response }> {
    const headers = { ...request.headers, Accept: "application/json" };
    const answer = await this.#fetch(path, { cache: "no-store", ...request, headers }, TIMEOUT_MS);
    if (!answer.ok) throw await problemOf(answer);
    return { said: parsed(await answer.text()), answer };
  }

  /** @param timeout in ms */
  #fetch(path: string, request: RequestInit, timeout: number) {
    const headers = new Headers(request.headers);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    return fetch(path, { ...request, headers, signal: AbortSignal.timeout(timeout) });
  }
}

/** Why a request did not go through, in a sentence. */
export function whyNot(error: unknown): string {
  const { message, detail } = error instanceof Problem ? error : unreachable(error);
  return sentence(detail || message);
}

function weightsOf({ sha256, name = "", not_sure_below: below }: any): Weights {
  return { sha256, name, notSureBelow: Number.isFinite(below) ? below : null };
}

async function problemOf(answer: Response): Promise<Problem> {
  const said = parsed(await answer.text());
  return new Problem(
    answer.status,
    said?.title || `The edge answered ${answer.status}`,
    said?.detail || "",
    Number(answer.headers.get("Retry-After")) || 0,
  );
}

function unreachable(error: unknown): Problem {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const detail = `No answer within ${TIMEOUT_MS / 1000} seconds.`;
    return new Problem(0, "The edge is too slow", detail);
  }
  const detail = navigator.onLine ? "" : "You are offline.";
  return new Problem(0, "The edge cannot be reached", detail);
}

function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
