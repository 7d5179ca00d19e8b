/** Packed weights, and those that this isolate keeps. */
import { Kernel } from "../network/kernel";
import { readWeights, type Weights } from "../network/weights";
import type { Download } from "./release";

/** Packed weights. */
export interface Model {
  sha256: string;
  bytes: number;
  /** Of the object in the bucket that they were read from. */
  etag: string;
  kernel: Kernel;
  weights: Omit<Weights, "layers">;
}

/**
 * The last packed models by sha256, for all objects of this isolate: an object that was evicted and
 * comes back, or a roll back, need not load again.
 */
export const packed = new Map<string, Model>();
export const MAX_PACKED = 32 << 20; // bytes in all, as an isolate has 128 MB

/** Notes that a model is in use; the ones unused for longest go when memory is short. */
export function used(model: Model): Model {
  packed.delete(model.sha256); // and back in at the end
  packed.set(model.sha256, model);
  let size = [...packed.values()].reduce((sum, { kernel }) => sum + kernel.size, 0);
  for (const [sha256, { kernel }] of packed) {
    if (size <= MAX_PACKED) break;
    packed.delete(sha256);
    size -= kernel.size;
  }
  return model;
}

export function load({ file, sha256, etag }: Download): Model {
  const { layers, ...weights } = readWeights(file);
  const kernel = new Kernel({ ...weights, layers });
  return { sha256, bytes: file.length, etag, kernel, weights };
}
