/**
 * What the ipycanvas of the pad lacks: a pen that leaves with the button held comes back drawing,
 * and keys and the wheel that the paper does not use do what they do elsewhere.
 */

const PAD = ".mnist-nb-paper";
const PAPERS = `${PAD}, .mn-picker`;
const COPIED = ["key", "code", "location", "repeat", "ctrlKey", "shiftKey", "altKey", "metaKey"];

export function helpPaper(root: HTMLElement, signal: AbortSignal): void {
  const early = { capture: true, signal };
  // While the pointer is captured its moves and its release come here, wherever they are.
  root.addEventListener(
    "pointerdown",
    (event) => {
      if (paperOf(event)?.matches(PAD))
        (event.target as HTMLCanvasElement).setPointerCapture(event.pointerId);
    },
    early,
  );
  // ipycanvas tells the kernel of every move; over a pad one without a button says nothing.
  root.addEventListener(
    "mousemove",
    (event) => {
      const isHovering = event.buttons === 0 && paperOf(event)?.matches(PAD);
      if (isHovering) event.stopPropagation();
    },
    early,
  );
  // The canvas keeps every key and turn of the wheel to itself, so it must not hear of these.
  root.addEventListener(
    "keydown",
    (event) => {
      const paper = paperOf(event);
      if (paper === null || isUsed(event, paper)) return;
      event.stopImmediatePropagation(); // another view of the same root listens too
      const copy = new KeyboardEvent("keydown", {
        ...Object.fromEntries(COPIED.map((name) => [name, event[name as keyof KeyboardEvent]])),
        bubbles: true,
        cancelable: true,
        composed: true,
      });
      // Some look at the number of a key, which the constructor does not take.
      Object.defineProperty(copy, "keyCode", { value: event.keyCode });
      if (!paper.dispatchEvent(copy)) event.preventDefault();
    },
    early,
  );
  root.addEventListener(
    "wheel",
    (event) => {
      if (paperOf(event)) event.stopPropagation();
    },
    { ...early, passive: true },
  );
}

/** The paper whose canvas an event is for. */
export function paperOf({ target }: Event): HTMLElement | null {
  return target instanceof HTMLCanvasElement ? target.closest<HTMLElement>(PAPERS) : null;
}

/** Does the paper do something at this key? */
export function isUsed(event: KeyboardEvent, paper: HTMLElement): boolean {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (altKey) return false;
  if (ctrlKey || metaKey) return key === "z" && !shiftKey && paper.matches(PAD);
  if (paper.matches(".mn-picker")) return key.startsWith("Arrow");
  return /^[0-9]$/.test(key) || key === "Backspace" || key === "Delete";
}
