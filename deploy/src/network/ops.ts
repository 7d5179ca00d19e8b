/**
 * The layers that a network may have, as docs/weights-format.md describes them, and what each makes
 * of a shape. mnist_nb/network/ops.py is the same in Python.
 */
import { type Fields, TINY } from "./fields";
import { show, type Tensor, WeightsRefused } from "./safetensors";

export const MAX_ACTIVATION = 1 << 20; // numbers in one activation of one image

/** An activation of one image: channels on rows x columns; `flat` once it is a plain vector. */
export interface Shape {
  c: number;
  h: number;
  w: number;
  flat: boolean;
}

/** `low` zeros stand before the first row and column, `high` after the last. */
interface Window {
  stride: number;
  low: number;
  high: number;
}

/** A layer for each of the names. */
type Each<Op, Rest = unknown> = Op extends string ? { op: Op } & Rest : never;

type Norm = { weight: Tensor; bias: Tensor; mean: Tensor; var: Tensor; eps: number };
export type Conv2d = Window & {
  op: "conv2d";
  weight: Tensor;
  bias: Tensor | null;
  dilation: number;
  groups: number;
};
export type Layer =
  | Conv2d
  | Each<"batchnorm2d" | "batchnorm1d", Norm>
  | Each<"maxpool2d" | "avgpool2d", Window & { size: number }>
  | Each<"linear", { weight: Tensor; bias: Tensor | null }>
  | Each<"leakyrelu", { slope: number }>
  | Each<"relu" | "gelu" | "tanh" | "sigmoid" | "globalavgpool2d" | "flatten">;

/** How many pixels a side the window of a convolution reaches over, with its gaps. */
export function reach({ weight, dilation }: Conv2d): number {
  return dilation * ((weight.shape[2] || 1) - 1) + 1;
}

/** Whether each channel has a window of its own. */
export function isDepthwise({ weight, groups }: Conv2d, before: Shape): boolean {
  return groups > 1 && groups === before.c && groups === weight.shape[0];
}

/** Reads a layer of the file; its tensors are there, but may not fit. */
export function readLayer(fields: Fields, tensors: Map<string, Tensor>): Layer {
  const op = fields.text("op");
  const tensor = (name: string): Tensor => {
    const found = tensors.get(name);
    if (found) return found;
    throw new WeightsRefused(`${fields.where}: tensor ${show(name)} is not in the file`);
  };
  const bias = () => ((fields.get("bias") ?? null) === null ? null : tensor(fields.text("bias")));
  switch (op) {
    case "conv2d": {
      fields.only("op", "weight", "bias", "stride", "padding", "dilation", "groups");
      const weight = tensor(fields.text("weight"));
      const [dilation, groups] = [fields.count("dilation", 1), fields.count("groups", 1, 1 << 20)];
      const gap = dilation * ((weight.shape[2] || 1) - 1);
      const [low, high] = fields.padding("valid", [Math.floor(gap / 2), Math.ceil(gap / 2)]);
      const stride = fields.count("stride", 1);
      return { op, weight, bias: bias(), stride, low, high, dilation, groups };
    }
    case "batchnorm2d":
    case "batchnorm1d": {
      fields.only("op", "prefix", "eps");
      const of = (name: string) => tensor(`${fields.text("prefix")}.${name}`);
      const eps = fields.number("eps", { fallback: 1e-5, least: TINY });
      const [mean, variance] = [of("running_mean"), of("running_var")];
      const below = variance.data.find((x) => x < 0);
      if (below !== undefined) {
        throw new WeightsRefused(`${fields.where}: a running variance is ${below}, below 0`);
      }
      return { op, weight: of("weight"), bias: of("bias"), mean, var: variance, eps };
    }
    case "maxpool2d":
    case "avgpool2d": {
      fields.only("op", "size", "stride", "padding");
      const size = fields.count("size");
      const [low, high] = fields.padding(0);
      if (Math.max(low, high) >= size) {
        const both = `${low} and ${high}`;
        throw new WeightsRefused(`${fields.where}: padding is ${both}, not less than size ${size}`);
      }
      return { op, size, stride: fields.count("stride", size), low, high };
    }
    case "linear":
      fields.only("op", "weight", "bias");
      return { op, weight: tensor(fields.text("weight")), bias: bias() };
    case "leakyrelu": {
      fields.only("op", "slope");
      const slope = fields.number("slope", { fallback: 0.01 });
      if (slope < 0 || slope > 1) {
        throw new WeightsRefused(`${fields.where}: slope is ${slope}, not 0 to 1`);
      }
      return { op, slope };
    }
    case "relu":
    case "gelu":
    case "tanh":
    case "sigmoid":
    case "globalavgpool2d":
    case "flatten":
      fields.only("op");
      return { op };
    default:
      throw new WeightsRefused(
        `${fields.where}: op ${show(op)} is unknown; known are conv2d, batchnorm2d, batchnorm1d, ` +
          "relu, leakyrelu, gelu, tanh, sigmoid, maxpool2d, avgpool2d, globalavgpool2d, flatten, " +
          "linear",
      );
  }
}

