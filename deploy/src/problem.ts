/** Errors as clients see them: RFC 9457 `application/problem+json`. */

export interface ProblemFields {
  status: number;
  /** Short name, the same for each occurrence: `too-large`. */
  kind: string;
  title: string;
  /** What happened, the value, and what to do. */
  detail: string;
  headers?: Record<string, string>;
}

/** An error that is meant for the client. */
export class Problem extends Error {
  constructor(readonly fields: ProblemFields) {
    super(fields.detail);
  }
}

export function problem(
  status: number,
  kind: string,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
): Problem {
  return new Problem({ status, kind, title, detail, headers });
}

export function problemResponse(fields: ProblemFields, more: object = {}): Response {
  const { status, kind, title, detail, headers } = fields;
  const body = { type: `urn:mnist-nb:problem:${kind}`, title, status, detail, ...more };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...headers,
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
    },
  });
}

/** An error that nobody foresaw: the client learns an id, the log the rest. */
export function unforeseen(error: unknown): Response {
  const id = crypto.randomUUID();
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ event: "unforeseen error", request_id: id, error: text }));
  const detail = `Something failed that should not have. Try again, or report request id ${id}.`;
  return problemResponse(
    { status: 500, kind: "internal", title: "Internal error", detail },
    { request_id: id },
  );
}
