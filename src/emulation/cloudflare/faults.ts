// The ways in which the emulated API misbehaves on demand: once, always, or as a standing habit.
import { FaultQueue } from "../fault-queue.ts";
import type { Oddity } from "./odd.ts";
import type { ErrorEntry } from "./problem.ts";
import type { WriteRules } from "./zone.ts";

/** What goes wrong with one request. Every fault may also take its time, before and after the commit. */
export type RequestFault = FaultTiming &
  (
    | { readonly kind: "delay" }
    | { readonly kind: "drop-before-commit" }
    | { readonly kind: "drop-after-commit" }
    /** The connection stays open and nothing ever comes. */
    | { readonly kind: "silent"; readonly isCommitted?: boolean }
    /** Committed; headers and half the body come, then nothing. */
    | { readonly kind: "stall-after-headers" }
    /** Committed; the answer is complete for HTTP, but its JSON breaks off. */
    | { readonly kind: "truncated-json" }
    /** A page for people instead of JSON: 200 from a captive portal, 502 from the edge. */
    | { readonly kind: "html"; readonly status: 200 | 502; readonly isCommitted?: boolean }
    /** 503 and its like, with an empty body. */
    | { readonly kind: "unavailable"; readonly status?: 500 | 503 | 504 | 520; readonly isCommitted?: boolean }
    /** 429, with or without Retry-After. */
    | { readonly kind: "rate-limited"; readonly retryAfterSeconds?: number }
    /** 200 with `success: false` and no result, committed or not. */
    | { readonly kind: "unsuccessful"; readonly isCommitted?: boolean }
    /** Answered in an odd way. */
    | { readonly kind: "odd"; readonly how: Oddity }
    /** Refused with this problem. */
    | { readonly kind: "refused"; readonly problem: ErrorEntry }
  );

export interface FaultTiming {
  readonly beforeCommitMs?: number;
  /** Done just before the commit: another program's edit, say. */
  readonly meanwhile?: () => void;
  readonly afterCommitMs?: number;
}

/** Standing habits of the API in which reports differ, or that tests want to see survived. */
export interface Quirks extends WriteRules {
  /** The code on top (today), or inside the chain of a 1004 (older answers, still seen). */
  readonly errorShape: "flat" | "chained";
  /** How a record without a comment shows that. */
  readonly emptyComment: "null" | "absent";
  /** How much of `settings` a record shows: all keys, those ever set, or no object at all. */
  readonly settings: "full" | "partial" | "absent";
  /** Whether records carry `zone_id` and `zone_name`, as they once did. */
  readonly zoneFields: "present" | "absent";
  /** Adds unknown fields to records, their meta and the envelope. */
  readonly unknownFields: boolean;
  /** The lists of a batch answer that have nothing in them. */
  readonly emptyBatchLists: "empty" | "null" | "absent";
  /** Reads see the zone as it was this long ago. */
  readonly staleReadsMs: number;
  /** A record deleted by a single DELETE stays in the way of others this long. */
  readonly ghostsMs: number;
  /** What a token without Zone Read gets from GET /zones. */
  readonly zonesWithoutZoneRead: "empty" | "forbidden" | "visible";
}

const usualQuirks: Quirks = {
  proxiedTtl: "ignored",
  typeChange: "refused",
  duplicateCode: 81058,
  errorShape: "flat",
  emptyComment: "null",
  settings: "partial",
  zoneFields: "absent",
  unknownFields: false,
  emptyBatchLists: "empty",
  staleReadsMs: 0,
  ghostsMs: 0,
  zonesWithoutZoneRead: "empty",
};

/** What a fault may be aimed by. */
export interface FaultTarget {
  readonly method: string;
  /** Path below `/client/v4`, such as `/zones/…/dns_records/batch`. */
  readonly path: string;
}

/** Aims for `next` and `always`: requests that only look, and those that change something. */
export const reads = ({ method }: FaultTarget): boolean => method === "GET";
export const writes = ({ method }: FaultTarget): boolean => method !== "GET";

/** The faults and habits that a test has set. */
export class Faults extends FaultQueue<RequestFault, FaultTarget> {
  #quirks = usualQuirks;

  get quirks(): Quirks {
    return this.#quirks;
  }

  /** Changes standing habits; what is not named stays. */
  set(quirks: Partial<Quirks>): void {
    this.#quirks = { ...this.#quirks, ...quirks };
  }

  /** Back to an API that works: no queued or standing fault, the usual habits. */
  override clear(): void {
    super.clear();
    this.#quirks = usualQuirks;
  }
}
