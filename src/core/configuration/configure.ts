// A configuration taken in: what did not change keeps what is known of it, under whatever name, and what an earlier
// life of the daemon left behind is taken up.
import { findManaged } from "../find.ts";
import { interruptedDrill } from "../people/drill.ts";
import { freshEndpoint, withSavedAddresses } from "../evidence/endpoint.ts";
import { emptyIngress } from "./empty.ts";
import { freshName, withMixNames } from "../records/mix.ts";
import { askedForm } from "../records/records.ts";
import type { EndpointSettings, EndpointState, IngressSettings, IngressState, Rename, State } from "../model.ts";
import { withoutStandoff } from "../records/published.ts";
import { identityOf, matched, namesAfter, withNames } from "./rename.ts";
import { departuresOf, holdMs } from "../selection/hold.ts";

/** The ingress under new settings. What did not change keeps what is known of it. */
export function configured(state: State, settings: IngressSettings, nowMs: number): IngressState {
  const old = findManaged(state, settings.id);
  if (old === undefined) return freshIngress(state, settings, nowMs);
  const isSameReach = settings.allowPrivate === old.settings.allowPrivate;
  const known = old.endpoints.map((endpoint) => ({ ...identityOf(endpoint.settings), endpoint }));
  const matches = matched(known, settings.endpoints.map(identityOf));
  // A name may have been another endpoint's: a report of that one must not be taken for one of this.
  const newRevision = Math.max(0, ...old.endpoints.map(({ revision }) => revision)) + 1;
  const endpoints = settings.endpoints.map((endpointSettings, index) =>
    reconfigured(matches[index]?.endpoint, endpointSettings, {
      isSameReach,
      isNameUsed: known.some(({ name }) => name === endpointSettings.name),
      newRevision,
      heldLessMs: holdCutMs(old, settings, matches[index]?.name, nowMs),
      nowMs,
    }),
  );
  const now = settings.endpoints.map(({ name }, index) => ({ name, was: matches[index]?.name }));
  const renames = now.flatMap(({ name, was }, index): Rename[] => {
    if (was === undefined || was === name) return [];
    return [{ from: was, to: name, isSame: endpoints[index]?.health === matches[index]?.endpoint.health }];
  });
  const isSameZone = old.settings.zone === settings.zone;
  const quiet = isSameZone ? withoutStandoff(old) : withoutRecords(withoutStandoff(old));
  const named = renames.length === 0 ? quiet : withNames(quiet, namesAfter(known, now));
  const cuts = new Map(
    settings.endpoints.map(({ name, stickyMs = 0 }, index) => [
      name,
      Math.max(0, (matches[index]?.endpoint.settings.stickyMs ?? 0) - stickyMs),
    ]),
  );
  return withMixNames({
    ...withShorterSticky(named, cuts),
    settings,
    endpoints,
    renames,
    form: askedForm(settings) ?? named.form,
    isLeaving: false,
    // A new configuration deserves a new try.
    isMixRefused: false,
  });
}

/**
 * The ingress in another zone: what is known of its records is of the old one, and so is what became of writes there.
 */
function withoutRecords(ingress: IngressState): IngressState {
  return { ...ingress, ...freshName, drift: undefined, mix: undefined, formerMixes: [] };
}

/** An ingress that was not configured before, with what an earlier life of the daemon remembers of it. */
function freshIngress({ saved }: State, settings: IngressSettings, nowMs: number): IngressState {
  const endpoints = settings.endpoints.map((each) => freshEndpoint(each, 0, nowMs));
  const memory = saved?.find(({ id }) => id === settings.id);
  const fresh = { ...emptyIngress(settings, endpoints), form: askedForm(settings) ?? memory?.form };
  if (memory === undefined) return withMixNames(fresh);
  const matches = matched(memory.endpoints ?? [], settings.endpoints.map(identityOf));
  const now = settings.endpoints.map(({ name }, index) => ({ name, was: matches[index]?.name }));
  const nameOf = namesAfter(memory.endpoints ?? [], now);
  const renames = now.flatMap(({ name, was }): Rename[] =>
    was === undefined || was === name ? [] : [{ from: was, to: name, isSame: true }],
  );
  const { primary, sticky, departures, overrides, addresses, lastGood, isOutage } = memory;
  const { allowPrivate } = settings;
  const drilled = overrides.find(({ kind }) => kind === "drill");
  const remembered: IngressState = {
    ...fresh,
    endpoints: endpoints.map((endpoint) => {
      const known = addresses.find(({ endpoint: name }) => nameOf(name) === endpoint.settings.name);
      return known === undefined ? endpoint : withSavedAddresses(endpoint, known, { allowPrivate, nowMs });
    }),
    // A clock that was set back must not make a departure last for ever.
    departures: departures.map(({ endpoint, atMs }) => ({ endpoint, atMs: Math.min(atMs, nowMs) })),
    overrides,
    drill: drilled && interruptedDrill(drilled.endpoint, nowMs),
    saved: { primary, sticky, isWithoutForm: memory.form === undefined },
    lastGood,
    // Whether it still is one is seen anew, and told again if so. Where it ends, it ends as if nothing had come
    // between.
    outage: isOutage ? { isKnown: false, answeredMs: undefined, upMs: undefined, turns: undefined } : undefined,
  };
  const named = renames.length === 0 ? remembered : { ...withNames(remembered, nameOf), renames };
  return withMixNames(named, memory.mixRecords);
}

/** How much sooner an endpoint may be returned to now that `hold_up` is shorter. */
function holdCutMs(old: IngressState, settings: IngressSettings, name: string | undefined, nowMs: number): number {
  if (name === undefined) return 0;
  const departures = departuresOf(old, name, nowMs);
  return Math.max(0, holdMs(old.settings, departures) - holdMs(settings, departures));
}

/** A sticky time that is shorter now ends when it would have ended had it been so from its beginning. */
function withShorterSticky(ingress: IngressState, cuts: ReadonlyMap<string, number>): IngressState {
  const { selection } = ingress;
  if (selection === undefined || !selection.sticky.some(({ endpoint }) => (cuts.get(endpoint) ?? 0) > 0))
    return ingress;
  const sticky = selection.sticky.map((member) => ({
    ...member,
    untilMs: member.untilMs - (cuts.get(member.endpoint) ?? 0),
  }));
  return { ...ingress, selection: { ...selection, sticky } };
}

function reconfigured(
  known: EndpointState | undefined,
  settings: EndpointSettings,
  more: {
    readonly isSameReach: boolean;
    readonly isNameUsed: boolean;
    readonly newRevision: number;
    readonly heldLessMs: number;
    readonly nowMs: number;
  },
): EndpointState {
  const { isSameReach, isNameUsed, newRevision, heldLessMs, nowMs } = more;
  if (known === undefined) return freshEndpoint(settings, isNameUsed ? newRevision : 0, nowMs);
  const isSame =
    isSameReach &&
    sameJson(known.settings.target, settings.target) &&
    sameJson(known.settings.check ?? null, settings.check ?? null);
  if (!isSame) return freshEndpoint(settings, newRevision, nowMs);
  const { heldUntilMs } = known;
  return {
    ...known,
    settings,
    revision: known.settings.name === settings.name ? known.revision : newRevision,
    heldUntilMs: heldUntilMs === undefined ? undefined : heldUntilMs - heldLessMs,
  };
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
