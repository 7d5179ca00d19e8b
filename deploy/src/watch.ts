/**
 * The way back without a notebook: a cron that withdraws what differs too often, by the test of each
 * object and by that of all of them together. It changes the pointer as `Releases.withdraw` does.
 */
import type { Env } from "./env";
import { isObject } from "./network/safetensors";
import { MAX_POINTER_BYTES, POINTER } from "./object/release";
import { idOf, type Kept, tooOften } from "./object/trial";
import { objectOf, shardsOf } from "./requests/place";
import { REGIONS } from "./requests/region";

const MAX_ASKED = 900; // objects; a Worker may call other services 1,000 times
const MAX_NOTES = 20; // that a pointer carries

export async function watch(env: Env): Promise<void> {
  const pointer = await env.MODELS.get(POINTER);
  if (!pointer || pointer.size > MAX_POINTER_BYTES) return;
  const said = parsed(await pointer.text());
  if (!isObject(said) || !isObject(said.candidate)) return;
  const { candidate, ...rest } = said;
  const id = idOf(`${said.sha256}`, `${candidate.sha256}`, `${candidate.proposed_at}`);
  const all = (await tallies(env)).filter((kept) => kept?.id === id);
  const reason = tooOften(all.map((kept) => kept!.counts));
  if (reason === null) return;
  const note = {
    what: "withdraw",
    sha256: `${candidate.sha256}`,
    name: `${candidate.name ?? ""}`,
    when: new Date().toISOString(),
    who: "a cron of the Worker",
    why: reason,
    forced: false,
    before: `${said.sha256}`,
    commit: null,
  };
  const trail = [...(Array.isArray(said.trail) ? said.trail : []).slice(1 - MAX_NOTES), note];
  const etag = { etagMatches: pointer.etag };
  const done = await put(env.MODELS, POINTER, { ...rest, trail }, etag);
  const event = done ? "candidate withdrawn" : "pointer was moved meanwhile";
  console.warn(JSON.stringify({ event, sha256: note.sha256, reason }));
  if (!done) return;
  const time = note.when.replaceAll(/[-:]/g, "");
  const key = `mnist/releases/${time}-${note.sha256.slice(0, 8)}.json`;
  await put(env.MODELS, key, note, { etagDoesNotMatch: "*" }); // else the pointer has it
}

/** What each object has counted; null of one that does not answer. */
function tallies(env: Env): Promise<(Kept | null)[]> {
  const shards = Array.from({ length: shardsOf(env) }, (_, shard) => shard);
  const objects = shards.flatMap((shard) =>
    REGIONS.map(({ name, hint }) => ({ name: objectOf(env, name, shard), hint })),
  );
  const asked = objects.slice(0, MAX_ASKED).map(async ({ name, hint }) => {
    try {
      return await env.CLASSIFIER.getByName(name, hint ? { locationHint: hint } : {}).tally();
    } catch (error) {
      console.error(JSON.stringify({ event: "object not asked", name, error: String(error) }));
      return null;
    }
  });
  return Promise.all(asked);
}

function put(bucket: R2Bucket, key: string, value: object, onlyIf: R2Conditional) {
  const httpMetadata = { contentType: "application/json" };
  return bucket.put(key, JSON.stringify(value, null, 1), { onlyIf, httpMetadata });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
