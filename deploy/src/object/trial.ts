/**
 * Weights on trial beside those in service. They answer some of the requests of one image, and are
 * compared on all of them, after the answer has left. When they differ too often, the trial stops
 * by itself, at once; the pointer in the bucket is then for people, or `Releases.watch`, to change.
 */
import { WeightsRefused } from "../network/safetensors";
import { MAX_PACKED, type Model } from "./packed";
import type { Candidate } from "./release";

/** What one model said in a trial. */
interface Tally {
  answers: number;
  /** Images of which it was not sure. */
  unsure: number;
  /** How often it said each label when it was sure. */
  labels: number[];
  /** The last times of an image, ms, where the clock goes on while a Worker computes. */
  times: number[];
}

/** All that is counted, as it is kept in the object's storage. */
interface Counts {
  current: Tally;
  candidate: Tally;
  compared: number;
  /** Images that got two labels, and at least one side was sure of its own. */
  disagreed: number;
  /** Logarithm of how much likelier what was seen is with TOO_OFTEN than with ALLOWED. */
  evidence: number;
  stopped: string | null;
}

/** An answer, and whose it is. */
export interface Said {
  probabilities: Float32Array;
  labels: number;
  model: { sha256: string; name: string };
}

type Told = Omit<Tally, "times"> & { mean_ms: number | null; p99_ms: number | null };

/** A candidate as GET /model tells it. */
export interface Described {
  sha256: string | null;
  name: string;
  not_sure_below: number | null;
  percent: number;
  shadow: boolean;
  proposed_at: string;
  state: "on trial" | "stopped" | "refused";
  reason: string | null;
  counts: {
    compared: number;
    disagreed: number;
    /** How much speaks for more than is allowed; those of several objects add up, and 1 stops it. */
    evidence: number;
    current: Told;
    candidate: Told;
  } | null;
}

// A sequential test (Wald 1945). A candidate that differs in at most ALLOWED of the images is
// stopped with a probability of at most 1 in 1,000, however long the trial lasts.
const ALLOWED = 0.005;
const TOO_OFTEN = 0.05;
const ENOUGH = Math.log(1000);
const FOR_A_DIFFERENCE = Math.log(TOO_OFTEN / ALLOWED);
const FOR_AN_AGREEMENT = Math.log((1 - TOO_OFTEN) / (1 - ALLOWED));

const SAVE_MS = 5000;
const TIMES = 200;
const MAX_WAITING = 16; // comparisons; under more load some are left out
const KEY = "trial";

export class Trial {
  private waiting = 0;
  private savedAt = 0;

  private constructor(
    private readonly about: Candidate,
    /** What is tried. */
    readonly model: Model,
    private readonly current: Model,
    private readonly ctx: DurableObjectState,
    private readonly id: string,
    private readonly counts: Counts,
  ) {}

  /**
   * Begins a trial, or goes on with the one that was kept or is under way.
   *
   * @throws WeightsRefused the candidate cannot be tried beside these weights.
   */
  static async begin(
    about: Candidate,
    model: Model,
    current: Model,
    ctx: DurableObjectState,
    before: Trial | null,
  ): Promise<Trial> {
    if (model.sha256 === current.sha256) {
      throw new WeightsRefused("the candidate is the file that is served");
    }
    const [ours, theirs] = [model, current].map(({ weights }) => JSON.stringify(weights.labels));
    if (ours !== theirs) throw new WeightsRefused("the candidate has other labels");
    const size = model.kernel.size + current.kernel.size;
    if (size > MAX_PACKED) {
      const reason = `packed, both take ${size} bytes, and at most ${MAX_PACKED} are kept`;
      throw new WeightsRefused(reason);
    }
    const id = idOf(current.sha256, model.sha256, about.proposedAt);
    const underWay = before?.kept;
    const found = underWay?.id === id ? underWay : await ctx.storage.get<Kept>(KEY);
    const counts = found?.id === id ? found.counts : noCounts(model.weights.labels.length);
    return new Trial(about, model, current, ctx, id, counts);
  }

  /**
   * The answer of one of the two to one image, uint8 784; null: the current one shall give it.
   *
   * @param chosen the client wants that of the current one.
   */
  answer(image: Uint8Array, current: Model, chosen: boolean): Said | null {
    // The next look has not begun a trial beside newer weights yet.
    if (current !== this.current || this.counts.stopped !== null) return null;
    const isDrawn = !this.about.shadow && hash(image) % 10_000 < 100 * this.about.percent;
    const isTried = isDrawn && !chosen;
    const [first, second] = isTried ? [this.model, this.current] : [this.current, this.model];
    const [probabilities, ms] = timed(first, image);
    if (!probabilities.every(Number.isFinite)) {
      if (isTried) this.stop("it overflows float32 on an image");
      return null;
    }
    if (this.waiting < MAX_WAITING) {
      this.waiting++;
      const copy = image.slice(); // the request's memory goes
      const later = new Promise<void>((resolve) => setTimeout(resolve, 0)).then(() => {
        this.waiting--;
        this.compare(second, copy, probabilities, ms, isTried);
      });
      this.ctx.waitUntil(later);
    }
    const tally = isTried ? this.counts.candidate : this.counts.current;
    tally.answers++;
    return { probabilities, ...told(first) };
  }

