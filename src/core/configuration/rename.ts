// Which endpoint of a new configuration is which of the one before: a name is only what people call it.
import { endpointNamed } from "../members.ts";
import type { Drill, EndpointState, IngressState, Passage, Target } from "../model.ts";

/** What makes an endpoint the one that it is. */
export interface Identity {
  readonly name: string;
  /** See `targetText`. */
  readonly target: string;
  /** Its check as text; missing where it does not matter. */
  readonly check?: string;
}

export function targetText(target: Target): string {
  return target.kind === "host" ? target.host : target.addresses.map(({ text }) => text).join(" ");
}

export function identityOf({ name, target, check }: EndpointState["settings"]): Identity {
  return { name, target: targetText(target), check: JSON.stringify(check ?? null) };
}

/** From the surest sign that two are the same to the weakest. */
const signs: readonly ((a: Identity, b: Identity) => boolean)[] = [
  (a, b) => a.name === b.name && a.target === b.target && isSameCheck(a, b),
  (a, b) => a.target === b.target && isSameCheck(a, b),
  (a, b) => a.name === b.name,
  (a, b) => a.target === b.target,
];

function isSameCheck(a: Identity, b: Identity): boolean {
  return a.check === undefined || b.check === undefined || a.check === b.check;
}

/** For each of `wanted`, in order, the one of `known` that it is; each is at most one. */
export function matched<Known extends Identity>(
  known: readonly Known[],
  wanted: readonly Identity[],
): readonly (Known | undefined)[] {
  const matches: (Known | undefined)[] = wanted.map(() => undefined);
  const free = new Set(known);
  for (const isSame of signs) {
    for (const [index, want] of wanted.entries()) {
      if (matches[index] !== undefined) continue;
      const match = [...free].find((candidate) => isSame(candidate, want));
      if (match === undefined) continue;
      matches[index] = match;
      free.delete(match);
    }
  }
  return matches;
}

/** What the endpoints before are called now. One that is gone keeps its name, unless another has that by now. */
export function namesAfter(
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string; readonly was: string | undefined }[],
): (name: string) => string {
  const names = new Map<string, string>();
  const taken = new Set(after.map(({ name }) => name));
  for (const { name } of before) names.set(name, taken.has(name) ? `${name} (before)` : name);
  for (const { name, was } of after) if (was !== undefined) names.set(was, name);
  return (name) => names.get(name) ?? name;
}

/** What is remembered of an ingress, under the names that its endpoints have now. */
export function withNames(ingress: IngressState, nameOf: (name: string) => string): IngressState {
  const { selection, departures, overrides, drill, lastDrill, outage, saved } = ingress;
  const member = <Member extends { readonly endpoint: string }>(old: Member): Member => ({
    ...old,
    endpoint: nameOf(old.endpoint),
  });
  return {
    ...ingress,
    selection: selection && {
      ...selection,
      primary: nameOf(selection.primary),
      sticky: selection.sticky.map(member),
    },
    departures: departures.map(member),
    overrides: overrides.map(member),
    drill: drill && drillNamed(drill, nameOf),
    lastDrill: lastDrill && drillNamed(lastDrill, nameOf),
    outage: outage && { ...outage, turns: outage.turns?.map(member) },
    saved: saved && {
      ...saved,
      primary: saved.primary === undefined ? undefined : nameOf(saved.primary),
      sticky: saved.sticky.map(member),
    },
  };
}

function drillNamed(drill: Drill, nameOf: (name: string) => string): Drill {
  const passage = ({ from, to, ...rest }: Passage): Passage => ({
    ...rest,
    from: from.map(nameOf),
    ...(to && { to: to.map(nameOf) }),
  });
  const { endpoint, away, back } = drill;
  return { ...drill, endpoint: nameOf(endpoint), away: passage(away), ...(back && { back: passage(back) }) };
}

/** An ingress of before under the names of after, endpoints included, so that both can be compared. */
export function underNames(before: IngressState, after: IngressState): IngressState {
  const { renames } = after;
  if (renames.length === 0) return before;
  const names = new Map(renames.map(({ from, to }) => [from, to]));
  const taken = new Set(after.endpoints.map(({ settings }) => settings.name));
  const nameOf = (name: string): string =>
    names.get(name) ?? (taken.has(name) && renames.some(({ to }) => to === name) ? `${name} (before)` : name);
  const endpoints = before.endpoints.map((endpoint) => {
    const name = nameOf(endpoint.settings.name);
    const now = endpointNamed(after, name);
    const isRenamed = now !== undefined && renames.some(({ to, isSame }) => to === name && isSame);
    const revision = isRenamed ? now.revision : endpoint.revision;
    return { ...endpoint, settings: { ...endpoint.settings, name }, revision };
  });
  return { ...withNames(before, nameOf), endpoints };
}
