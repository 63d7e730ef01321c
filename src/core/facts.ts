// What changed between two states, as facts worth telling.
import { findIngress, findManaged } from "./find.ts";
import { isOut } from "./evidence/health.ts";
import { mixesOf, mixPointedTo } from "./records/mix.ts";
import { whyNoMix } from "./advice/mix-outlook.ts";
import { isAtMix, publishesCname } from "./records/records.ts";
import type {
  EndpointState,
  Fact,
  IngressState,
  Override,
  PublishedRecord,
  Selection,
  State,
  TimeState,
} from "./model.ts";
import { changesBetween, type IngressChange } from "./overview/ingresses.ts";
import { isOutage } from "./selection/outage.ts";
import { underNames } from "./configuration/rename.ts";
import { sharersOf } from "./selection/same-addresses.ts";
import { endpointNamed, hasSameMembers, isDrained, whyDrained } from "./members.ts";
import { families } from "./words.ts";

/**
 * The facts that lead from `before` to `after`, the state since `atMs`, in the order of telling. Empty when nothing
 * worth telling changed. `changes` are the ingresses that changed.
 */
export function factsBetween(
  before: State,
  after: State,
  atMs: number,
  changes: readonly IngressChange[] = changesBetween(before, after),
): readonly Fact[] {
  if (before === after) return [];
  return [
    ...configFacts(before, after),
    ...connectionFacts(before, after),
    ...clockFacts(before.time, after.time),
    ...released(before, after),
    ...changes.flatMap((change) => ofIngress(change, atMs)),
    ...after.leaving.flatMap((ingress) => ofLeaving(before, ingress, atMs)),
  ];
}

function configFacts(before: State, after: State): Fact[] {
  const facts: Fact[] = [];
  if (after.generation !== before.generation) facts.push({ kind: "config-applied", generation: after.generation });
  const { rejectedConfig } = after;
  if (rejectedConfig !== undefined && rejectedConfig !== before.rejectedConfig) {
    facts.push({ kind: "config-rejected", problems: rejectedConfig.problems });
  }
  return facts;
}

function connectionFacts(before: State, after: State): Fact[] {
  if (before.connection === after.connection) return [];
  return families.flatMap((family): Fact[] => {
    const sinceMs = before.connection[family].blindSinceMs;
    const { blindSinceMs } = after.connection[family];
    if (sinceMs === undefined && blindSinceMs !== undefined) return [{ kind: "blindness-began", family }];
    if (sinceMs === undefined || blindSinceMs !== undefined) return [];
    return [{ kind: "blindness-ended", family, sinceMs }];
  });
}

function clockFacts({ wrong: was }: TimeState, { wrong: is }: TimeState): Fact[] {
  if (is === was || (is !== undefined && was !== undefined)) return [];
  return [is === undefined ? { kind: "clock-right" } : { kind: "clock-wrong", aheadMs: is.aheadMs }];
}

function released(before: State, after: State): Fact[] {
  // Only another configuration releases one.
  if (before.generation === after.generation) return [];
  return before.ingresses
    .filter(({ settings }) => findIngress(after, settings.id) === undefined)
    .map(({ settings: { id } }) => {
      const leaving = findManaged(after, id);
      const primary = leaving && mixPointedTo(leaving) && leaving.selection?.primary;
      return { kind: "ingress-released", ingress: id, primary };
    });
}

/** Of one that is no longer configured: what is still done at its names. */
function ofLeaving(before: State, after: IngressState, atMs: number): Fact[] {
  const ingress = after.settings.id;
  const old = findManaged(before, ingress);
  if (old === after) return [];
  return [
    ...recordFacts(ingress, old, after),
    ...mixFacts(ingress, old, after),
    ...cloudFacts(ingress, old, after, atMs),
  ];
}

function ofIngress({ before: known, after }: IngressChange, atMs: number): Fact[] {
  const ingress = after.settings.id;
  const facts: Fact[] = known === undefined ? [{ kind: "ingress-added", ingress }] : [];
  // By another configuration; each has a list of its own.
  const renames = after.renames === known?.renames ? [] : after.renames;
  facts.push(...renames.map(({ from, to }): Fact => ({ kind: "endpoint-renamed", ingress, from, to })));
  const old = known !== undefined && renames.length > 0 ? underNames(known, after) : known;
  const changed = endpointChanges(old, after);
  facts.push(...changed.flatMap((change) => ofEndpoint(ingress, change)));
  facts.push(...changed.flatMap((change) => sharedFacts(after, change)));
  facts.push(...outageFacts(ingress, old, after), ...selectionFacts(ingress, old, after));
  facts.push(...wordFacts(ingress, old, after));
  return [
    ...facts,
    ...recordFacts(ingress, old, after),
    ...mixFacts(ingress, old, after),
    ...standoffFacts(ingress, old, after),
    ...visibilityFacts(ingress, old, after),
    ...cloudFacts(ingress, old, after, atMs),
  ];
}

