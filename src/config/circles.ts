// Records that point at each other lead nowhere; that one points at the record of another ingress is allowed.
import type { Address, Target } from "../core/model.ts";
import type { Report } from "./format/problem.ts";

/** A target as the file has it; a list of addresses may have holes where one was wrong. */
export type TargetInFile = Target | readonly (Address | undefined)[];

interface PointingIngress {
  readonly record?: string | undefined;
  readonly endpoints?: readonly ({ readonly target?: TargetInFile | undefined } | undefined)[] | undefined;
}

type TargetsByRecord = Map<string, string[]>;

/** Reports each target that closes a circle with those before it. */
export function reportCircles(ingresses: readonly (PointingIngress | undefined)[], report: Report): void {
  const inCircles = recordsInCircles(ingresses);
  const targetsOf: TargetsByRecord = new Map();
  for (const [index, { record, endpoints = [] } = {}] of ingresses.entries()) {
    if (record === undefined || !inCircles.has(record)) continue;
    const targets = targetsIn(targetsOf, record);
    for (const [at, endpoint] of endpoints.entries()) {
      const host = hostOf(endpoint?.target);
      // One that is the record itself has been told.
      if (host === undefined || host === record) continue;
      if (leads(targetsOf, host, record)) {
        const path = `ingresses[${index}].endpoints[${at}].target`;
        report(path, `expected a name that does not lead back to the record, got the record of an ingress that does`);
      } else targets.push(host);
    }
  }
}

/**
 * The records that may be part of a circle: what is left after those were taken away that nothing points at, again and
 * again. Nothing is left where there is no circle, and the work grows with the file only.
 */
function recordsInCircles(ingresses: readonly (PointingIngress | undefined)[]): ReadonlySet<string> {
  const targetsOf: TargetsByRecord = new Map();
  for (const { record, endpoints = [] } of ingresses.flatMap((ingress) => ingress ?? [])) {
    if (record === undefined) continue;
    const hosts = endpoints.flatMap((endpoint) => hostOf(endpoint?.target) ?? []);
    targetsIn(targetsOf, record).push(...hosts.filter((host) => host !== record));
  }
  const pointersAt = new Map([...targetsOf.keys()].map((record) => [record, 0]));
  const count = (host: string, change: number): number => {
    const pointers = (pointersAt.get(host) ?? 0) + change;
    if (pointersAt.has(host)) pointersAt.set(host, pointers);
    return pointers;
  };
  for (const targets of targetsOf.values()) for (const host of targets) count(host, 1);
  const free = [...pointersAt].filter(([, pointers]) => pointers === 0).map(([record]) => record);
  for (let record = free.pop(); record !== undefined; record = free.pop()) {
    pointersAt.delete(record);
    for (const host of targetsOf.get(record) ?? []) {
      if (pointersAt.has(host) && count(host, -1) === 0) free.push(host);
    }
  }
  return new Set(pointersAt.keys());
}

function leads(targetsOf: TargetsByRecord, from: string, to: string): boolean {
  const seen = new Set([from]);
  for (const each of seen) {
    if (each === to) return true;
    for (const next of targetsOf.get(each) ?? []) seen.add(next);
  }
  return false;
}

function targetsIn(targetsOf: TargetsByRecord, record: string): string[] {
  const targets = targetsOf.get(record) ?? [];
  targetsOf.set(record, targets);
  return targets;
}

function hostOf(target: TargetInFile | undefined): string | undefined {
  return target !== undefined && isHost(target) ? target.host : undefined;
}

export function isHost(target: TargetInFile): target is Extract<Target, { kind: "host" }> {
  return "kind" in target && target.kind === "host";
}
