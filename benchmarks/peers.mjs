// What else runs a network in WebAssembly or JavaScript: each with one thread, and each returns a
// function from 784 bytes to ten probabilities, with what has to be done before a turn.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const nothing = () => {};

async function onnxruntime({ onnx }) {
  const { default: ort } = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(onnx)), {
    executionProviders: ["wasm"],
  });
  const run = async (image) => {
    const feeds = { image: new ort.Tensor("uint8", image, [1, 1, 28, 28]) };
    return (await session.run(feeds)).probabilities.data;
  };
  return { run, before: nothing };
}

/** Batch norm is folded and the bias fused into the convolutions, so that it has the least to do. */
function tensorflow(backend) {
  return async ({ folded }) => {
    const require = createRequire(import.meta.url);
    const tf = require("@tensorflow/tfjs-core");
    const name = `@tensorflow/tfjs-backend-${backend}`;
    const { setThreadsCount, setWasmPaths } = require(name);
    if (backend === "wasm" && !tf.findBackend("wasm")?.wasm) {
      setThreadsCount(1);
      setWasmPaths(join(dirname(require.resolve(name)), "/"));
    }
    const before = () => tf.setBackend(backend);
    if (!(await before())) throw new Error(`tfjs has no backend ${backend} here`);

    const file = readFileSync(folded.file);
    const numbers = new Float32Array(file.buffer, file.byteOffset, file.length / 4);
    const { mean, std, scale } = folded.input;
    const tensors = folded.shapes.map(([start, ...shape]) => {
      const length = shape.reduce((a, b) => a * b);
      return tf.tensor(numbers.slice(start, start + length), shape);
    });
    const [w1, b1, w2, b2, w3, b3, first, second] = tensors;
    const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    const conv = (x, filter, bias) =>
      gelu(tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "valid" }));
    const run = (image) =>
      tf.tidy(() => {
        let x = tf.tensor(Float32Array.from(image), [1, 28, 28, 1]);
        x = tf.div(tf.sub(tf.div(x, scale), mean), std);
        x = conv(conv(conv(x, w1, b1), w2, b2), w3, b3);
        x = gelu(tf.matMul(tf.reshape(x, [1, -1]), first));
        return tf.softmax(tf.matMul(x, second)).dataSync();
      });
    return { run, before };
  };
}

/** plain.c: what kernel.c would be without its art. */
async function plainC({ plain, folded }) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(plain)));
  const { mean, std, scale } = folded.input;
  exports.input(scale, mean, std);
  const { buffer } = exports.memory;
  const file = readFileSync(folded.file);
  new Uint8Array(buffer, exports.weights(), file.length).set(file);
  const place = new Uint8Array(buffer, exports.image(), 784);
  const run = (image) => {
    place.set(image);
    return new Float32Array(buffer, exports.classify(), 10).slice();
  };
  return { run, before: nothing };
}

export const PEERS = {
  "plain C, no SIMD": plainC,
  "onnxruntime-web": onnxruntime,
  "tfjs, wasm": tensorflow("wasm"),
  "tfjs, cpu": tensorflow("cpu"),
};
