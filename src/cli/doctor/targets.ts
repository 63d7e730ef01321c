// The doctor's look at where the targets lead by the records of the zone: back to a name that ccs manages, or there as
// soon as a record of their own goes away, since a wildcard would answer for them.
import type { ZoneInspector } from "../../cloud/inspect.ts";
import { canonicalName } from "../../cloud/provider.ts";
import { tracePath, type ZoneRecord } from "../../cloud/trace.ts";
import { suffixes } from "../../cloud/zones.ts";
import type { IngressSettings } from "../../core/model.ts";
import { forbiddenNames, ownNames } from "../../core/records/own-names.ts";
import { warning, wrong, type Finding } from "../../lib/finding.ts";

/** What was not readable is left out: other findings say so. */
export async function inspectTargets(
  inspector: ZoneInspector,
  zoneId: string,
  ingress: IngressSettings,
  configured: readonly IngressSettings[],
): Promise<readonly Finding[]> {
  const all = ownNames({ ingresses: configured.map((settings) => ({ settings })) });
  const recordsAt = async (name: string): Promise<readonly ZoneRecord[]> => {
    const look = await inspector.recordsAt(zoneId, name);
    if (look.kind !== "answered") throw new Unreadable();
    return look.result.map(({ type, content }) => ({ type, content: canonicalName(content ?? "") }));
  };
  try {
    const findings = await Promise.all(
      ingress.endpoints.map(async ({ name, target }) => {
        if (target.kind !== "host") return [];
        const own = forbiddenNames(all, ingress, target);
        return inspectTarget(name, target.host, (from) => tracePath(from, recordsAt, (step) => own.has(step)), own);
      }),
    );
    return findings.flat();
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}

async function inspectTarget(
  endpoint: string,
  host: string,
  pathOf: (name: string) => Promise<readonly string[]>,
  own: ReadonlySet<string>,
): Promise<readonly Finding[]> {
  const path = await pathOf(host);
  const remedy = `give ${host} its own DNS record`;
  if (path.some((step) => own.has(step))) {
    return [wrong(endpoint, `${host} leads back to the ingress: ${[host, ...path].join(" → ")}`, remedy)];
  }
  for (const parent of suffixes(host).slice(1)) {
    const wildcard = `*.${parent}`;
    const covering = await pathOf(wildcard);
    if (!covering.some((step) => own.has(step))) continue;
    const text = `if the record of ${host} went away, the wildcard ${[wildcard, ...covering].join(" → ")} would answer for it; ccs would then consider ${endpoint} down`;
    return [warning(endpoint, text, "make sure that the program that updates the record never deletes it")];
  }
  return [];
}

class Unreadable extends Error {}
