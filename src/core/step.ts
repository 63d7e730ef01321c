// The only place where state changes: `step(state, event, now) → state`. Pure: no clock, no chance, no I/O.
import type { Weigh } from "./address.ts";
import { interruptedDrill, withDrill } from "./drill.ts";
import {
  afterObservation,
  afterResolution,
  afterStall,
  afterTime,
  freshEndpoint,
  withSavedAddresses,
} from "./endpoint.ts";
import { isOut } from "./health.ts";
import type {
  EndpointRef,
  EndpointSettings,
  EndpointState,
  Event,
  IngressSettings,
  IngressState,
  State,
} from "./model.ts";
import { withOutage, withoutEndedOutage } from "./outage.ts";
import { withOverride, withoutEndedOverrides, withoutOverrides } from "./overrides.ts";
import { afterVainSearch, untestedConnection, weightOf, withProof } from "./proof.ts";
import {
  afterCloudFailure,
  afterRead,
  afterVisibilityCheck,
  afterWrite,
  withoutSettledProblem,
  withoutStandoff,
  withUnseenAt,
  withWordOnce,
} from "./published.ts";
import { withSharers } from "./same-addresses.ts";
import { departuresOf, holdUntilMs, select } from "./selection.ts";
import { withEachEndpoint, withIngresses } from "./sharing.ts";

/** Before any configuration. */
export const initialState: State = { ingresses: [], connection: untestedConnection, generation: 0 };

/** The state after `event`, which was taken at monotonic time `nowMs`. */
export function step(state: State, event: Event, nowMs: number): State {
  const happened = afterVainSearch(take(state, event, nowMs), nowMs);
  return withIngresses(happened, (ingress) => settle(ingress, nowMs));
}

function take(state: State, event: Event, nowMs: number): State {
  switch (event.kind) {
    case "config-loaded":
      return {
        ingresses: event.ingresses.map((settings) => configured(state, settings, nowMs)),
        connection: state.connection,
        generation: state.generation + 1,
      };
    case "restored":
      return { ...state, saved: event.ingresses };
    case "override-set":
      return withIngress(state, event.ingress, (ingress) => withOverride(ingress, event.override));
    case "resumed":
      return withIngress(state, event.ingress, (ingress) => withoutStandoff(withoutOverrides(ingress, event.endpoint)));
    case "visibility-checked":
      return withIngress(state, event.ingress, (ingress) => afterVisibilityCheck(ingress, event, nowMs));
    case "config-rejected":
      return { ...state, rejectedConfig: { problems: event.problems, atMs: nowMs } };
    case "resolved":
      return withEndpoint(state, event, nowMs, (endpoint, { settings: { allowPrivate } }) =>
        afterResolution(endpoint, event.resolution, { allowPrivate, weigh: weigherOf(state, event), nowMs }),
      );
    case "probed":
      return afterProbe(state, event, nowMs);
    case "probe-stalled":
      return withEndpoint(state, event, nowMs, (endpoint) => afterStall(endpoint, event.address, nowMs));
    case "anchors-tried":
      return event.answered * 2 > event.asked ? withProof(state, event.family, event.endedMs, nowMs) : state;
    case "records-read":
      return withIngress(state, event.ingress, (ingress) => afterRead(ingress, event.records, nowMs));
    case "records-written":
      return withIngress(state, event.ingress, (ingress) => afterWrite(ingress, event.records, nowMs));
    case "cloud-failed":
      return withIngress(state, event.ingress, (ingress) => afterCloudFailure(ingress, event.problem, nowMs));
    case "time-passed":
      return state;
    default:
      return event satisfies never;
  }
}

function afterProbe(state: State, event: Event & { kind: "probed" }, nowMs: number): State {
  const { address, observation } = event;
  const probed = withEndpoint(state, event, nowMs, (endpoint) =>
    afterObservation(endpoint, address, observation, { weigh: weigherOf(state, event), nowMs }),
  );
  if (observation.kind !== "ok" || probed === state) return probed;
  return withProof(probed, address.includes(":") ? "ipv6" : "ipv4", observation.endedMs, nowMs, event);
}

function weigherOf(state: State, ref: EndpointRef): Weigh {
  return (address, endedMs) => weightOf(state, ref, address, endedMs);
}

