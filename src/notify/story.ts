// What is worth telling people: each story becomes one message. Facts are many, stories are few.
import { followed } from "../core/records/mix.ts";
import type {
  CloudProblem,
  Drill,
  EndpointState,
  FactOf,
  Family,
  IngressState,
  Override,
  PublishedRecord,
  Visibility,
} from "../core/model.ts";
import { membersOf } from "../core/members.ts";
import type { Message } from "../core/message.ts";

/** What people are told about an endpoint: `suspect` still counts as up, `recovering` still as down. */
export type ToldStatus = "unknown" | "up" | "degraded" | "down";

/** What was published, as Cloudflare confirmed it. */
export type Records = readonly PublishedRecord[];

/** A change of an ingress that was decided, or that another program made, up to the moment of telling. */
export interface Change {
  /** As it is now; its `published` is what Cloudflare confirmed. */
  readonly ingress: IngressState;
  /** Monotonic time when it began. */
  readonly sinceMs: number;
  /** Why it was decided, in plain words. */
  readonly why?: string | undefined;
  /** The endpoints that served before; missing when none did. */
  readonly was?: readonly string[] | undefined;
  /** What was published before; missing when that has not changed. */
  readonly recordsBefore?: Records | undefined;
  /** What another program had put there in the meantime. */
  readonly foreignRecords?: Records | undefined;
  /** It also ended an outage of this length. */
  readonly outageLastedMs?: number | undefined;
  /** It also ended trouble with Cloudflare of this length. */
  readonly troubleLastedMs?: number;
}

export type Story =
  /** The first news after the start, when the first verdicts are in. */
  | {
      readonly kind: "started";
      readonly ingresses: readonly { readonly ingress: IngressState; readonly recordsAtStart?: Records | undefined }[];
      /** Where the machine appears to be offline. */
      readonly blindIn: readonly Family[];
    }
  | {
      readonly kind: "config-applied";
      readonly added: readonly string[];
      /** `primary`: the record is first pointed to it, out of its mix. */
      readonly released: readonly {
        readonly record: string;
        readonly records?: Records;
        readonly primary?: string;
      }[];
      readonly isAfterRejection: boolean;
    }
  | { readonly kind: "config-rejected"; readonly problems: readonly string[] }
  /** Something happened to the state folder. */
  | { readonly kind: "state-moved"; readonly text: string }
  /** An internal error; the daemon continues. */
  | { readonly kind: "internal-error"; readonly what: string }
  /** The daemon ends because of an internal error. */
  | { readonly kind: "corrupted"; readonly why: string }
  /** The monitor has appeared to be offline for a while. */
  | ({ readonly kind: "blindness-began"; readonly families: readonly Family[]; readonly sinceMs: number } & MayRecur)
  | ({
      readonly kind: "blindness-ended";
      readonly families: readonly Family[];
      /** Missing when people were not told of everything in between. */
      readonly lastedMs?: number;
    } & MayRecur)
  /** The machine's wall clock is wrong, by so much ahead, or behind where negative; or it is right again. */
  | { readonly kind: "clock-wrong"; readonly aheadMs: number }
  | { readonly kind: "clock-right" }
  /** The record named the primary already; nothing was written. */
  | { readonly kind: "adopted"; readonly ingress: IngressState; readonly why: string }
  /** Decided and confirmed. */
  | ({ readonly kind: "switched" } & Change)
  /** Written and confirmed, but not what is wanted any more: a newer decision is on its way. */
  | ({ readonly kind: "halfway" } & Change)
  /** Decided, or to be put back, but not confirmed for a while, or refused. */
  | ({ readonly kind: "undone" } & Change)
  /** A move was decided and taken back before it was done. */
  | ({ readonly kind: "stays"; readonly considered: string } & Change)
  /** What another program had changed is back in place. */
  | ({ readonly kind: "repaired" } & Change)
  /** The records changed, and nothing else. */
  | ({ readonly kind: "updated"; readonly by: "read" | "write" } & Change)
  | ({ readonly kind: "outage-began"; readonly ingress: IngressState } & MayRecur)
  | ({
      readonly kind: "outage-ended";
      readonly ingress: IngressState;
      /** Missing when people were not told of everything in between. */
      readonly lastedMs?: number;
    } & MayRecur)
  | ({
      readonly kind: "endpoint";
      readonly ingress: IngressState;
      readonly endpoint: EndpointState;
      readonly status: Exclude<ToldStatus, "unknown">;
      readonly was: ToldStatus;
      /** How long it was that; missing when people were not told of everything in between. */
      readonly wasForMs?: number;
    } & MayRecur)
  /** All addresses of the endpoint belong to others: no move between them wins anything. */
  | {
      readonly kind: "addresses-shared";
      readonly ingress: IngressState;
      readonly endpoint: string;
      readonly others: readonly string[];
    }
  /** There can be no mix at the second name of the ingress, and why; or there can again. */
  | {
      readonly kind: "mix-blocked";
      readonly ingress: IngressState;
      readonly record: string;
      readonly reason: FactOf<"mix-blocked">["reason"];
      readonly why: string;
    }
  | { readonly kind: "mix-freed"; readonly ingress: IngressState; readonly record: string }
  /** It has more addresses than are used: `detail` says how many are. */
  | {
      readonly kind: "addresses-left-out";
      readonly ingress: IngressState;
      readonly endpoint: string;
      readonly detail: string;
    }
  | { readonly kind: "trouble-began"; readonly ingress: IngressState; readonly problem: Trouble }
  | { readonly kind: "trouble-ended"; readonly ingress: IngressState; readonly lastedMs: number }
  /** A manual override of an endpoint that changes nothing for now. One that does is told with the change. */
  | { readonly kind: "override-began" | "override-ended"; readonly ingress: IngressState; readonly override: Override }
  | { readonly kind: "drill-reported"; readonly ingress: IngressState; readonly report: Drill }
  /** Another program keeps overwriting our records, so that repair is paused; or it continues. */
  | { readonly kind: "standoff-began" | "standoff-ended"; readonly ingress: IngressState }
  /** The authoritative servers do not show what was written; or now they do. */
  | {
      readonly kind: "invisible" | "visible-at-last";
      readonly ingress: IngressState;
      readonly visibility: Visibility;
    };

