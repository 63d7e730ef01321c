// What the reconcilers of all ingresses and the tracer have in common: the provider, its gate, and their patience.
import type { Event } from "../core/model.ts";
import type { Clock, Random } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { CallGate } from "./gate.ts";
import type { CloudError, RecordProvider } from "./provider.ts";

/** What all ingresses share. The provider and its gate change together. */
export interface Shared {
  readonly clock: Clock;
  readonly random: Random;
  readonly dispatch: (event: Event) => void;
  readonly onBug: (error: unknown) => void;
  readonly log: Log | undefined;
  provider: RecordProvider;
  gate: CallGate;
  isHeld: boolean;
  /** Whoever looks once is gone before the next attempt, which is then not announced. */
  readonly isOneRound: boolean;
}

/** Pauses after transient failures, from the start of one attempt to the start of the next. */
export const transientPause = { firstMs: 1_000, mostMs: 30_000 };

/** The longest that we let ourselves be told to wait, and how long when nobody says. */
const longestWaitMs = 5 * 60_000;

/** How long a refusal for too many requests asks us to wait, within our bounds. */
export function waitAfter({ retryAfterMs }: CloudError): number {
  return Math.min(retryAfterMs ?? longestWaitMs, longestWaitMs);
}
