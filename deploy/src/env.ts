import type { Classifier } from "./classifier";
import type { Collected } from "./collected";

/** What wrangler.jsonc binds. */
export interface Env {
  MODELS: R2Bucket;
  CLASSIFIER: DurableObjectNamespace<Classifier>;
  COLLECTED: DurableObjectNamespace<Collected>;
  ASSETS: Fetcher;
  MODEL_TTL_SECONDS?: string;
  SHARDS?: string;
  ALLOWED_ORIGINS?: string;
  EDGE_TOKEN?: string;
  TRACE?: string;
  COLLECT?: string;
  RATE_LIMITER?: RateLimit;
  VERSION?: WorkerVersionMetadata;
}

/** A setting that is a number; `fallback` when it is missing or none. */
export function setting(text: string | undefined, fallback: number, least: number): number {
  const value = Number(text?.trim() || NaN);
  return Number.isFinite(value) && value >= least ? value : fallback;
}
