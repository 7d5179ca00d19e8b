/** The Durable Object: keeps the model in memory and answers with it. */
import { DurableObject } from "cloudflare:workers";
import { type Env, setting } from "./env";
import { Kernel } from "./kernel";
import { Problem, problem, type ProblemFields } from "./problem";
import { look, type Offer } from "./release";
import { WeightsRefused } from "./safetensors";
import { readWeights, type Weights } from "./weights";

const HOW_TO_PUSH =
  'Push some from Python, `Releases().push("mnist.safetensors")`, or in deploy/ with ' +
  "`npx wrangler r2 object put models/mnist.safetensors --file FILE` (and --remote for the " +
  "deployed edge, or --local before `wrangler dev` starts). The next request then finds them.";

/** Packed weights. */
interface Model {
  sha256: string;
  bytes: number;
  kernel: Kernel;
  weights: Omit<Weights, "layers">;
}

/** A model in service, with where it came from. */
interface Active {
  model: Model;
  key: string;
  pushedAt: string;
  loadedAt: string;
}

interface Rejected {
  key: string | null;
  sha256: string | null;
  reason: string;
  at: string;
}

export interface Classified {
  probabilities: Float32Array;
  labels: number;
  model: { sha256: string; name: string };
  /** True when this request had to wait for the model to be loaded. */
  cold: boolean;
  loadMs: number;
}

/** A result, or a problem for the client: errors lose their fields on the way between objects. */
export type Settled<T> = { ok: true; value: T } | { ok: false; problem: ProblemFields };

/**
 * The last packed models by sha256, for all objects of this isolate: an object that was evicted and
 * comes back, or a roll back, need not load again.
 */
const packed = new Map<string, Model>();
const MAX_PACKED = 32 << 20; // bytes in all, as an isolate has 128 MB

export class Classifier extends DurableObject<Env> {
  private active: Active | null = null;
  private rejected: Rejected | null = null;
  /** What the last look at the bucket saw, good or refused. */
  private seen: string | null = null;
  private lookedAt = 0;
  /** Why the last look failed. */
  private trouble: string | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  /** uint8 N x 784 -> N x labels probabilities. */
  async classify(images: Uint8Array): Promise<Settled<Classified>> {
    return settle(async () => {
      const cold = this.active === null;
      const start = Date.now();
      const { model } = await this.current();
      const loadMs = cold ? Date.now() - start : 0;
      const probabilities = model.kernel.classify(images);
      if (!probabilities.every(Number.isFinite)) {
        throw problem(
          422,
          "not-finite",
          "No finite answer",
          `The weights ${model.sha256.slice(0, 12)} overflow float32 on this image. Roll back to ` +
            "other weights: in Python, `Releases().rollback()`.",
        );
      }
      const { sha256, weights } = model;
      const { name, labels } = weights;
      return { probabilities, labels: labels.length, model: { sha256, name }, cold, loadMs };
    });
  }

  /** What GET /model answers. */
  async describe(): Promise<Settled<object>> {
    return settle(async () => {
      const { model, key, pushedAt, loadedAt } = await this.current();
      const { sha256, bytes, weights } = model;
      const { name, parameters, labels, described } = weights;
      const about = { sha256, name, parameters, labels, layers: described, key, bytes };
      return { ...about, pushed_at: pushedAt, loaded_at: loadedAt, rejected: this.rejected };
    });
  }

  /**
   * The model to answer with.
   *
   * With a model in memory a request never waits: when the last look at the bucket is older than
   * MODEL_TTL_SECONDS, the next look goes on beside it. Only with MODEL_TTL_SECONDS = 0 each
   * request waits for a look that began after it arrived, so a push is in force at once (tests
   * want that).
   */
  private async current(): Promise<Active> {
    const ttl = 1000 * setting(this.env.MODEL_TTL_SECONDS, 5, 0);
    if (ttl === 0) await this.refresh();
    else if (this.active === null) await (this.running ?? this.refresh());
    else if (Date.now() - this.lookedAt >= ttl) this.ctx.waitUntil(this.refresh());
    if (this.active !== null) return this.active;
    const why =
      this.trouble ??
      (this.rejected && `The weights in the bucket are refused: ${this.rejected.reason}.`) ??
      "The bucket holds no weights.";
    const headers = { "Retry-After": "2" };
    throw problem(503, "no-model", "No model yet", `${why} ${HOW_TO_PUSH}`, headers);
  }

  /**
   * Looks at the bucket once, after now. One look at a time: calls made during a look share the one
   * that follows it, however many they are.
   */
  private refresh(): Promise<void> {
    if (this.running === null) {
      this.running = this.lookOnce().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    this.next ??= this.running.then(() => {
      this.next = null;
      return this.refresh();
    });
    return this.next;
  }

  /** Takes what the bucket offers into service. Never throws; the last good model stays. */
  private async lookOnce(): Promise<void> {
    this.lookedAt = Date.now();
    let offer: Offer | "unchanged" | "empty";
    try {
      offer = await look(this.env.MODELS, this.seen);
    } catch (error) {
      console.error(JSON.stringify({ event: "bucket not read", error: String(error) }));
      this.trouble = "The bucket could not be read; the next request tries again.";
      return;
    }
    this.trouble = null;
    if (offer === "unchanged") return;
    if (offer === "empty") {
      this.seen = null; // a model in service stays in service
      if (this.active === null) this.rejected = null;
      return;
    }
    try {
      const model = await this.obtain(offer);
      const { key, pushedAt, seen } = offer;
      this.active = { model, key, pushedAt, loadedAt: new Date().toISOString() };
      this.seen = seen;
    } catch (error) {
      const refused = error instanceof WeightsRefused;
      this.seen = refused && !error.passing ? offer.seen : null;
      const reason = refused ? error.message : "they could not be loaded; it is tried again";
      const { key, sha256 } = offer;
      this.rejected = { key, sha256, reason, at: new Date().toISOString() };
      const log = { event: "weights rejected", ...this.rejected, error: String(error) };
      console.warn(JSON.stringify(log));
    }
  }

  /** The model of an offer, from memory where it is known. */
  private async obtain(offer: Offer): Promise<Model> {
    const known = (sha256: string | null) =>
      this.active?.model.sha256 === sha256 ? this.active.model : packed.get(sha256 ?? "");
    let model = known(offer.sha256);
    if (!model) {
      const { file, sha256 } = await offer.read();
      model = known(sha256) ?? load(file, sha256);
    }
    packed.delete(model.sha256); // and back in at the end: the first is the one unused for longest
    packed.set(model.sha256, model);
    let size = [...packed.values()].reduce((sum, { kernel }) => sum + kernel.size, 0);
    for (const [sha256, { kernel }] of packed) {
      if (size <= MAX_PACKED) break;
      packed.delete(sha256);
      size -= kernel.size;
    }
    return model;
  }
}

function load(file: Uint8Array, sha256: string): Model {
  const { layers, ...weights } = readWeights(file);
  return { sha256, bytes: file.length, kernel: new Kernel({ ...weights, layers }), weights };
}

async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.fields };
    throw error;
  }
}
