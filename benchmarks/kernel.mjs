// The Node half of kernel.py. Each line on stdin, JSON, names contenders, or none for all. One round
// of them is answered with one line of JSON: microseconds of each, the median of some calls, one
// contender after the other, so that whatever else the machine does falls on all of them alike.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PEERS } from "./peers.mjs";

const asked = JSON.parse(process.argv[2]);
const { deploy, kernels, peak, weights, images } = asked;

/** The Worker's own kernel.ts and weights.ts, around a kernel.wasm of choice. */
async function ours(wasm) {
  const esbuild = await import(join(deploy, "node_modules/esbuild/lib/main.js"));
  const module = {
    name: "module",
    setup(build) {
      build.onResolve({ filter: /kernel\.wasm$/ }, () => ({ path: wasm, namespace: "module" }));
      build.onLoad({ filter: /.*/, namespace: "module" }, () => ({
        contents: `import { readFileSync } from "node:fs";
          export default new WebAssembly.Module(readFileSync(${JSON.stringify(wasm)}));`,
        resolveDir: deploy,
      }));
    },
  };
  const { outputFiles } = await esbuild.build({
    stdin: {
      contents: 'export * from "./src/network/kernel"; export * from "./src/network/weights";',
      resolveDir: deploy,
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "node",
    plugins: [module],
  });
  await esbuild.stop();
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  const { Kernel, readWeights } = await import(`data:text/javascript;base64,${code}`);
  return new Kernel(readWeights(new Uint8Array(readFileSync(weights))));
}

const all = new Uint8Array(readFileSync(images));
const image = all.subarray(0, 784);
const missing = {};
const contenders = {};
const add = (name, run, calls = 5, warmUp = 200, before = () => {}) => {
  contenders[name] = { run, calls, warmUp, before };
};

const simd = await ours(kernels.simd);
add("kernel", () => simd.one(image));
add("kernel, batch", () => simd.classify(all), 1, 2);
const answers = [simd.one(image)];
if (kernels.scalar) {
  const scalar = await ours(kernels.scalar);
  answers.push(scalar.one(image));
  add("kernel, scalar build", () => scalar.one(image));
}
if (kernels.stages) {
  // What Kernel has for itself: the exports, and how many steps there are after each layer.
  const { exports, steps, images, probabilities } = await ours(kernels.stages);
  new Uint8Array(exports.memory.buffer, images, 784).set(image);
  const ends = [...new Set(steps), exports.count()];
  ends.forEach((end, i) => {
    const first = i === 0 ? 0 : ends[i - 1];
    const layers = steps.flatMap((after, layer) => (after === end ? [layer] : []));
    const name = layers.length === 0 ? "the softmax" : `layers ${layers.join(", ")}`;
    const before = () => exports.some(images, 0, first, probabilities);
    add(`of it ${name}`, () => exports.some(images, first, end, probabilities), 5, 200, before);
  });
}
for (const name of asked.peers) {
  try {
    const { run, before } = await PEERS[name](asked);
    await before();
    answers.push(await run(image));
    const isSlow = name === "tfjs, cpu"; // tens of milliseconds
    add(name, () => run(image), isSlow ? 1 : 5, isSlow ? 20 : 200, before);
  } catch (error) {
    missing[name] = String(error.message).split("\n")[0];
  }
}
const ROUNDS = 5000;
if (peak) {
  const { exports: chains } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(peak)));
  for (const name of Object.keys(chains).filter((key) => key.startsWith("chains"))) {
    add(name, () => chains[name](ROUNDS, 0.999, 0.001));
  }
}

// They have to agree before their times mean anything.
const spread = Math.max(
  ...Array.from(answers[0], (_, i) => {
    const values = answers.map((answer) => answer[i]);
    return Math.max(...values) - Math.min(...values);
  }),
);

for (const { run, warmUp, before } of Object.values(contenders)) {
  await before();
  // V8 compiles anew what has run for some time: a few calls are not enough.
  for (let i = 0; i < warmUp; i++) await run();
}
const version = process.version;
console.log(JSON.stringify({ version, spread, rounds: ROUNDS, missing }));

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  const round = {};
  for (const name of asked.length > 0 ? asked : Object.keys(contenders)) {
    const { run, calls, before } = contenders[name];
    await before();
    const times = [];
    for (let i = 0; i < calls; i++) {
      const start = performance.now();
      await run();
      times.push((performance.now() - start) * 1000);
    }
    round[name] = times.sort((a, b) => a - b)[times.length >> 1];
  }
  console.log(JSON.stringify(round));
}
