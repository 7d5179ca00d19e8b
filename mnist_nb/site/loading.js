// In the page: says what of Python is loading, and how large it is.

const files = await (await fetch(new URL("files.json", import.meta.url))).json();
const size = files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0) / 1e6;
const about = `${files.every(({ bytes }) => bytes) ? "" : "more than "}${size.toFixed(0)} MB, the first time only`;

const line = document.createElement("p");
line.setAttribute("role", "status");
Object.assign(line.style, {
  position: "fixed",
  inset: "auto 0 0 auto",
  margin: 0,
  padding: "4px 8px",
  zIndex: 10000,
  font: "13px system-ui, sans-serif",
  color: "#fff",
  background: "#333",
});

function say(what, count) {
  line.textContent = `Loading Python (${about}): ${count} of ${files.length} files, ${what}`;
  document.body.append(line);
}

say("JupyterLab", 0);
new BroadcastChannel("mnist-nb-lab").onmessage = ({ data }) => {
  if (data.done) line.remove();
  else say(data.url.replace(/.*\//, "").replace(/-.*/, ""), data.fetched);
};
