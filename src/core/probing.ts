// The port through which checks are performed. Types only.
import type { Address, CheckSettings, Sighting } from "./model.ts";

export interface ProbeOptions {
  /** One deadline over the whole probe. */
  readonly timeoutMs: number;
  /** Ends the probe at once; its observation means nothing then. */
  readonly signal: AbortSignal;
  /** The time as far as something vouches for it, milliseconds since 1970; certificates are judged by it. */
  readonly vouchedWallMs?: number;
}

/** Performs a check once, against one address. Never rejects, whatever the other side does. */
export type Probe = (check: CheckSettings, address: Address, options: ProbeOptions) => Promise<Sighting>;
