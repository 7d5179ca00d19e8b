/** The Worker: routes, what all answers share, and one line in the log for each. */
import type { Env } from "./env";
import { openapiOf } from "./openapi/openapi";
import { Problem, problem, problemResponse, unforeseen } from "./problem";
import { admit, corsHeaders, countMore } from "./requests/access";
import { classify } from "./requests/classify";
import { bets, keepDrawing, takeBack } from "./requests/collect";
import { keepable } from "./requests/conditional";
import { blankNote, logRequest, type Note } from "./requests/log";
import { describe, health, weights } from "./requests/model";
import { shardsOf } from "./requests/place";
import { trace } from "./requests/trace";
import { watch } from "./watch";

export { Classifier } from "./object/classifier";
export { Collected } from "./object/collected";

type Handler = (request: Request, env: Env, note: Note) => Promise<Response>;

const ROUTES = new Map<string, Record<string, Handler>>([
  ["/classify", { POST: admitted(classify) }],
  ["/trace", { POST: admitted(trace) }],
  ["/drawings", { POST: admitted(keepDrawing), DELETE: admitted(takeBack) }],
  ["/bets", { GET: admitted(bets), HEAD: admitted(bets), POST: admitted(bets) }],
  ["/model", { GET: admitted(describe), HEAD: admitted(describe) }],
  ["/model/weights", { GET: admitted(weights), HEAD: admitted(weights) }],
  ["/healthz", { GET: health, HEAD: health }],
  ["/openapi.json", { GET: openapi, HEAD: openapi }],
]);

export default {
  async fetch(request, env): Promise<Response> {
    const start = Date.now();
    const note = blankNote();
    let response: Response;
    try {
      response = await route(request, env, note);
    } catch (error) {
      response = error instanceof Problem ? problemResponse(error.fields) : unforeseen(error);
    }
    const answer = request.method === "HEAD" ? new Response(null, response) : response;
    answer.headers.set("X-Content-Type-Options", "nosniff");
    for (const [name, value] of Object.entries(corsHeaders(request, env))) {
      answer.headers.append(name, value);
    }
    logRequest(request, answer.status, Date.now() - start, note);
    return answer;
  },

  /** Only where wrangler.jsonc has a cron. */
  async scheduled(_, env): Promise<void> {
    await watch(env);
  },
} satisfies ExportedHandler<Env>;

async function route(request: Request, env: Env, note: Note): Promise<Response> {
  const { pathname } = new URL(request.url);
  const methods = ROUTES.get(pathname);
  if (methods) note.path = pathname; // also in the log of a request that is one too many
  await countMore(request, env, 1);
  if (!methods) return asset(request, env, note);
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  return handler ? handler(request, env, note) : otherMethod(request, Object.keys(methods));
}

/** Behind the token. */
function admitted(handler: Handler): Handler {
  return async (request, env, note) => {
    await admit(request, env);
    return handler(request, env, note);
  };
}

async function openapi(request: Request, env: Env): Promise<Response> {
  return keepable(request, JSON.stringify(openapiOf(shardsOf(env))), { "Content-Type": "application/json" });
}

/** The page and its files, for a local edge. Online these go before the Worker, and what comes is no file. */
async function asset(request: Request, env: Env, note: Note): Promise<Response> {
  const reading = request.method === "GET" || request.method === "HEAD";
  const probe = reading ? request : new Request(request.url, { method: "HEAD" });
  const response = await env.ASSETS.fetch(probe);
  const { pathname } = new URL(request.url);
  if (response.status === 404) {
    const known = [...ROUTES.keys()].join(", ");
    const detail = `There is no ${pathname.slice(0, 100)} here, but /, ${known}.`;
    throw problem(404, "unknown-path", "Not found", detail);
  }
  note.path = pathname;
  if (!reading) return otherMethod(request, ["GET", "HEAD"]);
  return new Response(response.body, response); // one whose headers may be added to
}

function otherMethod(request: Request, methods: string[]): Response {
  const allow = [...methods, "OPTIONS"].join(", ");
  if (request.method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { Allow: allow } });
  }
  const detail = `${request.method} is not possible here; use ${methods.join(" or ")}.`;
  throw problem(405, "wrong-method", "Method not allowed", detail, { Allow: allow });
}
