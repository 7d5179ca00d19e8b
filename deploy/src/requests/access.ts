/** Who may call, and how much: the bearer token, the rate limit, and other sites' scripts. */
import type { Env } from "../env";
import { problem } from "../problem";

/** Lets a request with the token pass, if there is one; 401 without it. */
export async function admit(request: Request, env: Env): Promise<void> {
  if (!env.EDGE_TOKEN) return;
  const [scheme = "", token = ""] = (request.headers.get("Authorization") ?? "").split(/ +/);
  if (scheme.toLowerCase() === "bearer" && (await sameText(token, env.EDGE_TOKEN))) return;
  throw problem(
    401,
    "unauthorized",
    "Token needed",
    "This edge asks for `Authorization: Bearer <token>`; the token sent is " +
      `${token ? "another one" : "missing"}. Ask whoever deployed it.`,
    { "WWW-Authenticate": 'Bearer realm="mnist-nb"' },
  );
}

/**
 * Counts that much more against the optional rate limit, or throws a problem, 429. A request counts
 * one before anything is known of it, so that wrong tokens and health checks count too; each image
 * after its first counts one more.
 */
export async function countMore(request: Request, env: Env, amount: number): Promise<void> {
  if (!env.RATE_LIMITER || amount === 0) return;
  const key = networkOf(request.headers.get("CF-Connecting-IP") ?? "unknown");
  if ((await env.RATE_LIMITER.limit({ key, delta: amount })).success) return;
  const detail = "Too many requests or images from this address; wait 10 seconds, then send less.";
  throw problem(429, "too-many", "Too many requests", detail, { "Retry-After": "10" });
}

/** An IPv4 address, or the /64 of an IPv6 one: who has one address of it has all of them. */
function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address);
  if (mapped || !address.includes(":")) return mapped?.[1] ?? address;
  const [head = [], tail] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array<string>(tail ? Math.max(0, 8 - head.length - tail.length) : 0).fill("0");
  const groups = [...head, ...zeros, ...(tail ?? [])].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}

/** Compares digests, which have one length, in a time that does not tell where they differ. */
async function sameText(a: string, b: string): Promise<boolean> {
  const digest = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(await digest(a), await digest(b));
}

/**
 * Headers that let a script of an allowed origin read the answer. Where some origin is allowed, an
 * answer depends on the origin, and caches are told so in every answer.
 */
export function corsHeaders(request: Request, env: Env): Record<string, string> {
  const words = (env.ALLOWED_ORIGINS ?? "").split(",").map((origin) => origin.trim());
  const allowed = words.filter((origin) => origin !== "");
  if (allowed.length === 0) return {};
  const origin = request.headers.get("Origin");
  if (!origin || !allowed.includes(origin)) return { Vary: "Origin" };
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-None-Match",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE, OPTIONS",
    "Access-Control-Expose-Headers":
      "ETag, X-Model-Sha256, X-Model-Name, X-Cold, X-Place, Server-Timing, Retry-After",
    "Access-Control-Max-Age": "600",
    Vary: "Origin",
  };
}
