/**
 * The weights file `mnist-nb.network/1`: a safetensors file whose metadata describes its layers.
 * `readWeights` follows one image through the layers, so a network that cannot run is refused, with
 * its reason, before it runs. The Python reader, mnist_nb/network, checks the same.
 */
import { cost, MAX_COST, MAX_ROOM, room } from "./cost";
import { isObject, readSafetensors, show, strictJson, type Tensor, WeightsRefused } from "./safetensors";

export const FORMAT = "mnist-nb.network/1";
export const MAX_LAYERS = 64;
export const MAX_LABELS = 1000;
export const MAX_ACTIVATION = 1 << 20; // numbers in one activation of one image
const TINY = 1e-30; // what divides is no less

/** An activation of one image: channels on rows x columns; `flat` once it is a plain vector. */
export interface Shape {
  c: number;
  h: number;
  w: number;
  flat: boolean;
}

export type Layer =
  | { op: "conv2d"; weight: Tensor; bias: Tensor | null; stride: number; same: boolean }
  | { op: "batchnorm2d"; weight: Tensor; bias: Tensor; mean: Tensor; var: Tensor; eps: number }
  | { op: "maxpool2d"; size: number; stride: number }
  | { op: "linear"; weight: Tensor; bias: Tensor | null }
  | { op: "relu" }
  | { op: "gelu" }
  | { op: "flatten" };

export interface Weights {
  name: string;
  scale: number;
  mean: number;
  std: number;
  labels: string[];
  /** Each layer with the shapes of its input and output. */
  layers: { layer: Layer; before: Shape; after: Shape }[];
  /** The layers as the file has them, for people. */
  described: unknown[];
  /** What one image costs in the kernel, in multiply-adds. */
  cost: number;
  /** Numbers that the kernel keeps for it. */
  room: number;
  /** Trained numbers: weights and biases, without the running statistics of batch norm. */
  parameters: number;
  /** Below this largest probability an answer counts as "not sure"; null when the file says none. */
  notSureBelow: number | null;
}

/**
 * Reads and checks a weights file.
 *
 * @throws WeightsRefused with the reason.
 */
export function readWeights(bytes: Uint8Array): Weights {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.get("format") !== FORMAT) {
    throw new WeightsRefused(`its format is ${show(metadata.get("format"))}, not "${FORMAT}"`);
  }
  const network = new Fields(parse(metadata.get("network")), "the network");
  const input = new Fields(network.get("input"), "input");
  if (show(input.get("shape")) !== "[1,28,28]") {
    throw new WeightsRefused(`input shape is ${show(input.get("shape"))}, not [1,28,28]`);
  }
  const labels = network.get("labels");
  if (
    !Array.isArray(labels) ||
    !(labels.length >= 2 && labels.length <= MAX_LABELS) ||
    !labels.every((label) => typeof label === "string")
  ) {
    throw new WeightsRefused(`labels are ${show(labels)}, not 2 to ${MAX_LABELS} texts`);
  }
  const described = network.get("layers");
  if (!Array.isArray(described) || !(described.length >= 1 && described.length <= MAX_LAYERS)) {
    throw new WeightsRefused(`layers are ${show(described)}, not a list of 1 to ${MAX_LAYERS}`);
  }
  const layers: Weights["layers"] = [];
  let shape: Shape = { c: 1, h: 28, w: 28, flat: false };
  for (const [index, entry] of described.entries()) {
    const fields = new Fields(entry, `layer ${index}`);
    const layer = readLayer(fields, tensors);
    const after = shapeAfter(layer, shape, fields.where);
    layers.push({ layer, before: shape, after });
    shape = after;
  }
  const work = cost(layers);
  if (work > MAX_COST) {
    throw new WeightsRefused(
      `it costs as much as ${work} multiply-adds an image, at most ${MAX_COST} are allowed: ` +
        "use fewer or smaller layers",
    );
  }
  const needed = room(layers);
  if (needed > MAX_ROOM) {
    throw new WeightsRefused(
      `packed it needs room for ${needed} numbers, at most ${MAX_ROOM} are allowed: use fewer or ` +
        "smaller layers",
    );
  }
  if (!shape.flat || shape.c !== labels.length) {
    throw new WeightsRefused(`its last layer gives ${size(shape)} for ${labels.length} labels`);
  }
  network.notes("training");
  return {
    name: network.text("name"),
    scale: input.number("scale", { least: TINY }),
    mean: input.number("mean"),
    std: input.number("std", { least: TINY }),
    labels,
    layers,
    described,
    cost: work,
    room: needed,
    parameters: countParameters(layers),
    notSureBelow: notSureBelow(network),
  };
}

/** The threshold in the metrics. They are for people: one that is no probability is overlooked. */
function notSureBelow(network: Fields): number | null {
  const value = network.notes("metrics").get("not_sure_below");
  return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
}

function parse(text: unknown): unknown {
  if (typeof text !== "string") throw new WeightsRefused("its metadata has no text `network`");
  try {
    return strictJson(text);
  } catch (error) {
    const reason = (error as Error).message;
    throw new WeightsRefused(`\`network\` in its metadata is not JSON: ${reason}`);
  }
}

