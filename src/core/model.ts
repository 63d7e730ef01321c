// The vocabulary: what the daemon believes, and with it all that it is told to do (`settings-model.ts`) and sees. Types
// only. What happens to it and what it tells of that are in `events.ts`.
//
// All times named `…Ms` are milliseconds of the monotonic clock, unless the name says otherwise. Everything here is
// plain JSON, so that a state can be printed, compared, stored and replayed.

import type { Overview } from "./overview/overview.ts";
import type { EndpointState } from "./evidence/health-model.ts";
import type { Family } from "./evidence/observation-model.ts";
import type { Connection } from "./evidence/proof-model.ts";
import type { CloudProblem, Form, Published, RecordSet } from "./records/record-model.ts";
import type { SavedIngress } from "./saved-model.ts";
import type { IngressSettings } from "./settings-model.ts";
import type { TimeState } from "./time/time-model.ts";

export type { EndpointRef, Event, EventOf, Fact, FactOf } from "./events.ts";
export type { AddressState, EndpointHealth, EndpointState, Health, Verdict } from "./evidence/health-model.ts";
export type { Connection, Stalled, Unproven } from "./evidence/proof-model.ts";
export type {
  Address,
  FailureReason,
  Family,
  InconclusiveReason,
  Observation,
  Phases,
  Resolution,
  Sighting,
} from "./evidence/observation-model.ts";
export type { SavedAddresses, SavedIngress } from "./saved-model.ts";
export type {
  CheckSettings,
  CheckTask,
  EndpointSettings,
  IngressSettings,
  MixSettings,
  Rhythm,
  Target,
  Ttl,
} from "./settings-model.ts";
export type { TimeState, Undated, Validity } from "./time/time-model.ts";
export type {
  CloudProblem,
  RecordType,
  RecordContent,
  RecordSet,
  Form,
  PublishedRecord,
  RecordExtras,
  Published,
  Plan,
  PlannedRecord,
} from "./records/record-model.ts";

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
  readonly answeredMs: number | undefined;
  /**
   * When the first of them was up, and who gets a turn since then to finish coming back before another one is chosen.
   */
  readonly upMs: number | undefined;
  readonly turns: readonly RecoveryTurn[] | undefined;
}

/** How long an endpoint is waited for to finish coming back; its first failure ends that earlier. */
export interface RecoveryTurn {
  readonly endpoint: string;
  readonly untilMs: number;
}

/** Records that are new, and that not every authoritative server is known to show yet. */
export interface Unseen {
  readonly ids: readonly string[];
  /** By then each has heard of them. */
  readonly untilMs: number;
}

/** What is known of the records at one name that ccs manages, and of its writes there. */
export interface NameState {
  /** Missing until the records have been read for the first time. */
  readonly published: Published | undefined;
  /** When our records were undone from outside, within the last hour. */
  readonly undoneAtMs: readonly number[];
  /** Until then a late write of our own, whose outcome is not known, may still change the records. */
  readonly writeInDoubtUntilMs: number | undefined;
  /** Missing before the first write, and for proxied records, which cannot be seen from outside. */
  readonly visibility: Visibility | undefined;
  /** What is not relied upon yet. */
  readonly unseen: Unseen | undefined;
  /** The newest trouble with Cloudflare, until a call succeeds. */
  readonly cloudProblem: (CloudProblem & { readonly sinceMs: number; readonly newestMs: number }) | undefined;
}

/**
 * The second name of a CNAME ingress. `published` holds our records there, `visibility` is known without a write too.
 */
export interface MixState extends NameState {
  readonly record: string;
  /** What is there that is not ours, in words: there is no mix then. */
  readonly foreign: string | undefined;
  /** The name, or one of its families, has not been shown for `waitMs` yet: other servers may not know of it. */
  readonly isNew: boolean;
  /** Since when nothing is known to point to it, in this life of the daemon. */
  readonly unusedSinceMs: number | undefined;
  /** It has been unused for an hour: its records are deleted. */
  readonly isExpired: boolean;
  /** Other programs keep changing it: there is no mix until then. */
  readonly pausedUntilMs: number | undefined;
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
  readonly renames: readonly Rename[];
  /**
   * What it is for life. Missing until the records have been read for the first time, unless the configuration asks for
   * one.
   */
  readonly form: Form | undefined;
  /** Missing where there is never to be a mix beside a CNAME. */
  readonly mix: MixState | undefined;
  /** Names that were the mix's before another configuration, until their records are gone. */
  readonly formerMixes: readonly MixState[];
  /** It left the configuration: it is pointed to its primary, and its mix is removed. */
  readonly isLeaving: boolean;
  /** A return that only waits for its mix to be shown: since when. */
  readonly returnDueMs: number | undefined;
  /**
   * The record set first found, then the last that we wrote: put back when the name turns out empty while no endpoint
   * is up.
   */
  readonly lastGood: RecordSet | undefined;
  /** Missing while no endpoint is named by the record and none has been elected. */
  readonly selection: Selection | undefined;
  /** While all endpoints are down, and until the ingress is served again. */
  readonly outage: Outage | undefined;
  /** While no endpoint is selected: when the best of those up is elected, though better ones are still unknown. */
  readonly electionAtMs: number | undefined;
  /** While an endpoint that may take over is tried once more: when the failover no longer waits for that. */
  readonly trialUntilMs: number | undefined;
  /** When endpoints were left as down, within the last hour. */
  readonly departures: readonly Departure[];
  readonly overrides: readonly Override[];
  /** Until it has been reported. */
  readonly drill: Drill | undefined;
  /** The newest one that is over, as it was reported. */
  readonly lastDrill: Drill | undefined;
  /** Who served before the restart, until the published records have been adopted. */
  readonly saved:
    | {
        readonly primary: string | undefined;
        readonly sticky: readonly StickyMember[];
        /** It was saved before an ingress had one form for life. */
        readonly isWithoutForm: boolean;
      }
    | undefined;
  /** What authoritative servers show in place of the records that are known, until these are read again. */
  readonly drift: { readonly says: string; readonly sinceMs: number } | undefined;
  /**
   * Another program keeps overwriting our records: repair is paused until then. A new selection may still be written
   * once.
   */
  readonly standoff: { readonly untilMs: number; readonly mayWrite: boolean } | undefined;
  /** The selection whose mix Cloudflare refused for good: its primary is active alone. */
  readonly isMixRefused: boolean;
}

export interface State {
  readonly ingresses: readonly IngressState[];
  /** The same ingresses at a glance: who is due, who waits for what, and who changed. */
  readonly overview: Overview;
  readonly time: TimeState;
  readonly connection: { readonly [family in Family]: Connection };
  /** Why the newest configuration was refused; missing while it is in force. */
  readonly rejectedConfig: { readonly problems: readonly string[]; readonly atMs: number } | undefined;
  /** Counts the configurations in force since start. */
  readonly generation: number;
  /** What an earlier life left behind; missing once a configuration has taken it up. */
  readonly saved: readonly SavedIngress[] | undefined;
  /**
   * Left the configuration while they pointed to their mix: first they are pointed to their primary, and the mix is
   * removed.
   */
  readonly leaving: readonly IngressState[];
}
