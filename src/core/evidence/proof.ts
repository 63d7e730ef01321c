// Whether a failure says something about the endpoint, or only that the monitor's own connection may be broken.
import { afterProof, forgetUnproven, withoutProof } from "./endpoint.ts";
import type { Connection, EndpointRef, EndpointState, Family, IngressState, State, Unproven } from "../model.ts";
import type { Evidence, Proof } from "./proof-model.ts";
import { withIngresses } from "../overview/ingresses.ts";
import { digestOfAll, placesWhere } from "../overview/overview.ts";
import { withEachEndpoint } from "../sharing.ts";
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
    return { isBlind: blindSinceMs !== undefined, provenMs: Math.max(anchorsMs, okMsOfOthers(state, family, failing)) };
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
  const proven = withWaiting(state, family, (ingress, endpoint) => {
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
    if (digestOfAll(next.overview)[family].searchUntilMs > nowMs) continue;
    const expired = unprovenOf(next, family, nowMs).filter(({ untilMs }) => untilMs <= nowMs);
    const newestMs = Math.max(...expired.map(({ endedMs }) => endedMs));
    // Its own ok after it does not prove a failure, but it does prove that the monitor can see.
    const newestOkMs = digestOfAll(next.overview)[family].okMs;
    const isSeeing = newestOkMs >= newestMs || next.connection[family].blindSinceMs !== undefined;
    next = withWaiting(next, family, (_, endpoint) =>
      withoutProof(endpoint, family, isSeeing ? nowMs : Infinity, nowMs),
    );
    if (isSeeing) continue;
    const connection = { ...next.connection[family], blindSinceMs: nowMs };
    next = { ...next, connection: { ...next.connection, [family]: connection } };
  }
  return next;
}

/** The failures in this family that wait for proof, of the ingresses where the search for it is over for one. */
function unprovenOf({ ingresses, overview }: State, family: Family, nowMs: number): readonly Unproven[] {
  return placesWhere(overview, (digest) => digest[family].searchUntilMs <= nowMs).flatMap((place) =>
    (ingresses[place]?.endpoints ?? []).flatMap(({ addresses }) =>
      addresses.flatMap((address) => (address.family === family ? address.unproven : [])),
    ),
  );
}

/**
 * Whether proof of connection is sought in this family: a failure or a silence waits for it, or the monitor is blind.
 */
export function isProofWanted({ connection, overview }: State, family: Family): boolean {
  return connection[family].blindSinceMs !== undefined || digestOfAll(overview)[family].isWaiting;
}

/** When anybody but one endpoint was ok last in this family; -Infinity for never. */
function okMsOfOthers(
  { overview }: State,
  family: Family,
  { ingress, endpoint }: Pick<EndpointRef, "ingress" | "endpoint">,
): number {
  const { okMs, okIngress, okEndpoint, otherOkMs } = digestOfAll(overview)[family];
  return okIngress === ingress && okEndpoint === endpoint ? otherOkMs : okMs;
}

/** Changes the endpoints of ingresses in which something has no proof yet: to all others, proof makes no difference. */
function withWaiting(
  state: State,
  family: Family,
  change: (ingress: IngressState, endpoint: EndpointState) => EndpointState,
): State {
  const places = placesWhere(state.overview, (digest) => digest[family].isOpen);
  return withIngresses(state, places, (ingress) => withEachEndpoint(ingress, (endpoint) => change(ingress, endpoint)));
}
