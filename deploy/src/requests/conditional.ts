/** Answers that a client may keep: an ETag, and 304 for those who have them already. */
import { sha256Of } from "../network/digest";

/** How the headers of such an answer begin: kept by the client alone, asked about each time. */
const KEPT = { "Cache-Control": "private, no-cache" };

/** `body` with the ETag of its text; 304 without it when the client has it. */
export async function keepable(
  request: Request,
  body: string,
  headers: Record<string, string>,
): Promise<Response> {
  const tag = (await sha256Of(body)).slice(0, 32);
  return notModified(request, tag) ?? new Response(body, { headers: tagged(tag, headers) });
}

/** 304 when the client says that it has `tag`, else null. */
export function notModified(request: Request, tag: string): Response | null {
  const has = (request.headers.get("If-None-Match") ?? "")
    .split(",")
    .map((word) => word.trim().replace(/^W\//, ""));
  if (!has.includes(`"${tag}"`) && !has.includes("*")) return null;
  return new Response(null, { status: 304, headers: tagged(tag) });
}

/** Headers of an answer that has `tag`. */
export function tagged(tag: string, headers: Record<string, string> = {}): Record<string, string> {
  return { ...KEPT, ETag: `"${tag}"`, ...headers };
}
