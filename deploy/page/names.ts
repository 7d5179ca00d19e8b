/**
 * Names for screen readers, where ipywidgets and ipycanvas give none: a slider is given the text
 * beside it, a canvas what its tooltip says. That would also hide the drawing under the pointer, so
 * the tooltip goes.
 */

/** The outermost `.mnist-nb` around an element, once it is on the page; null when it never is. */
export async function rootOf(el: Element, signal: AbortSignal): Promise<HTMLElement | null> {
  while (!el.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, 16)); // not a frame: a hidden tab has none
    if (signal.aborted) return null;
  }
  let root: HTMLElement | null = null;
  for (let at: Element | null = el; at !== null; at = at.parentElement) {
    if (at instanceof HTMLElement && at.classList.contains("mnist-nb")) root = at;
  }
  return root;
}

export function helpNames(root: HTMLElement, signal: AbortSignal): void {
  const name = () => {
    for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const slider = handle.closest(".widget-slider");
      const text = slider?.querySelector(".widget-label")?.textContent;
      if (text) handle.setAttribute("aria-label", text);
    }
    for (const canvas of root.querySelectorAll<HTMLCanvasElement>("canvas[title]")) {
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", canvas.title);
      canvas.removeAttribute("title");
    }
  };
  name();
  const observer = new MutationObserver(name);
  // Widgets come and go as children; bars change attributes and text only.
  observer.observe(root, { childList: true, subtree: true, attributeFilter: ["title"] });
  signal.addEventListener("abort", () => observer.disconnect());
}
