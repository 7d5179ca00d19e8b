/** One network, packed and ready, in a WebAssembly memory of its own. */
import wasm from "../kernel/kernel.wasm";
import { pack } from "./pack";
import { WeightsRefused } from "./safetensors";
import type { Weights } from "./weights";

export const PIXELS = 784;
const CHUNK = 64; // images a call: bounds the memory, and costs nothing
const MAX_MEMORY = 32 << 20; // an isolate has 128 MB; at a change it holds two models and a file
const PAGE = 65536;

interface Exports {
  memory: WebAssembly.Memory;
  __heap_base: WebAssembly.Global;
  classify(
    steps: number,
    count: number,
    images: number,
    n: number,
    probabilities: number,
    labels: number,
  ): void;
}

export class Kernel {
  private readonly exports: Exports;
  private readonly labels: number;
  private readonly steps: number;
  private readonly count: number;
  private readonly images: number;
  private readonly probabilities: number;
  private top: number;

  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights: Weights) {
    this.exports = new WebAssembly.Instance(wasm).exports as unknown as Exports;
    this.top = this.exports.__heap_base.value;
    this.labels = weights.labels.length;
    const allocate = (bytes: number) => this.allocate(bytes);
    ({ steps: this.steps, count: this.count } = pack(weights, this.exports.memory, allocate));
    this.images = this.allocate(CHUNK * PIXELS);
    this.probabilities = this.allocate(CHUNK * this.labels * 4);
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
      classify(this.steps, this.count, this.images, n, this.probabilities, this.labels);
      const values = new Float32Array(memory.buffer, this.probabilities, n * this.labels);
      answer.set(values, i * this.labels);
    }
    return answer;
  }

  private allocate(bytes: number): number {
    const address = (this.top + 15) & ~15;
    this.top = address + bytes;
    const { memory } = this.exports;
    const missing = this.top - memory.buffer.byteLength;
    if (this.top > MAX_MEMORY) {
      throw new WeightsRefused(
        `packed it needs more than ${MAX_MEMORY} bytes: use fewer or smaller layers`,
      );
    }
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    return address;
  }
}