function readLayer(fields: Fields, tensors: Map<string, Tensor>): Layer {
  const op = fields.text("op");
  const tensor = (name: string): Tensor => {
    const found = tensors.get(name);
    if (found) return found;
    throw new WeightsRefused(`${fields.where}: tensor ${show(name)} is not in the file`);
  };
  const bias = () => ((fields.get("bias") ?? null) === null ? null : tensor(fields.text("bias")));
  switch (op) {
    case "conv2d": {
      fields.only("op", "weight", "bias", "stride", "padding");
      const padding = fields.has("padding") ? fields.get("padding") : "valid";
      if (padding !== "valid" && padding !== "same") {
        throw new WeightsRefused(`${fields.where}: padding is ${show(padding)}, not valid or same`);
      }
      const weight = tensor(fields.text("weight"));
      const same = padding === "same";
      return { op, weight, bias: bias(), stride: fields.count("stride", 1), same };
    }
    case "batchnorm2d": {
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
    case "maxpool2d": {
      fields.only("op", "size", "stride");
      const size = fields.count("size");
      return { op, size, stride: fields.count("stride", size) };
    }
    case "linear":
      fields.only("op", "weight", "bias");
      return { op, weight: tensor(fields.text("weight")), bias: bias() };
    case "relu":
    case "gelu":
    case "flatten":
      fields.only("op");
      return { op };
    default:
      throw new WeightsRefused(
        `${fields.where}: op ${show(op)} is unknown; known are conv2d, batchnorm2d, relu, gelu, ` +
          "maxpool2d, flatten, linear",
      );
  }
}

/** What the layer makes of `shape`; refuses a layer that does not fit. */
function shapeAfter(layer: Layer, shape: Shape, where: string): Shape {
  const need = (tensor: Tensor | null, expected: number[], what: string) => {
    if (tensor && tensor.shape.join() !== expected.join()) {
      const found = show(tensor.shape);
      throw new WeightsRefused(`${where}: ${what} has shape ${found}, not ${show(expected)}`);
    }
  };
  if (layer.op === "relu" || layer.op === "gelu") return shape;
  if (layer.op === "flatten") return { c: shape.c * shape.h * shape.w, h: 1, w: 1, flat: true };
  if (layer.op === "linear") {
    if (!shape.flat) throw new WeightsRefused(`${where}: linear needs a flatten before it`);
    const out = layer.weight.shape[0] || 1;
    need(layer.weight, [out, shape.c], "weight");
    need(layer.bias, [out], "bias");
    return { c: out, h: 1, w: 1, flat: true };
  }
  if (shape.flat) throw new WeightsRefused(`${where}: ${layer.op} cannot follow a flatten`);
  if (layer.op === "batchnorm2d") {
    for (const part of ["weight", "bias", "mean", "var"] as const) {
      need(layer[part], [shape.c], part);
    }
    return shape;
  }
  const [k, out] =
    layer.op === "conv2d"
      ? [layer.weight.shape[2] || 1, layer.weight.shape[0] || 1]
      : [layer.size, shape.c];
  if (layer.op === "conv2d") {
    need(layer.weight, [out, shape.c, k, k], "weight");
    need(layer.bias, [out], "bias");
  }
  const border = layer.op === "conv2d" && layer.same ? k - 1 : 0;
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

function size(shape: Shape): string {
  return shape.flat ? `${shape.c} values` : `${shape.c}x${shape.h}x${shape.w}`;
}

function countParameters(layers: Weights["layers"]): number {
  const trained = new Set<Tensor>();
  for (const { layer } of layers) {
    if (!("weight" in layer)) continue;
    trained.add(layer.weight);
    if (layer.bias) trained.add(layer.bias);
  }
  return [...trained].reduce((sum, tensor) => sum + tensor.data.length, 0);
}

/** Typed look-ups in a JSON object that say where they failed. */
class Fields {
  private readonly entries: Map<string, unknown>;

  constructor(
    value: unknown,
    readonly where: string,
  ) {
    if (!isObject(value)) throw new WeightsRefused(`${where} is ${show(value)}, not an object`);
    this.entries = new Map(Object.entries(value));
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  get(name: string): unknown {
    return this.entries.get(name);
  }

  /** An object that may be missing. */
  notes(name: string): Fields {
    return new Fields(this.entries.has(name) ? this.get(name) : {}, name);
  }

  text(name: string): string {
    const value = this.get(name);
    if (typeof value !== "string" || [...value].length > 200) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a short text`);
    }
    return value;
  }

  number(name: string, { fallback, least }: { fallback?: number; least?: number } = {}): number {
    const value = this.entries.has(name) ? this.get(name) : fallback;
    if (typeof value !== "number" || !(Math.abs(value) < 1e30)) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a finite number`);
    }
    if (least !== undefined && value < least) {
      throw new WeightsRefused(`${this.where}: ${name} is ${value}, not above 0, at least ${least}`);
    }
    return value;
  }

  /** A whole number 1 to 28, as strides and window sizes are. */
  count(name: string, fallback?: number): number {
    const value = this.entries.has(name) ? this.get(name) : fallback;
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 28) {
      throw new WeightsRefused(
        `${this.where}: ${name} is ${show(value)}, not a whole number 1 to 28`,
      );
    }
    return value as number;
  }

  /** Refuses other fields: a `groups` that is overlooked would give wrong answers in silence. */
  only(...names: string[]): void {
    for (const name of this.entries.keys()) {
      if (!names.includes(name)) {
        throw new WeightsRefused(`${this.where}: field ${show(name)} is unknown`);
      }
    }
  }
}
