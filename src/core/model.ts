// The vocabulary: what the daemon is told to do, what it sees, and what it believes. Types only. What happens to it and
// what it tells of that are in `events.ts`.
//
// All times named `…Ms` are milliseconds of the monotonic clock, unless the name says otherwise. Everything here is
// plain JSON, so that a state can be printed, compared, stored and replayed.

import type { Address, Family, Observation, Resolution } from "./observation-model.ts";
import type { Connection, Stalled, Unproven } from "./proof-model.ts";
import type { Form, Published, RecordSet } from "./record-model.ts";
import type { TimeState, Undated } from "./time-model.ts";

export type { EndpointRef, Event, Fact } from "./events.ts";
export type { Connection, Stalled, Unproven } from "./proof-model.ts";
export type {
  Address,
  FailureReason,
  Family,
  InconclusiveReason,
  Observation,
  Phases,
  Resolution,
} from "./observation-model.ts";
export type { TimeState, Undated, Validity } from "./time-model.ts";
export type {
  RecordType,
  RecordContent,
  RecordSet,
  Form,
  PublishedRecord,
  RecordExtras,
  Published,
  Plan,
  PlannedRecord,
} from "./record-model.ts";

// ---------------------------------------------------------------------------------------------------------------
// What people configure
// ---------------------------------------------------------------------------------------------------------------

/** An ingress as configured: one DNS name that we own, and the endpoints it may point at, in file order. */
export interface IngressSettings {
  /** Fully qualified, lower case, no trailing dot. The ingress is known by this name everywhere. */
  readonly record: string;
  /** Zone name or 32-hex id; without it the zone is found by the record's name. */
  readonly zone?: string;
  readonly publish: "auto" | "cname" | "addresses";
  /** Enforced only when set; otherwise the published value is kept. */
  readonly proxied?: boolean;
  readonly holdUpMs: number;
  readonly reconcileIntervalMs: number;
  readonly allowPrivate: boolean;
  /** The second name, which holds the addresses of a mix while the ingress is a CNAME; without it there is no such mix. */
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

export interface CheckSettings {
  /** http or https URL. The connection goes to the endpoint's own addresses; the URL's host is only the name asked for. */
  readonly url: string;
  /** From the end of one probe to the start of the next, while nothing is in question. */
  readonly intervalMs: number;
  /** The same while the health is unknown, suspect or recovering. */
  readonly fastIntervalMs: number;
  /** Deadline for resolving, connecting, TLS, headers and body together. */
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
  /** Accepted status codes as inclusive ranges, such as `[[200, 299], [401, 401]]`. */
  readonly status: readonly (readonly [from: number, to: number])[];
  /** Text that the first 64 KiB of the body must contain. */
  readonly contains?: string;
  /** Certificates (PEM) of the authorities to trust, in place of the usual ones. */
  readonly ca?: readonly string[];
}

// ---------------------------------------------------------------------------------------------------------------
// Records
// ---------------------------------------------------------------------------------------------------------------

/** Why the records could not be read or written. */
export interface CloudProblem {
  readonly kind:
    /** Worth another try soon: timeouts, dropped connections, 5xx, unparsable answers. */
    | "transient"
    /** Told to wait. */
    | "rate-limited"
    /** The token is wrong or may not do this. */
    | "auth"
    /** Cloudflare will never take this content. */
    | "invalid"
    /** Something at the name is in the way: an NS record, a read-only record. */
    | "obstacle";
  /** For people: what happened and what to do. Plain and short, without secrets. */
  readonly message: string;
  /** Whether it happened while reading or while writing. */
  readonly during: "read" | "write";
}

// ---------------------------------------------------------------------------------------------------------------
// State: what is believed
// ---------------------------------------------------------------------------------------------------------------

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
  readonly lastObservation?: Observation;
  /** End of the newest ok: until then, at least, the monitor's own connection worked. */
  readonly lastOkMs?: number;
  /** Start of the ok that began last. An answer is as old as its question. */
  readonly lastOkStartedMs?: number;
  /** Start of the newest result that counted. One that began earlier is overtaken, and moves no counter. */
  readonly countedStartedMs?: number;
  /** It came while the endpoint served: one ok suffices then to be believed in as it is, and until its verdict the endpoint's health ignores it. */
  readonly isNewcomer: boolean;
  /** No longer in the endpoint's answer; forgotten at this time. */
  readonly vanishesAtMs?: number;
  /** The newest observation says nothing about it: the monitor has no route, or cannot trust its own connection. */
  readonly isUncheckable: boolean;
  /** Probes under way that got no answer for a good while, in the order of their start. */
  readonly stalled: readonly Stalled[];
  /** Failures that wait for proof that the monitor's own connection works, oldest first. They count for nothing yet. */
  readonly unproven: readonly Unproven[];
  /** Failures by the dates of a certificate that wait for something to tell the time, oldest first. */
  readonly undated?: readonly Undated[];
}

