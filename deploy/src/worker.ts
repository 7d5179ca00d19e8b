/** The Worker: routes, and the way to the Durable Object that answers. */
import { admit, corsHeaders } from "./access";
import { encodingOf, readImages } from "./body";
import type { Classified, Classifier, Settled } from "./classifier";
import { type Env, setting } from "./env";
import { Problem, problem, problemResponse, unforeseen } from "./problem";

export { Classifier } from "./classifier";

type Handler = (request: Request, env: Env) => Promise<Response>;

const ROUTES: Record<string, Record<string, Handler>> = {
  "/classify": { POST: classify },
  "/model": { GET: describe, HEAD: describe },
  "/healthz": { GET: health, HEAD: health },
};

export default {
  async fetch(request, env): Promise<Response> {
    let response: Response;
    try {
      response = await route(request, env);
    } catch (error) {
      response = error instanceof Problem ? problemResponse(error.fields) : unforeseen(error);
    }
    const headless = request.method === "HEAD";
    const answer = new Response(headless ? null : response.body, response);
    answer.headers.set("X-Content-Type-Options", "nosniff");
    for (const [name, value] of Object.entries(corsHeaders(request, env))) {
      answer.headers.set(name, value);
    }
    return answer;
  },
} satisfies ExportedHandler<Env>;

async function route(request: Request, env: Env): Promise<Response> {
  const { pathname } = new URL(request.url);
  const methods = Object.hasOwn(ROUTES, pathname) ? ROUTES[pathname]! : null;
  const handler = methods?.[request.method];
  if (handler) return handler(request, env);
  if (methods) return otherMethod(request, Object.keys(methods));
  return asset(request, env);
}

/** The page and its files. */
async function asset(request: Request, env: Env): Promise<Response> {
  const reading = request.method === "GET" || request.method === "HEAD";
  const probe = reading ? request : new Request(request.url, { method: "HEAD" });
  const response = await env.ASSETS.fetch(probe);
  if (response.status === 404) {
    const { pathname } = new URL(request.url);
    const known = Object.keys(ROUTES).join(", ");
    const detail = `There is no ${pathname} here, but /, ${known}.`;
    throw problem(404, "unknown-path", "Not found", detail);
  }
  return reading ? response : otherMethod(request, ["GET", "HEAD"]);
}

function otherMethod(request: Request, methods: string[]): Response {
  const allow = [...methods, "OPTIONS"].join(", ");
  if (request.method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { Allow: allow } });
  }
  const detail = `${request.method} is not possible here; use ${methods.join(" or ")}.`;
  throw problem(405, "wrong-method", "Method not allowed", detail, { Allow: allow });
}

async function classify(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const encoding = encodingOf(request);
  const octets = encoding === "octets" && wantsOctets(request.headers.get("Accept") ?? "*/*");
  const images = await readImages(request, encoding);
  const place = placeOf(request, env);
  const start = Date.now();
  const answer = await ask<Classified>(env, place, (object) => object.classify(images));
  const headers = answerHeaders(answer, place, Date.now() - start);
  const { probabilities, labels, model, cold } = answer;
  if (octets) {
    headers.set("Content-Type", "application/octet-stream");
    return new Response(probabilities, { headers }); // wasm and every CPU here: little-endian
  }
  const rows = Array.from({ length: probabilities.length / labels }, (_, i) => [
    ...probabilities.subarray(i * labels, (i + 1) * labels),
  ]);
  const body = encoding === "json" ? rows[0] : { probabilities: rows, model, cold, place };
  return Response.json(body, { headers });
}

/** Which of the two answers to a binary request the client prefers; binary when both will do. */
function wantsOctets(accept: string): boolean {
  const weight = (type: string): number => {
    const ranges = [type, `${type.split("/")[0]}/*`, "*/*"];
    const found = accept.split(",").map((part) => {
      const [range = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
      const q = parameters.find((word) => word.startsWith("q="))?.slice(2);
      return { rank: ranges.indexOf(range), q: q === undefined ? 1 : Number(q) };
    });
    const best = found.filter(({ rank }) => rank >= 0).sort((a, b) => a.rank - b.rank)[0];
    return best && best.q > 0 ? best.q : 0;
  };
  const [octets, json] = [weight("application/octet-stream"), weight("application/json")];
  if (octets === 0 && json === 0) {
    throw problem(
      406,
      "not-acceptable",
      "Not acceptable",
      "Accept allows neither application/octet-stream nor application/json; ask for one of them.",
    );
  }
  return octets >= json;
}

function answerHeaders(answer: Classified, place: Place, ms: number): Headers {
  const { model, cold, loadMs } = answer;
  const plain = /^[\w.+-]+$/.test(model.name);
  // The clock of a Worker stands still while it computes, so only waits are told: the way to the
  // object and back with all that happens there, and the load from R2.
  const timing = [`object;dur=${ms};desc="Durable Object, there and back"`];
  if (cold) timing.push(`load;dur=${loadMs};desc="weights from R2"`);
  return new Headers({
    "X-Model-Sha256": model.sha256,
    "X-Model-Name": plain ? model.name : encodeURIComponent(model.name),
    "X-Cold": cold ? "1" : "0",
    "X-Place": JSON.stringify(place),
    "Server-Timing": timing.join(", "),
    "Cache-Control": "no-store",
  });
}

async function describe(request: Request, env: Env): Promise<Response> {
  await admit(request, env);
  const about = await ask(env, placeOf(request, env), (object) => object.describe());
  return Response.json(about, { headers: { "Cache-Control": "no-store" } });
}

async function health(request: Request, env: Env): Promise<Response> {
  await ask(env, placeOf(request, env), (object) => object.describe());
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}

interface Place {
  /** Name of the Durable Object. */
  object: string;
  continent: string | null;
  colo: string | null;
  local: boolean;
}

/** Where this request is answered. On one's own machine `request.cf` is invented, so not used. */
function placeOf(request: Request, env: Env): Place {
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(new URL(request.url).hostname);
  const continent = (local ? null : (request.cf?.continent as string | undefined)) ?? null;
  const colo = (local ? null : (request.cf?.colo as string | undefined)) ?? null;
  const shards = Math.floor(setting(env.SHARDS, 1, 1));
  const shard = shards > 1 ? `#${Math.floor(Math.random() * shards)}` : "";
  return { object: (continent ?? "default") + shard, continent, colo, local };
}

/** Calls the Durable Object; its problems are thrown here. */
async function ask<T>(
  env: Env,
  place: Place,
  call: (object: DurableObjectStub<Classifier>) => PromiseLike<unknown>,
): Promise<T> {
  let settled: Settled<T>;
  try {
    settled = (await call(env.CLASSIFIER.getByName(place.object))) as Settled<T>;
  } catch (error) {
    // Set by the runtime when the object is overloaded, or was moved or updated under the request.
    const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
    if (!retryable && !overloaded) throw error;
    const detail = "The Durable Object was moved or has too much to do; send the request again.";
    throw problem(503, "busy", "Try again", detail, { "Retry-After": "1" });
  }
  if (settled.ok) return settled.value;
  throw new Problem(settled.problem);
}
