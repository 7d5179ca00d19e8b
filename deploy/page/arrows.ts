/**
 * Arrow keys for who uses them. A notebook takes them to walk from cell to cell: Notebook 7 before a
 * slider hears of them, JupyterLab before the browser moves on in a list or among radio buttons. Both
 * leave alone what is handled already or never comes by.
 */

const BY_SCRIPT = "[role=slider], .mn-picker canvas"; // their scripts do not ask who has handled it
const BY_BROWSER = "select, input[type=radio]";

export function keepArrows(signal: AbortSignal): void {
  window.addEventListener(
    "keydown",
    (event) => {
      const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event;
      if (!key.startsWith("Arrow") || ctrlKey || metaKey || altKey || shiftKey) return;
      if (!(target instanceof Element) || target.closest(".jp-OutputArea") === null) return;
      if (target.matches(BY_SCRIPT)) event.preventDefault();
      else if (target.matches(BY_BROWSER)) event.stopPropagation();
    },
    { capture: true, signal },
  );
}
