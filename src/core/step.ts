// The only place where state changes: `step(state, event, now) → state`. Pure: no clock, no chance, no I/O.
import { findEndpoint } from "./find.ts";
import { configured } from "./configuration/configure.ts";
import { withDrill } from "./people/drill.ts";
import { afterObservation, afterResolution, afterStall, afterTime } from "./evidence/endpoint.ts";
import { isOut } from "./evidence/health.ts";
import { afterMixCheck, afterMixFailure, afterMixRead, afterMixWrite } from "./records/mix-events.ts";
import { leavingAfter, withoutGone } from "./configuration/leaving.ts";
import { withMixesAt } from "./records/mix.ts";
import type { EndpointRef, EndpointState, Event, EventOf, IngressState, State } from "./model.ts";
import { withOutage, withoutEndedOutage } from "./selection/outage.ts";
import { withOverride, withoutEndedOverrides, withoutOverrides } from "./people/overrides.ts";
import { afterVainSearch, untestedConnection, evidenceFor, withProof } from "./evidence/proof.ts";
import {
  afterCloudFailure,
  afterRead,
  afterVisibilityCheck,
  afterWrite,
  withoutSettledProblem,
  withoutStandoff,
  withWordOnce,
} from "./records/published.ts";
import { withSharers } from "./selection/same-addresses.ts";
import { departuresOf, holdUntilMs, select } from "./selection/selection.ts";
import { withEachEndpoint, withIngresses } from "./sharing.ts";
import { afterContradiction, afterTold, afterVainDateSearch, seekingTime } from "./time/time.ts";
import { withUnseenAt } from "./records/unseen.ts";

/** Before any configuration. */
export const initialState: State = {
  ingresses: [],
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
    withIngresses(happened, (ingress) => settle(ingress, nowMs)),
    nowMs,
  );
}

function take(state: State, event: Event, nowMs: number): State {
  switch (event.kind) {
    case "config-loaded":
      return {
        ingresses: event.ingresses.map((settings) => configured(state, settings, nowMs)),
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

/** Lets time and the new beliefs take effect on one ingress. */
function settle(ingress: IngressState, nowMs: number): IngressState {
  const grown = withEachEndpoint(ingress, (endpoint) => afterTime(endpoint, nowMs));
  const isOver = ingress.standoff !== undefined && ingress.standoff.untilMs <= nowMs;
  const aged = withMixesAt(withUnseenAt(withoutEndedOverrides(grown, nowMs), nowMs), nowMs);
  const believed = withOutage(withSharers(isOver ? withoutStandoff(aged) : aged), nowMs);
  const selected = withHeldSharers(ingress, withoutEndedOutage(select(believed, nowMs)), nowMs);
  return withDrill(ingress, withoutSettledProblem(withWordOnce(ingress, selected)), nowMs);
}

function withIngress(state: State, id: string, change: (ingress: IngressState) => IngressState): State {
  const changeThis = (ingress: IngressState): IngressState => (ingress.settings.id === id ? change(ingress) : ingress);
  const changed = withIngresses(state, changeThis);
  return state.leaving.length === 0 ? changed : { ...changed, leaving: changed.leaving.map(changeThis) };
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

/** After a switch, who ever shared its addresses is held: its answers may lag behind what our own record says. */
function withHeldSharers(before: IngressState, after: IngressState, nowMs: number): IngressState {
  const from = before.selection?.primary;
  const to = after.selection?.primary;
  if (from === undefined || to === undefined || from === to) return after;
  return withEachEndpoint(after, (endpoint) => {
    const { settings, hasShared, heldUntilMs = -Infinity, health } = endpoint;
    if (!hasShared || settings.name === to || isOut(health.verdict)) return endpoint;
    const untilMs = holdUntilMs(after, settings.name, nowMs);
    return untilMs <= Math.max(nowMs, heldUntilMs) ? endpoint : { ...endpoint, heldUntilMs: untilMs };
  });
}

/** An endpoint that comes back from an outage, in this life or the last, is held: for a while the ingress does not return to it. */
function withHold(ingress: IngressState, before: EndpointState, after: EndpointState, nowMs: number): EndpointState {
  const { verdict } = after.health;
  // The way back need not be straight: with an address that can be checked again, who was down is unknown first.
  const isBack = isOut(before.health.verdict) && !isOut(verdict);
  const isBackFromLastLife =
    before.health.verdict === "unknown" && verdict === "up" && departuresOf(ingress, after.settings.name, nowMs) > 0;
  if (!isBack && !isBackFromLastLife) return after;
  return { ...after, heldUntilMs: holdUntilMs(ingress, after.settings.name, nowMs) };
}