  get description(): Described {
    const { compared, disagreed, current, candidate, stopped } = this.counts;
    const [evidence, tallies] = [this.counts.evidence / ENOUGH, [toldOf(current), toldOf(candidate)]];
    const counts = { compared, disagreed, evidence, current: tallies[0]!, candidate: tallies[1]! };
    const state = stopped === null ? "on trial" : "stopped";
    const { sha256, weights } = this.model;
    const { name, notSureBelow } = weights;
    const about = { ...refusal(this.about, stopped), sha256, name, not_sure_below: notSureBelow };
    return { ...about, state, counts };
  }

  get kept(): Kept {
    return { id: this.id, counts: this.counts };
  }

  private compare(
    other: Model,
    image: Uint8Array,
    said: Float32Array,
    ms: number,
    isTried: boolean,
  ): void {
    const { counts } = this;
    if (counts.stopped !== null) return;
    const [probabilities, otherMs] = timed(other, image);
    if (!probabilities.every(Number.isFinite)) {
      if (other === this.model) this.stop("it overflows float32 on an image");
      return;
    }
    const tried = isTried ? said : probabilities;
    const served = isTried ? probabilities : said;
    const [new_, old] = [
      note(counts.candidate, this.model, tried, isTried ? ms : otherMs),
      note(counts.current, this.current, served, isTried ? otherMs : ms),
    ];
    counts.compared++;
    const differs = new_.label !== old.label && (new_.isSure || old.isSure);
    counts.disagreed += Number(differs);
    counts.evidence += differs ? FOR_A_DIFFERENCE : FOR_AN_AGREEMENT;
    const reason = tooOften([counts]);
    if (reason) this.stop(reason);
    else if (Date.now() - this.savedAt > SAVE_MS) this.save();
  }

  private stop(reason: string): void {
    this.counts.stopped = reason;
    const { sha256 } = this.model;
    console.warn(JSON.stringify({ event: "candidate stopped", sha256, reason }));
    this.save();
  }

  private save(): void {
    this.savedAt = Date.now();
    this.ctx.waitUntil(this.ctx.storage.put(KEY, this.kept, { allowUnconfirmed: true }));
  }
}

/** A trial as an object keeps it. */
export interface Kept {
  id: string;
  counts: Counts;
}

/** Names a trial: what beside what, since when. */
export function idOf(current: string, candidate: string, proposedAt: string): string {
  return `${current} ${candidate} ${proposedAt}`;
}

/** Why a trial that one or more objects counted has to end; null when it may go on. */
export function tooOften(all: Omit<Counts, "current" | "candidate">[]): string | null {
  const sum = (of: "compared" | "disagreed" | "evidence") => all.reduce((n, one) => n + one[of], 0);
  const stopped = all.find((one) => one.stopped !== null)?.stopped ?? null;
  if (stopped !== null || sum("evidence") <= ENOUGH) return stopped;
  return `it differs in ${sum("disagreed")} of ${sum("compared")} images, of which one side was sure`;
}

/** What an object has counted, of whichever trial; also when it has not looked at the bucket yet. */
export async function kept(trial: Trial | null, storage: DurableObjectStorage): Promise<Kept | null> {
  return trial?.kept ?? (await storage.get<Kept>(KEY)) ?? null;
}

/** Forgets the counts of a trial that has ended. */
export async function forget(storage: DurableObjectStorage): Promise<void> {
  await storage.delete(KEY, { allowUnconfirmed: true });
}

/** A candidate that is not tried, for GET /model. */
export function refusal(about: Candidate, reason: string | null): Described {
  const { sha256, percent, shadow, proposedAt } = about;
  const fields = { sha256, name: "", not_sure_below: null, percent, shadow, proposed_at: proposedAt };
  return { ...fields, state: "refused", reason, counts: null };
}

/** What an answer says of who gave it. */
export function told({ sha256, weights }: Model): Pick<Said, "labels" | "model"> {
  return { labels: weights.labels.length, model: { sha256, name: weights.name } };
}

function timed(model: Model, image: Uint8Array): [Float32Array<ArrayBuffer>, number] {
  const start = performance.now();
  const probabilities = model.kernel.one(image);
  return [probabilities, performance.now() - start];
}

function note(tally: Tally, { weights }: Model, probabilities: Float32Array, ms: number) {
  const largest = Math.max(...probabilities);
  const label = probabilities.indexOf(largest);
  const isSure = largest >= (weights.notSureBelow ?? 0);
  if (isSure) tally.labels[label]!++;
  else tally.unsure++;
  if (ms > 0) tally.times = [...tally.times.slice(1 - TIMES), ms];
  return { label, isSure };
}

function toldOf({ times, ...tally }: Tally): Told {
  const sorted = times.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1];
  return { ...tally, mean_ms: sorted.length > 0 ? mean : null, p99_ms: p99 ?? null };
}

function noCounts(labels: number): Counts {
  const tally = (): Tally => ({ answers: 0, unsure: 0, labels: Array(labels).fill(0), times: [] });
  const none = { compared: 0, disagreed: 0, evidence: 0, stopped: null };
  return { current: tally(), candidate: tally(), ...none };
}

/** FNV-1a, 32 bits: the same image always goes to the same model. */
function hash(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (const byte of bytes) h = Math.imul(h ^ byte, 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
