/** One network, packed and ready, in a WebAssembly memory of its own. */
import wasm from "../../kernel/kernel.wasm";
import type { Shape } from "./ops";
import { allocate, type Exports, pack } from "./pack";
import { WeightsRefused } from "./safetensors";
import type { Weights } from "./weights";

export const PIXELS = 784;
const CHUNK = 64; // images a call at most: bounds the memory, and costs nothing
const TURN_COST = 5e8; // multiply-adds, about 25 ms, after which other requests get a turn

/** What came out of a layer for one image. */
export interface Traced {
  /** Of the file's layers; "input" for what enters the first, "probabilities" for the answer. */
  layer: number | "input" | "probabilities";
  shape: number[];
  numbers: Float32Array<ArrayBuffer>;
}

export class Kernel {
  private readonly exports: Exports;
  private readonly labels: number;
  private readonly cost: number;
  private readonly images: number;
  private readonly probabilities: number;
  private readonly shapes: Shape[];
  private readonly steps: number[];

  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights: Weights) {
    this.exports = new WebAssembly.Instance(wasm).exports as unknown as Exports;
    this.labels = weights.labels.length;
    this.cost = weights.cost;
    this.steps = pack(weights, this.exports);
    this.shapes = weights.layers.map(({ after }) => after);
    this.images = allocate(this.exports, (CHUNK * PIXELS) / 4);
    this.probabilities = allocate(this.exports, CHUNK * this.labels);
    const ramp = Uint8Array.from({ length: 2 * PIXELS }, (_, i) => (i < PIXELS ? 0 : i % 256));
    if (!this.some(ramp).every(Number.isFinite)) {
      throw new WeightsRefused("it gives no finite probabilities: its numbers overflow float32");
    }
  }

  /** Bytes of memory that it holds. */
  get size(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** uint8 N x 784 -> float32 N x labels. Others get a turn in between when it takes long. */
  async classify(images: Uint8Array): Promise<Float32Array> {
    const total = images.length / PIXELS;
    const answer = new Float32Array(total * this.labels);
    const most = Math.max(1, Math.min(CHUNK, Math.floor(TURN_COST / this.cost)));
    let spent = 0;
    for (let i = 0; i < total; i += most) {
      if (spent >= TURN_COST) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        spent = 0;
      }
      const chunk = images.subarray(i * PIXELS, (i + most) * PIXELS);
      answer.set(this.some(chunk), i * this.labels);
      spent += most * this.cost;
    }
    return answer;
  }

  /** uint8 784 -> float32 labels, without a turn for anybody else. */
  one(image: Uint8Array): Float32Array<ArrayBuffer> {
    return this.some(image).slice();
  }

  /** How many numbers the layers give for one image, all together. */
  get traceable(): number {
    return this.shapes.reduce((sum, { c, h, w }) => sum + c * h * w, PIXELS);
  }

  /**
   * What each layer gives for one image, uint8 784. Layers that are one step here have one entry,
   * that of the last of them: a convolution and its batch norm, a flatten and its linear layer.
   */
  trace(image: Uint8Array): Traced[] {
    const { memory, trace, count } = this.exports;
    new Uint8Array(memory.buffer, this.images, PIXELS).set(image);
    const found: Traced[] = [];
    let next = 0;
    const note = (layer: Traced["layer"], step: number, shape: number[]) => {
      const size = shape.reduce((a, b) => a * b);
      const from = trace(this.images, next, step);
      const numbers = new Float32Array(memory.buffer, from, size).slice();
      next = step + 1;
      found.push({ layer, shape, numbers });
    };
    note("input", 0, [1, 28, 28]);
    this.shapes.forEach(({ c, h, w, flat }, layer) => {
      const steps = this.steps[layer]!;
      if (steps !== this.steps[layer + 1]) note(layer, steps - 1, flat ? [c] : [c, h, w]);
    });
    note("probabilities", count() - 1, [this.labels]);
    return found;
  }

  /** At most CHUNK images; a view that the next call overwrites. */
  private some(chunk: Uint8Array): Float32Array {
    const { memory, classify } = this.exports;
    const n = chunk.length / PIXELS;
    new Uint8Array(memory.buffer, this.images, chunk.length).set(chunk);
    classify(this.images, n, this.probabilities);
    return new Float32Array(memory.buffer, this.probabilities, n * this.labels);
  }
}
