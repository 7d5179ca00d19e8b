/**
 * The network in this browser: the kernel of the Worker, and whichever weights the edge
 *   serves.
 *
 * It answers at once, on the drawing's own frame. Weights are fetched beside that: until new
 *   ones
 * are ready the old ones answer, and without a network those that are here go on.
 */
import type { Kernel } from "./network";
/** Weights in service. */
interface Loaded {
  sha256: string;
  name: string;
  /** A largest probability below it is no answer. */
  notSureBelow: number | null;
  kernel: Kernel;
  /** From asking for them to the first answer that they can give. */
  ms: number;
}
/** A weights file as the edge sent it. */
interface File {
  sha256: string;
  bytes: Uint8Array<ArrayBuffer>;
}

const DIGITS = 10;
const RETRY_MS = 1000;
const KEPT = 2; // the weights of before as well: a roll back costs nothing

export class BrowserNetwork {
  current: Loaded | null = null;
  /** Why the wanted weights are not in service; "" while they are, or are on their way. */
  trouble = "";
  #fetchFile;
  #changed;
  #wanted = "";
  /** The newest last. */
  #kept: Loaded[] = [];
  /** By sha256, why they will not do, however often they are fetched. */
  #refused: Map<string, string> = new Map();
  #busy = false;

  /**
   * @param fetchFile the weights that the edge serves now
   * @param changed called when `current` or `trouble` has changed
   */
  constructor(fetchFile: () => Promise<File>, changed: () => void) {
    this.#fetchFile = fetchFile;
    this.#changed = changed;
  }

  /** @param sha256 the weights that the edge answers with: have the same here */
  follow(sha256: string) {
    this.#wanted = sha256;
    if (!this.#busy && !this.#isSettled) void this.#load();
  }

  /**
   * @param image 784 bytes
   * @returns null without weights, or when they overflow on this image
   */
  classify(image: Uint8Array<ArrayBuffer>): { probabilities: Float32Array; ms: number } | null {
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

  #use(loaded: Loaded) {
    this.#kept = [...this.#kept.filter((other) => other !== loaded), loaded].slice(-KEPT);
    this.current = loaded;
    this.trouble = "";
  }

  /** @returns what the edge serves, hopefully as wanted */
  async #fetch(wanted: string): Promise<Loaded> {
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

  /** @returns the Worker's own code, as built for the page */
  async #parts(wanted: string) {
    try {
      return await import("./network");
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      const reason = "this browser has no WebAssembly with SIMD";
      this.#refused.set(wanted, reason);
      throw new Error(reason);
    }
  }
}

/** Only pages of https or localhost can hash; elsewhere the transport is trusted as it is. */
async function check(bytes: Uint8Array<ArrayBuffer>, sha256: string) {
  if (crypto.subtle === undefined) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (found !== sha256) throw new Error("the file was damaged on its way");
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
