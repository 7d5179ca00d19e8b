/**
 * Turns checked weights into the steps of kernel.c: batch norm folded into the convolution before
 * it, weights in the order in which the kernel's loops read them, channels padded to multiples of
 * 4. kernel.c describes the layout.
 */
import { indexOfNotFinite, type Tensor, WeightsRefused } from "./safetensors";
import type { Layer, Weights } from "./weights";

/** The ops and fields of `struct step` in kernel.c, in its order. */
const OP = {
  input: 0,
  pad: 1,
  conv2d: 2,
  scaleShift: 3,
  relu: 4,
  gelu: 5,
  maxpool2d: 6,
  linear: 7,
  softmax: 8,
};
const STEP_WORDS = 20;

/** An activation in the kernel's memory, float[h][w][s] of which c channels are real. */
interface Activation {
  h: number;
  w: number;
  c: number;
  s: number;
}

interface Step {
  op: number;
  in: Activation;
  out: Activation;
  inPlace?: boolean;
  weights?: Float32Array;
  bias?: Float32Array;
  kernel?: number;
  stride?: number;
  low?: number;
}

/** Memory that only grows: each call gives the address of `bytes` zeroed bytes, 16-aligned. */
export type Allocate = (bytes: number) => number;

/** Lays the network out in `memory`; returns where its steps are and how many. */
export function pack(
  weights: Weights,
  memory: WebAssembly.Memory,
  allocate: Allocate,
): { steps: number; count: number } {
  const steps = plan(weights);
  const room = 4 * Math.max(...steps.map(({ out }) => out.h * out.w * out.s));
  const buffers = [allocate(room), allocate(room)]; // each step reads one and writes the other
  const place = (data?: Float32Array): number => {
    if (!data) return 0;
    const address = allocate(data.byteLength);
    new Float32Array(memory.buffer, address, data.length).set(data);
    return address;
  };
  const words: number[] = [];
  let now = 0;
  for (const step of steps) {
    const from = now;
    if (!step.inPlace) now = 1 - now;
    const { in: i, out: o, kernel = 0, stride = 0, low = 0 } = step;
    words.push(step.op, buffers[from]!, buffers[now]!, place(step.weights), place(step.bias));
    words.push(i.h, i.w, i.c, i.s, o.h, o.w, o.c, o.s, kernel, kernel, stride, low, low, 0, 0);
  }
  const address = allocate(4 * words.length);
  new Int32Array(memory.buffer, address, words.length).set(words);
  return { steps: address, count: words.length / STEP_WORDS };
}

function plan({ layers, scale, mean, std }: Weights): Step[] {
  const first = layers[0]!.layer.op;
  // conv2d and flatten can read the image as it is; the others want room for 4 channels.
  const image = { h: 28, w: 28, c: 1, s: first === "conv2d" || first === "flatten" ? 1 : 4 };
  const table = Float32Array.from({ length: 256 }, (_, byte) => (byte / scale - mean) / std);
  const steps: Step[] = [{ op: OP.input, in: image, out: image, weights: table }];
  let now: Activation = image;
  const then = (op: number, out: Activation, more: Omit<Step, "op" | "in" | "out"> = {}) => {
    steps.push({ op, in: now, out, ...more });
    now = out;
  };
  for (let i = 0; i < layers.length; i++) {
    const { layer, after } = layers[i]!;
    const out = { h: after.h, w: after.w, c: after.c, s: roundUp4(after.c) };
    switch (layer.op) {
      case "conv2d": {
        const k = layer.weight.shape[2]!;
        const folded = new Affine(out.c);
        let next = layers[i + 1]?.layer;
        for (; next?.op === "batchnorm2d"; next = layers[++i + 1]?.layer) folded.then(next);
        if (layer.same && k > 1) {
          const padded = { ...now, h: now.h + k - 1, w: now.w + k - 1 };
          then(OP.pad, padded, { low: (k - 1) >> 1 });
        }
        const weights = packConv(layer.weight, folded, now.c, out.s);
        const bias = folded.biasOf(layer.bias, out.s);
        then(OP.conv2d, out, { weights, bias, kernel: k, stride: layer.stride });
        break;
      }
      case "batchnorm2d": {
        const affine = new Affine(now.c);
        affine.then(layer);
        const scales = Float32Array.from({ length: now.s }, (_, c) => affine.scale[c] ?? 0);
        const shifts = affine.biasOf(null, now.s);
        then(OP.scaleShift, now, { inPlace: true, weights: scales, bias: shifts });
        break;
      }
      case "relu":
      case "gelu":
        then(OP[layer.op], now, { inPlace: true });
        break;
      case "maxpool2d":
        then(OP.maxpool2d, out, { kernel: layer.size, stride: layer.stride });
        break;
      case "flatten":
        break; // the numbers stay where they are: the next linear, or softmax, knows their order
      case "linear": {
        const weights = packLinear(layer.weight, now, out.s);
        const bias = new Affine(out.c).biasOf(layer.bias, out.s);
        then(OP.linear, out, { weights, bias });
        break;
      }
    }
  }
  then(OP.softmax, now, { inPlace: true });
  return steps;
}

