/** What of wrangler.jsonc Durable Objects use too. */
export interface Settings {
  MODELS: R2Bucket;
  MODEL_TTL_SECONDS?: string;
}

/** A setting that is a number; `fallback` when it is missing or none. */
export function setting(text: string | undefined, fallback: number, least: number): number {
  const value = Number(text?.trim() || NaN);
  return Number.isFinite(value) && value >= least ? value : fallback;
}
