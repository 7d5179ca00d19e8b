/** One network, packed and ready, in a WebAssembly memory of its own. */
import wasm from "../kernel/kernel.wasm";
import { allocate, type Exports, pack } from "./pack";
import { WeightsRefused } from "./safetensors";
import type { Weights } from "./weights";

export const PIXELS = 784;
const CHUNK = 64; // images a call at most: bounds the memory, and costs nothing
const TURN_COST = 5e8; // multiply-adds, about 25 ms, after which other requests get a turn

export class Kernel {
  private readonly exports: Exports;
  private readonly labels: number;
  private readonly cost: number;
  private readonly images: number;
  private readonly probabilities: number;

  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights: Weights) {
    this.exports = new WebAssembly.Instance(wasm).exports as unknown as Exports;
    this.labels = weights.labels.length;
    this.cost = weights.cost;
    pack(weights, this.exports);
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

  /** At most CHUNK images; a view that the next call overwrites. */
  private some(chunk: Uint8Array): Float32Array {
    const { memory, classify } = this.exports;
    const n = chunk.length / PIXELS;
    new Uint8Array(memory.buffer, this.images, chunk.length).set(chunk);
    classify(this.images, n, this.probabilities);
    return new Float32Array(memory.buffer, this.probabilities, n * this.labels);
  }
}
