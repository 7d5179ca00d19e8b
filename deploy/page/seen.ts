/** What the network sees: 784 bytes painted into a canvas of 28 x 28. */

export const SIDE = 28;

export class Seen {
  #context: CanvasRenderingContext2D;
  #pixels = new ImageData(SIDE, SIDE);
  #words: Uint32Array;

  constructor(canvas: HTMLCanvasElement) {
    canvas.width = canvas.height = SIDE;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `What the network sees, ${SIDE} by ${SIDE} pixels`);
    this.#context = canvas.getContext("2d")!;
    this.#words = new Uint32Array(this.#pixels.data.buffer);
  }

  /** @param image 784 bytes, 255 is ink */
  show(image: ArrayLike<number>): void {
    // A word is a pixel, alpha in its highest byte: every machine with a browser is little endian.
    for (let i = 0; i < this.#words.length; i++)
      this.#words[i] = 0xff000000 | (image[i]! * 0x010101);
    this.#context.putImageData(this.#pixels, 0, 0);
  }
}