interface EndpointChange {
  /** `undefined` for one that is new, or has another target or check. */
  readonly known: EndpointState | undefined;
  readonly after: EndpointState;
}

/** The endpoints that are not what they were. Most stand where they stood. */
function endpointChanges(old: IngressState | undefined, { endpoints }: IngressState): readonly EndpointChange[] {
  return endpoints.flatMap((after, place): EndpointChange[] => {
    if (old?.endpoints[place] === after) return [];
    const { settings, revision } = after;
    const known = old?.endpoints.find((each) => each.settings.name === settings.name && each.revision === revision);
    return known === after ? [] : [{ known, after }];
  });
}

function ofEndpoint(ingress: string, { known, after }: EndpointChange): Fact[] {
  const endpoint = after.settings.name;
  const facts = after.addresses.flatMap(({ text: address, health }): Fact[] => {
    const from = known?.addresses.find(({ text }) => text === address)?.health.verdict ?? "unknown";
    const { verdict: to, reason } = health;
    return from === to ? [] : [{ kind: "address-health-changed", ingress, endpoint, address, from, to, reason }];
  });
  const { verdict: to, isDegraded, reason } = after.health;
  const from = known?.health.verdict ?? "unknown";
  if (from !== to || isDegraded !== (known?.health.isDegraded ?? false)) {
    facts.push({ kind: "endpoint-health-changed", ingress, endpoint, from, to, isDegraded, reason });
  }
  if (after.leftOut !== undefined && known?.leftOut === undefined) {
    facts.push({ kind: "addresses-left-out", ingress, endpoint, detail: after.leftOut });
  }
  return facts;
}

function sharedFacts(ingress: IngressState, { known, after: endpoint }: EndpointChange): Fact[] {
  const { settings, hasShared } = endpoint;
  if (!hasShared || known?.hasShared === true) return [];
  const others = sharersOf(ingress, endpoint);
  return [{ kind: "addresses-shared", ingress: ingress.settings.id, endpoint: settings.name, others }];
}

/**
 * What people said, and what came of it: a drill is reported before the next one begins, so that it is plain whose
 * report it is.
 */
function wordFacts(ingress: string, old: IngressState | undefined, { overrides, lastDrill }: IngressState): Fact[] {
  const before = old?.overrides ?? [];
  // Under other names a report is another object that says the same.
  const isReported =
    lastDrill !== undefined &&
    lastDrill !== old?.lastDrill &&
    JSON.stringify(lastDrill) !== JSON.stringify(old?.lastDrill);
  return [
    ...without(before, overrides).map((override): Fact => ({ kind: "override-ended", ingress, override })),
    ...(isReported ? [{ kind: "drill-reported" as const, ingress, report: lastDrill }] : []),
    ...without(overrides, before).map((override): Fact => ({ kind: "override-began", ingress, override })),
  ];
}

function without(list: readonly Override[], others: readonly Override[]): readonly Override[] {
  if (list === others) return [];
  return list.filter((override) => !others.some((other) => isSameOverride(override, other)));
}

function isSameOverride(a: Override, b: Override): boolean {
  return a.kind === b.kind && a.endpoint === b.endpoint && a.untilMs === b.untilMs;
}

function recordFacts(ingress: string, old: IngressState | undefined, { published }: IngressState): Fact[] {
  if (published === undefined || published === old?.published) return [];
  const from = old?.published?.records;
  if (isSameRecords(from, published.records)) return [];
  return [{ kind: "records-changed", ingress, from, to: published.records, by: published.by }];
}

function standoffFacts(ingress: string, old: IngressState | undefined, { standoff }: IngressState): Fact[] {
  const was = old?.standoff;
  if (was === undefined && standoff !== undefined) {
    return [{ kind: "standoff-began", ingress, untilMs: standoff.untilMs }];
  }
  return was !== undefined && standoff === undefined ? [{ kind: "standoff-ended", ingress }] : [];
}

