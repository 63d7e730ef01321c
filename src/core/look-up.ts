// How the addresses of a host are looked up, as the parts that need them ask.
import type { Resolution } from "./evidence/observation-model.ts";

export interface ResolveOptions {
  /** One deadline over everything. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** A cached answer from before this time is not used. */
  readonly notBeforeMs?: number;
}

/**
 * The addresses of `host`, both families, by the `resolvers` (each `ip:port` or `[ip]:port`). Never rejects.
 *
 * Addresses are cached for their TTL, and the very same object is returned meanwhile: a new object is a new answer.
 * Anything else is asked again each time, since every "there is none" counts as a result of its own.
 */
export type Resolve = (host: string, resolvers: readonly string[], options: ResolveOptions) => Promise<Resolution>;
