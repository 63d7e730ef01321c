// The only place where state changes: `step(state, event, now) → state`. Pure: no clock, no chance, no I/O.
import { findEndpoint } from "./find.ts";
import { configured } from "./configuration/configure.ts";
import { afterObservation, afterResolution, afterStall } from "./evidence/endpoint.ts";
import { isOut } from "./evidence/health.ts";
import { afterMixCheck, afterMixFailure, afterMixRead, afterMixWrite } from "./records/mix-events.ts";
import { leavingAfter, withoutGone } from "./configuration/leaving.ts";
import type { EndpointRef, EndpointState, Event, EventOf, IngressState, State } from "./model.ts";
import { withOverride, withoutOverrides } from "./people/overrides.ts";
import { afterVainSearch, untestedConnection, evidenceFor, withProof } from "./evidence/proof.ts";
import {
  afterCloudFailure,
  afterRead,
  afterVisibilityCheck,
  afterWrite,
  withoutStandoff,
} from "./records/published.ts";
import { departuresOf, holdUntilMs } from "./selection/hold.ts";
import { listed, withIngresses } from "./overview/ingresses.ts";
import { changedPlaces, placesWhere } from "./overview/overview.ts";
import { settle } from "./settle.ts";
import { withEachEndpoint } from "./sharing.ts";
import { afterContradiction, afterTold, afterVainDateSearch, seekingTime } from "./time/time.ts";

/** Before any configuration. */
export const initialState: State = {
  ...listed([]),
  leaving: [],
  time: { told: undefined, sought: undefined, isContradicted: false, wrong: undefined },
  connection: untestedConnection,
  rejectedConfig: undefined,
  generation: 0,
  saved: undefined,
};

/** The state after `event`, which was taken at monotonic time `nowMs`. */
export function step(state: State, event: Event, nowMs: number): State {
  const happened = afterVainSearch(afterVainDateSearch(take(state, event, nowMs), nowMs), nowMs);
  return withoutGone(
    withIngresses(happened, unsettledPlaces(state, happened, nowMs), (ingress) => settle(ingress, nowMs)),
    nowMs,
  );
}

/** Where the event changed something, or time does. What is settled anywhere else is settled still. */
function unsettledPlaces(before: State, { overview }: State, nowMs: number): readonly number[] {
  const due = placesWhere(overview, ({ dueMs }) => dueMs <= nowMs);
  const changed = changedPlaces(before.overview, overview);
  return due.length === 0 ? changed : [...new Set([...changed, ...due])];
}

function take(state: State, event: Event, nowMs: number): State {
  switch (event.kind) {
    case "config-loaded":
      return {
        ...listed(event.ingresses.map((settings) => configured(state, settings, nowMs))),
        leaving: leavingAfter(state, event.ingresses, nowMs),
        time: state.time,
        connection: state.connection,
        rejectedConfig: undefined,
        saved: undefined,
        generation: state.generation + (event.isUnchanged === true ? 0 : 1),
      };
    case "restored":
      return { ...state, saved: event.ingresses };
    case "override-set":
      return withIngress(state, event.ingress, (ingress) => withOverride(ingress, event.override));
    case "resumed":
      return withIngress(state, event.ingress, (ingress) => withoutStandoff(withoutOverrides(ingress, event.endpoint)));
    case "visibility-checked":
      return withIngress(state, event.ingress, (ingress) =>
        event.mix === undefined
          ? afterVisibilityCheck(ingress, event, nowMs)
          : afterMixCheck(ingress, event.mix, event, nowMs),
      );
    case "config-rejected":
      return { ...state, rejectedConfig: { problems: event.problems, atMs: nowMs } };
    case "resolved":
      return withEndpoint(state, event, nowMs, (endpoint, { settings: { allowPrivate } }) =>
        afterResolution(endpoint, event.resolution, { allowPrivate, evidence: evidenceFor(state, event), nowMs }),
      );
    case "drift-suspected":
      return withIngress(state, event.ingress, (ingress) => ({
        ...ingress,
        drift: { says: event.says, sinceMs: nowMs },
      }));
    case "target-traced":
      return withEndpoint(state, event, nowMs, (endpoint) => ({ ...endpoint, tracedPath: event.path }));
    case "probed":
      return afterProbe(state, event, nowMs);
    case "probe-stalled":
      return withEndpoint(state, event, nowMs, (endpoint) => afterStall(endpoint, event, nowMs));
    case "anchors-tried":
      return event.answered * 2 > event.asked ? withProof(state, event.family, event.endedMs, nowMs) : state;
    case "records-read":
      return withIngress(state, event.ingress, (ingress) =>
        event.mix === undefined
          ? afterRead(ingress, event.records, nowMs)
          : afterMixRead(ingress, event.mix, event.records, nowMs),
      );
    case "records-written":
      return withIngress(state, event.ingress, (ingress) =>
        event.mix === undefined
          ? afterWrite(ingress, event.records, nowMs)
          : afterMixWrite(ingress, event.mix, event.records, nowMs),
      );
    case "cloud-failed":
      return withIngress(state, event.ingress, (ingress) =>
        event.mix === undefined
          ? afterCloudFailure(ingress, event.problem, nowMs)
          : afterMixFailure(ingress, event.mix, event.problem, nowMs),
      );
    case "time-told":
      return afterTold(state, event, nowMs);
    case "time-contradicted":
      return afterContradiction(state, event.machineWallMs, nowMs);
    case "clock-jumped":
      return seekingTime(state, nowMs);
    case "time-passed":
      return state;
    default:
      return event satisfies never;
  }
}

