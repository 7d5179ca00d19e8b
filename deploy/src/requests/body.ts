/** The body of POST /classify, in its two encodings, as the 784 bytes of each image. */
import { PIXELS } from "../network/kernel";
import { type Problem, problem } from "../problem";

export const MAX_IMAGES = 1024;
const MAX_JSON_BYTES = 64 << 10; // 784 numbers take about 3 kB, printed generously 20 kB
const MAX_DRAIN_BYTES = 32 << 20;

export type Encoding = "json" | "octets";

/** How the body is encoded. A script that names no type sends text/plain: that is JSON too. */
export function encodingOf(request: Request): Encoding {
  const given = request.headers.get("Content-Type") ?? "";
  const type = given.split(";")[0]!.trim().toLowerCase();
  const coding = request.headers.get("Content-Encoding")?.toLowerCase() ?? "identity";
  if (coding !== "identity") {
    throw unsupported(`Content-Encoding is ${quote(coding)}; send the body uncompressed.`);
  }
  if (type === "application/octet-stream") return "octets";
  if (type === "application/json" || type === "text/plain") return "json";
  throw unsupported(
    `Content-Type is ${quote(given)}; send application/json (an array of ${PIXELS} numbers) or ` +
      `application/octet-stream (${PIXELS} bytes an image).`,
  );
}

/** Reads the body to uint8 N x 784; a problem for the client when it is anything else. */
export async function readImages(request: Request, encoding: Encoding): Promise<Uint8Array> {
  if (encoding === "json") return pixelsOfJson(await readCapped(request, MAX_JSON_BYTES));
  const bytes = await readCapped(request, MAX_IMAGES * PIXELS);
  if (bytes.length === 0 || bytes.length % PIXELS !== 0) {
    throw wrongShape(
      `The body has ${bytes.length} bytes; send ${PIXELS} for each of 1 to ${MAX_IMAGES} images.`,
    );
  }
  return bytes;
}

function pixelsOfJson(bytes: Uint8Array): Uint8Array {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw problem(
      400,
      "broken-json",
      "Not JSON",
      `The body of ${bytes.length} bytes is not JSON; send an array of ${PIXELS} numbers.`,
    );
  }
  if (!Array.isArray(value) || value.length !== PIXELS) {
    const found = Array.isArray(value) ? `an array of ${value.length}` : quote(value);
    throw wrongShape(`The body is ${found}; send an array of ${PIXELS} numbers, row after row.`);
  }
  // The network takes bytes, so that both sides see the same image: other numbers are rounded.
  return Uint8Array.from(value, (pixel: unknown, index) => {
    if (typeof pixel === "number" && pixel >= 0 && pixel <= 255) return Math.round(pixel);
    throw problem(
      400,
      "wrong-range",
      "Wrong pixel",
      `The number at index ${index} is ${quote(pixel)}; each is a number from 0 to 255.`,
    );
  });
}

/**
 * Keeps no more than `most` bytes. What comes beyond is read and dropped, up to MAX_DRAIN_BYTES: a
 * client that is still sending would miss the answer.
 */
async function readCapped(request: Request, most: number): Promise<Uint8Array> {
  const said = Number(request.headers.get("Content-Length") ?? "NaN");
  if (said <= most) return readWhole(request, said);
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const part of request.body ?? []) {
      length += part.length;
      if (length <= most) parts.push(part);
      if (length > MAX_DRAIN_BYTES) break; // leaving the loop cancels the body
    }
  } catch {
    const detail = `The body broke off after ${length} bytes; send it again.`;
    throw problem(400, "broken-body", "Body broke off", detail);
  }
  if (length > most) {
    const size = length > MAX_DRAIN_BYTES ? `more than ${MAX_DRAIN_BYTES}` : `${length}`;
    const detail = `The body has ${size} bytes; at most ${most} are read.`;
    throw problem(413, "too-large", "Body too large", detail);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A body of a stated length: HTTP ends it there. Reading it at once is faster than its parts. */
async function readWhole(request: Request, said: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    const detail = `The body broke off before its ${said} bytes were there; send it again.`;
    throw problem(400, "broken-body", "Body broke off", detail);
  }
}

function wrongShape(detail: string): Problem {
  return problem(400, "wrong-shape", "Wrong shape", detail);
}

function unsupported(detail: string): Problem {
  return problem(415, "unsupported-type", "Unsupported media type", detail);
}

/** A value as it appears in an error, cut to a length that fits. */
function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
