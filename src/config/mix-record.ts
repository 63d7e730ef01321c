// The second name of an ingress, which holds the addresses of a mix: as it is given, or as it follows from the record.
import { shown } from "./describe.ts";
import { isZoneId, parseHostName } from "./names.ts";
import type { IngressInFile } from "./schema.ts";
import type { Report } from "./rules.ts";
import type { Partially } from "./walk.ts";

type Ingresses = readonly (Partially<IngressInFile> | undefined)[];

/**
 * The name of the mix of each ingress, in their order; `undefined` where the default cannot be, because it is too long
 * or used otherwise. A name that is given is not judged here.
 */
export function mixRecordsOf(ingresses: Ingresses): readonly (string | undefined)[] {
  const given = ingresses.flatMap((ingress) => ingress?.mix_record ?? []);
  const used = new Set([...namesUsed(ingresses), ...given]);
  return ingresses.map((ingress) => {
    if (ingress?.mix_record !== undefined) return ingress.mix_record;
    const name = ingress?.record === undefined ? undefined : defaultMixRecord(ingress.record, ingress.zone);
    if (name === undefined || used.has(name)) return undefined;
    used.add(name);
    return name;
  });
}

/** Tells what is wrong with names that are given. */
export function checkMixRecords(ingresses: Ingresses, report: Report): void {
  const used = namesUsed(ingresses);
  const firstByName = new Map<string, number>();
  for (const [index, ingress] of ingresses.entries()) {
    const name = ingress?.mix_record;
    if (name === undefined) continue;
    const path = `ingresses[${index}].mix_record`;
    const { record, zone } = ingress ?? {};
    const first = firstByName.get(name);
    if (used.has(name)) report(path, `expected a name that is nothing else, got ${shown(name)}, a record or a target`);
    else if (first !== undefined) report(path, `expected each mix_record once, got that of ingresses[${first}]`);
    else firstByName.set(name, index);
    const isOutside =
      zone !== undefined && !isZoneId(zone)
        ? !isWithin(name, zone)
        : record !== undefined && !isWithin(name, record.split(".").slice(-2).join("."));
    if (isOutside) report(path, `expected a name in the zone of the record, got ${shown(name)}`);
  }
}

/** Records, and host names that endpoints are reached by. */
function namesUsed(ingresses: Ingresses): ReadonlySet<string> {
  const names = ingresses.flatMap((ingress) => {
    const targets = (ingress?.endpoints ?? []).flatMap((endpoint) => {
      const target = endpoint?.target;
      return target !== undefined && "kind" in target && target.kind === "host" ? [target.host] : [];
    });
    return [...(ingress?.record === undefined ? [] : [ingress.record]), ...targets];
  });
  return new Set(names);
}

/** `ingress-mix.example.com`; at the zone's own name `mix.example.com`. `undefined` when it is no name. */
function defaultMixRecord(record: string, zone: string | undefined): string | undefined {
  const [first = "", ...rest] = record.split(".");
  const isApex = record === zone || rest.length < 2;
  const name = isApex ? `mix.${record}` : [`${first}-mix`, ...rest].join(".");
  return parseHostName(name).kind === "ok" ? name : undefined;
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
