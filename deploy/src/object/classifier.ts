/** The Durable Object: keeps the model in memory and answers with it. */
import { DurableObject } from "cloudflare:workers";
import { PIXELS } from "../network/kernel";
import { WeightsRefused } from "../network/safetensors";
import { Problem, problem, type ProblemFields } from "../problem";
import { type Settings, setting } from "../settings";
import { isKept, keep, readKept } from "./kept";
import { load, type Model, packed, used } from "./packed";
import { type Candidate, type Download, look, type Offer } from "./release";
import { traceFile } from "./traced";
import { type Described, forget, type Kept, kept, refusal, type Said, told, Trial } from "./trial";

const HOW_TO_PUSH =
  'Push some from Python, `Releases().push("mnist.safetensors")`, or in deploy/ with ' +
  "`npx wrangler r2 object put models/mnist.safetensors --file FILE` (and --remote for the " +
  "deployed edge, or --local before `wrangler dev` starts). The next request then finds them.";

const EMPTIED = "the bucket holds no weights any more; the last good ones serve on";

/** A model in service, with where it came from. */
interface Active {
  model: Model;
  key: string;
  pushedAt: string;
  loadedAt: string;
}

/** Weights that are not served. */
export interface Rejected {
  key: string | null;
  sha256: string | null;
  reason: string;
  at: string;
}

/** Which of the two of a trial a client asks for; null leaves it to the trial. */
export type Choice = "current" | "candidate" | null;

export interface Classified extends Said {
  /** True when this request had to wait for the model to be loaded. */
  cold: boolean;
  loadMs: number;
  /** sha256 of what is on trial beside it, or that is it. */
  candidate: string | null;
}

/** The model in service, as GET /model tells it. */
export interface Description {
  sha256: string;
  name: string;
  parameters: number;
  labels: string[];
  /** The layers as the weights file has them, in JSON. */
  layers: string;
  not_sure_below: number | null;
  key: string;
  bytes: number;
  pushed_at: string;
  loaded_at: string;
  rejected: Rejected | null;
  /** The weights on trial beside these. */
  candidate: Described | null;
}

/** Where the bytes of the model in service are. */
export interface Source {
  sha256: string;
  name: string;
  key: string;
  etag: string;
  bytes: number;
}

/** A result, or a problem for the client: errors lose their fields on the way between objects. */
export type Settled<T> = { ok: true; value: T } | { ok: false; problem: ProblemFields };

const BUCKET_SECONDS = 10;
const MAX_REQUEST_COST = 16e9; // multiply-adds, about 0.8 s; 1,024 images of ours take 4.4e9

export class Classifier extends DurableObject<Settings> {
  private active: Active | null = null;
  private rejected: Rejected | null = null;
  private trial: Trial | null = null;
  /** A candidate that the pointer names and that cannot be tried. */
  private untried: Described | null = null;
  /** What the last look at the bucket saw, good or refused. */
  private seen: string | null = null;
  private lookedAt = 0;
  /** Why the last look failed. */
  private trouble: string | null = null;
  private running: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  /** uint8 N x 784 -> N x labels probabilities. */
  async classify(images: Uint8Array, choice: Choice): Promise<Settled<Classified>> {
    return settle(async () => {
      const cold = this.active === null;
      const start = Date.now();
      const { model: current } = await this.current();
      const loadMs = cold ? Date.now() - start : 0;
      const candidate = this.trial?.model.sha256 ?? null;
      const model = choice === "candidate" ? this.tried() : current;
      const most = Math.floor(MAX_REQUEST_COST / model.weights.cost);
      if (images.length > most * PIXELS) {
        const each = `The weights ${model.sha256.slice(0, 12)} take ${model.weights.cost} multiply-adds`;
        const detail = `${each} an image: send at most ${most} images a request.`;
        throw problem(413, "too-much", "Too much work", detail);
      }
      if (this.trial && images.length === PIXELS && model === current) {
        const tried = this.trial.answer(images, model, choice === "current");
        if (tried) return { ...tried, cold, loadMs, candidate };
      }
      const probabilities = await model.kernel.classify(images);
      if (!probabilities.every(Number.isFinite)) {
        throw problem(
          422,
          "not-finite",
          "No finite answer",
          `The weights ${model.sha256.slice(0, 12)} overflow float32 on this image. Roll back to ` +
            "other weights: in Python, `Releases().rollback()`.",
        );
      }
      return { probabilities, ...told(model), cold, loadMs, candidate };
    });
  }

  /** What this object has counted of a trial, without a look at the bucket. */
  tally(): Promise<Kept | null> {
    return kept(this.trial, this.ctx.storage);
  }

  /** What each layer gives for one image, uint8 784. */
  async trace(image: Uint8Array): Promise<Settled<{ file: Uint8Array<ArrayBuffer>; model: string }>> {
    return settle(async () => {
      const { model } = await this.current();
      return { file: traceFile(model.kernel, image), model: model.sha256 };
    });
  }

  /** What GET /model answers. */
  async describe(): Promise<Settled<Description>> {
    return settle(async () => {
      const { model, key, pushedAt, loadedAt } = await this.current();
      const { sha256, bytes, weights } = model;
      const { name, parameters, labels, notSureBelow } = weights;
      const layers = JSON.stringify(weights.described);
      const about = { sha256, name, parameters, labels, layers, not_sure_below: notSureBelow };
      const when = { pushed_at: pushedAt, loaded_at: loadedAt };
      const candidate = this.trial?.description ?? this.untried;
      return { ...about, key, bytes, ...when, rejected: this.rejected, candidate };
    });
  }

