/**
 * One line of JSON for each request, for Workers Logs and the terminal.
 *
 * It has no pixels, no token, no query and no address of a client. A path is there when it is one of
 * ours: another one may hold whatever somebody pasted by mistake.
 */
import type { Placement } from "./place";

/** What a request turns out to be about, noted by those who answer it. */
export interface Note {
  /** The path, once it is known to be one of ours. */
  path: string | null;
  images: number | null;
  placement: Placement | null;
  cold: boolean | null;
  /** sha256 of the weights that answered. */
  model: string | null;
}

export function blankNote(): Note {
  return { path: null, images: null, placement: null, cold: null, model: null };
}

/** @param ms by the Worker's clock, which in production stands still while it computes. */
export function logRequest(request: Request, status: number, ms: number, note: Note): void {
  const { path, images, placement, cold, model } = note;
  console.log(
    JSON.stringify({
      event: "request",
      method: request.method,
      path,
      status,
      ms,
      images,
      continent: placement?.place.continent ?? null,
      shard: placement?.shard ?? null,
      cold,
      model: model?.slice(0, 12) ?? null,
    }),
  );
}
