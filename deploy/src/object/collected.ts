/**
 * The one object behind what a class gives to its edge, see collect.ts. All that is written passes
 * it, so that nothing is lost between two who write at once.
 */
import { DurableObject } from "cloudflare:workers";
import { isObject } from "../network/safetensors";
import type { Settings } from "../settings";

export const KEPT = "mnist/drawings/kept.json"; // read by Collection.from_edge of the Python package
export const FORMAT = "mnist-nb.collection/1";
export const MAX_DRAWINGS = 1000;
const MAX_FILE_BYTES = 2 << 20; // a drawing takes 1,170
const AGAIN_MS = 1000; // R2 takes one write a second to one key

const BETS = "bets";
const MAX_QUESTIONS = 32;
export const MAX_BETS = 300; // on one question
const DIGITS_OF_A_BET = 2; // those that count; "I said 47.25" would name who said it

/** A drawing in the file. No name, no address, no time but the day. */
interface Kept {
  id: string;
  label: number;
  day: string;
  /** 784 bytes in base64. */
  pixels: string;
}

/** What is done to all drawings kept; false when nothing has changed. */
type Change = (kept: Kept[]) => boolean;

/** How often each value was bet, by question; forgotten when another day begins. */
interface Bets {
  day: string;
  counts: Map<string, Map<number, number>>;
}

export class Collected extends DurableObject<Settings> {
  private waiting: { change: Change; done: PromiseWithResolvers<boolean> }[] = [];
  private writing: Promise<void> | null = null;

  /** @returns what takes it back, or null when no more are kept */
  async keep(image: Uint8Array, label: number): Promise<string | null> {
    const id = crypto.randomUUID();
    const pixels = btoa(String.fromCharCode(...image));
    const isKept = await this.change((kept) => {
      if (kept.length >= MAX_DRAWINGS) return false;
      // In no order: it would tell who drew before whom.
      const place = Math.floor(Math.random() * (kept.length + 1));
      kept.splice(place, 0, { id, label, day: today(), pixels });
      return true;
    });
    return isKept ? id : null;
  }

  /** @returns false when there is none of that id */
  async takeBack(id: string): Promise<boolean> {
    return this.change((kept) => {
      const place = kept.findIndex((drawing) => drawing.id === id);
      if (place >= 0) kept.splice(place, 1);
      return place >= 0;
    });
  }

  /**
   * Counts a bet, if there is one.
   *
   * @returns how often each value was bet today; null when no more are counted
   */
  async bets(question: string, value: number | null): Promise<[number, number][] | null> {
    const found = await this.ctx.storage.get<Bets>(BETS);
    const bets = found?.day === today() ? found : { day: today(), counts: new Map() };
    const counts = bets.counts.get(question) ?? new Map<number, number>();
    if (value !== null) {
      const full = [...counts.values()].reduce((sum, count) => sum + count, 0) >= MAX_BETS;
      if (full || (counts.size === 0 && bets.counts.size >= MAX_QUESTIONS)) return null;
      const rounded = Number(value.toPrecision(DIGITS_OF_A_BET));
      counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
      bets.counts.set(question, counts);
      await this.ctx.storage.put(BETS, bets);
    }
    return [...counts].sort(([a], [b]) => a - b);
  }

  /** All changes that come while the file is written are made by the next write. */
  private change(change: Change): Promise<boolean> {
    const done = Promise.withResolvers<boolean>();
    this.waiting.push({ change, done });
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    return done.promise;
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const now = this.waiting.splice(0);
      try {
        const changed = await this.write(now.map(({ change }) => change));
        for (const [i, { done }] of now.entries()) done.resolve(changed[i]!);
      } catch (error) {
        for (const { done } of now) done.reject(error);
      }
    }
  }

  private async write(changes: Change[]): Promise<boolean[]> {
    const bucket = this.env.MODELS;
    const object = await bucket.get(KEPT);
    const kept = object ? await readKept(object) : [];
    const changed = changes.map((change) => change(kept));
    if (!changed.includes(true)) return changed;
    // Who holds the bucket's keys may have deleted the file meanwhile: then it must not come back.
    const onlyIf = object
      ? { etagMatches: object.etag }
      : new Headers({ "If-None-Match": "*" });
    const text = JSON.stringify({ format: FORMAT, digits: kept });
    const options = { onlyIf, httpMetadata: { contentType: "application/json" } };
    const put = () => bucket.put(KEPT, text, options);
    const written = await put().catch(() => scheduler.wait(AGAIN_MS).then(put));
    if (!written) throw new Error(`${KEPT} was changed by somebody else meanwhile`);
    return changed;
  }
}

async function readKept(object: R2ObjectBody): Promise<Kept[]> {
  if (object.size <= MAX_FILE_BYTES) {
    const value: unknown = await object.json();
    if (isObject(value) && value.format === FORMAT && Array.isArray(value.digits)) {
      return value.digits as Kept[];
    }
  }
  throw new Error(`${KEPT} is no collection of this Worker's`);
}

/** The day by UTC. */
function today(): string {
  return new Date().toISOString().slice(0, 10);
}
