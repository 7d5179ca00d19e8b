// Runs this Worker on your machine for LocalEdge of the Python package: bundles src/, takes the
// bindings from wrangler.jsonc, and loads both into Miniflare. In an installed package, which has no
// src/, both are in built/. The same runtime as `wrangler dev`
// without its proxies, so it is ready sooner and answers in a fraction of the time.
//
// stdin:  one line of JSON, {"port": 0, "state": null, "vars": {}}, then left open.
//         The host lives as long as stdin does: when whoever holds it dies, even by SIGKILL,
//         the pipe closes and node, workerd and the temporary folder go too.
//         With "asCloudflare" the Host and MF-CF-Blob headers are believed, as if it were deployed.
//         "packages" is the folder with node_modules, where it is not this one.
//         With "sockets", the numbers of two file descriptors, workerd inherits them: the first
//         already listens on `port`, the second on `inner`. Should workerd die, it is started again
//         in a second, and connections wait in a socket's queue meanwhile; without it they are
//         refused. And the Worker is asked directly then, see DIRECT.
// signal: SIGUSR2 evicts the Durable Objects, as the platform does when it pleases.
// stdout: {"ready": {"url", "s3": {...}}} once it serves, or {"failed": {"code", "message"}}.
//         and what the Worker logs, one line of JSON each, from workerd itself.
// stderr: everything else.

import childProcess from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

const root = import.meta.dirname;
const PREFIX = `mnist-nb-edge-${hostname()}-`;

// Requests to Miniflare's own socket pass through three Workers before they come to ours, which takes
// longer than the rest of their way. So ours has a socket to itself, which Miniflare gives to named
// exports only, and passes on what is for Miniflare, most of all S3.
const DIRECT = "Direct";
//
// It answers under a name or an address of this machine only: a page elsewhere whose name leads here
// would otherwise read this edge from the browser of whoever visits it. And where a request comes
// from is what Cloudflare says, not what it says itself. (Both but for tests of the latter.)
const direct = (main, asCloudflare) => `
  export * from ${main};
  import worker from ${main};
  export default worker;
  const HERE = /^(localhost|.+\\.localhost|[0-9.]+|\\[[0-9a-f:.]+\\])$/;
  const refuse = (status, title, detail) =>
    Response.json({ type: "about:blank", title, status, detail }, {
      status,
      headers: { "Content-Type": "application/problem+json" },
    });
  export const ${DIRECT} = {
    fetch(request, env, context) {
      let url;
      try {
        url = new URL(request.url);
      } catch {
        return refuse(400, "Broken Host header", "Host has to name one machine, and maybe a port.");
      }
      if (!${asCloudflare}) {
        if (!HERE.test(url.hostname)) {
          return refuse(403, "Foreign Host header", "This edge is localhost, and has no other name.");
        }
        if (request.cf) request = new Request(request, { cf: {} });
      }
      const ours = !url.pathname.startsWith("/cdn-cgi/");
      return ours ? worker.fetch(request, env, context) : env.MINIFLARE.fetch(request);
    },
  };
`;

// stdout carries the protocol only.
console.log = console.info = console.debug = console.warn = console.error;

const input = createInterface({ input: process.stdin });
const settings = new Promise((resolve) => input.once("line", (line) => resolve(JSON.parse(line))));
input.once("close", () => void stop(0));
const parent = process.ppid;
setInterval(() => process.ppid !== parent && void stop(0), 1000).unref();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.once(signal, () => void stop(0));

let serving; // Miniflare, once it is ready
let stopping = false;
let temporary;

try {
  await start(await settings);
} catch (error) {
  const code = error?.code ?? "ERR_HOST";
  say({ failed: { code, message: String(error?.message ?? error) } });
  console.error(error?.stack ?? error);
  await stop(1);
}

