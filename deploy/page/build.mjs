// Builds what the edge serves and what the notebook shows from the sources here: `npm run page`, or
// with folders of your own `node page/build.mjs PUBLIC LAB`. The made files are committed, so that a
// clone can be served as it is; a test builds them again and compares the bytes.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname;
const root = dirname(here);
const [served = join(root, "public"), lab = join(root, "..", "mnist_nb", "lab")] =
  process.argv.slice(2);
const made =
  "Made by `npm run page` in deploy/ from page/, src/ and kernel/: change those instead.";

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

/** The page asks for the network while it shows itself already: a file of its own. */
const later = {
  name: "later",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/network$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./network.js", external: true } : undefined,
    );
  },
};

const outputs = [
  { entryPoints: { app: join(here, "app.ts"), network: join(here, "network.ts") }, outdir: served },
  { entryPoints: { view: join(here, "lab.ts") }, outdir: lab },
];
for (const output of outputs) {
  await build({
    ...output,
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox121", "safari16.4"],
    charset: "utf8",
    plugins: [wasm, later],
    banner: { js: `// @ts-nocheck\n// ${made}`, css: `/* ${made} */` },
    logLevel: "warning",
  });
}
const page = await readFile(join(here, "index.html"), "utf8");
const [first, ...lines] = page.split("\n");
await writeFile(join(served, "index.html"), [first, `<!-- ${made} -->`, ...lines].join("\n"));