/** What changed at the names of mixes, and whether there may be one. */
function mixFacts(ingress: string, old: IngressState | undefined, after: IngressState): Fact[] {
  const isSame = old?.mix === after.mix && old?.formerMixes === after.formerMixes;
  if (isSame && old?.isMixRefused === after.isMixRefused) return [];
  const before = old === undefined ? [] : mixesOf(old);
  const changed = mixesOf(after).flatMap(({ record, published }): Fact[] => {
    const from = before.find((each) => each.record === record)?.published?.records;
    if (published === undefined || isSameRecords(from ?? [], published.records)) return [];
    return [{ kind: "mix-changed", ingress, record, from, to: published.records, by: published.by }];
  });
  const [was, is] = [old && whyNoMix(old), whyNoMix(after)];
  const record = after.mix?.record ?? old?.mix?.record ?? "";
  if (is !== undefined && was === undefined) changed.push({ kind: "mix-blocked", ingress, record, ...is });
  // Whether Cloudflare takes the next one is not known before it is written.
  if (was !== undefined && was.reason !== "refused" && is === undefined) {
    changed.push({ kind: "mix-freed", ingress, record });
  }
  return changed;
}

function visibilityFacts(ingress: string, old: IngressState | undefined, { visibility }: IngressState): Fact[] {
  if (visibility === undefined || visibility.status === "checking") return [];
  const was = old?.visibility;
  const isNews = was?.writtenAtMs !== visibility.writtenAtMs || was.status !== visibility.status;
  return isNews ? [{ kind: "visibility-known", ingress, visibility }] : [];
}

function outageFacts(ingress: string, old: IngressState | undefined, after: IngressState): Fact[] {
  const was = old !== undefined && isOutage(old);
  const is = isOutage(after);
  if (was === is) return [];
  if (is) {
    const why = after.endpoints.map(({ settings, health }) => `${settings.name}: ${health.reason}`).join("; ");
    return [{ kind: "ingress-outage-began", ingress, why }];
  }
  return [{ kind: "ingress-outage-ended", ingress, by: after.selection?.primary ?? "a new configuration" }];
}

function selectionFacts(ingress: string, old: IngressState | undefined, after: IngressState): Fact[] {
  const from = old?.selection;
  const to = after.selection;
  if (to === undefined || hasSameMembers(from, to)) return [];
  const why = from?.primary === to.primary ? whyMixChanged(from, to, old, after) : to.why;
  return [{ kind: "selection-changed", ingress, from, to, why }];
}

/** Why endpoints left the mix while the primary stayed. */
function whyMixChanged(from: Selection, to: Selection, old: IngressState | undefined, after: IngressState): string {
  const gone = from.sticky.filter(({ endpoint }) => !to.sticky.some((member) => member.endpoint === endpoint));
  return gone
    .map(({ endpoint: name }) => {
      const endpoint = endpointNamed(after, name);
      if (endpoint === undefined) return `${name} is no longer configured`;
      if (to.reason === "pin") return to.why;
      if (isDrained(after, endpoint)) return whyDrained(after, name);
      const whyEnded = whyMixEnded(old, after);
      if (whyEnded !== undefined) return whyEnded;
      return isOut(endpoint.health.verdict)
        ? `${name} was down: ${endpoint.health.reason}`
        : `the sticky time of ${name} has ended`;
    })
    .join("; ");
}

/** Why a mix beside a CNAME ended as a whole; `undefined` when it did not. */
function whyMixEnded(old: IngressState | undefined, after: IngressState): string | undefined {
  const { mix, isMixRefused, settings } = after;
  if (old?.mix === undefined) return undefined;
  if (old.mix.record !== mix?.record) return `${old.mix.record} is no longer the name of the mix of ${settings.record}`;
  if (isMixRefused && !old.isMixRefused) return `Cloudflare refuses the records of the mix at ${mix.record}`;
  if (mix.undoneAtMs.length > old.mix.undoneAtMs.length) return `the mix at ${mix.record} was changed outside ccs`;
  const isInPlace = isAtMix(old) || !publishesCname(old);
  return whyNoMix(after)?.why ?? (isInPlace ? undefined : `the mix at ${mix.record} was not ready in time`);
}

function cloudFacts(ingress: string, old: IngressState | undefined, after: IngressState, atMs: number): Fact[] {
  const was = old?.cloudProblem;
  const is = after.cloudProblem;
  if (is !== undefined && is.kind !== was?.kind) return [{ kind: "cloud-trouble-began", ingress, problem: is }];
  // It may end without a read or a write: when what could not be written is not wanted any more.
  return is === undefined && was !== undefined && after.published !== undefined
    ? [{ kind: "cloud-trouble-ended", ingress, lastedMs: atMs - was.sinceMs }]
    : [];
}

function isSameRecords(a: readonly PublishedRecord[] | undefined, b: readonly PublishedRecord[]): boolean {
  return a?.map(textOf).toSorted().join("\n") === b.map(textOf).toSorted().join("\n");
}

function textOf({ type, content, ttlSeconds, proxied }: PublishedRecord): string {
  return `${type} ${content} ${ttlSeconds} ${String(proxied)}`;
}
