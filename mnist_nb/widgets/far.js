// A slider of ipywidgets has no name for screen readers: give each that of the text beside it.
(() => {
  const name = () => {
    const rows = [...document.querySelectorAll(".mnist-nb-far .widget-slider")];
    for (const row of rows) {
      const text = row.querySelector(".widget-label")?.textContent;
      row.querySelector(".noUi-handle")?.setAttribute("aria-label", text ?? "");
    }
    return rows.length > 0 && rows.every((row) => row.querySelector(".noUi-handle[aria-label]"));
  };
  if (name()) return;
  const observer = new MutationObserver(() => name() && observer.disconnect());
  observer.observe(document.body, { childList: true, subtree: true });
})();
