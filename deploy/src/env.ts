import type { Classifier } from "./object/classifier";
import type { Collected } from "./object/collected";
import type { Settings } from "./settings";

/** What wrangler.jsonc binds. */
export interface Env extends Settings {
  CLASSIFIER: DurableObjectNamespace<Classifier>;
  COLLECTED: DurableObjectNamespace<Collected>;
  ASSETS: Fetcher;
  SHARDS?: string;
  ALLOWED_ORIGINS?: string;
  EDGE_TOKEN?: string;
  TRACE?: string;
  COLLECT?: string;
  RATE_LIMITER?: RateLimit;
  VERSION?: WorkerVersionMetadata;
}
