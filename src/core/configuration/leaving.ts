// Ingresses that are no longer configured and not done with their mix: the record is first pointed to the primary, and
// the records of the mix are removed once nothing has pointed to them for an hour. A restart in between changes
// nothing.
import { emptyIngress } from "./empty.ts";
import { alone } from "../members.ts";
import { freshEndpoint } from "../evidence/endpoint.ts";
import { freshMix, mixesOf, mixPointedTo, withMixesAt } from "../records/mix.ts";
import type { EndpointSettings, IngressSettings, IngressState, MixState, SavedIngress, State } from "../model.ts";
import { withoutStandoff } from "../records/published.ts";

/**
 * Those who leave the configuration with records of a mix, in this life or while no daemon ran, and who left before and
 * are not done.
 */
export function leavingAfter(
  state: State,
  configured: readonly IngressSettings[],
  nowMs: number,
): readonly IngressState[] {
  const ids = new Set(configured.map(({ id }) => id));
  const live = [...state.leaving, ...state.ingresses.filter(hasMixRecords)];
  const remembered = (state.saved ?? []).flatMap((saved) => restored(saved, nowMs) ?? []);
  return [...live, ...remembered]
    .filter(({ settings }) => !ids.has(settings.id))
    .map((ingress) => (ingress.isLeaving ? ingress : asLeaving(ingress)));
}

function hasMixRecords(ingress: IngressState): boolean {
  return mixPointedTo(ingress) !== undefined || mixesOf(ingress).some(isKnownToHaveRecords);
}

function isKnownToHaveRecords({ published }: MixState): boolean {
  return published !== undefined && published.records.length > 0;
}

function asLeaving(ingress: IngressState): IngressState {
  const { selection } = ingress;
  return {
    ...withoutStandoff(ingress),
    isLeaving: true,
    overrides: [],
    drill: undefined,
    returnDueMs: undefined,
    selection: selection && alone(selection),
  };
}

/** What an earlier life left behind of an ingress with a mix, as far as it takes to be done with it. */
function restored(saved: SavedIngress, nowMs: number): IngressState | undefined {
  const { id, record, zone, primary, endpoints = [], ttl = 60, mixRecords = [], lastGood } = saved;
  if (mixRecords.length === 0) return undefined;
  const host = endpoints.find(({ name }) => name === primary)?.target;
  const target = primary === undefined || host === undefined || !isHost(host) ? undefined : { name: primary, host };
  const endpoint: EndpointSettings | undefined = target && {
    name: target.name,
    target: { kind: "host", host: target.host },
    priority: 0,
    ttl,
    resolvers: [],
  };
  const settings: IngressSettings = {
    id,
    record,
    ...(zone !== undefined && { zone }),
    publish: "cname",
    holdUpMs: 0,
    reconcileIntervalMs: 5 * 60_000,
    allowPrivate: false,
    endpoints: endpoint === undefined ? [] : [endpoint],
  };
  const why = `${record} is no longer configured`;
  const empty = emptyIngress(
    settings,
    settings.endpoints.map((each) => freshEndpoint(each, 0, nowMs)),
  );
  return {
    ...empty,
    formerMixes: mixRecords.map(freshMix),
    isLeaving: true,
    selection: target && { primary: target.name, sticky: [], why, reason: "configuration", sinceMs: nowMs },
    lastGood,
  };
}

/** Targets that are addresses are saved with spaces between them, and have digits or colons only. */
function isHost(target: string): boolean {
  return /^[a-z0-9_.-]+$/.test(target) && !/^[0-9.]+$/.test(target);
}

/** Lets time take effect on those who leave, without those who are done: no mix of theirs is left. */
export function withoutGone(state: State, nowMs: number): State {
  if (state.leaving.length === 0) return state;
  const aged = state.leaving.map((ingress) => withMixesAt(ingress, nowMs));
  const left = aged.filter((ingress) => mixPointedTo(ingress) !== undefined || mixesOf(ingress).some(mayHaveRecords));
  const isSame = left.length === state.leaving.length && left.every((ingress, at) => ingress === state.leaving[at]);
  return isSame ? state : { ...state, leaving: left };
}

function mayHaveRecords({ published }: MixState): boolean {
  return published?.records.length !== 0;
}
