// Whether a failure says something about the endpoint, or only that the monitor's own connection may be broken.
import { afterProof, forgetUnproven, withoutProof } from "./endpoint.ts";
import type {
  AddressState,
  Connection,
  EndpointRef,
  EndpointState,
  Family,
  IngressState,
  State,
  Unproven,
} from "../model.ts";
import type { Evidence, Proof } from "./proof-model.ts";
import { withEachEndpoint, withIngresses } from "../sharing.ts";
import { families } from "../words.ts";

/** Before anything was seen. */
export const untestedConnection: State["connection"] = {
  ipv4: { anchorsMs: undefined, blindSinceMs: undefined },
  ipv6: { anchorsMs: undefined, blindSinceMs: undefined },
};

/** What failures of the endpoint `failing` are to be judged by, by all that is known at this moment. */
export function evidenceFor(state: State, failing: Pick<EndpointRef, "ingress" | "endpoint">): Evidence {
  const proof = (family: Family): Proof => {
    const { blindSinceMs, anchorsMs = -Infinity } = state.connection[family];
    return { isBlind: blindSinceMs !== undefined, provenMs: Math.max(anchorsMs, newestOkMs(state, family, failing)) };
  };
  return { ipv4: proof("ipv4"), ipv6: proof("ipv6") };
}

/**
 * The state after proof that the connection worked at `provenMs` in this family: an ok of the endpoint `by`, or without
 * one, most anchors. Failures of others that ended before it count now. Where the monitor was blind, they are dropped
 * instead: they may be from before the connection came back.
 */
export function withProof(
  state: State,
  family: Family,
  provenMs: number,
  nowMs: number,
  by?: Pick<EndpointRef, "ingress" | "endpoint">,
): State {
  const { blindSinceMs, anchorsMs } = state.connection[family];
  const isOfProver = ({ settings }: IngressState, endpoint: EndpointState): boolean =>
    settings.id === by?.ingress && endpoint.settings.name === by.endpoint;
  const proven = withEndpoints(state, (ingress, endpoint) => {
    if (blindSinceMs !== undefined) return forgetUnproven(endpoint, family);
    return isOfProver(ingress, endpoint) ? endpoint : afterProof(endpoint, family, provenMs, nowMs);
  });
  if (by !== undefined && blindSinceMs === undefined) return proven;
  const known: Connection = { anchorsMs: by === undefined ? provenMs : anchorsMs, blindSinceMs: undefined };
  return { ...proven, connection: { ...state.connection, [family]: known } };
}

/** The state after the search for proof ended in vain for some failures: they are dropped, and the monitor is blind. */
export function afterVainSearch(state: State, nowMs: number): State {
  let next = state;
  for (const family of families) {
    const expired = unprovenOf(next, family).filter(({ untilMs }) => untilMs <= nowMs);
    if (expired.length === 0) continue;
    const newestMs = Math.max(...expired.map(({ endedMs }) => endedMs));
    // Its own ok after it does not prove a failure, but it does prove that the monitor can see.
    const isSeeing = newestOkMs(next, family) >= newestMs || next.connection[family].blindSinceMs !== undefined;
    next = withEndpoints(next, (_, endpoint) => withoutProof(endpoint, family, isSeeing ? nowMs : Infinity, nowMs));
    if (isSeeing) continue;
    const connection = { ...next.connection[family], blindSinceMs: nowMs };
    next = { ...next, connection: { ...next.connection, [family]: connection } };
  }
  return next;
}

/** The failures in this family that wait for proof. */
function unprovenOf({ ingresses }: State, family: Family): readonly Unproven[] {
  const waiting: Unproven[] = [];
  for (const { endpoints } of ingresses) {
    for (const { addresses } of endpoints) {
      for (const address of addresses) if (address.family === family) waiting.push(...address.unproven);
    }
  }
  return waiting;
}

/** Whether proof of connection is sought in this family: a failure or a silence waits for it, or the monitor is blind. */
export function isProofWanted(state: State, family: Family): boolean {
  return (
    state.connection[family].blindSinceMs !== undefined ||
    state.ingresses.some(({ endpoints }) =>
      endpoints.some(({ addresses }) => addresses.some((address) => address.family === family && waits(address))),
    )
  );
}

function waits({ unproven, stalled, health }: AddressState): boolean {
  if (unproven.length > 0) return true;
  return health.verdict !== "down" && stalled.some(({ provenMs }) => provenMs === undefined);
}

/** When anybody was ok last in this family, or anybody but one endpoint; -Infinity for never. */
function newestOkMs({ ingresses }: State, family: Family, except?: Pick<EndpointRef, "ingress" | "endpoint">): number {
  let newest = -Infinity;
  for (const { settings, endpoints } of ingresses) {
    for (const endpoint of endpoints) {
      if (settings.id === except?.ingress && endpoint.settings.name === except.endpoint) continue;
      for (const address of endpoint.addresses) {
        if (address.family === family) newest = Math.max(newest, address.lastOkMs ?? -Infinity);
      }
    }
  }
  return newest;
}

/** Changes endpoints. */
function withEndpoints(state: State, change: (ingress: IngressState, endpoint: EndpointState) => EndpointState): State {
  return withIngresses(state, (ingress) => withEachEndpoint(ingress, (endpoint) => change(ingress, endpoint)));
}
