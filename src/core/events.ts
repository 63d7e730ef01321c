// Events, the only way into the core, and facts, what it tells of the changes that follow. Types only.
import type {
  CloudProblem,
  Drill,
  Family,
  IngressSettings,
  Observation,
  Override,
  PublishedRecord,
  Resolution,
  SavedIngress,
  Selection,
  Verdict,
  Visibility,
} from "./model.ts";

/** Names the endpoint that a report is about. A report with an older `revision` is of a check that is no more. */
export interface EndpointRef {
  readonly ingress: string;
  readonly endpoint: string;
  readonly revision: number;
}

/** Names an ingress, or, with `mix`, the second name that holds the addresses of a mix of it. */
export interface NameRef {
  readonly ingress: string;
  readonly mix?: string | undefined;
}

export type Event =
  /** `isUnchanged`: a reload of the one in force was asked for, so that what failed gets a new try. */
  | { readonly kind: "config-loaded"; readonly ingresses: readonly IngressSettings[]; readonly isUnchanged?: boolean }
  | { readonly kind: "config-rejected"; readonly problems: readonly string[] }
  | ({ readonly kind: "resolved"; readonly resolution: Resolution } & EndpointRef)
  | ({ readonly kind: "probed"; readonly address: string; readonly observation: Observation } & EndpointRef)
  /** A manual override. A new pin replaces the old one; the newest override of an endpoint counts. */
  | { readonly kind: "override-set"; readonly ingress: string; readonly override: Override }
  /** Ends the overrides of an ingress, or those of one endpoint, and any standoff with it. */
  | { readonly kind: "resumed"; readonly ingress: string; readonly endpoint?: string }
  /** What an earlier life of the daemon left behind; comes before the first configuration. */
  | { readonly kind: "restored"; readonly ingresses: readonly SavedIngress[] }
  /** What the authoritative servers say of the records written at `writtenAtMs`. `mix`: at this name of a mix. */
  | {
      readonly kind: "visibility-checked";
      readonly ingress: string;
      readonly mix?: string | undefined;
      readonly writtenAtMs: number;
      readonly status: "visible" | "wrong" | "silent";
      readonly detail: string;
    }
  /** Two authoritative servers show something else than the records that are known: `CNAME hand.example.org`. */
  | { readonly kind: "drift-suspected"; readonly ingress: string; readonly says: string }
  /** Where the target leads by the records of its zone (see `EndpointState.tracedPath`). */
  | ({ readonly kind: "target-traced"; readonly path: readonly string[] } & EndpointRef)
  /** All A, AAAA and CNAME records at the name of the ingress, or at that of a mix of it. */
  | ({ readonly kind: "records-read"; readonly records: readonly PublishedRecord[] } & NameRef)
  | ({ readonly kind: "records-written"; readonly records: readonly PublishedRecord[] } & NameRef)
  | ({ readonly kind: "cloud-failed"; readonly problem: CloudProblem } & NameRef)
  /**
   * The probe that began at `startedMs` has had no answer for a good while (see `stallMs`); its observation comes
   * later.
   */
  | ({ readonly kind: "probe-stalled"; readonly address: string; readonly startedMs: number } & EndpointRef)
  /**
   * How many of the anchors of a family took a connection: most of them prove that the monitor's own connection works.
   */
  | {
      readonly kind: "anchors-tried";
      readonly family: Family;
      readonly asked: number;
      readonly answered: number;
      readonly endedMs: number;
    }
  /** An answer of Cloudflare told the time (see `Told`). */
  | {
      readonly kind: "time-told";
      readonly wallMs: number;
      readonly askedMs: number;
      readonly machineWallMs: number;
    }
  /** Cloudflare's certificate is not valid by the machine's wall clock, which says `machineWallMs`. */
  | { readonly kind: "time-contradicted"; readonly machineWallMs: number }
  /** The machine's wall clock was set, or the machine was suspended: the two clocks went apart. */
  | { readonly kind: "clock-jumped" }
  | { readonly kind: "time-passed" };

/** The events of these kinds. */
export type EventOf<Kind extends Event["kind"]> = Extract<Event, { readonly kind: Kind }>;

/** What is heard of the real time. */
export type TimeEvent = EventOf<"time-told" | "time-contradicted">;

