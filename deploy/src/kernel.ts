/** One network, packed and ready, in a WebAssembly memory of its own. */
import wasm from "../kernel/kernel.wasm";
import { allocate, type Exports, pack } from "./pack";
import { WeightsRefused } from "./safetensors";
import type { Weights } from "./weights";

export const PIXELS = 784;
const CHUNK = 64; // images a call: bounds the memory, and costs nothing

export class Kernel {
  private readonly exports: Exports;
  private readonly labels: number;
  private readonly images: number;
  private readonly probabilities: number;

  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights: Weights) {
    this.exports = new WebAssembly.Instance(wasm).exports as unknown as Exports;
    this.labels = weights.labels.length;
    pack(weights, this.exports);
    this.images = allocate(this.exports, (CHUNK * PIXELS) / 4);
    this.probabilities = allocate(this.exports, CHUNK * this.labels);
    const ramp = Uint8Array.from({ length: 2 * PIXELS }, (_, i) => (i < PIXELS ? 0 : i % 256));
    if (!this.classify(ramp).every(Number.isFinite)) {
      throw new WeightsRefused("it gives no finite probabilities: its numbers overflow float32");
    }
  }

  /** Bytes of memory that it holds. */
  get size(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** uint8 N x 784 -> float32 N x labels. */
  classify(images: Uint8Array): Float32Array {
    const { memory, classify } = this.exports;
    const total = images.length / PIXELS;
    const answer = new Float32Array(total * this.labels);
    for (let i = 0; i < total; i += CHUNK) {
      const n = Math.min(CHUNK, total - i);
      const chunk = images.subarray(i * PIXELS, (i + n) * PIXELS);
      new Uint8Array(memory.buffer, this.images, chunk.length).set(chunk);
      classify(this.images, n, this.probabilities);
      const values = new Float32Array(memory.buffer, this.probabilities, n * this.labels);
      answer.set(values, i * this.labels);
    }
    return answer;
  }
}
