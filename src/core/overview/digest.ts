// What a turn has to know of one ingress, or of several together, without looking at each again.
import { ingressDeadlineMs } from "./ingress-deadline.ts";
import type { AddressState, Family, IngressState } from "../model.ts";

export interface Digest {
  /** Monotonic time of the next change that needs no event; Infinity for none. */
  readonly dueMs: number;
  /**
   * When the oldest probe began that failed by the dates of a certificate and waits for the time; Infinity for none.
   */
  readonly undatedSinceMs: number;
  readonly ipv4: FamilyDigest;
  readonly ipv6: FamilyDigest;
}

/** What there is of proof that the monitor's own connection works, and who waits for it, in one family. */
export interface FamilyDigest {
  /** When an endpoint was ok last, and which one that was; -Infinity and undefined for never. */
  readonly okMs: number;
  readonly okIngress: string | undefined;
  readonly okEndpoint: string | undefined;
  /** When any other endpoint was; -Infinity for never. */
  readonly otherOkMs: number;
  /** When the first search for proof ends; Infinity where no failure waits. */
  readonly searchUntilMs: number;
  /** Whether proof would change anything: some failure or silence has none yet. */
  readonly isOpen: boolean;
  /** Whether proof is worth a search: the silence of an address that is down already is not. */
  readonly isWaiting: boolean;
}

const nothing: FamilyDigest = {
  okMs: -Infinity,
  okIngress: undefined,
  okEndpoint: undefined,
  otherOkMs: -Infinity,
  searchUntilMs: Infinity,
  isOpen: false,
  isWaiting: false,
};

/** Of no ingress at all. */
export const emptyDigest: Digest = { dueMs: Infinity, undatedSinceMs: Infinity, ipv4: nothing, ipv6: nothing };

export function digestOf(ingress: IngressState): Digest {
  let undatedSinceMs = Infinity;
  for (const { addresses } of ingress.endpoints) {
    for (const { undated } of addresses) undatedSinceMs = Math.min(undatedSinceMs, undated[0]?.startedMs ?? Infinity);
  }
  return {
    dueMs: ingressDeadlineMs(ingress) ?? Infinity,
    undatedSinceMs,
    ipv4: ofFamily(ingress, "ipv4"),
    ipv6: ofFamily(ingress, "ipv6"),
  };
}

/** The digest of all that two digests are of. */
export function together(a: Digest, b: Digest): Digest {
  return {
    dueMs: Math.min(a.dueMs, b.dueMs),
    undatedSinceMs: Math.min(a.undatedSinceMs, b.undatedSinceMs),
    ipv4: familyTogether(a.ipv4, b.ipv4),
    ipv6: familyTogether(a.ipv6, b.ipv6),
  };
}

function ofFamily({ settings, endpoints }: IngressState, family: Family): FamilyDigest {
  let found = nothing;
  for (const endpoint of endpoints) {
    let own = nothing;
    for (const address of endpoint.addresses) {
      if (address.family !== family) continue;
      if (own === nothing) own = { ...nothing, okIngress: settings.id, okEndpoint: endpoint.settings.name };
      own = withAddress(own, address);
    }
    found = familyTogether(found, own);
  }
  return found;
}

function withAddress(digest: FamilyDigest, { lastOkMs, unproven, stalled, health }: AddressState): FamilyDigest {
  const isSilent = stalled.some(({ provenMs }) => provenMs === undefined);
  return {
    ...digest,
    okMs: Math.max(digest.okMs, lastOkMs ?? -Infinity),
    searchUntilMs: unproven.reduce((firstMs, { untilMs }) => Math.min(firstMs, untilMs), digest.searchUntilMs),
    isOpen: digest.isOpen || unproven.length > 0 || isSilent,
    isWaiting: digest.isWaiting || unproven.length > 0 || (isSilent && health.verdict !== "down"),
  };
}

/** Each is of endpoints of its own, so that the newest ok of the one is by another endpoint than that of the other. */
function familyTogether(a: FamilyDigest, b: FamilyDigest): FamilyDigest {
  if (b === nothing) return a;
  if (a === nothing) return b;
  const [newest, other] = a.okMs >= b.okMs ? [a, b] : [b, a];
  return {
    okMs: newest.okMs,
    okIngress: newest.okIngress,
    okEndpoint: newest.okEndpoint,
    otherOkMs: Math.max(newest.otherOkMs, other.okMs),
    searchUntilMs: Math.min(a.searchUntilMs, b.searchUntilMs),
    isOpen: a.isOpen || b.isOpen,
    isWaiting: a.isWaiting || b.isWaiting,
  };
}
