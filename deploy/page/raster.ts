/**
 * From pen strokes to the 784 bytes that the network reads: the recipe of
 * `mnist_nb/drawing/raster.py`, which says why. A test holds the two together.
 *
 * Python cuts the strokes into short pieces to compute many at once. A loop need not: the
 * distance to a line is the least distance to its pieces.
 */

export type Point = [x: number, y: number];
type Line = [ax: number, ay: number, bx: number, by: number];

export const SIZE = 28; // pixels a side
const BOX = 20; // the ink fits into 20x20 pixels
const PEN = 2.5; // pen width in pixels of the 28x28 image
const CENTER = 14; // pixel row and column of the centre of mass in MNIST
const SMALLEST = 0.04; // an extent below this share of the canvas is a dot: not blown up further

/**
 * Return the 28x28 image of a drawing, row by row: 0 = background, 255 = ink. All zeros when
 * nothing is drawn.
 *
 * @param strokes a stroke of one point is a dot
 * @param size of the canvas
 * @returns 784 bytes
 */
export function rasterize(
  strokes: Point[][],
  size: readonly [width: number, height: number],
): Uint8Array<ArrayBuffer> {
  const lines = linesInBox(strokes, size);
  if (lines.length === 0) return new Uint8Array(SIZE * SIZE);
  const [massX, massY] = centerOfMass(render(lines, CENTER, CENTER));
  // Ink may leave the field when nearly all of it is at one end: then the frame wins.
  const ends = lines.flatMap(([ax, ay, bx, by]) => [
    [ax, ay],
    [bx, by],
  ]);
  const [lowX, lowY, highX, highY] = bounds(ends);
  const x = clip(2 * CENTER - massX, PEN / 2 - lowX, SIZE - 1 - PEN / 2 - highX);
  const y = clip(2 * CENTER - massY, PEN / 2 - lowY, SIZE - 1 - PEN / 2 - highY);
  return Uint8Array.from(render(lines, x, y), (ink) => Math.floor(ink * 255 + 0.5));
}

/** Scale the strokes into the box, centred on (0, 0); a dot is a line without length. */
function linesInBox(strokes: Point[][], size: readonly [width: number, height: number]): Line[] {
  const [lowX, lowY, highX, highY] = bounds(strokes.flat());
  const extent = Math.max(highX - lowX, highY - lowY, SMALLEST * Math.max(...size));
  const scale = (BOX - PEN) / extent;
  const middleX = (lowX + highX) / 2;
  const middleY = (lowY + highY) / 2;
  const lines: Line[] = [];
  for (const stroke of strokes) {
    const points = stroke.map(([x, y]) => [(x - middleX) * scale, (y - middleY) * scale]);
    if (points.length === 1) points.push(points[0]);
    for (let i = 1; i < points.length; i++) {
      lines.push([points[i - 1][0], points[i - 1][1], points[i][0], points[i][1]]);
    }
  }
  return lines;
}

/**
 * Ink 0..1 of every pixel: 1 inside the pen, falling to 0 over one pixel at its edge.
 *
 * @param originX where (0, 0) of the lines is in the image
 * @returns 784
 */
function render(lines: Line[], originX: number, originY: number): Float64Array {
  const reach = PEN / 2 + 0.5;
  const field = new Float64Array(SIZE * SIZE);
  for (const [ax, ay, bx, by] of lines) {
    const startX = ax + originX;
    const startY = ay + originY;
    const dx = bx - ax;
    const dy = by - ay;
    const length2 = dx * dx + dy * dy || 1;
    const left = Math.max(0, Math.ceil(Math.min(startX, startX + dx) - reach));
    const right = Math.min(SIZE - 1, Math.floor(Math.max(startX, startX + dx) + reach));
    const top = Math.max(0, Math.ceil(Math.min(startY, startY + dy) - reach));
    const bottom = Math.min(SIZE - 1, Math.floor(Math.max(startY, startY + dy) + reach));
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const px = x - startX;
        const py = y - startY;
        const along = clip((px * dx + py * dy) / length2, 0, 1);
        const ex = px - along * dx;
        const ey = py - along * dy;
        const ink = clip(reach - Math.sqrt(ex * ex + ey * ey), 0, 1);
        if (ink > field[y * SIZE + x]) field[y * SIZE + x] = ink;
      }
    }
  }
  return field;
}

/** @returns pixel i is centred on i */
function centerOfMass(field: Float64Array): Point {
  let total = 0;
  let x = 0;
  let y = 0;
  field.forEach((ink, i) => {
    total += ink;
    x += ink * (i % SIZE);
    y += ink * Math.floor(i / SIZE);
  });
  return [x / total, y / total];
}

function bounds(points: number[][]): [lowX: number, lowY: number, highX: number, highY: number] {
  let [lowX, lowY, highX, highY] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    lowX = Math.min(lowX, x);
    lowY = Math.min(lowY, y);
    highX = Math.max(highX, x);
    highY = Math.max(highY, y);
  }
  return [lowX, lowY, highX, highY];
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
