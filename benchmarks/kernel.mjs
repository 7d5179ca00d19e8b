// The Node half of kernel.py. Each line on stdin asks for one round, which answers with one line
// of JSON: microseconds of every contender, the median of 5 calls, one contender after the
// other, so that whatever else the machine does falls on all of them alike.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const { deploy, kernels, peak, weights, onnx, images } = JSON.parse(process.argv[2]);

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
      contents: 'export * from "./src/kernel"; export * from "./src/weights";',
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

async function onnxruntime() {
  const { default: ort } = await import("onnxruntime-web");
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(readFileSync(onnx)), {
    executionProviders: ["wasm"],
  });
  return async (image) => {
    const feeds = { image: new ort.Tensor("uint8", image, [1, 1, 28, 28]) };
    return (await session.run(feeds)).probabilities.data;
  };
}

const all = new Uint8Array(readFileSync(images));
const image = all.subarray(0, 784);
const [simd, scalar] = [await ours(kernels.simd), await ours(kernels.scalar)];
const run = await onnxruntime();
const { exports: chains } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(peak)));

const ROUNDS = 5000;
const contenders = {
  kernel: () => simd.classify(image),
  "onnxruntime-web": () => run(image),
  "kernel, scalar build": () => scalar.classify(image),
  "kernel, batch": () => simd.classify(all),
};
const names = Object.keys(chains).filter((name) => name.startsWith("chains"));
for (const name of names) contenders[name] = () => chains[name](ROUNDS, 0.999, 0.001);

// They have to agree before their times mean anything.
const answers = [simd.classify(image), await run(image), scalar.classify(image)];
const spread = Math.max(
  ...Array.from(answers[0], (_, i) => {
    const values = answers.map((answer) => answer[i]);
    return Math.max(...values) - Math.min(...values);
  }),
);

for (const [name, call] of Object.entries(contenders)) {
  // V8 compiles anew what has run for some time: a few calls are not enough.
  for (let i = 0; i < (name === "kernel, batch" ? 2 : 200); i++) await call();
}
const versions = { node: process.version, v8: process.versions.v8 };
console.log(JSON.stringify({ versions, spread, rounds: ROUNDS }));

for await (const _ of createInterface({ input: process.stdin })) {
  const round = {};
  for (const [name, call] of Object.entries(contenders)) {
    const times = [];
    for (let i = 0; i < (name === "kernel, batch" ? 1 : 5); i++) {
      const start = performance.now();
      await call();
      times.push((performance.now() - start) * 1000);
    }
    round[name] = times.sort((a, b) => a - b)[times.length >> 1];
  }
  console.log(JSON.stringify(round));
}
