// What the reconcilers of all ingresses and the tracer have in common: the provider, its gate, and who waits for it.
import type { Event } from "../core/model.ts";
import type { Clock, Random } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { CallGate } from "./gate.ts";
import type { RecordProvider } from "./provider.ts";
import type { Sharing } from "./sharing.ts";

export interface Due {
  /** Cloudflare works for another one again: it may for this one, too. */
  takeHeart(): void;
}

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
  /** Which names share requests. */
  readonly sharing: Sharing;
  /** Those who have failed, and still have something to write. */
  readonly due: Set<Due>;
}

/** What requests that serve several are made with. */
export type SharingMeans = Omit<Shared, "sharing">;
