// The vocabulary of what survives a restart. The types are exported by `model.ts`.
import type { Address } from "./evidence/observation-model.ts";
import type { Departure, Override, StickyMember } from "./model.ts";
import type { Form, RecordSet } from "./records/record-model.ts";
import type { Ttl } from "./settings-model.ts";

/** What survives a restart of what is known of one ingress. A hint: Cloudflare is the truth. */
export interface SavedIngress {
  readonly id: string;
  /** Its DNS name. */
  readonly record: string;
  readonly primary: string | undefined;
  readonly sticky: readonly StickyMember[];
  readonly departures: readonly Departure[];
  readonly overrides: readonly Override[];
  readonly addresses: readonly SavedAddresses[];
  readonly lastGood: RecordSet | undefined;
  /** It was not served, or no endpoint could serve it. */
  readonly isOutage: boolean;
  /** What the endpoints were called, and where they led (see `targetText`). Missing in what earlier versions left. */
  readonly endpoints: readonly { readonly name: string; readonly target: string }[] | undefined;
  /** Missing in what was saved before an ingress had one form for life. */
  readonly form: Form | undefined;
  /** Names that may hold the addresses of one of our mixes, former names included. */
  readonly mixRecords: readonly string[] | undefined;
  /**
   * Where its records are, and what the primary's TTL was: enough to lead it out of its mix once it is no longer
   * configured.
   */
  readonly zone: string | undefined;
  readonly ttl: Ttl | undefined;
}

/** What is remembered of an ingress of which nothing is known. */
export function nothingSaved({ id, record }: Pick<SavedIngress, "id" | "record">): SavedIngress {
  return {
    id,
    record,
    primary: undefined,
    sticky: [],
    departures: [],
    overrides: [],
    addresses: [],
    lastGood: undefined,
    isOutage: false,
    endpoints: undefined,
    form: undefined,
    mixRecords: undefined,
    zone: undefined,
    ttl: undefined,
  };
}

/** The last known addresses of an endpoint; `target` is the host name that they belong to. */
export interface SavedAddresses {
  readonly endpoint: string;
  readonly target: string;
  readonly addresses: readonly Address[];
  readonly usableUntilMs: number;
}
