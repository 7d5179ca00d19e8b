// @ts-check
/**
 * The network in this browser: the kernel of the Worker, and whichever weights the edge serves.
 *
 * It answers at once, on the drawing's own frame. Weights are fetched beside that: until new ones
 * are ready the old ones answer, and without a network those that are here go on.
 *
 * @typedef {import("../page/network").Kernel} Kernel
 *
 * @typedef {object} Loaded weights in service
 * @property {string} sha256
 * @property {string} name
 * @property {number | null} notSureBelow a largest probability below it is no answer
 * @property {Kernel} kernel
 * @property {number} ms from asking for them to the first answer that they can give
 *
 * @typedef {object} File a weights file as the edge sent it
 * @property {string} sha256
 * @property {Uint8Array<ArrayBuffer>} bytes
 */

const DIGITS = 10;
const RETRY_MS = 1000;
const KEPT = 2; // the weights of before as well: a roll back costs nothing

export class BrowserNetwork {
  /** @type {Loaded | null} */
  current = null;
  /** Why the wanted weights are not in service; "" while they are, or are on their way. */
  trouble = "";
  #fetchFile;
  #changed;
  #wanted = "";
  /** The newest last. @type {Loaded[]} */
  #kept = [];
  /**
   * By sha256, why they will not do, however often they are fetched.
   *
   * @type {Map<string, string>}
   */
  #refused = new Map();
  #busy = false;

  /**
   * @param {() => Promise<File>} fetchFile the weights that the edge serves now
   * @param {() => void} changed called when `current` or `trouble` has changed
   */
  constructor(fetchFile, changed) {
    this.#fetchFile = fetchFile;
    this.#changed = changed;
  }

  /** @param {string} sha256 the weights that the edge answers with: have the same here */
  follow(sha256) {
    this.#wanted = sha256;
    if (!this.#busy && !this.#isSettled) void this.#load();
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} image 784 bytes
   * @returns {{ probabilities: Float32Array, ms: number } | null} null without weights, or when
   *   they overflow on this image
   */
  classify(image) {
    if (this.current === null) return null;
    const start = performance.now();
    const probabilities = this.current.kernel.classify(image);
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
        this.#use(known ?? (await this.#fetch(wanted)));
      } catch (error) {
        this.trouble = reasonOf(error);
      }
      if (before[0] !== this.current || before[1] !== this.trouble) this.#changed();
      if (this.#refused.has(wanted)) break;
      // Nobody answered, or another object of the edge did, which has other weights yet.
      if (!this.#isSettled && wanted === this.#wanted) await pause(RETRY_MS);
    }
    this.#busy = false;
  }

  /** @param {Loaded} loaded */
  #use(loaded) {
    this.#kept = [...this.#kept.filter((other) => other !== loaded), loaded].slice(-KEPT);
    this.current = loaded;
    this.trouble = "";
  }

  /** @param {string} wanted @returns {Promise<Loaded>} what the edge serves, hopefully as wanted */
  async #fetch(wanted) {
    const refused = this.#refused.get(wanted);
    if (refused !== undefined) throw new Error(refused);
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
      await pause(0); // a pen that is down gets its turn between the two
      const kernel = new Kernel(weights);
      const { name, notSureBelow } = weights;
      return { sha256, name, notSureBelow, kernel, ms: performance.now() - start };
    } catch (error) {
      this.#refused.set(sha256, reasonOf(error));
      throw error;
    }
  }

  /** @param {string} wanted @returns the Worker's own code, as built for the page */
  async #parts(wanted) {
    try {
      const built = /** @type {unknown} */ (await import("./network.js"));
      return /** @type {typeof import("../page/network")} */ (built);
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      const reason = "this browser has no WebAssembly with SIMD";
      this.#refused.set(wanted, reason);
      throw new Error(reason);
    }
  }
}

/**
 * Only pages of https or localhost can hash; elsewhere the transport is trusted as it is.
 *
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} sha256
 */
async function check(bytes, sha256) {
  if (crypto.subtle === undefined) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Error("the file was damaged on its way");
}

/** @param {unknown} error @returns {string} */
function reasonOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
