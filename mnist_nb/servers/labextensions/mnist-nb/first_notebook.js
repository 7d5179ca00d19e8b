// The first two minutes: notebook 01 opens with its cells run and its lab in view.
//
// A prebuilt extension of JupyterLab, written as its loader wants one and without a bundler: all it
// needs is the application. `mnist-nb lab` names it to its own server; no other JupyterLab has it.

const NARROW = 700; // pixels, on which the list of files would leave no room for the notebook
const RUN_ALL = ["notebook:run-all-cells", "notebook:restart-run-all"];

const source = (cell) => cell.model.sharedModel.getSource();
const labCell = (panel) => panel.content.widgets.find((cell) => cell.model.id === "lab");

/** `cells`: code as it was shipped, by id. What somebody wrote, and all below it, is theirs to run. */
async function open(app, panel, cells) {
  await panel.context.ready;
  await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return;
  await kernel.info;
  const code = panel.content.widgets.filter((cell) => cell.model.type === "code");
  const changed = code.findIndex((cell) => source(cell) !== cells[cell.model.id]);
  const shipped = changed < 0 ? code : code.slice(0, changed);
  if (await hasLab(kernel)) await unchanged(panel, () => showAgain(panel, kernel, shipped));
  else await unchanged(panel, () => run(app, panel, shipped));
  app.commands.commandExecuted.connect((_, { id, result }) => {
    if (RUN_ALL.includes(id) && app.shell.currentWidget === panel) keepInView(panel, result);
  });
}

/** Whether the kernel goes on from before the page was loaded anew. */
async function hasLab(kernel) {
  const user_expressions = { lab: "'lab' in globals()" };
  const reply = await kernel.requestExecute({ code: "", silent: true, user_expressions }).done;
  return reply.content.user_expressions?.lab?.data?.["text/plain"] === "True";
}

async function run(app, panel, cells) {
  if (!cells.length) return;
  const notebook = panel.content;
  app.shell.activateById(panel.id);
  notebook.deselectAll();
  notebook.activeCellIndex = notebook.widgets.indexOf(cells[0]); // the active one runs, too
  for (const cell of cells) notebook.select(cell);
  await app.commands.execute("notebook:run-cell");
}

/** The lab that is there, with its drawing: outputs are not kept where nobody saves. */
async function showAgain(panel, kernel, cells) {
  const cell = labCell(panel);
  if (!cell || cell.outputArea.model.length) return;
  for (const one of cells) one.model.trusted = true; // they have been run
  cell.outputArea.future = kernel.requestExecute({ code: "lab", store_history: false });
  await cell.outputArea.future.done;
}

/** Opened is not changed: outputs alone are nothing to save. */
async function unchanged(panel, act) {
  const text = () => JSON.stringify(panel.content.widgets.map(source));
  const before = text();
  await keepInView(panel, act());
  if (text() === before) panel.context.model.dirty = false;
}

/** What runs all goes to the last cell; come back, and stay until somebody moves: not under a pen. */
async function keepInView(panel, done) {
  const notebook = panel.content;
  const cell = labCell(panel);
  if (!cell) return done;
  cell.node.style.scrollMarginBottom = "2.5em"; // an answer may take a line more than empty paper
  const show = () => cell.node.scrollIntoView({ block: "nearest" });
  const growth = new ResizeObserver(show);
  let hasMoved = false;
  const leave = () => {
    hasMoved = true;
    growth.disconnect();
  };
  for (const act of ["pointerdown", "wheel", "keydown"]) {
    notebook.node.addEventListener(act, leave, { once: true, capture: true });
  }
  notebook.deselectAll();
  notebook.activeCellIndex = notebook.widgets.indexOf(cell);
  growth.observe(cell.node);
  await done;
  if (!hasMoved) show();
}

const plugin = {
  id: "mnist-nb:first-notebook",
  description: "Opens the first notebook with its cells run and its lab in view",
  autoStart: true,
  activate(app) {
    const page = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const { path, cells } = page.mnistNb; // see jupyterlab.py
    const asked = page.treePath || new URLSearchParams(location.search).get("path"); // of a server, or none
    app.restored
      .then(() => {
        if (window.innerWidth < NARROW) app.shell.collapseLeft();
        if (asked === path) return app.commands.execute("docmanager:open", { path });
        return [...app.shell.widgets("main")].find((one) => one.context?.path === path);
      })
      .then((panel) => panel && open(app, panel, cells))
      .catch(console.error);
  },
};

window._JUPYTERLAB ??= {};
window._JUPYTERLAB["mnist-nb"] = { init() {}, get: async () => () => plugin };