function afterProbe(state: State, event: EventOf<"probed">, nowMs: number): State {
  const { address, observation } = event;
  const probed = withEndpoint(state, event, nowMs, (endpoint) =>
    afterObservation(endpoint, address, observation, { evidence: evidenceFor(state, event), nowMs }),
  );
  if (isUndated(probed, event)) return seekingTime(probed, observation.startedMs);
  if (observation.kind !== "ok" || probed === state) return probed;
  return withProof(probed, address.includes(":") ? "ipv6" : "ipv4", observation.endedMs, nowMs, event);
}

/** Whether the newest result of this address waits for something to tell the time. */
function isUndated(state: State, { address, observation, ...ref }: EventOf<"probed">): boolean {
  if (observation.kind !== "inconclusive" || observation.reason !== "clock") return false;
  const probed = findEndpoint(state, ref)?.addresses.find(({ text }) => text === address);
  return probed?.undated.at(-1)?.startedMs === observation.startedMs;
}

function withIngress(state: State, id: string, change: (ingress: IngressState) => IngressState): State {
  const place = state.overview.places.get(id);
  const changed = place === undefined ? state : withIngresses(state, [place], change);
  if (state.leaving.length === 0) return changed;
  const changeThis = (ingress: IngressState): IngressState => (ingress.settings.id === id ? change(ingress) : ingress);
  return { ...changed, leaving: changed.leaving.map(changeThis) };
}

/** Changes one endpoint, unless the report is of an endpoint or check that is no more. */
function withEndpoint(
  state: State,
  ref: EndpointRef,
  nowMs: number,
  change: (endpoint: EndpointState, ingress: IngressState) => EndpointState,
): State {
  return withIngress(state, ref.ingress, (ingress) =>
    withEachEndpoint(ingress, (endpoint) =>
      endpoint.settings.name === ref.endpoint && endpoint.revision === ref.revision
        ? withHold(ingress, endpoint, change(endpoint, ingress), nowMs)
        : endpoint,
    ),
  );
}

/**
 * An endpoint that comes back from an outage, in this life or the last, is held: for a while the ingress does not
 * return to it.
 */
function withHold(ingress: IngressState, before: EndpointState, after: EndpointState, nowMs: number): EndpointState {
  const { verdict } = after.health;
  // The way back need not be straight: with an address that can be checked again, who was down is unknown first.
  const isBack = isOut(before.health.verdict) && !isOut(verdict);
  const isBackFromLastLife =
    before.health.verdict === "unknown" && verdict === "up" && departuresOf(ingress, after.settings.name, nowMs) > 0;
  if (!isBack && !isBackFromLastLife) return after;
  return { ...after, heldUntilMs: holdUntilMs(ingress, after.settings.name, nowMs) };
}