/** The stories of these kinds. */
export type StoryOf<Kind extends Story["kind"]> = Extract<Story, { readonly kind: Kind }>;

/** What is said of a story, before it has an id. */
export type Wording = Pick<Message, "importance" | "headline" | "details">;

/** Something that can come and go many times. */
interface MayRecur {
  /** It has come and gone often: nothing more is told of it before this time. */
  readonly quietUntilMs?: number;
}

export type Trouble = CloudProblem & { readonly sinceMs: number };

/** The status of an endpoint, as people are told. */
export function statusOf({ health }: EndpointState): ToldStatus {
  switch (health.verdict) {
    case "unknown":
      return "unknown";
    case "up":
    case "suspect":
      return health.isDegraded ? "degraded" : "up";
    case "down":
    case "recovering":
      return "down";
    default:
      return health.verdict satisfies never;
  }
}

/** Whom the published records name: members of the selection, primary first, or else the endpoint that it is. */
export function servingNow(ingress: IngressState): readonly string[] {
  const { published, endpoints, selection } = ingress;
  const named = endpointsNamedBy(followed(ingress, published?.records ?? []), endpoints);
  // Two endpoints may share an address; then only the selected one is meant.
  const members = membersOf(selection).filter((endpoint) => named.includes(endpoint));
  return members.length > 0 ? members : named;
}

/** The endpoints that records point at: by their host name, or by one of their addresses. */
export function endpointsNamedBy(records: Records, endpoints: readonly EndpointState[]): readonly string[] {
  return endpoints
    .filter(({ settings: { target }, addresses }) =>
      records.some(({ type, content }) =>
        type === "CNAME"
          ? target.kind === "host" && target.host === content
          : addresses.some(({ text }) => text === content),
      ),
    )
    .map(({ settings }) => settings.name);
}
