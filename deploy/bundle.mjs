// The Worker of src/ as one script, and what wrangler.jsonc says of it: for configure.mjs and build.mjs.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = import.meta.dirname;

/**
 * Bundle what `source` imports as `wrangler deploy` does: one ES module, and .wasm as compiled
 * modules.
 */
export async function bundle(source, define, sourcemap = "inline") {
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    outdir: root,
    assetNames: "[name]",
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*", "workerd:*"],
    loader: { ".wasm": "copy" },
    sourcemap,
    define,
    logLevel: "silent",
  });
  void esbuild.stop();
  const modules = outputFiles.map(({ path, contents }) => ({
    type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path,
    contents,
  }));
  return modules.sort((a, b) => (a.type === "ESModule" ? 0 : 1) - (b.type === "ESModule" ? 0 : 1));
}

/**
 * The bindings that wrangler.jsonc declares. Reading them takes wrangler itself, a second of
 * loading, so the answer is kept until the file, its place or wrangler change.
 */
export async function bindings() {
  const config = join(root, "wrangler.jsonc");
  const kept = join(root, ".wrangler", "host-bindings.json");
  const text = readFileSync(config);
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/wrangler/package.json")));
  const key = createHash("sha256").update(`${version}\n${root}\n`).update(text).digest("hex");
  const before = attempt(() => JSON.parse(readFileSync(kept, "utf8")));
  if (before?.key === key) return before.value;

  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const options = unstable_getMiniflareWorkerOptions(config);
  const { workerOptions, main, define } = options;
  const { name, vars } = unstable_readConfig({ config }, { hideWarnings: true });
  workerOptions.bindings = vars; // without the secrets of .dev.vars, which are for `wrangler dev`
  const value = JSON.parse(JSON.stringify({ workerOptions, main, define, name }));
  attempt(() => {
    mkdirSync(join(root, ".wrangler"), { recursive: true });
    const fresh = `${kept}.${process.pid}`;
    writeFileSync(fresh, JSON.stringify({ key, value }));
    renameSync(fresh, kept); // two hosts may start at once
  });
  return value;
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}
