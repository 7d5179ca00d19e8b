/** Who may call: the optional bearer token, the optional rate limit, and other sites' scripts. */
import type { Env } from "./env";
import { problem } from "./problem";

/** Lets a request pass or throws a problem: 401 without the token, 429 too often. */
export async function admit(request: Request, env: Env): Promise<void> {
  if (env.EDGE_TOKEN) {
    const [scheme = "", token = ""] = (request.headers.get("Authorization") ?? "").split(/ +/);
    if (scheme.toLowerCase() !== "bearer" || !(await sameText(token, env.EDGE_TOKEN))) {
      throw problem(
        401,
        "unauthorized",
        "Token needed",
        "This edge asks for `Authorization: Bearer <token>`; the token sent is " +
          `${token ? "another one" : "missing"}. Ask whoever deployed it.`,
        { "WWW-Authenticate": 'Bearer realm="mnist-nb"' },
      );
    }
  }
  if (env.RATE_LIMITER) {
    const key = request.headers.get("CF-Connecting-IP") ?? "unknown";
    if (!(await env.RATE_LIMITER.limit({ key })).success) {
      const detail = "Too many requests from this address; wait 10 seconds.";
      throw problem(429, "too-many", "Too many requests", detail, { "Retry-After": "10" });
    }
  }
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
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Expose-Headers":
      "ETag, X-Model-Sha256, X-Model-Name, X-Cold, X-Place, Server-Timing, Retry-After",
    "Access-Control-Max-Age": "600",
    Vary: "Origin",
  };
}
