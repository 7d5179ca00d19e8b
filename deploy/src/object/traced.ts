/** What each layer gives, as a safetensors file. */
import type { Kernel, Traced } from "../network/kernel";
import { problem } from "../problem";

const MAX_NUMBERS = 1e6; // of all layers, 4 MB; ours give 64,000

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