/**
 * A manual override of an endpoint, until a time: it alone is active (pin), it does not serve (drain), or its outage is
 * played (drill), which is a drain with a report.
 */
export interface Override {
  readonly kind: "pin" | "drain" | "drill";
  readonly endpoint: string;
  readonly untilMs: number;
}

/** A drill under way, or over: what was seen of it. */
export interface Drill {
  readonly endpoint: string;
  readonly startedMs: number;
  readonly endedMs?: number;
  /** The daemon was restarted meanwhile, so that the beginning was not seen. */
  readonly isInterrupted: boolean;
  /** How long it may take until a real outage is noticed; missing without a check. */
  readonly noticeMs?: number;
  /** To others. */
  readonly away: Passage;
  /** And back; missing before the end, and where the ingress never left. */
  readonly back?: Passage;
}

/** One way of a drill. What is missing has not come about. */
export interface Passage {
  /** Who served before. */
  readonly from: readonly string[];
  /** Who served after. */
  readonly to?: readonly string[];
  /** How long clients may continue with what they knew before. */
  readonly ttlSeconds?: number;
  readonly decidedMs?: number;
  /** Confirmed by Cloudflare; or there was nothing to write. */
  readonly committedMs?: number;
  readonly visibleMs?: number;
  /** What the authoritative servers showed; `same`: nothing was written, `proxied`: it cannot be verified. */
  readonly visibility?: "visible" | "wrong" | "silent" | "proxied" | "same";
}

/** What survives a restart of what is known of one ingress. A hint: Cloudflare is the truth. */
export interface SavedIngress {
  readonly record: string;
  readonly primary?: string;
  readonly sticky: readonly StickyMember[];
  readonly departures: readonly Departure[];
  readonly overrides: readonly Override[];
  readonly addresses: readonly SavedAddresses[];
  readonly lastGood?: RecordSet;
  /** It was not served, or no endpoint could serve it. */
  readonly isOutage?: boolean;
  /** What the endpoints were called, and where they led (see `targetText`). Missing in what earlier versions left. */
  readonly endpoints?: readonly { readonly name: string; readonly target: string }[];
  /** Missing in what was saved before an ingress had one form for life. */
  readonly form?: Form;
  /** Names that may hold the addresses of one of our mixes, former names included. */
  readonly mixRecords?: readonly string[];
  /** Where its records are, and what the primary's TTL was: enough to lead it out of its mix once it is no longer configured. */
  readonly zone?: string;
  readonly ttl?: Ttl;
}

/** The last known addresses of an endpoint; `target` is the host name that they belong to. */
export interface SavedAddresses {
  readonly endpoint: string;
  readonly target: string;
  readonly addresses: readonly Address[];
  readonly usableUntilMs: number;
}

/** An endpoint was left as down. */
export interface Departure {
  readonly endpoint: string;
  readonly atMs: number;
}

/** Whether the authoritative servers show what was written at `writtenAtMs`. */
export interface Visibility {
  readonly writtenAtMs: number;
  readonly status: "checking" | "visible" | "wrong" | "silent";
  /** When that became known; missing while checking. */
  readonly atMs?: number;
  readonly detail: string;
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
  readonly resolution?: { readonly kind: Resolution["kind"]; readonly detail: string; readonly atMs: number };
  readonly addressesUsableUntilMs?: number;
  /** It had more addresses of a family than are used, in words. Stays as it was first, so that people are told once. */
  readonly leftOut?: string;
  /** After an outage: not before this time does the ingress return to it. */
  readonly heldUntilMs?: number;
  /** All its addresses once belonged to other endpoints: an answer from before a switch may be our own record's. */
  readonly hasShared?: true;
  /** The names that its target leads to by the zone's own records, wildcards included; missing where they were not read. */
  readonly tracedPath?: readonly string[];
}

export interface StickyMember {
  readonly endpoint: string;
  readonly untilMs: number;
}

/** Who serves now, and why. */
export interface Selection {
  readonly primary: string;
  readonly sticky: readonly StickyMember[];
  /** Why this primary, in plain words. */
  readonly why: string;
  readonly reason: SelectionReason;
  /** Since when it is the primary. */
  readonly sinceMs: number;
}

/** The kinds of reason for a primary, also a metric label. */
export type SelectionReason =
  | "adopted"
  | "elected"
  | "failover"
  | "return"
  | "configuration"
  | "pin"
  | "drain"
  /** A pin ended. */
  | "resume";

/** No endpoint can serve, or the one that could waits for those that served before it. */
export interface Outage {
  /** All endpoints have been down since it began; until then it is no more than a suspicion. */
  readonly isKnown: boolean;
  /** Since when one of them answers again; missing while none does. */
  readonly answeredMs?: number;
  /** When the first of them was up, and who gets a turn since then to finish coming back before another one is chosen. */
  readonly upMs?: number;
  readonly turns?: readonly Turn[];
}

