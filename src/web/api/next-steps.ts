// What will happen to an ingress by itself, if nothing else happens before.
import type { EndpointState, IngressState } from "../../core/model.ts";
import { mixStage } from "../../core/advice/mix-outlook.ts";
import { ranked } from "../../core/members.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, type Now } from "./dates.ts";
import type { NextStep } from "./schema/status.ts";

interface TimedStep extends Omit<NextStep, "at"> {
  readonly atMs: number | undefined;
}

/** The soonest first. What should have happened by now is on its way, and left out. */
export function nextSteps(ingress: IngressState, now: Now): NextStep[] {
  return stepsOf(ingress)
    .flatMap(({ atMs, ...step }) => (atMs === undefined || atMs <= now.nowMs ? [] : [{ atMs, ...step }]))
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, ...step }) => ({ at: dateOf(atMs, now), ...step }));
}

function stepsOf(ingress: IngressState): readonly TimedStep[] {
  const { settings, published, selection, overrides, standoff, electionAtMs, outage } = ingress;
  return [
    {
      atMs: published && published.atMs + settings.reconcileIntervalMs,
      kind: "records-read",
      what: "the records are read again, and repaired if they were changed outside ccs",
    },
    { atMs: electionAtMs, kind: "election", what: "the best endpoint that is up by then is selected" },
    { atMs: standoff?.untilMs, kind: "standoff-ends", what: "automatic repair of the records resumes" },
    ...(outage?.turns ?? []).map(({ endpoint, untilMs }): TimedStep => ({
      atMs: untilMs,
      kind: "turn-ends",
      endpoint: plain(endpoint),
      what: `${plain(endpoint)} is no longer waited for`,
    })),
    ...(selection?.sticky ?? []).map(({ endpoint, untilMs }): TimedStep => ({
      atMs: untilMs,
      kind: "sticky-ends",
      endpoint: plain(endpoint),
      what: `${plain(endpoint)} is no longer published`,
    })),
    ...overrides.map(({ kind, endpoint, untilMs }): TimedStep => ({
      atMs: untilMs,
      kind: "override-ends",
      endpoint: plain(endpoint),
      what: `the ${kind} of ${plain(endpoint)} ends`,
    })),
    ...returnsOf(ingress),
    ...ofMix(ingress),
    ...ingress.endpoints.flatMap(vanishings),
  ];
}

/** What time does to the mix of a CNAME. */
function ofMix(ingress: IngressState): readonly TimedStep[] {
  const stage = mixStage(ingress);
  const name = plain(ingress.mix?.record ?? "");
  if (stage?.kind === "waiting") {
    return [
      {
        atMs: stage.untilMs,
        kind: "return-without-mix",
        what: `the failback is made without a mix unless every name server shows ${name} by then`,
      },
    ];
  }
  if (stage?.kind === "kept")
    return [{ atMs: stage.untilMs, kind: "mix-removed", what: `the records at ${name} are removed` }];
  if (stage?.kind !== "blocked") return [];
  return [{ atMs: stage.untilMs, kind: "mix-pause-ends", what: `${name} is used again` }];
}

/** Endpoints that are better than the primary and are still held after an outage. */
function returnsOf({ endpoints, selection }: IngressState): readonly TimedStep[] {
  const order = ranked(endpoints);
  const primary = order.findIndex(({ settings }) => settings.name === selection?.primary);
  return order.slice(0, Math.max(0, primary)).map(({ settings: { name }, heldUntilMs }) => ({
    atMs: heldUntilMs,
    kind: "return-possible",
    endpoint: plain(name),
    what: `the ingress may return to ${plain(name)}, if it is up`,
  }));
}

function vanishings({ settings: { name }, addresses }: EndpointState): readonly TimedStep[] {
  return addresses.map(({ text, vanishesAtMs }) => ({
    atMs: vanishesAtMs,
    kind: "address-forgotten",
    endpoint: plain(name),
    what: `${text} is forgotten: it is no longer an address of ${plain(name)}`,
  }));
}
