/**
 * The last good weights, in the object's own storage: what served before an eviction serves after
 * it, also when the bucket offers something else by then, or cannot be read.
 */
import { sha256Of } from "../network/digest";

/** A weights file, and where in the bucket it was. */
export interface Kept {
  file: Uint8Array;
  sha256: string;
  etag: string;
  key: string;
  pushedAt: string;
}

type About = Omit<Kept, "file"> & { parts: number };

const ABOUT = "good";
const PART_BYTES = 1 << 20; // a value in the storage is at most 2 MB
const partKey = (index: number) => `${ABOUT}/${index}`;

/** Whether these weights, from this key, are kept already. */
export async function isKept(
  storage: DurableObjectStorage,
  sha256: string,
  key: string,
): Promise<boolean> {
  const about = await storage.get<About>(ABOUT);
  return about?.sha256 === sha256 && about.key === key;
}

/** Replaces what is kept, all of it or nothing; no answer waits until it is on disk. */
export async function keep(storage: DurableObjectStorage, { file, ...about }: Kept): Promise<void> {
  const parts = Math.ceil(file.length / PART_BYTES);
  const entries: Record<string, unknown> = { [ABOUT]: { ...about, parts } satisfies About };
  for (let i = 0; i < parts; i++) {
    entries[partKey(i)] = file.slice(i * PART_BYTES, (i + 1) * PART_BYTES);
  }
  await storage.put(entries, { allowUnconfirmed: true });
}

/** What is kept; null when nothing is, or not the bytes that were. */
export async function readKept(storage: DurableObjectStorage): Promise<Kept | null> {
  const found = await storage.get<About>(ABOUT);
  if (!found) return null;
  const { parts, ...about } = found;
  const keys = Array.from({ length: parts }, (_, i) => partKey(i));
  const values = await storage.get<Uint8Array>(keys);
  const file = new Uint8Array(await new Blob(keys.map((k) => values.get(k) ?? "")).arrayBuffer());
  return (await sha256Of(file)) === about.sha256 ? { ...about, file } : null;
}