  /** Where GET /model/weights finds the bytes. */
  async source(): Promise<Settled<Source>> {
    return settle(async () => {
      const { model, key } = await this.current();
      const { sha256, etag, bytes, weights } = model;
      return { sha256, name: weights.name, key, etag, bytes };
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
      offer = await inTime(look(this.env.MODELS, this.seen));
    } catch (error) {
      console.error(JSON.stringify({ event: "bucket not read", error: String(error) }));
      this.trouble = "The bucket could not be read; the next request tries again.";
      await this.fallBack(null);
      return;
    }
    this.trouble = null;
    if (offer === "unchanged") return;
    if (offer === "empty") {
      this.seen = null; // a model in service stays in service
      await this.fallBack(null);
      if (this.active === null) this.rejected = null;
      else if (this.rejected?.reason !== EMPTIED) this.reject(null, null, EMPTIED);
      return;
    }
    try {
      const known = this.known(offer.sha256);
      const download = known ? null : await inTime(offer.read());
      const model = download ? this.pack(download) : used(known!);
      const { key, pushedAt, seen } = offer;
      this.active = { model, key, pushedAt, loadedAt: new Date().toISOString() };
      this.seen = seen;
      this.ctx.waitUntil(this.remember(offer, model.sha256, download));
      await this.tryOut(offer.candidate, model);
      const ms = Date.now() - this.lookedAt;
      const log = { event: "weights in service", key, sha256: model.sha256, ms };
      console.log(JSON.stringify(log));
    } catch (error) {
      const refused = error instanceof WeightsRefused;
      this.seen = refused && !error.passing ? offer.seen : null;
      const reason = refused ? error.message : "they could not be loaded; it is tried again";
      this.reject(offer.key, offer.sha256, reason);
      const log = { event: "weights rejected", ...this.rejected, error: String(error) };
      console.warn(JSON.stringify(log));
      await this.fallBack(offer);
    }
  }

  private reject(key: string | null, sha256: string | null, reason: string): void {
    this.rejected = { key, sha256, reason, at: new Date().toISOString() };
  }

  /** Begins, goes on with or ends the trial of a candidate. Never throws: the model serves on. */
  private async tryOut(candidate: Candidate | null, current: Model): Promise<void> {
    const before = this.trial;
    this.trial = this.untried = null;
    if (candidate === null) {
      if (before) this.ctx.waitUntil(forget(this.ctx.storage));
      return;
    }
    try {
      const known = candidate.sha256 ? this.known(candidate.sha256) : undefined;
      const model = known ? used(known) : this.pack(await inTime(candidate.read()));
      this.trial = await Trial.begin(candidate, model, current, this.ctx, before);
    } catch (error) {
      const refused = error instanceof WeightsRefused;
      if (!refused || error.passing) this.seen = null;
      const reason = refused ? error.message : "it could not be loaded; it is tried again";
      this.untried = refusal(candidate, reason);
      console.warn(JSON.stringify({ event: "candidate rejected", ...this.untried }));
    }
  }

  /** Keeps what has come into service, for the time after an eviction. */
  private async remember(offer: Offer, sha256: string, read: Download | null): Promise<void> {
    const { key, pushedAt } = offer;
    const { storage } = this.ctx;
    try {
      if (await isKept(storage, sha256, key)) return;
      const download = read ?? (await inTime(offer.read()));
      if (this.active?.model.sha256 !== sha256) return; // newer ones came meanwhile
      await keep(storage, { ...download, key, pushedAt });
    } catch (error) {
      console.error(JSON.stringify({ event: "weights not kept", error: String(error) }));
    }
  }

  /**
   * When nothing serves and what the bucket offers cannot: what this object served last, else what
   * the pointer says was served before.
   */
  private async fallBack(offer: Offer | null): Promise<void> {
    for (const find of [() => readKept(this.ctx.storage), () => offer?.previous()]) {
      if (this.active !== null) return;
      try {
        const found = await find();
        if (!found) continue;
        const { key, pushedAt, sha256 } = found;
        const model = this.pack(found);
        this.active = { model, key, pushedAt, loadedAt: new Date().toISOString() };
        console.warn(JSON.stringify({ event: "last good weights in service", key, sha256 }));
      } catch (error) {
        console.error(JSON.stringify({ event: "no last good weights", error: String(error) }));
      }
    }
  }

  /** What is on trial beside what serves. */
  private tried(): Model {
    if (this.trial) return this.trial.model;
    const detail = "Nothing is on trial beside what serves: ask without ?model=, or propose weights.";
    throw problem(404, "no-candidate", "No candidate", detail);
  }

  private known(sha256: string | null): Model | undefined {
    return this.active?.model.sha256 === sha256 ? this.active.model : packed.get(sha256 ?? "");
  }

  /** Those weights, packed at most once. */
  private pack(download: Download): Model {
    return used(this.known(download.sha256) ?? load(download));
  }
}

async function settle<T>(work: () => Promise<T>): Promise<Settled<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.fields };
    throw error;
  }
}

/** Gives up on a bucket that hangs: all later looks would wait for this one. */
async function inTime<T>(reading: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const problem = new Error(`the bucket did not answer in ${BUCKET_SECONDS} s`);
  const timer = setTimeout(() => reject(problem), 1000 * BUCKET_SECONDS);
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
