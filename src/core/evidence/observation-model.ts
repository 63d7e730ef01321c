// The vocabulary of what is seen: addresses, what looking a name up gave, and what one probe saw. Types only.
import type { Validity } from "../time/time-model.ts";

export type Family = "ipv4" | "ipv6";

/** One IP address in canonical text form (dotted quad, RFC 5952). */
export interface Address {
  readonly text: string;
  readonly family: Family;
  /** `special`: no host of the world, whatever is permitted. */
  readonly scope: "public" | "private" | "special";
  /** Of a special one, what it is for, in words. */
  readonly purpose?: string;
}

/** What looking up an endpoint's name gave. */
export type Resolution =
  /** `ttlSeconds`: how long the answer may be used. At least one address. */
  | {
      readonly kind: "addresses";
      readonly addresses: readonly Address[];
      readonly ttlSeconds: number;
      /** The names that CNAME records led to on the way. Missing where there are none, or none is to be seen. */
      readonly via?: readonly string[];
    }
  /** The name has no address, and all configured resolvers (two at most) say so. */
  | { readonly kind: "none"; readonly reason: "nxdomain" | "no-data"; readonly detail: string }
  /** No resolver could say: silence, SERVFAIL, one resolver alone that denies it. Proves nothing. */
  | {
      readonly kind: "inconclusive";
      readonly reason: "silent" | "servfail" | "refused" | "local";
      readonly detail: string;
    };

/**
 * What went wrong, in one word: `timeout`, or one that only a kind of check has, such as `status`. Nothing is decided
 * by it.
 */
export type FailureReason = string;

export type InconclusiveReason =
  /** The monitor itself has no route in this family. */
  | "no-route"
  /** The monitor ran out of something of its own: file descriptors, ports, memory. */
  | "local"
  /** The monitor was suspended or too busy: its own timer ran late. */
  | "late"
  /** The certificate is not valid at this time, and the monitor's clock may be what is wrong. */
  | "clock";

/** How long each phase of a probe took, in milliseconds; phases that were not reached are missing. */
export interface Phases {
  readonly resolve?: number;
  readonly connect?: number;
  readonly tls?: number;
  /** From the request sent to the first byte of the answer. */
  readonly processing?: number;
  /** From the first byte to the verdict. */
  readonly transfer?: number;
}

/** What one probe saw, from wherever it was made. */
export type Sighting = {
  readonly startedMs: number;
  readonly endedMs: number;
  readonly phases: Phases;
  /** For people: status line, error text. Plain and short. */
  readonly detail: string;
  /** When the server's certificate ends, milliseconds since 1970. */
  readonly certificateEndsWallMs?: number;
} & (
  | { readonly kind: "ok" }
  | { readonly kind: "failed"; readonly reason: FailureReason }
  | { readonly kind: "inconclusive"; readonly reason: InconclusiveReason; readonly validity?: Validity }
);

/** What was seen, and from where. */
export type Observation = Sighting & {
  /** `local` for this daemon's own prober. */
  readonly vantage: string;
};
