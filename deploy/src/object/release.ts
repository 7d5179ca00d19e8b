/**
 * Which weights the bucket says to serve: those that mnist/current.json points at, written by
 * `Releases` of the Python package, else the plain key mnist.safetensors.
 */
import { sha256Of } from "../network/digest";
import { isObject, MAX_FILE_BYTES, show, WeightsRefused } from "../network/safetensors";
import type { Kept } from "./kept";

export const POINTER = "mnist/current.json";
export const PLAIN = "mnist.safetensors";
export const MAX_POINTER_BYTES = 64 << 10;

/** Weights that the bucket offers. */
export interface Offer {
  /** Key and etag of what was looked at: the same again means the same offer. */
  seen: string;
  key: string;
  /** As the pointer says; not known before reading for the plain key. */
  sha256: string | null;
  pushedAt: string;
  /**
   * Fetches the file and checks its size and sha256. The etag lets others fetch these very bytes.
   *
   * @throws WeightsRefused it is not there or not what the pointer says, or the pointer makes no
   *   sense.
   */
  read(): Promise<Download>;
  /** What the pointer puts on trial beside them. */
  candidate: Candidate | null;
  /** The weights that the pointer says were served before these; null when it names none. */
  previous(): Promise<Kept | null>;
}

/** Weights on trial, as the pointer says; where it makes no sense, `read` refuses it. */
export interface Candidate {
  sha256: string | null;
  /** Of the requests of one image, 0 to 100, that it answers. */
  percent: number;
  /** It answers none, and is only compared. */
  shadow: boolean;
  /** When the trial began. */
  proposedAt: string;
  read(): Promise<Download>;
}

export type Download = Omit<Kept, "key" | "pushedAt">;

/**
 * Looks at the bucket.
 *
 * @param seen what the last offer's `seen` was, if any: then an unchanged bucket costs no transfer.
 */
export async function look(
  bucket: R2Bucket,
  seen: string | null,
): Promise<Offer | "unchanged" | "empty"> {
  const pointer = await bucket.get(POINTER, unless(POINTER, seen));
  if (pointer) return "body" in pointer ? followPointer(bucket, pointer) : "unchanged";
  const plain = await bucket.get(PLAIN, unless(PLAIN, seen));
  if (!plain) return "empty";
  if (!("body" in plain)) return "unchanged";
  return {
    seen: sight(plain),
    key: PLAIN,
    sha256: null,
    pushedAt: plain.uploaded.toISOString(),
    read: () => download(plain, null, null),
    candidate: null,
    previous: () => Promise.resolve(null),
  };
}

function sight(object: R2Object): string {
  return `${object.key} ${object.etag}`;
}

function unless(key: string, seen: string | null): R2GetOptions & { onlyIf: R2Conditional } {
  const etag = seen?.startsWith(`${key} `) ? seen.slice(key.length + 1) : undefined;
  return { onlyIf: etag === undefined ? {} : { etagDoesNotMatch: etag } };
}

async function followPointer(bucket: R2Bucket, pointer: R2ObjectBody): Promise<Offer> {
  const pushedAt = pointer.uploaded.toISOString();
  let before: unknown = null;
  const previous = () => readPrevious(bucket, before);
  const offer = { seen: sight(pointer), key: POINTER, sha256: null, pushedAt, previous, candidate: null };
  const refuse = (reason: string): Offer => ({
    ...offer,
    read: () => Promise.reject(new WeightsRefused(`${POINTER} ${reason}`)),
  });
  if (pointer.size > MAX_POINTER_BYTES) {
    await pointer.body.cancel();
    return refuse(`has ${pointer.size} bytes, at most ${MAX_POINTER_BYTES} are allowed`);
  }
  const text = await pointer.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("is not JSON");
  }
  if (!isObject(value)) return refuse("is not a JSON object");
  const { sha256, key, bytes } = value;
  before = value.previous;
  if (!isSha256(sha256)) {
    return refuse(`has sha256 ${show(sha256)}, not 64 hexadecimal digits`);
  }
  if (key !== keyOf(sha256)) {
    return refuse(`has key ${show(key)}, not mnist/<sha256>.safetensors`);
  }
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) {
    return refuse(`has bytes ${show(bytes)}, not a size`);
  }
  return {
    ...offer,
    candidate: candidateOf(bucket, value.candidate),
    key,
    sha256,
    pushedAt: typeof value.pushed_at === "string" ? value.pushed_at : pushedAt,
    read: () => fetchFile(bucket, sha256, bytes),
  };
}

async function fetchFile(bucket: R2Bucket, sha256: string, bytes: number): Promise<Download> {
  const key = keyOf(sha256);
  const object = await bucket.get(key);
  if (!object) throw new WeightsRefused(`${POINTER} points at ${key}, which is not there`, true);
  return download(object, bytes, sha256);
}

function candidateOf(bucket: R2Bucket, value: unknown): Candidate | null {
  if ((value ?? null) === null) return null;
  const refuse = (reason: string): Candidate => ({
    ...{ sha256: null, percent: 0, shadow: false, proposedAt: "" },
    read: () => Promise.reject(new WeightsRefused(`${POINTER} has a candidate ${reason}`)),
  });
  if (!isObject(value)) return refuse("that is no JSON object");
  const { sha256, bytes, percent, shadow, proposed_at: at } = value;
  if (!isSha256(sha256)) return refuse(`with sha256 ${show(sha256)}, not 64 hexadecimal digits`);
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) {
    return refuse(`with percent ${show(percent)}, not 0 to 100`);
  }
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) {
    return refuse(`with bytes ${show(bytes)}, not a size`);
  }
  if (typeof shadow !== "boolean") return refuse(`with shadow ${show(shadow)}, not true or false`);
  const proposedAt = typeof at === "string" ? at : "";
  return { sha256, percent, shadow, proposedAt, read: () => fetchFile(bucket, sha256, bytes) };
}

function isSha256(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

function keyOf(sha256: string): string {
  return `mnist/${sha256}.safetensors`;
}

async function readPrevious(bucket: R2Bucket, sha256: unknown): Promise<Kept | null> {
  const object = isSha256(sha256) ? await bucket.get(keyOf(sha256)) : null;
  if (!object) return null;
  const { key, uploaded } = object;
  return { ...(await download(object, null, sha256 as string)), key, pushedAt: uploaded.toISOString() };
}

async function download(
  object: R2ObjectBody,
  bytes: number | null,
  expected: string | null,
): Promise<Download> {
  const { key, size, etag } = object;
  const passing = expected !== null; // mended under the same pointer; a plain key changes its etag
  if (size > MAX_FILE_BYTES || (bytes !== null && size !== bytes)) {
    await object.body.cancel();
    const limit =
      size > MAX_FILE_BYTES ? `at most ${MAX_FILE_BYTES} are allowed` : `${POINTER} says ${bytes}`;
    throw new WeightsRefused(`${key} has ${size} bytes, ${limit}`, passing);
  }
  const file = new Uint8Array(await object.arrayBuffer());
  const sha256 = await sha256Of(file);
  if (expected !== null && sha256 !== expected) {
    const reason = `${key} has sha256 ${sha256}: these are not the bytes pushed`;
    throw new WeightsRefused(reason, passing);
  }
  return { file, sha256, etag };
}
