/** POST /trace: what each layer of the kernel gives for one image, as a safetensors file. */
import type { Env } from "../env";
import { PIXELS } from "../network/kernel";
import { problem } from "../problem";
import { encodingOf, readImages } from "./body";
import type { Note } from "./log";
import { ask, placeOf } from "./place";

export async function trace(request: Request, env: Env, note: Note): Promise<Response> {
  if (env.TRACE !== "on") {
    const detail =
      "This edge does not tell what its layers give; whoever deployed it can set TRACE to on.";
    throw problem(404, "trace-off", "Traces are off", detail);
  }
  const image = await readImages(request, encodingOf(request));
  note.images = image.length / PIXELS;
  if (image.length !== PIXELS) {
    const detail = `The body has ${image.length / PIXELS} images; a trace is of one.`;
    throw problem(400, "wrong-shape", "Wrong shape", detail);
  }
  const placement = (note.placement = placeOf(request, env));
  const { file, model } = await ask(env, placement, (object) => object.trace(image));
  note.model = model;
  const headers = { "Content-Type": "application/octet-stream", "X-Model-Sha256": model };
  return new Response(file, {
    headers: { ...headers, "X-Place": JSON.stringify(placement.place), "Cache-Control": "no-store" },
  });
}
