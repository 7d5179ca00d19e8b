/**
 * The ink under the pen, at once. The ink of the paper makes a round trip: an event goes to the
 * kernel, which keeps the point and lets ipycanvas draw. So the same line is drawn here on top of
 * the paper until that has come, however busy the kernel is.
 */

import { PAD_SIZE, PEN } from "./pad";
import { isUsed, paperOf } from "./paper";

const SVG = "http://www.w3.org/2000/svg";
const LOOKS = {
  class: "mnist-nb-echo",
  viewBox: `0 0 ${PAD_SIZE.join(" ")}`,
  fill: "none",
  stroke: "#000",
  "stroke-width": String(PEN),
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
  "aria-hidden": "true",
};

export class Echo {
  #layer = document.createElementNS(SVG, "svg");
  #pointer: number | null = null;
  /** The line that grows; null while the pen is up or beyond the paper. */
  #line: SVGPolylineElement | null = null;
  #presses = 0;

  /** @param box with the paper in it, and no other */
  constructor(box: HTMLElement, signal: AbortSignal) {
    for (const [name, value] of Object.entries(LOOKS)) this.#layer.setAttribute(name, value);
    // At the window, before anybody who would keep an event from the rest.
    const listen = (type: "pointerdown" | "pointermove" | "pointerup" | "pointercancel") =>
      window.addEventListener(
        type,
        (event) => {
          const paper = paperOf(event);
          if (paper !== null && box.contains(paper)) this[type](event, paper);
        },
        { capture: true, signal },
      );
    (["pointerdown", "pointermove", "pointerup", "pointercancel"] as const).forEach(listen);
    const key = (event: KeyboardEvent) => {
      const paper = paperOf(event);
      if (paper !== null && box.contains(paper) && isUsed(event, paper)) this.#drop();
    };
    window.addEventListener("keydown", key, { capture: true, signal });
    signal.addEventListener("abort", () => this.#layer.remove());
  }

  /** The kernel has shown what it knows: when the pen is up, that is all. */
  settle(): void {
    const presses = this.#presses;
    const clear = () => {
      if (this.#pointer === null && presses === this.#presses) this.#layer.replaceChildren();
    };
    if (this.#layer.firstChild === null || this.#pointer !== null) return;
    // ipycanvas paints what came before in a frame of its own.
    requestAnimationFrame(() => requestAnimationFrame(clear));
  }

  /** What is drawn was taken back or replaced. */
  #drop(): void {
    this.#pointer = this.#line = null;
    this.#layer.replaceChildren();
  }

  private pointerdown(event: PointerEvent, paper: HTMLElement): void {
    if (this.#pointer !== null || event.button !== 0) return;
    if (this.#layer.parentNode !== paper) paper.append(this.#layer);
    this.#pointer = event.pointerId;
    this.#presses++;
    this.#add(event);
  }

  private pointermove(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    if (event.buttons === 0) this.pointerup(event);
    else this.#add(event);
  }

  private pointerup(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    if (this.#line !== null) this.#add(event);
    this.#pointer = this.#line = null;
  }

  private pointercancel(event: PointerEvent): void {
    if (event.pointerId === this.#pointer) this.#pointer = this.#line = null;
  }

  /** As the pad in Python: a line ends at the border, and begins anew where the pen comes back. */
  #add(event: PointerEvent): void {
    const box = (event.target as HTMLCanvasElement).getBoundingClientRect();
    const [width, height] = PAD_SIZE;
    const x = ((event.clientX - box.left) / box.width) * width;
    const y = ((event.clientY - box.top) / box.height) * height;
    const at = [Math.min(Math.max(x, 0), width), Math.min(Math.max(y, 0), height)] as const;
    const isInside = at[0] === x && at[1] === y;
    if (this.#line === null) {
      if (!isInside) return;
      this.#line = document.createElementNS(SVG, "polyline");
      this.#line.points.appendItem(this.#point(...at)); // twice: a dot
      this.#layer.append(this.#line);
    }
    this.#line.points.appendItem(this.#point(...at));
    if (!isInside) this.#line = null;
  }

  #point(x: number, y: number): SVGPoint {
    return Object.assign(this.#layer.createSVGPoint(), { x, y });
  }
}
