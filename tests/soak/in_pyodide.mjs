// Runs pytest of this repository in Pyodide: node in_pyodide.mjs PYODIDE NUMPY.whl REPOSITORY PACKAGES TESTS...
//
// PACKAGES has what is Python alone, such as pytest; numpy is that of the wheel. What is compiled for
// this machine cannot be used: the package has to do without, and tests that name it are skipped.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [home, numpy, repository, packages, ...tests] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(join(home, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: `${home}/` });
await python.loadPackage(pathToFileURL(numpy).href, { messageCallback() {} });
for (const [place, folder] of [["/repository", repository], ["/packages", packages]]) {
  python.FS.mkdir(place);
  python.mountNodeFS(place, folder);
}
python.globals.set("TESTS", python.toPy(tests));
const program = readFileSync(join(import.meta.dirname, "in_pyodide.py"), "utf8");
process.exitCode = await python.runPythonAsync(program);
