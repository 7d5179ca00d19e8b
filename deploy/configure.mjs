// Says how workerd runs this Worker: bundles src/, takes the bindings from wrangler.jsonc, and has
// Miniflare make a configuration of both. In an installed package, which has no src/, both are in
// built/. It is the runtime and the configuration of `wrangler dev`, without its proxies.
//
// stdin:  the settings of host.mjs, and "temporary", a folder.
// stdout: {"workerd": {"command", "args", "env", "names", "evict"}, "s3": {...}}: its sockets, and the
//         path that evicts the Durable Objects; or {"failed": {"code", "message"}}.
// stderr: everything else.

import childProcess from "node:child_process";
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { buffer, json } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const root = import.meta.dirname;
const NOBODY = "127.0.0.1:1";
const FIRST_SOCKET = 4; // of workerd's file descriptors: stdio, and one on which it says its ports

// Requests to Miniflare's own socket pass through three Workers before they come to ours, which takes
// longer than the rest of their way. So ours has a socket to itself, which Miniflare gives to named
// exports only, and passes on what is for Miniflare, most of all S3.
const DIRECT = "Direct";
//
// It answers under a name or an address of this machine only: a page elsewhere whose name leads here
// would otherwise read this edge from the browser of whoever visits it. And where a request comes
// from is what Cloudflare says, not what it says itself. (Both but for tests of the latter.) Behind
// Miniflare's socket, which believes a request's MF-Original-URL, our Worker answers nothing then.
//
// Durable Objects are evicted by a request to a path that nobody else knows.
const EVICT = `/cdn-cgi/evict/${randomUUID()}`;
const direct = (main, { asCloudflare, sockets }) => `
  export * from ${main};
  import worker, { Classifier as Ours } from ${main};
  import unsafe from "workerd:unsafe";
  const alive = new Set();
  export class Classifier extends Ours {
    constructor(context, env) {
      super(context, env);
      alive.add(context.id.toString());
    }
  }
  const evict = async ({ CLASSIFIER }) => {
    const objects = [...alive].map((id) => CLASSIFIER.get(CLASSIFIER.idFromString(id)));
    alive.clear();
    for (const object of objects) await unsafe.evict(object);
    return new Response(null, { status: 204 });
  };
  const HERE = /^(localhost|.+\\.localhost|[0-9.]+|\\[[0-9a-f:.]+\\])$/;
  const refuse = (status, title, detail) =>
    Response.json({ type: "about:blank", title, status, detail }, {
      status,
      headers: { "Content-Type": "application/problem+json" },
    });
  const here = (request, env, context) => {
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
    if (url.pathname === "${EVICT}") return evict(env);
    const isOurs = !env.MINIFLARE || !url.pathname.startsWith("/cdn-cgi/");
    return isOurs ? worker.fetch(request, env, context) : env.MINIFLARE.fetch(request);
  };
  const nothing = () => refuse(404, "Not found", "There is only /cdn-cgi/local/ here.");
  export const ${DIRECT} = { fetch: here };
  export default { ...worker, fetch: ${sockets ? "nothing" : "here"} };
`;

// stdout carries the protocol only.
console.log = console.info = console.debug = console.warn = console.error;

let said;
try {
  said = await workerd(await json(process.stdin));
} catch (error) {
  console.error(error?.stack ?? error);
  said = { failed: { code: error?.code ?? "ERR_HOST", message: String(error?.message ?? error) } };
}
process.removeAllListeners("exit"); // Miniflare would remove the folders that workerd is to have
process.stdout.write(JSON.stringify(said), () => process.exit());

async function workerd(settings) {
  const { port, inner, state, vars, sockets, packages = root, temporary } = settings;
  const entry = createRequire(join(packages, "package.json")).resolve("miniflare");
  const { workerOptions, name, modules: pending } = await load(settings);
  const [modules, { Miniflare, Log, LogLevel, convertV4MiniflareOptions }] = await Promise.all([
    pending,
    import(pathToFileURL(entry)),
  ]);
  const runtime = spawned();
  const worker = {
    ...workerOptions,
    name,
    modules,
    modulesRoot: root,
    bindings: { ...workerOptions.bindings, ...vars },
    compatibilityFlags: [...(workerOptions.compatibilityFlags ?? []), "unsafe_module"],
  };
  if (sockets) {
    worker.unsafeDirectSockets = [{ host: "127.0.0.1", port, entrypoint: DIRECT }];
    worker.serviceBindings = { MINIFLARE: { external: { address: `127.0.0.1:${inner}`, http: {} } } };
  }
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [worker],
      host: "127.0.0.1",
      port: inner ?? port,
      cf: false, // no look-up of a place over the network
      log: new Log(LogLevel.ERROR),
      telemetry: { enabled: false },
      unsafeLocalExplorer: false,
      unsafeObservability: false,
      ...(state ? { resourcePersistencePath: state } : {}),
    }),
  );
  const { command, args, env, config } = await Promise.race([runtime, miniflare.ready]);
  const file = join(temporary, "workerd.bin");
  writeFileSync(file, config);
  const names = sockets ? [`direct:0:${DIRECT}`, "entry"] : ["entry"];
  const ours = args.flatMap((argument) => {
    if (argument === "-") return [file];
    // A server of Miniflare, which ends with this program: nothing needs it.
    if (argument.startsWith("--external-addr=loopback=")) return [argument.replace(/[^=]*$/, NOBODY)];
    if (!sockets || !argument.startsWith("--socket-addr=entry=")) return [argument];
    return names.map((socket, i) => `--socket-fd=${socket}=${FIRST_SOCKET + i}`);
  });
  const { id, s3Credentials } = workerOptions.r2Buckets.MODELS;
  const s3 = { path: "/cdn-cgi/local/r2/s3", bucket: id, ...s3Credentials };
  return { workerd: { command, args: ours, env, names, evict: EVICT }, s3 };
}

/** What Miniflare would start, instead of starting it. */
function spawned() {
  const { spawn } = childProcess;
  return new Promise((resolve) => {
    childProcess.spawn = (command, args, options) => {
      if (!args?.includes("--control-fd=3")) return spawn(command, args, options);
      const stdio = Array.from({ length: 4 }, () => new PassThrough());
      const [stdin, stdout, stderr] = stdio;
      const { env } = options;
      void buffer(stdin).then((config) => resolve({ command, args, env, config }));
      return Object.assign(new EventEmitter(), { stdin, stdout, stderr, stdio, kill() {} });
    };
  });
}

/** What to load: the Worker of an installed package is built already, that of a checkout is not. */
async function load(settings) {
  if (existsSync(join(root, "src"))) {
    const { bindings, bundle } = await import("./bundle.mjs");
    const { main, define, ...found } = await bindings();
    // esbuild works in its own process while this one reads Miniflare's 5 MB of code.
    return { ...found, modules: bundle(direct(JSON.stringify(main), settings), define) };
  }
  const built = join(root, "built");
  const here = (_, value) =>
    typeof value === "string" && value.startsWith("{deploy}") ? join(root, value.slice(8)) : value;
  const { modules, ...found } = JSON.parse(readFileSync(join(built, "worker.json"), "utf8"), here);
  const contents = direct('"./worker.js"', settings);
  const main = { type: "ESModule", path: join(built, "main.js"), contents };
  const read = ({ type, path }) => ({ type, path, contents: readFileSync(path) });
  return { ...found, modules: [main, ...modules.map(read)] };
}
