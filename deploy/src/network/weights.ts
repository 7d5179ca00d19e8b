/**
 * The weights file `mnist-nb.network/1`: a safetensors file whose metadata describes its layers.
 * `readWeights` follows one image through the layers, so a network that cannot run is refused, with
 * its reason, before it runs. The Python reader, mnist_nb/network, checks the same.
 */
import { cost, MAX_COST, MAX_ROOM, room } from "./cost";
import { Fields, TINY } from "./fields";
import { type Layer, readLayer, type Shape, shapeAfter, size } from "./ops";
import { readSafetensors, show, strictJson, type Tensor, WeightsRefused } from "./safetensors";

export const FORMAT = "mnist-nb.network/1";
export const MAX_LAYERS = 64;
export const MAX_LABELS = 1000;

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

function countParameters(layers: Weights["layers"]): number {
  const trained = new Set<Tensor>();
  for (const { layer } of layers) {
    if (!("weight" in layer)) continue;
    trained.add(layer.weight);
    if (layer.bias) trained.add(layer.bias);
  }
  return [...trained].reduce((sum, tensor) => sum + tensor.data.length, 0);
}
