/** GET /model, GET /model/weights and GET /healthz: the model in service. */
import type { Env } from "../env";
import { problem } from "../problem";
import { collects } from "./collect";
import { keepable, notModified, tagged } from "./conditional";
import type { Note } from "./log";
import { ask, type Placement, placeOf, shardsOf } from "./place";

/** What serves, and on `?shard=k` what that one of this region's objects serves. */
export async function describe(request: Request, env: Env, note: Note): Promise<Response> {
  const { place } = (note.placement = chosenPlace(request, env));
  const { layers, ...about } = await ask(env, note.placement, (object) => object.describe());
  note.model = about.sha256;
  const { id, tag, timestamp } = env.VERSION ?? {};
  const version = id ? { id, tag: tag ?? "", timestamp: timestamp ?? null } : null;
  const where = { collects: collects(env), place, shards: shardsOf(env), version };
  const body = JSON.stringify({ ...about, layers: JSON.parse(layers), ...where });
  return keepable(request, body, { "Content-Type": "application/json" });
}

/**
 * The bytes of the weights file in service, for whoever runs the kernel elsewhere. They come from
 * the bucket, and only while they are there as they were loaded: a client must never get others
 * than X-Model-Sha256 says.
 */
export async function weights(request: Request, env: Env, note: Note): Promise<Response> {
  const placement = (note.placement = chosenPlace(request, env));
  const { sha256, name, key, etag, bytes } = await ask(env, placement, (object) => object.source());
  note.model = sha256;
  const have = notModified(request, sha256);
  if (have) return have;
  const headers = tagged(sha256, {
    "Content-Type": "application/octet-stream",
    "Content-Length": `${bytes}`,
    "Content-Disposition": `attachment; filename="${sha256.slice(0, 12)}.safetensors"`,
    "X-Model-Sha256": sha256,
    "X-Model-Name": encodeURIComponent(name),
  });
  if (request.method === "HEAD") return new Response(null, { headers });
  const object = await env.MODELS.get(key, { onlyIf: { etagMatches: etag } });
  if (object && "body" in object) return new Response(object.body, { headers });
  const detail =
    `The weights ${sha256.slice(0, 12)} serve, but ${key} in the bucket is no longer what was ` +
    "loaded. Push a file, or promote one: the next request then finds it.";
  throw problem(503, "weights-gone", "Weights not in the bucket", detail, { "Retry-After": "2" });
}

export async function health(request: Request, env: Env, note: Note): Promise<Response> {
  const placement = (note.placement = placeOf(request, env));
  await ask(env, placement, (object) => object.source());
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}

/** The object that ?shard= names, else the first: so an ETag is not that of another object. */
function chosenPlace(request: Request, env: Env): Placement {
  const given = new URL(request.url).searchParams.getAll("shard");
  const last = shardsOf(env) - 1;
  const wanted = given.length === 0 ? "0" : given.join();
  if (/^\d{1,6}$/.test(wanted) && Number(wanted) <= last) {
    return placeOf(request, env, Number(wanted));
  }
  const detail = `shard is ${JSON.stringify(wanted.slice(0, 40))}; give a whole number 0 to ${last}.`;
  throw problem(400, "wrong-shard", "No such shard", detail);
}