function roundUp4(n: number): number {
  return (n + 3) & ~3;
}

/** x -> x * scale + shift for each channel, in double precision: what batch norms amount to. */
class Affine {
  readonly scale: number[];
  readonly shift: number[];

  constructor(channels: number) {
    this.scale = new Array<number>(channels).fill(1);
    this.shift = new Array<number>(channels).fill(0);
  }

  /** Lets a batch norm follow. */
  then(norm: Layer & { op: "batchnorm2d" }): void {
    for (let c = 0; c < this.scale.length; c++) {
      const factor = norm.weight.data[c]! / Math.sqrt(norm.var.data[c]! + norm.eps);
      this.scale[c]! *= factor;
      this.shift[c] = (this.shift[c]! - norm.mean.data[c]!) * factor + norm.bias.data[c]!;
    }
  }

  /** The bias of a layer that this follows, float32[s], zeros in the spare channels. */
  biasOf(bias: Tensor | null, s: number): Float32Array {
    const before = (c: number) => (bias ? bias.data[c]! * this.scale[c]! : 0);
    const values = this.shift.map((shift, c) => before(c) + shift);
    return Float32Array.from({ length: s }, (_, c) => values[c] ?? 0);
  }
}

/** OIHW -> float[tile][h][w][i][8], multiplied by the scale of each output. */
function packConv(weight: Tensor, { scale }: Affine, inputs: number, s: number): Float32Array {
  const [, , k] = weight.shape as [number, number, number, number];
  const rows = Int32Array.from({ length: k * k * inputs }, (_, row) => {
    const [position, i] = [Math.floor(row / inputs), row % inputs];
    return i * k * k + position;
  });
  return tiles(weight, rows, scale, s);
}

/**
 * Out x in -> float[tile][h * w * s][8]. The file counts its inputs as channels, rows, columns, the
 * kernel as rows, columns, channels with spare ones.
 */
function packLinear(weight: Tensor, input: Activation, s: number): Float32Array {
  const pixels = input.h * input.w;
  const rows = Int32Array.from({ length: pixels * input.s }, (_, row) => {
    const [pixel, c] = [Math.floor(row / input.s), row % input.s];
    return c < input.c ? c * pixels + pixel : SPARE;
  });
  return tiles(weight, rows, new Array<number>(weight.shape[0]!).fill(1), s);
}

const SPARE = -1;

/**
 * float[tile][row][8]: outputs in tiles of 8, the last of 4 when 4 are left.
 *
 * @param rows where each row's weight is among the weights of one output, or SPARE.
 * @param scale of each output.
 */
function tiles(weight: Tensor, rows: Int32Array, scale: number[], s: number): Float32Array {
  const { data } = weight;
  const outputs = scale.length;
  const each = data.length / outputs;
  const packed = new Float32Array(rows.length * s);
  let at = 0;
  for (let start = 0; start < s; start += 8) {
    const width = Math.min(8, s - start);
    const real = Math.min(width, outputs - start);
    for (let r = 0; r < rows.length; r++, at += width) {
      const row = rows[r]!;
      if (row === SPARE) continue;
      for (let i = 0, from = start * each + row; i < real; i++, from += each) {
        packed[at + i] = data[from]! * scale[start + i]!;
      }
    }
  }
  const bad = indexOfNotFinite(packed);
  if (bad >= 0) {
    throw new WeightsRefused(`a weight becomes ${packed[bad]} once batch norm is folded into it`);
  }
  return packed;
}
