/** What the protocol's document is put together from: headers, problems, and how a path is described. */
import { MAX_IMAGES } from "../requests/body";

export const text = { type: "string" };
export const count = { type: "integer", minimum: 0 };
export const sha256 = { type: "string", pattern: "^[0-9a-f]{64}$" };
export const orNull = (schema: object) => ({ anyOf: [schema, { type: "null" }] });
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
export const record = (properties: Record<string, object>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
export const header = (description: string, schema: object = text, required = true) => ({
  description,
  required,
  schema,
});

export const nosniff = { "X-Content-Type-Options": header("`nosniff`", { const: "nosniff" }) };
const retryAfter = { "Retry-After": header("Seconds to wait.", { ...count, minimum: 1 }) };
export const kept = {
  ...nosniff,
  ETag: header("Changes when the answer does.", { type: "string", pattern: '^"[0-9a-f]+"$' }),
  "Cache-Control": header("`private, no-cache`: keep it, and ask with `If-None-Match`."),
};

const problem = (description: string, headers: object = {}) => ({
  description,
  headers: { ...nosniff, "Cache-Control": header("`no-store`"), ...headers },
  content: { "application/problem+json": { schema: ref("Problem") } },
});
const bare = ({ description, headers }: { description: string; headers: object }) => ({
  description,
  headers,
});
export const json = (description: string, schema: object, headers: object) => ({
  description,
  headers,
  content: { "application/json": { schema } },
});

const PROBLEMS = {
  "400": problem("Wrong shape, range or parameter; the detail names the value."),
  "401": problem("The token is missing or another one.", {
    "WWW-Authenticate": header("`Bearer`"),
  }),
  "404": problem("Nothing is here, or it is switched off."),
  "405": problem("Another method is needed.", { Allow: header("The methods possible.") }),
  "406": problem("No answer of a type that Accept allows."),
  "413": problem(`The body is larger than ${MAX_IMAGES} images, or than 64 KiB of JSON.`),
  "415": problem("The body's type or encoding is not read."),
  "422": problem("The weights overflow float32 on this image."),
  "429": problem("Too many requests from this address.", retryAfter),
  "500": problem("A fault of the Worker; `request_id` finds it in the log."),
  "503": problem("No model yet, or the object is busy; the detail says what to do.", retryAfter),
  "507": problem("The class has given as much as is kept."),
};
export const problems = (...statuses: (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries(statuses.map((status) => [status, PROBLEMS[status]]));
const headProblems = (...statuses: (keyof typeof PROBLEMS)[]) =>
  Object.fromEntries(statuses.map((status) => [status, bare(PROBLEMS[status])]));

const NOT_MODIFIED = { description: "The client has it.", headers: kept };
export const OPEN: object[] = [];
export const TOKEN = [{}, { token: [] }]; // {}: most edges ask for none
export const IF_NONE_MATCH = {
  name: "If-None-Match",
  in: "header",
  description: "ETags of what the client has.",
  schema: text,
};

export const options = (operationId: string, allow: string) => ({
  operationId,
  summary: "What is possible here; also the preflight of a browser.",
  security: OPEN,
  responses: {
    "204": {
      description: "CORS headers come with it for the origins in ALLOWED_ORIGINS.",
      headers: { ...nosniff, Allow: header(allow, { const: allow }) },
    },
  },
});
const READ = "GET, HEAD, OPTIONS";

/** GET, HEAD and OPTIONS of one path. */
export function readable(
  id: string,
  what: { summary: string; security: object[]; parameters?: object[] },
  ok: { description: string; headers: object; content: object },
  statuses: (keyof typeof PROBLEMS)[],
  notModified: boolean,
) {
  const unchanged = notModified ? { "304": NOT_MODIFIED } : {};
  const get = { "200": ok, ...unchanged, ...problems(...statuses) };
  const head = { "200": bare(ok), ...unchanged, ...headProblems(...statuses) };
  return {
    get: { operationId: id, ...what, responses: get },
    head: { operationId: `${id}Head`, ...what, responses: head },
    options: options(`${id}Options`, READ),
  };
}