/** Lets time and the new beliefs take effect on one ingress. */
function settle(ingress: IngressState, nowMs: number): IngressState {
  const grown = withEachEndpoint(ingress, (endpoint) => afterTime(endpoint, nowMs));
  const isOver = ingress.standoff !== undefined && ingress.standoff.untilMs <= nowMs;
  const aged = withUnseenAt(withoutEndedOverrides(grown, nowMs), nowMs);
  const believed = withOutage(withSharers(isOver ? withoutStandoff(aged) : aged), nowMs);
  const selected = withHeldSharers(ingress, withoutEndedOutage(select(believed, nowMs)), nowMs);
  return withDrill(ingress, withoutSettledProblem(withWordOnce(ingress, selected)), nowMs);
}

/** The ingress under new settings. What did not change keeps what is known of it. */
function configured(state: State, settings: IngressSettings, nowMs: number): IngressState {
  const old = state.ingresses.find((ingress) => ingress.settings.record === settings.record);
  const endpoints = settings.endpoints.map((endpointSettings) => {
    const known = old?.endpoints.find((endpoint) => endpoint.settings.name === endpointSettings.name);
    return reconfigured(known, endpointSettings, settings.allowPrivate === old?.settings.allowPrivate, nowMs);
  });
  if (old === undefined) return freshIngress(state, settings, endpoints, nowMs);
  const { published, cloudProblem, ...rest } = withoutStandoff(old);
  const isSameZone = old.settings.zone === settings.zone;
  return {
    ...rest,
    settings,
    endpoints,
    // A new configuration deserves a new try.
    isMixRefused: false,
    ...(isSameZone && published !== undefined ? { published } : {}),
    ...(isSameZone && cloudProblem !== undefined ? { cloudProblem } : {}),
  };
}

/** An ingress that was not configured before, with what an earlier life of the daemon remembers of it. */
function freshIngress(
  { saved }: State,
  settings: IngressSettings,
  endpoints: readonly EndpointState[],
  nowMs: number,
): IngressState {
  const fresh: IngressState = {
    settings,
    endpoints,
    departures: [],
    overrides: [],
    undoneAtMs: [],
    isMixRefused: false,
  };
  const memory = saved?.find(({ record }) => record === settings.record);
  if (memory === undefined) return fresh;
  const { primary, sticky, departures, overrides, addresses, lastGood, isOutage } = memory;
  const { allowPrivate } = settings;
  const drilled = overrides.find(({ kind }) => kind === "drill");
  return {
    ...fresh,
    endpoints: endpoints.map((endpoint) => {
      const known = addresses.find(({ endpoint: name }) => name === endpoint.settings.name);
      return known === undefined ? endpoint : withSavedAddresses(endpoint, known, { allowPrivate, nowMs });
    }),
    // A clock that was set back must not make a departure last for ever.
    departures: departures.map(({ endpoint, atMs }) => ({ endpoint, atMs: Math.min(atMs, nowMs) })),
    overrides,
    ...(drilled && { drill: interruptedDrill(drilled.endpoint, nowMs) }),
    saved: { ...(primary !== undefined && { primary }), sticky },
    ...(lastGood !== undefined && { lastGood }),
    // Whether it still is one is seen anew, and told again if so. Where it ends, it ends as if nothing had come between.
    ...(isOutage === true && { outage: { isKnown: false } }),
  };
}

function reconfigured(
  known: EndpointState | undefined,
  settings: EndpointSettings,
  isSameReach: boolean,
  nowMs: number,
): EndpointState {
  if (known === undefined) return freshEndpoint(settings, 0, nowMs);
  const isSame =
    isSameReach &&
    sameJson(known.settings.target, settings.target) &&
    sameJson(known.settings.check ?? null, settings.check ?? null);
  return isSame ? { ...known, settings } : freshEndpoint(settings, known.revision + 1, nowMs);
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function withIngress(state: State, record: string, change: (ingress: IngressState) => IngressState): State {
  return withIngresses(state, (ingress) => (ingress.settings.record === record ? change(ingress) : ingress));
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
    if (hasShared !== true || settings.name === to || isOut(health.verdict)) return endpoint;
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
