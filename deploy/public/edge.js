// @ts-check
/**
 * The edge, as the page talks to it: one request in flight, the newest drawing wins.
 *
 * A request is never cancelled for a newer drawing: with a slow edge that would show nothing at
 * all while drawing. What did not go through is tried again, so the page recovers by itself.
 */

/**
 * @typedef {object} Model
 * @property {string} sha256
 * @property {string} name
 *
 * @typedef {object} Place
 * @property {string} object name of the Durable Object
 * @property {string | null} continent
 * @property {string | null} colo
 * @property {boolean} local workerd on this machine
 *
 * @typedef {object} Answer
 * @property {number[]} probabilities 10, of the digits 0 to 9
 * @property {Model} model
 * @property {boolean} cold the model had to be loaded first
 * @property {Place} place
 * @property {boolean} newest no newer drawing waits for its answer
 * @property {number} ms from sending the request to having read the answer, measured here
 *
 * @typedef {object} Trouble
 * @property {number} status HTTP status, 0 when there was no answer
 * @property {string} title
 * @property {string} detail
 * @property {number} retryIn seconds until the next try
 *
 * @typedef {object} Listener
 * @property {(answer: Answer) => void} answered a drawing, in the order they were drawn
 * @property {(model: Model) => void} ready the edge is up, nothing is drawn
 * @property {(trouble: Trouble) => void} failed
 */

const TIMEOUT_MS = 10_000; // a request that hangs must not block the next one for ever
const FIRST_RETRY_S = 1;
const LAST_RETRY_S = 5;
const NEEDS_TOKEN_RETRY_S = 60; // the token is what mends it, time hardly does

/** An error answer, or an answer that is not in the protocol. */
class Problem extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {string} detail
   * @param {number} [retryAfter] seconds
   */
  constructor(status, title, detail, retryAfter = 0) {
    super(title);
    this.status = status;
    this.detail = detail;
    this.retryAfter = retryAfter;
  }
}

export class Edge {
  /** Bearer token, for an edge that wants one. Kept in memory only. */
  token = "";
  #listener;
  /** The newest drawing without an answer. @type {Uint8Array<ArrayBuffer> | null} */
  #waiting = null;
  #busy = false;
  /** Whether the edge is to be asked how it is. */
  #probe = true;
  /** Counts drawings begun, so that an answer to a cleared one is not shown. */
  #drawing = 0;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    addEventListener("online", () => this.retry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#timer !== undefined) this.retry();
    });
    void this.#run();
  }

  /** @param {Uint8Array<ArrayBuffer>} image 784 bytes */
  classify(image) {
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
        if (this.#waiting === null) this.#listener.ready(model);
      } else {
        const answer = await this.#classify(image);
        if (drawing === this.#drawing) this.#listener.answered(answer);
      }
      this.#probe = false;
      this.#failures = 0;
    } catch (error) {
      this.#fail(error);
      if (drawing === this.#drawing) this.#waiting ??= image;
    }
  }

  /** @param {unknown} error */
  #fail(error) {
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

  /** @param {Uint8Array<ArrayBuffer>} image @returns {Promise<Answer>} */
  async #classify(image) {
    const start = performance.now();
    const said = await this.#fetch("/classify", {
      method: "POST",
      headers: { "Content-Type": "application/octet-stream" },
      body: image,
    });
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
    return { probabilities, model, cold, place, newest, ms };
  }

  /** @returns {Promise<Model>} */
  async #model() {
    const { sha256 = "", name = "" } = (await this.#fetch("/model", {})) ?? {};
    return { sha256, name };
  }

  /**
   * @param {string} path
   * @param {RequestInit} request
   * @returns {Promise<any>} the JSON of the answer
   */
  async #fetch(path, request) {
    const headers = new Headers(request.headers);
    headers.set("Accept", "application/json");
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(path, { ...request, headers, signal, cache: "no-store" });
    const text = await answer.text();
    const said = parsed(text);
    if (!answer.ok) {
      throw new Problem(
        answer.status,
        said?.title || `The edge answered ${answer.status}`,
        said?.detail || "",
        Number(answer.headers.get("Retry-After")) || 0,
      );
    }
    return said;
  }
}

/** @param {unknown} error @returns {Problem} */
function unreachable(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    const detail = `No answer within ${TIMEOUT_MS / 1000} seconds.`;
    return new Problem(0, "The edge is too slow", detail);
  }
  if (!navigator.onLine) {
    return new Problem(0, "You are offline", "This device has no network connection.");
  }
  const detail = "No answer: it was stopped, or the network is down. Your drawing is kept.";
  return new Problem(0, "The edge is offline", detail);
}

/** @param {string} text @returns {any} */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
