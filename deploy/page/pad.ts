/**
 * The drawing pad: strokes from mouse, touch, pen and keyboard, kept as data and painted on a
 * canvas.
 */

import type { Point } from "./raster";

/** Strokes are in units of a canvas of this size, whatever its size on the screen. */
export const PAD_SIZE = [280, 280] as const;
export const PEN = 15; // line width on the pad; the network's own pen is set after scaling
const KEYS = -1; // the keyboard's pen among the pointers; browsers count theirs from 0

export class Pad {
  strokes: Point[][] = [];
  #canvas;
  #context;
  #changed;
  /** The pointer that draws; others are ignored until it is lifted. */
  #pointer: number | null = null;
  /** The stroke that grows; null while the pointer is outside. */
  #stroke: Point[] | null = null;
  /** Strokes before the pointer went down: Undo takes back a whole gesture. */
  #gestures: number[] = [];
  #frame = 0;
  /** Where the keyboard's pen is. */
  #cursor: Point = [PAD_SIZE[0] / 2, PAD_SIZE[1] / 2];
  #cursorShown = false;

  /** @param changed called at most once a frame, after the strokes changed */
  constructor(canvas: HTMLCanvasElement, changed: () => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d")!;
    this.#changed = changed;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#up(event));
    canvas.addEventListener("lostpointercapture", (event) => this.#up(event));
    canvas.addEventListener("contextmenu", (event) => {
      if (this.#pointer !== null) event.preventDefault(); // a finger that rests still draws
    });
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  /** The keyboard's pen begins a stroke. */
  putDown() {
    this.#release();
    this.#begin(KEYS);
    this.#draw(this.#cursor);
  }

  /** @param down in units of the pad */
  moveCursor(right: number, down: number) {
    const [x, y] = this.#cursor;
    this.#cursor = [clip(x + right, PAD_SIZE[0]), clip(y + down, PAD_SIZE[1])];
    if (this.isCursorDown) this.#draw(this.#cursor);
    else this.#schedule();
  }

  /** The keyboard's pen ends its stroke. */
  lift() {
    if (this.isCursorDown) this.#release();
    this.#schedule();
  }

  get isCursorDown() {
    return this.#pointer === KEYS;
  }

  showCursor(shown: boolean) {
    this.#cursorShown = shown;
    this.#schedule();
  }

  undo() {
    this.#release();
    this.strokes.length = this.#gestures.pop() ?? 0;
    this.#schedule();
  }

  clear() {
    this.#release();
    this.strokes = [];
    this.#gestures = [];
    this.#schedule();
  }

  /** Paint all strokes, sharp on any screen and in the colours of the theme. */
  paint() {
    const [width, height] = PAD_SIZE;
    const scale = (this.#canvas.clientWidth * devicePixelRatio) / width;
    const pixels = Math.max(1, Math.round(width * scale));
    // Setting the size clears the canvas, also where it stays the same.
    this.#canvas.width = pixels;
    this.#canvas.height = Math.round((pixels * height) / width);
    const ink = this.#context;
    ink.scale(scale, scale);
    ink.strokeStyle = getComputedStyle(this.#canvas).color;
    ink.lineWidth = PEN;
    ink.lineCap = ink.lineJoin = "round";
    for (const [first, ...rest] of this.strokes) {
      ink.beginPath();
      ink.moveTo(...first);
      ink.lineTo(...first);
      for (const point of rest) ink.lineTo(...point);
      ink.stroke();
    }
    if (this.#cursorShown) this.#paintCursor(ink);
  }

  /** A ring, filled while the pen is down. */
  #paintCursor(ink: CanvasRenderingContext2D) {
    ink.beginPath();
    ink.arc(...this.#cursor, PEN / 2, 0, 2 * Math.PI);
    ink.strokeStyle = ink.fillStyle = getComputedStyle(this.#canvas).outlineColor;
    ink.lineWidth = 3;
    ink.stroke();
    if (this.isCursorDown) ink.fill();
  }

  #down(event: PointerEvent) {
    this.lift();
    if (this.#pointer !== null || event.button !== 0) return;
    event.preventDefault(); // no text selection, no focus taken from the buttons
    this.#canvas.setPointerCapture(event.pointerId);
    this.#begin(event.pointerId);
    this.#add(event);
  }

  #begin(pointer: number) {
    this.#pointer = pointer;
    this.#gestures.push(this.strokes.length);
  }

  #move(event: PointerEvent) {
    if (event.pointerId !== this.#pointer) return;
    // All positions since the last frame; plain HTTP, not localhost, has only the last one.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length > 0 ? events : [event]) this.#add(each);
  }

  #up(event: PointerEvent) {
    if (event.pointerId === this.#pointer) this.#release();
  }

  #release() {
    const pointer = this.#pointer;
    this.#pointer = this.#stroke = null;
    if (this.#gestures.at(-1) === this.strokes.length) this.#gestures.pop(); // it drew nothing
    if (pointer !== null && pointer !== KEYS && this.#canvas.hasPointerCapture(pointer)) {
      this.#canvas.releasePointerCapture(pointer);
    }
  }

  /**
   * Add a point. A stroke ends where it leaves the pad and a new one begins where the pointer
   * comes back: ink that nobody sees would shrink the digit that the network sees.
   */
  #add(event: PointerEvent) {
    const box = this.#canvas.getBoundingClientRect();
    const { clientLeft, clientTop, clientWidth, clientHeight } = this.#canvas; // inside its border
    const x = ((event.clientX - box.left - clientLeft) / clientWidth) * PAD_SIZE[0];
    const y = ((event.clientY - box.top - clientTop) / clientHeight) * PAD_SIZE[1];
    const point: Point = [clip(x, PAD_SIZE[0]), clip(y, PAD_SIZE[1])];
    const inside = point[0] === x && point[1] === y;
    if (inside || this.#stroke !== null) this.#draw(point);
    if (!inside) this.#stroke = null;
  }

  /** @param point on the pad */
  #draw(point: Point) {
    const last = this.#stroke?.at(-1);
    if (this.#stroke === null) {
      this.#stroke = [point];
      this.strokes.push(this.#stroke);
    } else if (last === undefined || last[0] !== point[0] || last[1] !== point[1]) {
      this.#stroke.push(point);
    }
    this.#schedule();
  }

  #schedule() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.paint();
      this.#changed();
    });
  }
}

function clip(value: number, high: number): number {
  return Math.min(Math.max(value, 0), high);
}
