// Writes built/, what an installed package has instead of src/: `npm run build`, or with a folder of
// your own `node build.mjs FOLDER`. The made files are committed, so that a package is built without
// Node; a test makes them again and compares the bytes.
//
// worker.js, *.wasm   the Worker, as `wrangler deploy` would upload it
// worker.json         its name, bindings and modules, for configure.mjs
// package*.json       what npm has to bring for configure.mjs: Miniflare, which brings workerd. Versions
//                     and integrity are those of package-lock.json here.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { bindings, bundle } from "./bundle.mjs";

const root = import.meta.dirname;
const built = process.argv[2] ?? join(root, "built");
const MADE = "Made by `npm run build` in deploy/: change src/ or wrangler.jsonc instead.";
const HOST = "miniflare";

rmSync(built, { recursive: true, force: true });
mkdirSync(built, { recursive: true });

const { main, define, ...found } = await bindings();
const source = `export * from ${JSON.stringify(main)}; export { default } from ${JSON.stringify(main)};`;
const modules = [];
for (const { type, path, contents } of await bundle(source, define, false)) {
  const isScript = type === "ESModule";
  const name = isScript ? "worker.js" : basename(path);
  writeFileSync(join(built, name), isScript ? `// ${MADE}\n${Buffer.from(contents)}` : contents);
  modules.push({ type, path: `{deploy}/built/${name}` });
}
write("worker.json", { "//": MADE, ...found, modules });

const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
const name = "mnist-nb-host";
const dependencies = { [HOST]: lock.packages[`node_modules/${HOST}`].version };
const packages = { "": { name, dependencies } };
for (const path of needed(HOST).sort()) {
  const { dev, devOptional, ...entry } = lock.packages[path];
  packages[path] = entry;
}
write("package.json", { name, private: true, description: MADE, dependencies });
write("package-lock.json", { name, lockfileVersion: lock.lockfileVersion, requires: true, packages });

/** Paths in the lock of a package and of all that it needs; here npm has put none below another. */
function needed(first) {
  const paths = new Set();
  const add = (package_) => {
    const path = `node_modules/${package_}`;
    const entry = lock.packages[path];
    if (!entry || paths.has(path)) return;
    paths.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = entry;
    Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).forEach(add);
  };
  add(first);
  return [...paths];
}

/** JSON in which this folder is called {deploy}, as it is elsewhere when it is read. */
function write(file, value) {
  const here = (_, said) =>
    typeof said === "string" && said.startsWith(root) ? `{deploy}${said.slice(root.length)}` : said;
  writeFileSync(join(built, file), `${JSON.stringify(value, here, 2)}\n`);
}
