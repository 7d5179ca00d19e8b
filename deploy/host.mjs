// Runs the Worker of this folder on your machine for LocalEdge of the Python package: starts workerd,
// the runtime of Cloudflare, as configure.mjs says, and again when it dies. A process of its own, as
// Miniflare, which configure.mjs needs, would stay with 90 MB in memory.
//
// stdin:  one line of JSON, {"port": 0, "state": null, "vars": {}}, then left open.
//         The host lives as long as stdin does: when whoever holds it dies, even by SIGKILL,
//         the pipe closes and node, workerd and the temporary folder go too.
//         With "asCloudflare" the Host and MF-CF-Blob headers are believed, as if it were deployed.
//         "packages" is the folder with node_modules, where it is not this one.
//         With "sockets", the numbers of two file descriptors, workerd inherits them: the first
//         already listens on `port`, the second on `inner`. Should workerd die, it is started again
//         in a second, and connections wait in a socket's queue meanwhile; without it they are
//         refused. And the Worker is asked directly then, see configure.mjs.
// signal: SIGUSR2 evicts the Durable Objects, as the platform does when it pleases.
// stdout: {"ready": {"url", "s3": {...}}} once it serves, or {"failed": {"code", "message"}}.
//         and what the Worker logs, one line of JSON each, from workerd itself.
// stderr: everything else.

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const PREFIX = `mnist-nb-edge-${hostname()}-`;
const SOON = 1000; // ms from the start of a workerd that died to that of the next

let child; // configure.mjs, then workerd
let temporary;
process.once("exit", () => {
  child?.kill("SIGKILL");
  if (temporary) remove(temporary);
});
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.once(signal, () => process.exit());
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(), 1000).unref();
createInterface({ input: process.stdin })
  .once("line", (line) => configure(JSON.parse(line)))
  .once("close", () => process.exit());

function configure(settings) {
  removeStale();
  // configure.mjs and workerd put what is temporary below this folder.
  temporary = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const env = { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
  const program = [...process.execArgv, join(import.meta.dirname, "configure.mjs")];
  child = spawn(process.execPath, program, { env, stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.once("error", ({ code, message }) => fail(code, message));
  child.once("close", (status) => {
    if (!said) return fail("ERR_HOST", `configure.mjs ended with status ${status}`);
    const { failed, workerd, s3 } = JSON.parse(said);
    if (failed) return fail(failed.code, failed.message);
    run({ ...workerd, sockets: settings.sockets ?? [] }, s3);
  });
  child.stdin.on("error", () => {}); // it has ended, and says why
  child.stdin.end(JSON.stringify({ ...settings, temporary }));
}

/** Run workerd, again when it dies. It is ready once it listens on `names`, the first the Worker's. */
function run({ command, args, env, sockets, names, evict }, s3) {
  const ports = new Map();
  let url;
  process.on("SIGUSR2", () => url && void post(url + evict));
  launch();

  function launch() {
    const began = Date.now();
    const stdio = ["ignore", "inherit", "inherit", "pipe", ...sockets];
    child = spawn(command, args, { stdio, env, windowsHide: true });
    createInterface({ input: child.stdio[3] }).on("line", (line) => {
      const { event, socket, port } = JSON.parse(line);
      if (event === "listen") ports.set(socket, port);
      if (url || !names.every((name) => ports.has(name))) return;
      url = `http://127.0.0.1:${ports.get(names[0])}`;
      say({ ready: { url, s3 } });
    });
    child.once("error", ({ code, message }) => fail(code, message));
    child.once("exit", (status, signal) => {
      const how = `workerd ended with ${signal ?? `status ${status}`}`;
      if (!url) return fail("ERR_RUNTIME", how);
      console.error(`${how}, and is started again`);
      setTimeout(launch, Math.max(0, began + SOON - Date.now()));
    });
  }
}

async function post(url) {
  const { request } = await import("node:http"); // 5 MB that are rarely needed
  const tell = (how) => console.error(`the Durable Objects are ${how}`);
  const sent = request(url, { method: "POST" }, (response) => {
    response.resume();
    tell(response.statusCode === 204 ? "evicted" : `not evicted: status ${response.statusCode}`);
  });
  sent.on("error", (error) => tell(`not evicted: ${error.message}`)).end();
}

/** Remove the folders of hosts of this machine that were killed before they could. */
function removeStale() {
  for (const entry of attempt(() => readdirSync(tmpdir())) ?? []) {
    const pid = entry.startsWith(PREFIX) && Number.parseInt(entry.slice(PREFIX.length), 10);
    if (pid && !isAlive(pid)) remove(join(tmpdir(), entry));
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

function remove(folder) {
  attempt(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function fail(code, message) {
  say({ failed: { code, message } });
  process.stdout.write("", () => process.exit(1)); // when the pipe has taken it
}

function attempt(action) {
  try {
    return action();
  } catch {
    return undefined;
  }
}
