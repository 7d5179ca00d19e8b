/** POST /trace: what each layer of the kernel gives for one image, as a safetensors file. */
import { encodingOf, readImages } from "./body";
import type { Env } from "./env";
import { type Kernel, PIXELS, type Traced } from "./kernel";
import type { Note } from "./log";
import { ask, placeOf } from "./place";
import { problem } from "./problem";

const MAX_NUMBERS = 1e6; // of all layers, 4 MB; ours give 64,000

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

/** Tensors "input", "0", "1", ... for the layers of the weights file, and "probabilities". */
export function traceFile(kernel: Kernel, image: Uint8Array): Uint8Array<ArrayBuffer> {
  if (kernel.traceable > MAX_NUMBERS) {
    const detail = `The layers give ${kernel.traceable} numbers, and a trace is of ${MAX_NUMBERS}.`;
    throw problem(413, "too-much", "Too much to tell", detail);
  }
  const parts = kernel.trace(image);
  let end = 0;
  const entry = ({ layer, shape, numbers }: Traced) => {
    const begin = end;
    end += numbers.byteLength;
    return [layer, { dtype: "F32", shape, data_offsets: [begin, end] }];
  };
  const text = JSON.stringify(Object.fromEntries(parts.map(entry)));
  const header = new TextEncoder().encode(text.padEnd(text.length + (-text.length & 7)));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setUint32(0, header.length, true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const { numbers } of parts) {
    file.set(new Uint8Array(numbers.buffer), at);
    at += numbers.byteLength;
  }
  return file;
}