async function start({ port, inner, state, vars, sockets, packages = root, asCloudflare = false }) {
  removeStale();
  // Miniflare and workerd put what is temporary below this folder, removed in stop().
  temporary = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.env.TMPDIR = process.env.TMP = process.env.TEMP = temporary;

  const entry = createRequire(join(packages, "package.json")).resolve("miniflare");
  const { workerOptions, name, modules: pending } = await worker(asCloudflare);
  const [modules, { Miniflare, Log, LogLevel, convertV4MiniflareOptions }] = await Promise.all([
    pending,
    import(pathToFileURL(entry)),
  ]);
  adjustRuntime(sockets);
  const ours = {
    ...workerOptions,
    name,
    modules,
    modulesRoot: root,
    bindings: { ...workerOptions.bindings, ...vars },
  };
  if (sockets) {
    ours.unsafeDirectSockets = [{ host: "127.0.0.1", port, entrypoint: DIRECT }];
    ours.serviceBindings = { MINIFLARE: { external: { address: `127.0.0.1:${inner}`, http: {} } } };
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [ours],
      host: "127.0.0.1",
      port: inner ?? port,
      cf: false, // no look-up of a place over the network
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: ({ level, message }) => console.error(`${level}: ${message}`), // stderr
      telemetry: { enabled: false },
      unsafeLocalExplorer: false,
      unsafeObservability: false,
      ...(state ? { resourcePersistencePath: state } : {}),
    }),
  );
  // After Miniflare's own listener, which kills workerd, so that nothing writes there any more.
  process.once("exit", removeTemporary);
  const own = await miniflare.ready;
  const url = (sockets ? await miniflare.unsafeGetDirectURL(name, DIRECT) : own).origin;
  serving = miniflare;
  process.on("SIGUSR2", () => void evict(miniflare, name));
  const bucket = workerOptions.r2Buckets.MODELS;
  const s3 = { path: "/cdn-cgi/local/r2/s3", bucket: bucket.id, ...bucket.s3Credentials };
  if (!stopping) say({ ready: { url, s3 } });
}

/**
 * Have each workerd that Miniflare starts write to the stdout of this process, and listen on
 * `sockets`, file descriptors of it, if there are any: the Worker's, and Miniflare's own.
 *
 * Miniflare would read workerd's log in this thread, which its proxies stop until workerd has
 * answered (the first eviction is such a call). Under load workerd waits for a reader of its log
 * before it answers anybody: each would wait for the other, for ever.
 */
function adjustRuntime(sockets = []) {
  const { spawn } = childProcess;
  childProcess.spawn = (command, args, options) => {
    const at = args?.findIndex?.((argument) => argument.startsWith("--socket-addr=entry=")) ?? -1;
    if (at < 0) return spawn(command, args, options);
    const stdio = options.stdio.with(1, "inherit");
    const first = stdio.length;
    stdio.push(...sockets);
    if (sockets.length > 0) {
      const named = [`direct:0:${DIRECT}`, "entry"].map((n, i) => `--socket-fd=${n}=${first + i}`);
      args = args.toSpliced(at, 1, ...named);
    }
    const runtime = spawn(command, args, { ...options, stdio });
    runtime.stdout = Readable.from([]); // Miniflare wants one to listen to
    return runtime;
  };
}

async function evict(miniflare, script) {
  try {
    for (const id of await miniflare.listDurableObjectIds("CLASSIFIER")) {
      await miniflare.unsafeEvictDurableObject(script, "Classifier", { id });
    }
    console.error("the Durable Objects are evicted");
  } catch (error) {
    console.error(`no Durable Object is evicted: ${error?.stack ?? error}`);
  }
}

/** What to load: the Worker of an installed package is built already, that of a checkout is not. */
async function worker(asCloudflare) {
  if (existsSync(join(root, "src"))) {
    const { bindings, bundle } = await import("./bundle.mjs");
    const { main, define, ...found } = await bindings();
    // esbuild works in its own process while this one reads Miniflare's 5 MB of code.
    return { ...found, modules: bundle(direct(JSON.stringify(main), asCloudflare), define) };
  }
  const built = join(root, "built");
  const here = (_, value) =>
    typeof value === "string" && value.startsWith("{deploy}") ? join(root, value.slice(8)) : value;
  const { modules, ...found } = JSON.parse(readFileSync(join(built, "worker.json"), "utf8"), here);
  const contents = direct('"./worker.js"', asCloudflare);
  const main = { type: "ESModule", path: join(built, "main.js"), contents };
  const read = ({ type, path }) => ({ type, path, contents: readFileSync(path) });
  return { ...found, modules: [main, ...modules.map(read)] };
}

async function stop(code) {
  if (stopping) return;
  stopping = true;
  // A runtime that is still starting, or does not end by itself, is killed by Miniflare on exit.
  setTimeout(() => process.exit(code), 1500).unref();
  await serving?.dispose().catch(() => {});
  removeTemporary();
  process.exit(code);
}

function removeTemporary() {
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 };
  if (temporary) attempt(() => rmSync(temporary, options));
}

/** Remove the folders of hosts of this machine that were killed before they could. */
function removeStale() {
  for (const entry of attempt(() => readdirSync(tmpdir())) ?? []) {
    const pid = entry.startsWith(PREFIX) && Number.parseInt(entry.slice(PREFIX.length), 10);
    if (!pid || isAlive(pid)) continue;
    attempt(() => rmSync(join(tmpdir(), entry), { recursive: true, force: true }));
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== "ESRCH";
  }
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}
