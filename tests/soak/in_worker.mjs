// A worker with this package in Pyodide, as the lab's kernel: runs the Python that it is sent.

import { loadPyodide } from "./pyodide.mjs";

self.onmessage = async ({ data: { wheels, code, mayWait } }) => {
  self.python ??= loadPyodide();
  const python = await self.python;
  await python.loadPackage(wheels.map((name) => new URL(name, import.meta.url).href));
  // What is not awaited cannot wait for promises itself, as in browsers that cannot switch stacks.
  self.postMessage(mayWait ? await python.runPythonAsync(code) : python.runPython(code));
};
