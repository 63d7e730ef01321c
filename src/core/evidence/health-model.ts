// The vocabulary of health: what is believed of one address, and of an endpoint as a whole. Types only.
import type { Undated } from "../time/time-model.ts";
import type { EndpointSettings } from "../settings-model.ts";
import type { Address, Observation, Resolution } from "./observation-model.ts";
import type { Stalled, Unproven } from "./proof-model.ts";

export type Verdict = "unknown" | "up" | "suspect" | "down" | "recovering";

/** The health of one address, with the counters behind it. */
export interface Health {
  readonly verdict: Verdict;
  readonly sinceMs: number;
  /** Why, in plain words: `timeout (3 in a row)`. */
  readonly reason: string;
  readonly oksInRow: number;
  readonly failuresInRow: number;
  /** Failures since it was last up; catches brown-outs. */
  readonly failuresSinceUp: number;
}

export interface AddressState extends Address {
  readonly health: Health;
  /** What the newest probe that counted saw, or one that began after it and says nothing. */
  readonly lastObservation: Observation | undefined;
  /** End of the newest ok: until then, at least, the monitor's own connection worked. */
  readonly lastOkMs: number | undefined;
  /** Start of the ok that began last. An answer is as old as its question. */
  readonly lastOkStartedMs: number | undefined;
  /** Start of the newest result that counted. One that began earlier is overtaken, and moves no counter. */
  readonly countedStartedMs: number | undefined;
  /**
   * It came while the endpoint served: one ok suffices then to be believed in as it is, and until its verdict the
   * endpoint's health ignores it.
   */
  readonly isNewcomer: boolean;
  /** No longer in the endpoint's answer; forgotten at this time. */
  readonly vanishesAtMs: number | undefined;
  /** The newest observation says nothing about it: the monitor has no route, or cannot trust its own connection. */
  readonly isUncheckable: boolean;
  /** Probes under way that got no answer for a good while, in the order of their start. */
  readonly stalled: readonly Stalled[];
  /** Failures that wait for proof that the monitor's own connection works, oldest first. They count for nothing yet. */
  readonly unproven: readonly Unproven[];
  /** Failures by the dates of a certificate that wait for something to tell the time, oldest first. */
  readonly undated: readonly Undated[];
}

/** What is believed of an endpoint as a whole, derived from its addresses. */
export interface EndpointHealth {
  readonly verdict: Verdict;
  /** Serving in one family while the other is down. */
  readonly isDegraded: boolean;
  readonly sinceMs: number;
  readonly reason: string;
}

export interface EndpointState {
  readonly settings: EndpointSettings;
  /** Grows when target or check change, so that reports of the old ones can be told apart. */
  readonly revision: number;
  readonly addresses: readonly AddressState[];
  /** Counts the confirmed answers "no address" while none is known. */
  readonly withoutAddress: Health;
  readonly health: EndpointHealth;
  /** The newest answer to a look-up of the target, and when the known addresses stop being usable without a new one. */
  readonly resolution:
    | { readonly kind: Resolution["kind"]; readonly detail: string; readonly atMs: number }
    | undefined;
  readonly addressesUsableUntilMs: number | undefined;
  /** It had more addresses of a family than are used, in words. Stays as it was first, so that people are told once. */
  readonly leftOut: string | undefined;
  /** After an outage: not before this time does the ingress return to it. */
  readonly heldUntilMs: number | undefined;
  /** All its addresses once belonged to other endpoints: an answer from before a switch may be our own record's. */
  readonly hasShared: boolean;
  /**
   * The names that its target leads to by the zone's own records, wildcards included; missing where they were not read.
   */
  readonly tracedPath: readonly string[] | undefined;
}