/** How long an endpoint is waited for; its first failure ends that earlier. */
export interface Turn {
  readonly endpoint: string;
  readonly untilMs: number;
}

/** What is known of the records at one name that ccs manages, and of its writes there. */
export interface NameState {
  /** Missing until the records have been read for the first time. */
  readonly published?: Published;
  /** When our records were undone from outside, within the last hour. */
  readonly undoneAtMs: readonly number[];
  /** Until then a late write of our own, whose outcome is not known, may still change the records. */
  readonly writeInDoubtUntilMs?: number;
  /** Missing before the first write, and for proxied records, which cannot be seen from outside. */
  readonly visibility?: Visibility;
  /** Records that are new, and that not every authoritative server is known to show yet. By then each has heard of them. */
  readonly unseen?: { readonly ids: readonly string[]; readonly untilMs: number };
  /** The newest trouble with Cloudflare, until a call succeeds. */
  readonly cloudProblem?: CloudProblem & { readonly sinceMs: number; readonly newestMs: number };
}

/** The second name of a CNAME ingress. `published` holds our records there, `visibility` is known without a write too. */
export interface MixState extends NameState {
  readonly record: string;
  /** What is there that is not ours, in words: there is no mix then. */
  readonly foreign?: string;
  /** The name, or one of its families, has not been shown for `waitMs` yet: other servers may not know of it. */
  readonly isNew: boolean;
  /** Since when nothing is known to point to it, in this life of the daemon. */
  readonly unusedSinceMs?: number;
  /** It has been unused for an hour: its records are deleted. */
  readonly isExpired: boolean;
  /** Other programs keep changing it: there is no mix until then. */
  readonly pausedUntilMs?: number;
}

/** An endpoint that another configuration calls by another name. */
export interface Rename {
  readonly from: string;
  readonly to: string;
  /** Its target and check are what they were, so that what is believed of it still holds. */
  readonly isSame: boolean;
}

export interface IngressState extends NameState {
  readonly settings: IngressSettings;
  readonly endpoints: readonly EndpointState[];
  /** The endpoints that the configuration in force calls otherwise than the one before. */
  readonly renames?: readonly Rename[];
  /** What it is for life. Missing until the records have been read for the first time, unless the configuration asks for one. */
  readonly form?: Form;
  /** Missing where there is never to be a mix beside a CNAME. */
  readonly mix?: MixState;
  /** Names that were the mix's before another configuration, until their records are gone. */
  readonly formerMixes: readonly MixState[];
  /** It left the configuration: it is pointed to its primary, and its mix is removed. */
  readonly isLeaving?: true;
  /** A return that only waits for its mix to be shown: since when. */
  readonly returnDueMs?: number;
  /** The record set first found, then the last that we wrote: put back when the name turns out empty while no endpoint is up. */
  readonly lastGood?: RecordSet;
  /** Missing while no endpoint is named by the record and none has been elected. */
  readonly selection?: Selection;
  /** While all endpoints are down, and until the ingress is served again. */
  readonly outage?: Outage;
  /** While no endpoint is selected: when the best of those up is elected, though better ones are still unknown. */
  readonly electionAtMs?: number;
  /** When endpoints were left as down, within the last hour. */
  readonly departures: readonly Departure[];
  readonly overrides: readonly Override[];
  /** Until it has been reported. */
  readonly drill?: Drill;
  /** The newest one that is over, as it was reported. */
  readonly lastDrill?: Drill;
  /** Who served before the restart, until the published records have been adopted. */
  readonly saved?: {
    readonly primary?: string;
    readonly sticky: readonly StickyMember[];
    /** It was saved before an ingress had one form for life. */
    readonly isWithoutForm?: true;
  };
  /** What authoritative servers show in place of the records that are known, until these are read again. */
  readonly drift?: { readonly says: string; readonly sinceMs: number };
  /** Another program keeps overwriting our records: repair is paused until then. A new selection may still be written once. */
  readonly standoff?: { readonly untilMs: number; readonly mayWrite: boolean };
  /** The selection whose mix Cloudflare refused for good: its primary is active alone. */
  readonly isMixRefused: boolean;
}

export interface State {
  readonly ingresses: readonly IngressState[];
  readonly time: TimeState;
  readonly connection: { readonly [family in Family]: Connection };
  /** Why the newest configuration was refused; missing while it is in force. */
  readonly rejectedConfig?: { readonly problems: readonly string[]; readonly atMs: number };
  /** Counts the configurations in force since start. */
  readonly generation: number;
  /** What an earlier life left behind; missing once a configuration has taken it up. */
  readonly saved?: readonly SavedIngress[];
  /** Left the configuration while they pointed to their mix: first they are pointed to their primary, and the mix is removed. */
  readonly leaving: readonly IngressState[];
}
