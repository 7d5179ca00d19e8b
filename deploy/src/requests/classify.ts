/** POST /classify. */
import type { Env } from "../env";
import { PIXELS } from "../network/kernel";
import type { Choice, Classified } from "../object/classifier";
import { problem } from "../problem";
import { countMore } from "./access";
import { encodingOf, readImages } from "./body";
import type { Note } from "./log";
import { ask, type Place, placeOf } from "./place";

export async function classify(request: Request, env: Env, note: Note): Promise<Response> {
  const encoding = encodingOf(request);
  const octets = encoding === "octets" && wantsOctets(request.headers.get("Accept") ?? "*/*");
  const choice = choiceOf(request);
  const images = await readImages(request, encoding);
  note.images = images.length / PIXELS;
  await countMore(request, env, note.images - 1);
  note.placement = placeOf(request, env);
  const { place } = note.placement;
  const start = Date.now();
  const answer = await ask(env, note.placement, (object) => object.classify(images, choice));
  const { probabilities, labels, model, cold } = answer;
  note.cold = cold;
  note.model = model.sha256;
  const headers = answerHeaders(answer, place, Date.now() - start);
  if (octets) {
    headers["Content-Type"] = "application/octet-stream";
    return new Response(probabilities, { headers }); // wasm and every CPU here: little-endian
  }
  const rows = Array.from({ length: images.length / PIXELS }, (_, i) => [
    ...probabilities.subarray(i * labels, (i + 1) * labels),
  ]);
  const body = encoding === "json" ? rows[0] : { probabilities: rows, model, cold, place };
  return Response.json(body, { headers });
}

/** Which of the two of a trial is asked for. */
function choiceOf(request: Request): Choice {
  if (!request.url.includes("?")) return null;
  const given = new URL(request.url).searchParams.getAll("model");
  if (given.length === 0) return null;
  const [wanted] = given;
  if (given.length === 1 && (wanted === "current" || wanted === "candidate")) return wanted;
  const detail = `model is ${JSON.stringify(given.join().slice(0, 40))}; give current or candidate.`;
  throw problem(400, "wrong-model", "No such model", detail);
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

function answerHeaders(answer: Classified, place: Place, ms: number): Record<string, string> {
  const { model, cold, loadMs, candidate } = answer;
  const plain = /^[\w.+-]+$/.test(model.name);
  // The clock of a Worker stands still while it computes, so only waits are told: the way to the
  // object and back with all that happens there, and the load from R2.
  const timing = [`object;dur=${ms};desc="Durable Object, there and back"`];
  if (cold) timing.push(`load;dur=${loadMs};desc="weights from R2"`);
  return {
    "X-Model-Sha256": model.sha256,
    "X-Model-Name": plain ? model.name : encodeURIComponent(model.name),
    "X-Cold": cold ? "1" : "0",
    ...(candidate ? { "X-Candidate-Sha256": candidate } : {}),
    "X-Place": JSON.stringify(place),
    "Server-Timing": timing.join(", "),
    "Cache-Control": "no-store",
  };
}
