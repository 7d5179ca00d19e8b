/** Where a request is answered: which Durable Object, and how it is asked. */
import type { Env } from "../env";
import type { Classifier, Settled } from "../object/classifier";
import { Problem, problem } from "../problem";
import { setting } from "../settings";
import { type Region, regionOf } from "./region";

export interface Place {
  /** Name of the Durable Object. */
  object: string;
  continent: string | null;
  colo: string | null;
  local: boolean;
}

export interface Placement {
  place: Place;
  hint: Region["hint"];
  /** Which of the region's objects, from 0. */
  shard: number;
}

/** Addresses of one's own machine or network, where `request.cf` is invented and so not used. */
const LOCAL = /^(localhost|.+\.localhost|[\d.]+|\[.+\])$/;

/** Durable Objects per region. */
export function shardsOf(env: Env): number {
  return Math.floor(setting(env.SHARDS, 1, 1));
}

/**
 * One object per region, or SHARDS of them. They have names and no list, so that nothing has to be
 * set up: the first request from a region makes its object, there.
 */
export function placeOf(request: Request, env: Env, shard = randomShard(env)): Placement {
  const local = LOCAL.test(new URL(request.url).hostname);
  const said = (value: unknown) => (!local && typeof value === "string" && value ? value : null);
  const continent = said(request.cf?.continent);
  const { name, hint } = regionOf(continent ?? "default", local ? undefined : request.cf);
  const colo = said(request.cf?.colo);
  return { place: { object: objectOf(env, name, shard), continent, colo, local }, hint, shard };
}

/** The name of one of a region's objects. */
export function objectOf(env: Env, region: string, shard: number): string {
  return shardsOf(env) > 1 ? `${region}#${shard}` : region;
}

function randomShard(env: Env): number {
  return Math.floor(Math.random() * shardsOf(env));
}

/** Calls the Durable Object; its problems are thrown here. */
export async function ask<T>(
  env: Env,
  { place, hint }: Placement,
  question: (object: DurableObjectStub<Classifier>) => Promise<Settled<T>>,
): Promise<T> {
  const options = hint ? { locationHint: hint } : {};
  const attempt = () => question(env.CLASSIFIER.getByName(place.object, options));
  // No question changes anything, so one that was lost with its object is asked once more. One that
  // was turned away for overload is not: that would add to it.
  const settled = await attempt().catch((error: unknown) => {
    if (!isLost(error)) throw busyOr(error);
    return attempt().catch((again: unknown) => {
      throw busyOr(again);
    });
  });
  if (settled.ok) return settled.value;
  throw new Problem(settled.problem);
}

/** Whether the object was moved, updated, evicted or reset under the request. */
function isLost(error: unknown): boolean {
  if (has(error, "overloaded")) return false;
  return has(error, "retryable") || has(error, "durableObjectReset");
}

function busyOr(error: unknown): unknown {
  if (!isLost(error) && !has(error, "overloaded")) return error;
  const detail = "The Durable Object was moved or has too much to do; send the request again.";
  return problem(503, "busy", "Try again", detail, { "Retry-After": "1" });
}

/** A flag that the runtime sets on errors of a Durable Object. */
function has(error: unknown, flag: string): boolean {
  return error instanceof Error && Reflect.get(error, flag) === true;
}
