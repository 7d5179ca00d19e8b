// What the kernel imports as Pyodide: it has each file checked, and tells the page what is loading.

const page = new BroadcastChannel("mnist-nb-lab");
const here = (url) => new URL(url, import.meta.url).href;

export async function loadPyodide(options) {
  const files = await (await fetch(here("files.json"))).json();
  watch(files);
  // As text, because a script that is imported cannot be checked.
  const names = ["pyodide.asm.js", "pyodide.mjs"];
  const [, { loadPyodide }] = await Promise.all(names.map((name) => run(files, name)));
  const indexURL = address(files, "pyodide.asm.wasm").replace(/[^/]*$/, "");
  const python = await loadPyodide({ ...options, indexURL });
  page.postMessage({ done: true });
  return python;
}

function address(files, name) {
  return here(files.find(({ url }) => url.endsWith(name)).url);
}

async function run(files, name) {
  const text = await (await fetch(address(files, name))).text();
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** All that Python fetches goes this way. */
function watch(files) {
  const known = new Map(files.map((file) => [here(file.url), file]));
  const plain = self.fetch;
  let fetched = 0;
  self.fetch = async (input, init) => {
    const file = known.get(String(input.url ?? input));
    if (!file) return plain(input, init);
    const response = await plain(input, { ...init, integrity: file.integrity, credentials: "omit" });
    fetched += 1;
    page.postMessage({ url: file.url, fetched, files: files.length });
    return response;
  };
}
