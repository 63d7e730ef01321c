// An ingress of which nothing is known but its settings.
import type { EndpointState, IngressSettings, IngressState } from "../model.ts";
import { freshName } from "../records/mix.ts";

export function emptyIngress(settings: IngressSettings, endpoints: readonly EndpointState[]): IngressState {
  return {
    ...freshName,
    settings,
    endpoints,
    renames: [],
    form: undefined,
    mix: undefined,
    formerMixes: [],
    isLeaving: false,
    returnDueMs: undefined,
    lastGood: undefined,
    selection: undefined,
    outage: undefined,
    electionAtMs: undefined,
    trialUntilMs: undefined,
    departures: [],
    overrides: [],
    drill: undefined,
    lastDrill: undefined,
    saved: undefined,
    drift: undefined,
    standoff: undefined,
    isMixRefused: false,
  };
}
