// Builds public/network.js, the network as the page runs it, from the Worker's own sources:
// `npm run page`, or with a target of your own `node page/build.mjs out.js`. The file is committed,
// so that a clone can be served as it is; a test builds it again and compares the bytes.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const root = dirname(import.meta.dirname);
const banner = "// @ts-nocheck\n// Made by page/build.mjs from src/ and kernel/: change those instead.";
const [target = join(root, "public", "network.js")] = process.argv.slice(2);

/**
 * wrangler compiles an imported .wasm file; here the browser does. Its bytes are in the script, not
 * beside it: they and the code that packs weights for them are never of two versions.
 */
const wasm = {
  name: "wasm",
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const text = (await readFile(path)).toString("base64");
      const bytes = `Uint8Array.from(atob("${text}"), (c) => c.charCodeAt(0))`;
      return { contents: `export default await WebAssembly.compile(${bytes});` };
    });
  },
};

await build({
  entryPoints: [join(root, "page", "network.ts")],
  outfile: target,
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  plugins: [wasm],
  banner: { js: banner },
  logLevel: "warning",
});
