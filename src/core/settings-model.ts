// The vocabulary of settings: what the daemon is told to do. Types only; all of them are exported by `model.ts`.
import type { Address } from "./evidence/observation-model.ts";

/** An ingress as configured: one DNS name that we own, and the endpoints it may point at, in file order. */
export interface IngressSettings {
  /** What it is known by everywhere: in events, facts, the store, the API and metrics. Its first name. */
  readonly id: string;
  /** The DNS name: fully qualified, lower case, no trailing dot. */
  readonly record: string;
  /** Zone name or 32-hex id; without it the zone is found by the record's name. */
  readonly zone?: string;
  readonly publish: "auto" | "cname" | "addresses";
  /** Enforced only when set; otherwise the published value is kept. */
  readonly proxied?: boolean;
  readonly holdUpMs: number;
  readonly reconcileIntervalMs: number;
  readonly allowPrivate: boolean;
  /**
   * The second name, which holds the addresses of a mix while the ingress is a CNAME; without it there is no such mix.
   */
  readonly mix?: MixSettings;
  /** Why there is no such name, in plain words: the default cannot be, and none is configured. */
  readonly whyNoMixName?: string;
  readonly endpoints: readonly EndpointSettings[];
}

export interface MixSettings {
  /** In the zone of the ingress; fully qualified, lower case, no trailing dot. */
  readonly record: string;
  /** How long every server must have shown a newly created mix before the ingress points to it. */
  readonly waitMs: number;
}

export interface EndpointSettings {
  /** Unique in its ingress. */
  readonly name: string;
  readonly target: Target;
  /** Lower serves first; ties in file order. */
  readonly priority: number;
  readonly ttl: Ttl;
  /** How long it stays in the mix after the ingress returned to a better one. */
  readonly stickyMs?: number;
  /** Resolvers to ask for the target, each `ip:port` or `[ip]:port`. */
  readonly resolvers: readonly string[];
  /** Without one the endpoint is assumed up and has lower priority than every checked endpoint. */
  readonly check?: CheckSettings;
}

export type Target =
  | { readonly kind: "host"; readonly host: string }
  | { readonly kind: "addresses"; readonly addresses: readonly Address[] };

/** Seconds, 60 to 86400, or Cloudflare's automatic TTL, which counts as 300 s in a minimum. */
export type Ttl = number | "auto";

/** How often something is checked, how long it may take, and how many results count. */
export interface Rhythm {
  /** From the end of one probe to the start of the next, while nothing is in question. */
  readonly intervalMs: number;
  /** The same while the health is unknown, suspect or recovering. */
  readonly fastIntervalMs: number;
  /** Deadline for all of a probe together, the look-up included. */
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** What a probe does. Each kind has settings of its own here, which only that kind knows. */
export interface CheckTask {
  readonly kind: string;
}

export interface CheckSettings<Task extends CheckTask = CheckTask> extends Rhythm {
  readonly what: Task;
}
