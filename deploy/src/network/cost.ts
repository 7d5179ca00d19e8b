/**
 * What one image costs in the kernel, and the room that the kernel needs for a network, counted as
 * docs/weights-format.md says and mnist_nb/network/cost.py does: the clock of a Worker stands still
 * while it computes, so that a slow network would not show.
 */
import { isDepthwise, type Layer, reach, type Shape } from "./ops";

export const MAX_COST = 250e6; // multiply-adds an image: about 12 ms
export const MAX_ROOM = 7e6; // numbers, of the 8 million in the 32 MiB that the kernel has

export type Placed = { layer: Layer; before: Shape; after: Shape }[];

const four = (channels: number) => 4 * Math.ceil(channels / 4);
const area = (shape: Shape, border = 0) => (shape.h + border) * (shape.w + border);
const numbers = (shape: Shape) => four(shape.c) * area(shape);
/** Channels as the kernel has them: in fours, but for the image itself. */
const inputs = (index: number, shape: Shape) => (index === 0 ? 1 : four(shape.c));

/** What one image costs, in multiply-adds of a well-filled convolution. */
export function cost(layers: Placed): number {
  const each = layers.map(({ layer, before, after }, index) => {
    switch (layer.op) {
      case "conv2d": {
        const size = reach(layer);
        const pixels = size === 3 ? 4 * Math.ceil(area(after) / 24) : Math.ceil(area(after) / 6);
        const tile = 48 * size * size * inputs(index, before) + 100 * size + 300;
        const pad = layer.low + layer.high;
        const border = pad > 0 ? 10 * inputs(index, before) * area(before, pad) : 0;
        if (isDepthwise(layer, before)) return (40 + 5 * size * size) * numbers(after) + border;
        return pixels * Math.ceil(after.c / 8) * tile + border;
      }
      case "maxpool2d":
      case "avgpool2d":
        return (40 + 3 * layer.size * layer.size) * numbers(after);
      case "globalavgpool2d":
        return 40 * numbers(after) + 3 * numbers(before);
      case "linear":
        if (index === layers.length - 1) return 14 * layer.weight.data.length; // in float64
        return 16 * Math.ceil(after.c / 8) * numbers(before);
      case "gelu":
        return 24 * numbers(before);
      case "tanh":
      case "sigmoid":
        return 60 * numbers(before);
      default:
        return (layer.op === "flatten" ? 16 : 10) * numbers(before);
    }
  });
  return each.reduce((sum, one) => sum + one, 600 * (layers.at(-1)?.after.c ?? 0)); // softmax
}

/** How many numbers the kernel keeps: weights as it packs them, and activations. */
export function room(layers: Placed): number {
  let [kept, unpacked, largest] = [0, 0, 0];
  for (const [index, { layer, before, after }] of layers.entries()) {
    largest = Math.max(largest, numbers(before), numbers(after));
    if (layer.op === "conv2d") {
      const size = reach(layer);
      const own = size === 3 ? 36 * inputs(index, before) : size * size * inputs(index, before);
      kept += ((isDepthwise(layer, before) ? size * size : own) + 1) * four(after.c);
      const pad = layer.low + layer.high;
      if (pad > 0) largest = Math.max(largest, inputs(index, before) * area(before, pad));
    } else if (layer.op === "linear") {
      kept += after.c * numbers(before) + four(after.c);
    } else if ("mean" in layer) {
      kept += 2 * four(before.c);
    }
    if ("weight" in layer && !("mean" in layer)) {
      unpacked = Math.max(unpacked, layer.weight.data.length);
    }
  }
  return kept + unpacked + 6 * largest; // two images at once, back and forth, and a margin
}