/** A change worth telling. */
export type Fact =
  | { readonly kind: "config-applied"; readonly generation: number }
  | { readonly kind: "config-rejected"; readonly problems: readonly string[] }
  | { readonly kind: "ingress-added"; readonly ingress: string }
  /** It left the configuration; its records stay as they are. `primary`: once it points to that instead of its mix. */
  | { readonly kind: "ingress-released"; readonly ingress: string; readonly primary?: string | undefined }
  | {
      readonly kind: "address-health-changed";
      readonly ingress: string;
      readonly endpoint: string;
      readonly address: string;
      readonly from: Verdict;
      readonly to: Verdict;
      readonly reason: string;
    }
  | {
      readonly kind: "endpoint-health-changed";
      readonly ingress: string;
      readonly endpoint: string;
      readonly from: Verdict;
      readonly to: Verdict;
      readonly isDegraded: boolean;
      readonly reason: string;
    }
  /** Another configuration calls it `to`; nothing else has changed for it. */
  | { readonly kind: "endpoint-renamed"; readonly ingress: string; readonly from: string; readonly to: string }
  /** All its addresses belong to `others`, for the first time: nothing is won by a move between them. */
  | {
      readonly kind: "addresses-shared";
      readonly ingress: string;
      readonly endpoint: string;
      readonly others: readonly string[];
    }
  /** It has more addresses of a family than are used: `16 of 40 IPv4 addresses are used`. */
  | {
      readonly kind: "addresses-left-out";
      readonly ingress: string;
      readonly endpoint: string;
      readonly detail: string;
    }
  /** Decided, not yet done: another primary, or another mix next to it. `from` is missing at the first selection. */
  | {
      readonly kind: "selection-changed";
      readonly ingress: string;
      readonly from?: Selection | undefined;
      readonly to: Selection;
      readonly why: string;
    }
  /** No endpoint can serve, or one can again. */
  | { readonly kind: "ingress-outage-began"; readonly ingress: string; readonly why: string }
  | { readonly kind: "ingress-outage-ended"; readonly ingress: string; readonly by: string }
  /**
   * Confirmed by Cloudflare. `by: "write"`: ours; `by: "read"`: another program's. `from` is missing at the first read.
   */
  | {
      readonly kind: "records-changed";
      readonly ingress: string;
      readonly from?: readonly PublishedRecord[] | undefined;
      readonly to: readonly PublishedRecord[];
      readonly by: "read" | "write";
    }
  | { readonly kind: "override-began"; readonly ingress: string; readonly override: Override }
  | { readonly kind: "override-ended"; readonly ingress: string; readonly override: Override }
  /** A drill is over, and what it showed is known. */
  | { readonly kind: "drill-reported"; readonly ingress: string; readonly report: Drill }
  /** The same at the name of a mix. */
  | {
      readonly kind: "mix-changed";
      readonly ingress: string;
      readonly record: string;
      readonly from?: readonly PublishedRecord[] | undefined;
      readonly to: readonly PublishedRecord[];
      readonly by: "read" | "write";
    }
  /** There is no mix for now, and why. Or there may be again. */
  | {
      readonly kind: "mix-blocked";
      readonly ingress: string;
      readonly record: string;
      readonly reason: "foreign" | "outside" | "paused" | "refused";
      readonly why: string;
    }
  | { readonly kind: "mix-freed"; readonly ingress: string; readonly record: string }
  /** Another program keeps overwriting our records, so repair is paused until `untilMs`; or it continues. */
  | { readonly kind: "standoff-began"; readonly ingress: string; readonly untilMs: number }
  | { readonly kind: "standoff-ended"; readonly ingress: string }
  /** The authoritative servers show what was written; or they show something else, or say nothing. */
  | { readonly kind: "visibility-known"; readonly ingress: string; readonly visibility: Visibility }
  /** The machine appears to be offline in this family; or it is not any more. */
  | { readonly kind: "blindness-began"; readonly family: Family }
  | { readonly kind: "blindness-ended"; readonly family: Family; readonly sinceMs: number }
  /** The machine's wall clock is wrong, by so much ahead, or behind where negative; or it is right again. */
  | { readonly kind: "clock-wrong"; readonly aheadMs: number }
  | { readonly kind: "clock-right" }
  | { readonly kind: "cloud-trouble-began"; readonly ingress: string; readonly problem: CloudProblem }
  | { readonly kind: "cloud-trouble-ended"; readonly ingress: string; readonly lastedMs: number };

/** The facts of these kinds. */
export type FactOf<Kind extends Fact["kind"]> = Extract<Fact, { readonly kind: Kind }>;
