/**
 * Hands checked weights to the kernel, layer by layer. network.c folds batch norms and lays the
 * weights out: compiled code is fast from its first call, which a cold start notices.
 */
import { type Tensor, WeightsRefused } from "./safetensors";
import type { Weights } from "./weights";

/** What kernel.wasm exports. A number is an address, a count or a setting; 0 is no tensor. */
export interface Exports {
  memory: WebAssembly.Memory;
  room(floats: number): number;
  begin(scale: number, mean: number, std: number): number;
  conv2d(weight: number, bias: number, outputs: number, size: number, ...how: number[]): number;
  batchnorm2d(weight: number, bias: number, mean: number, variance: number, eps: number): number;
  relu(): number;
  leakyrelu(slope: number): number;
  gelu(): number;
  tanh(): number;
  sigmoid(): number;
  maxpool2d(size: number, stride: number, low: number, high: number): number;
  avgpool2d(size: number, stride: number, low: number, high: number): number;
  flatten(): number;
  linear(weight: number, bias: number, outputs: number): number;
  count(): number;
  finish(): number;
  classify(images: number, n: number, probabilities: number): void;
  trace(image: number, next: number, last: number): number;
}

/** `enum result` of network.c. */
const NO_MEMORY = 1;
const NOT_FINITE = 2;

/**
 * Lays the network out in the kernel's memory.
 *
 * @returns how many steps of the kernel there are after each layer. Layers with the same number are
 *   one step: what it gives is what the last of them gives.
 */
export function pack({ layers, scale, mean, std }: Weights, kernel: Exports): number[] {
  const steps: number[] = [];
  const put = (tensor: Tensor | null): number => {
    if (!tensor) return 0;
    const address = allocate(kernel, tensor.data.length);
    new Float32Array(kernel.memory.buffer, address, tensor.data.length).set(tensor.data);
    return address;
  };
  check(kernel.begin(scale, mean, std));
  for (const { layer, before } of layers) {
    switch (layer.op) {
      case "conv2d": {
        const { weight, bias, stride, low, high, dilation, groups } = layer;
        const [outputs, , size] = weight.shape as [number, number, number, number];
        const how = [stride, low, high, dilation, groups];
        check(kernel.conv2d(put(weight), put(bias), outputs, size, ...how));
        break;
      }
      case "batchnorm2d":
      case "batchnorm1d": {
        const { weight, bias, mean, var: variance, eps } = layer;
        check(kernel.batchnorm2d(put(weight), put(bias), put(mean), put(variance), eps));
        break;
      }
      case "maxpool2d":
      case "avgpool2d":
        check(kernel[layer.op](layer.size, layer.stride, layer.low, layer.high));
        break;
      case "globalavgpool2d": // maps are square, as are the image, windows and steps
        check(kernel.avgpool2d(before.h, 1, 0, 0));
        break;
      case "leakyrelu":
        check(kernel.leakyrelu(layer.slope));
        break;
      case "linear":
        check(kernel.linear(put(layer.weight), put(layer.bias), layer.weight.shape[0]!));
        break;
      default:
        check(kernel[layer.op]());
    }
    steps.push(kernel.count());
  }
  check(kernel.finish());
  return steps;
}

/** Room for so many floats in the kernel's memory. */
export function allocate(kernel: Exports, floats: number): number {
  const address = kernel.room(floats);
  if (address === 0) check(NO_MEMORY);
  return address;
}

function check(result: number): void {
  if (result === NO_MEMORY) {
    throw new WeightsRefused("packed it needs more than 32 MiB: use fewer or smaller layers");
  }
  if (result === NOT_FINITE) {
    throw new WeightsRefused("a weight overflows float32 once batch norm is folded into it");
  }
}
