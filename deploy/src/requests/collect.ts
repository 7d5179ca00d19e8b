/**
 * What a class gives to its edge, where the setting COLLECT is "on" and each of them agrees:
 * POST and DELETE /drawings, GET and POST /bets. Nobody reads the drawings here: they are a file of the
 * bucket, for who holds its keys.
 */
import type { Env } from "../env";
import { PIXELS } from "../network/kernel";
import { show } from "../network/safetensors";
import { type Collected, MAX_BETS, MAX_DRAWINGS } from "../object/collected";
import { problem } from "../problem";
import { encodingOf, readImages } from "./body";
import type { Note } from "./log";

export const QUESTION = "^[a-z0-9-]{1,60}$";
export const ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";

export function collects(env: Env): boolean {
  return env.COLLECT === "on";
}

export async function keepDrawing(request: Request, env: Env, note: Note): Promise<Response> {
  requireOn(env);
  const [label, consent] = [parameter(request, "label"), parameter(request, "consent")];
  if (consent !== "yes") {
    const detail = `consent is ${show(consent)}; a drawing is kept only with consent=yes, by who drew it.`;
    throw problem(400, "no-consent", "No consent", detail);
  }
  if (!/^[0-9]$/.test(label ?? "")) {
    throw problem(400, "wrong-label", "Wrong label", `label is ${show(label)}; give a digit, 0 to 9.`);
  }
  if (encodingOf(request) !== "octets") {
    // Nor may a page elsewhere give in the name of its visitors: text it could send without asking.
    const detail = `Content-Type is JSON; send application/octet-stream, the ${PIXELS} bytes.`;
    throw problem(415, "unsupported-type", "Unsupported media type", detail);
  }
  const image = await readImages(request, "octets");
  note.images = image.length / PIXELS;
  if (image.length !== PIXELS) {
    const detail = `The body has ${note.images} images; they are kept one by one.`;
    throw problem(400, "wrong-shape", "Wrong shape", detail);
  }
  if (!image.some((pixel) => pixel > 0)) {
    throw problem(400, "no-ink", "Nothing drawn", "All pixels are 0; draw a digit first.");
  }
  const id = await ask(env, (object) => object.keep(image, Number(label)));
  if (id !== null) return answer({ id }, 201);
  const detail =
    `The class has given ${MAX_DRAWINGS} drawings, and no more are kept; whoever holds the ` +
    "bucket's keys can move them elsewhere.";
  throw problem(507, "full", "No more room", detail);
}

/** Also where nothing is collected any more: what was given can always be taken back. */
export async function takeBack(request: Request, env: Env): Promise<Response> {
  const id = parameter(request, "id");
  if (!new RegExp(ID).test(id ?? "")) {
    const detail = `id is ${show(id)}; give the one that came when the drawing was kept.`;
    throw problem(400, "wrong-id", "Wrong id", detail);
  }
  if (await ask(env, (object) => object.takeBack(id!))) return new Response(null, { status: 204 });
  const detail = "No drawing of this id is kept: it was taken back before, or all were deleted.";
  throw problem(404, "not-kept", "Not kept", detail);
}

/** GET tells the bets on a question, POST counts one more first. */
export async function bets(request: Request, env: Env): Promise<Response> {
  requireOn(env);
  const [question, text] = [parameter(request, "question"), parameter(request, "value")];
  if (!new RegExp(QUESTION).test(question ?? "")) {
    const detail = `question is ${show(question)}; give 1 to 60 of a-z, 0-9 and "-".`;
    throw problem(400, "wrong-question", "Wrong question", detail);
  }
  const value = request.method === "POST" ? Number(text?.trim() || NaN) : null;
  if (value !== null && !(Math.abs(value) <= 1e9)) {
    throw problem(400, "wrong-bet", "Wrong bet", `value is ${show(text)}; give a number up to 1e9.`);
  }
  const counts = await ask(env, (object) => object.bets(question!, value));
  if (counts !== null) return answer({ bets: counts.map(([value, count]) => ({ value, count })) }, 200);
  const detail = `There are ${MAX_BETS} bets on this question, or too many questions, until tomorrow.`;
  throw problem(507, "full", "No more room", detail);
}

function requireOn(env: Env): void {
  if (collects(env)) return;
  const detail = "This edge collects nothing; whoever deployed it can set COLLECT to on.";
  throw problem(404, "collecting-off", "Nothing is collected", detail);
}

function parameter(request: Request, name: string): string | null {
  return new URL(request.url).searchParams.get(name);
}

function answer(body: object, status: number): Response {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}

/** Never asked twice: a drawing must not be kept twice, with one of the ids lost. */
async function ask<T>(
  env: Env,
  question: (object: DurableObjectStub<Collected>) => Promise<T>,
): Promise<T> {
  try {
    return await question(env.COLLECTED.getByName("class"));
  } catch (error) {
    console.error(JSON.stringify({ event: "not collected", error: String(error) }));
    const detail = "It could not be written just now; send it again, or ask whoever reads this edge's log.";
    throw problem(503, "busy", "Try again", detail, { "Retry-After": "1" });
  }
}