/** What the layer makes of `shape`; refuses a layer that does not fit. */
export function shapeAfter(layer: Layer, shape: Shape, where: string): Shape {
  const need = (tensor: Tensor | null, expected: number[], what: string) => {
    if (tensor && tensor.shape.join() !== expected.join()) {
      const found = show(tensor.shape);
      throw new WeightsRefused(`${where}: ${what} has shape ${found}, not ${show(expected)}`);
    }
  };
  switch (layer.op) {
    case "relu":
    case "leakyrelu":
    case "gelu":
    case "tanh":
    case "sigmoid":
      return shape;
    case "flatten":
      return { c: shape.c * shape.h * shape.w, h: 1, w: 1, flat: true };
    case "linear": {
      if (!shape.flat) throw new WeightsRefused(`${where}: linear needs a flatten before it`);
      const out = layer.weight.shape[0] || 1;
      need(layer.weight, [out, shape.c], "weight");
      need(layer.bias, [out], "bias");
      return { c: out, h: 1, w: 1, flat: true };
    }
  }
  if (shape.flat !== (layer.op === "batchnorm1d")) {
    const wrong = shape.flat ? "cannot follow a flatten" : "needs a flatten before it";
    throw new WeightsRefused(`${where}: ${layer.op} ${wrong}`);
  }
  if (layer.op === "batchnorm2d" || layer.op === "batchnorm1d") {
    for (const part of ["weight", "bias", "mean", "var"] as const) {
      need(layer[part], [shape.c], part);
    }
    return shape;
  }
  if (layer.op === "globalavgpool2d") return { ...shape, h: 1, w: 1 };
  let [k, out] = [0, shape.c];
  if (layer.op === "conv2d") {
    const { weight, bias, groups } = layer;
    const side = weight.shape[2] || 1;
    [k, out] = [reach(layer), weight.shape[0] || 1];
    need(weight, [out, Math.floor(shape.c / groups), side, side], "weight");
    if (shape.c % groups !== 0 || out % groups !== 0) {
      throw new WeightsRefused(`${where}: ${groups} groups do not divide ${shape.c} and ${out}`);
    }
    need(bias, [out], "bias");
  } else {
    k = layer.size;
  }
  const border = layer.low + layer.high;
  const [rows, columns] = [shape.h + border, shape.w + border];
  if (k > rows || k > columns) {
    throw new WeightsRefused(`${where}: a window of ${k} is larger than the input ${size(shape)}`);
  }
  const along = (length: number) => Math.floor((length - k) / layer.stride) + 1;
  const after = { c: out, h: along(rows), w: along(columns), flat: false };
  const largest = Math.max(rows * columns * shape.c, after.h * after.w * out);
  if (largest > MAX_ACTIVATION) {
    throw new WeightsRefused(
      `${where} needs ${largest} numbers an image, at most ${MAX_ACTIVATION} are allowed`,
    );
  }
  return after;
}

export function size(shape: Shape): string {
  return shape.flat ? `${shape.c} values` : `${shape.c}x${shape.h}x${shape.w}`;
}
