/**
 * The safetensors container: 8 bytes of header length (little-endian), a JSON header that names
 * each tensor's dtype, shape and place, then the numbers. A file may come from anywhere, so
 * everything is checked before it is used, and refused with a reason.
 */

export const MAX_FILE_BYTES = 16 << 20; // an isolate has 128 MB, and a model is held up to 4 times
export const MAX_HEADER_BYTES = 1 << 20;

/** Weights that will not be used. The message is the reason, for people to read. */
export class WeightsRefused extends Error {
  /** @param passing it may mend by itself, so the same offer is looked at again. */
  constructor(
    reason: string,
    readonly passing = false,
  ) {
    super(reason);
  }
}

export interface Tensor {
  shape: number[];
  data: Float32Array;
}

export interface Container {
  metadata: Map<string, unknown>;
  tensors: Map<string, Tensor>;
}

/** A value as it appears in a reason, cut to a length that fits a message. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const MAX_DEPTH = 32;

/**
 * JSON that means the same to every reader, as mnist_nb/strict_json.py has it: no number beyond
 * float64, no half of a surrogate pair, no key twice in an object, and at most MAX_DEPTH levels.
 *
 * @param numbers what the digits of each number have to match.
 */
export function strictJson(text: string, numbers = /./): unknown {
  const value: unknown = JSON.parse(text, function (_key, item, context?: { source?: string }) {
    if (typeof item === "number" && !(Number.isFinite(item) && numbers.test(context?.source ?? ""))) {
      throw new SyntaxError(`the number ${context?.source?.slice(0, 40)} cannot be there`);
    }
    return item;
  } as Parameters<typeof JSON.parse>[1]);
  let level: unknown[] = [value];
  let members = 0;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const texts = level.flatMap((item) => (isObject(item) ? Object.keys(item) : [item]));
    if (!texts.every((item) => typeof item !== "string" || item.isWellFormed())) {
      throw new SyntaxError("a text has half a surrogate pair");
    }
    members += level.reduce<number>((sum, x) => sum + (isObject(x) ? Object.keys(x).length : 0), 0);
    level = level.flatMap((item) =>
      Array.isArray(item) ? item : isObject(item) ? Object.values(item) : [],
    );
    if (level.length > 0) continue;
    if (members === membersIn(text)) return value;
    throw new SyntaxError("a key is twice in one object");
  }
  throw new SyntaxError(`it is nested more than ${MAX_DEPTH} deep`);
}

/** How many members the objects of a JSON text have: its colons outside of texts. */
function membersIn(json: string): number {
  let [count, quoted] = [0, false];
  for (let i = 0; i < json.length; i++) {
    const letter = json[i];
    if (letter === '"') quoted = !quoted;
    else if (letter === ":" && !quoted) count++;
    else if (letter === "\\" && quoted) i++; // and what it escapes
  }
  return count;
}

/**
 * Reads and checks a whole file.
 *
 * @throws WeightsRefused truncated, hostile, or with tensors other than finite float32 and float16.
 */
export function readSafetensors(bytes: Uint8Array): Container {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, at most ${MAX_FILE_BYTES} are allowed`);
  }
  const { header, body } = split(bytes);
  const metadata = header.get("__metadata__");
  if (!isObject(metadata)) throw new WeightsRefused("its header has no __metadata__ object");
  for (const [name, text] of Object.entries(metadata)) {
    if (typeof text === "string") continue;
    throw new WeightsRefused(`in its __metadata__ ${show(name)} is ${show(text)}, not a text`);
  }
  header.delete("__metadata__");

  const places = [...header].map(([name, entry]) => place(name, entry, body.length));
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let used = 0; // tensors lie end to end: nothing overlaps, nothing hides in between
  for (const { name, begin, end } of places) {
    if (begin !== used) {
      throw new WeightsRefused(
        `tensor ${show(name)} begins at byte ${begin}, but the one before ends at ${used}: ` +
          "tensors overlap or leave a gap",
      );
    }
    used = end;
  }
  if (used !== body.length) {
    throw new WeightsRefused(`${body.length - used} bytes at its end belong to no tensor`);
  }
  const tensors = new Map(places.map((p) => [p.name, { shape: p.shape, data: numbers(p, body) }]));
  return { metadata: new Map(Object.entries(metadata)), tensors };
}

function split(bytes: Uint8Array): { header: Map<string, unknown>; body: Uint8Array } {
  if (bytes.length < 8) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, too few for a safetensors header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw new WeightsRefused(
      `its header should have ${length} bytes, but ${bytes.length - 8} follow the length and at ` +
        `most ${MAX_HEADER_BYTES} are allowed: truncated, or not a safetensors file`,
    );
  }
  const start = 8 + Number(length);
  let header: unknown;
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    header = strictJson(utf8.decode(bytes.subarray(8, start)), /^(0|-?[1-9]\d*)$/);
  } catch (error) {
    throw new WeightsRefused(`its header is not JSON in UTF-8: ${(error as Error).message}`);
  }
  if (!isObject(header)) throw new WeightsRefused("its header is not a JSON object");
  return { header: new Map(Object.entries(header)), body: bytes.subarray(start) };
}

interface Place {
  name: string;
  dtype: "F32" | "F16";
  shape: number[];
  begin: number;
  end: number;
}

function place(name: string, entry: unknown, available: number): Place {
  const where = `tensor ${show(name)}`;
  if (!isObject(entry)) throw new WeightsRefused(`${where} is described by ${show(entry)}`);
  const { dtype, shape, data_offsets: offsets, ...more } = entry;
  if (Object.keys(more).length > 0) throw new WeightsRefused(`${where} is described by ${show(entry)}`);
  if (dtype !== "F32" && dtype !== "F16") {
    throw new WeightsRefused(`${where} has dtype ${show(dtype)}, only F32 and F16 are read`);
  }
  if (!isCounts(shape) || shape.length > 8) {
    throw new WeightsRefused(`${where} has shape ${show(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new WeightsRefused(`${where} has data_offsets ${show(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > available) {
    throw new WeightsRefused(
      `${where} lies at bytes ${begin} to ${end}, outside the ${available} bytes of numbers`,
    );
  }
  const size = shape.reduce((product, n) => product * n, dtype === "F32" ? 4 : 2);
  if (size !== end - begin) {
    throw new WeightsRefused(
      `${where} of shape ${show(shape)} and ${dtype} needs ${size} bytes, it has ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function numbers({ name, dtype, begin, end }: Place, body: Uint8Array): Float32Array {
  const own = body.slice(begin, end).buffer; // a copy begins at an aligned address
  const data = dtype === "F32" ? new Float32Array(own) : new Float32Array(new Float16Array(own));
  const bad = indexOfNotFinite(data);
  if (bad >= 0) {
    throw new WeightsRefused(`tensor ${show(name)} holds ${data[bad]} at index ${bad}`);
  }
  return data;
}

/** The index of the first NaN or infinity, else -1. A plain loop: a cold start runs it. */
export function indexOfNotFinite(data: Float32Array): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}
