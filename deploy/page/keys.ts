/** A pen for the keyboard: arrow keys move it, Space puts it down and lifts it. */

const STEP = 8; // units of the pad a key press; with Shift finer
const FINE = 2;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export class KeyboardPen {
  #pad;
  #say;
  /** Arrow keys that are down: two at once draw a slope. */
  #held: Set<string> = new Set();

  /** @param pad that paints on it @param say to who cannot see the pen */
  constructor(canvas: HTMLCanvasElement, pad: import("./pad").Pad, say: (text: string) => void) {
    this.#pad = pad;
    this.#say = say;
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("keyup", (event) => this.#held.delete(event.key));
    canvas.addEventListener("focus", () => pad.showCursor(canvas.matches(":focus-visible")));
    canvas.addEventListener("blur", () => {
      this.#held.clear();
      pad.lift();
      pad.showCursor(false);
    });
  }

  #press(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) {
      this.#held.add(event.key);
      this.#move(event.shiftKey ? FINE : STEP);
    } else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat) this.#toggle();
    } else if (event.key === "Backspace") {
      this.#pad.undo();
    } else if (event.key === "Delete") {
      this.#pad.clear();
    } else {
      return; // Tab leaves, as everywhere
    }
    event.preventDefault(); // the page does not scroll
  }

  #move(step: number) {
    let [right, down] = [0, 0];
    for (const key of this.#held) {
      right += ARROWS[key][0];
      down += ARROWS[key][1];
    }
    this.#pad.moveCursor(right * step, down * step);
  }

  #toggle() {
    if (this.#pad.isCursorDown) this.#pad.lift();
    else this.#pad.putDown();
    this.#say(this.#pad.isCursorDown ? "Pen down." : "Pen up.");
  }
}
