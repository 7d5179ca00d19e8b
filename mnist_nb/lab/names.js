// Runs as `onload` of the style sheet in a view. Sliders of ipywidgets have no name for screen
// readers, and canvases of ipycanvas no role: a slider is given the text beside it, a canvas what
// its tooltip says. That would also hide the drawing under the pointer, so it goes.
((style) => {
  let root = style.closest(".mnist-nb");
  while (root?.parentElement?.closest(".mnist-nb")) {
    root = root.parentElement.closest(".mnist-nb");
  }
  if (!root || root.dataset.named) return;
  root.dataset.named = "true";
  const name = () => {
    for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const text = handle.closest(".widget-slider")?.querySelector(".widget-label")?.textContent;
      if (text) handle.setAttribute("aria-label", text);
    }
    for (const canvas of root.querySelectorAll("canvas[title]")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", canvas.title);
      canvas.removeAttribute("title");
    }
  };
  name();
  const changes = { childList: true, subtree: true, attributes: true, attributeFilter: ["title"] };
  new MutationObserver(name).observe(root, changes);
})(this);
