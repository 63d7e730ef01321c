// The second name of an ingress, which holds the addresses of a mix: as it is given, or as it follows from the record.
import type { IngressSettings } from "../core/model.ts";
import { askedForm } from "../core/records/records.ts";
import { shown } from "./format/describe.ts";
import { isZoneId } from "./fields.ts";
import { parseHostName } from "./format/names.ts";
import type { IngressInFile } from "./schema.ts";
import type { Report } from "./format/problem.ts";
import type { Partially } from "./format/reading.ts";

/** How an ingress is called in what is told of another one. */
export type NameOfIngress = (index: number, readBy: number) => string;

type Ingresses = readonly (Partially<IngressInFile> | undefined)[];

/** The name of a mix, or why the default cannot be one, in plain words. */
export type MixRecord = { readonly record: string } | { readonly why: string };

/**
 * The name of the mix of each ingress, in their order; `undefined` while its record is not known. A name that is given
 * is not judged here.
 */
export function mixRecordsOf(ingresses: Ingresses): readonly (MixRecord | undefined)[] {
  const given = ingresses.flatMap((ingress) => ingress?.mix_record ?? []);
  const used = new Set([...namesUsed(ingresses), ...given]);
  return ingresses.map((ingress) => {
    if (ingress?.mix_record !== undefined) return { record: ingress.mix_record };
    if (ingress?.record === undefined) return undefined;
    const name = defaultMixRecord(ingress.record, ingress.zone);
    if (parseHostName(name).kind !== "ok") return { why: `${name} would be too long for the name of its mix` };
    if (used.has(name)) return { why: `${name} would be the name of its mix, but is already a record or a target` };
    used.add(name);
    return { record: name };
  });
}

/** Warns where sticky endpoints are to have a mix, and its default name cannot be. */
export function warnOfMissingMixes(ingresses: readonly IngressSettings[], report: Report): void {
  for (const [index, settings] of ingresses.entries()) {
    const isAsked = settings.endpoints.some(({ stickyMs }) => stickyMs !== undefined);
    if (settings.whyNoMixName === undefined || !isAsked || settings.proxied === true) continue;
    if (askedForm(settings) === "addresses") continue;
    report(
      `ingresses[${index}].mix_record`,
      `there is no mix while the record is a CNAME, so sticky has no effect then: ${settings.whyNoMixName}; set mix_record to an unused name in the same zone`,
    );
  }
}

/** Tells what is wrong with names that are given. */
export function checkMixRecords(ingresses: Ingresses, nameOf: NameOfIngress, report: Report): void {
  const used = namesUsed(ingresses);
  const firstByName = new Map<string, number>();
  for (const [index, ingress] of ingresses.entries()) {
    const name = ingress?.mix_record;
    if (name === undefined) continue;
    const path = `ingresses[${index}].mix_record`;
    const { record, zone } = ingress ?? {};
    const first = firstByName.get(name);
    if (used.has(name)) report(path, `expected an unused name, got ${shown(name)}, a record or a target`);
    else if (first !== undefined) report(path, `expected each mix_record once, got the one of ${nameOf(first, index)}`);
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

/** `ingress-mix.example.com`; at the zone's own name `mix.example.com`. */
function defaultMixRecord(record: string, zone: string | undefined): string {
  const [first = "", ...rest] = record.split(".");
  const isApex = record === zone || rest.length < 2;
  return isApex ? `mix.${record}` : [`${first}-mix`, ...rest].join(".");
}

function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}
