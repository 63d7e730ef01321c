// The part of `ccs plan` about the second name of a CNAME ingress: what is there, and what the next return does with
// it.
import { ZoneInspector } from "../cloud/inspect.ts";
import type { Ports } from "../assembly/ports.ts";
import type { Config } from "../config/config.ts";
import { freshMix, mixPointedTo, mixNamed } from "../core/records/mix.ts";
import { mixPaths, type MixOutlook } from "../core/advice/mix-steps.ts";
import type { IngressSettings, IngressState, PublishedRecord } from "../core/model.ts";
import { isProxied, mixSetOf } from "../core/records/records.ts";
import { endpointNamed } from "../core/members.ts";
import { lineWidth, printLine, styled, wrapped } from "../terminal/terminal.ts";
import { inspectWildcards, lookAtMix } from "./doctor/mix.ts";
import { inspectTargets } from "./doctor/targets.ts";
import { stepTexts } from "./mix-words.ts";
import { recordsText } from "../core/words.ts";

export interface MixPlan extends MixOutlook {
  /** Our records at its name. */
  readonly published: readonly PublishedRecord[];
  /** The records that the first step of each path writes, as far as the addresses are known. */
  readonly addresses: readonly (readonly string[])[];
  /** The record points to it now. */
  readonly isPointedTo: boolean;
}

/**
 * `settings`: as configured; those of the state have no sticky endpoint. `whyNot`: what the zone has against it.
 * `undefined` where no mix is asked for.
 */
export function mixPlanOf(ingress: IngressState, settings: IngressSettings, whyNot?: string): MixPlan | undefined {
  const { form } = ingress;
  const outlook = mixPaths(settings, { form, isProxied: isProxied(ingress) });
  if (outlook === undefined) return undefined;
  const mix = mixNamed(ingress, outlook.record);
  const isPointedTo = mix !== undefined && mixPointedTo(ingress) === mix;
  const published = mix?.published?.records ?? [];
  const why = outlook.whyNot ?? whyNot;
  if (why !== undefined || outlook.record === undefined) {
    return { ...outlook, whyNot: why, paths: [], published, addresses: [], isPointedTo };
  }
  // Without records nothing is remembered of the name.
  const known = mix ?? freshMix(outlook.record);
  const addresses = outlook.paths.map(({ from, to }) => {
    const members = [to, from].flatMap((name) => endpointNamed(ingress, name) ?? []);
    const set = mixSetOf({ ...ingress, mix: known }, members);
    return (set?.records ?? []).map(({ type, content }) => `${type} ${content}`);
  });
  return { ...outlook, published, addresses, isPointedTo };
}

export function printMix(mix: MixPlan, { ingress }: { readonly ingress: string }): void {
  const { record, whyNot, paths, published, addresses, isPointedTo } = mix;
  if (whyNot !== undefined) return printIndented(`no mix: ${whyNot}; a failback goes to a single endpoint`);
  const records = recordsText(published);
  printIndented(`mix ${styled("bold", record ?? "")}: ${records}`);
  if (isPointedTo) printIndented(`${ingress} points to it now; only the running daemon knows until when`);
  for (const [index, { from, to, steps }] of paths.entries()) {
    printIndented(`when a running daemon returns from ${from} to ${to}:`);
    const rows = steps.map((step) => stepTexts(step, addresses[index]));
    const [labelWidth, timeWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
    for (const [label, time, text] of rows) {
      const head = `    ${label.padEnd(labelWidth ?? 0)}  ${time.padStart(timeWidth ?? 0)}  `;
      const [first = "", ...more] = wrapped(text, lineWidth() - head.length).split("\n");
      printLine(head + first);
      for (const line of more) printLine(" ".repeat(head.length) + line);
    }
  }
}

export function printIndented(text: string): void {
  for (const line of wrapped(text, lineWidth() - 2, 2).split("\n")) printLine(`  ${line}`);
}

/** What else is in the zone of an ingress. What cannot be read is told elsewhere. */
export interface ZoneLook {
  /** Why its mix cannot be. */
  readonly whyNoMix: string | undefined;
  /** What may get in the way one day. */
  readonly warnings: readonly string[];
}

/** In the order of the ingresses. */
export async function lookAtZones(
  { cloudflare, ingresses }: Config,
  { clock, network }: Pick<Ports, "clock" | "network">,
): Promise<readonly ZoneLook[]> {
  const inspector = new ZoneInspector({ ...cloudflare, clock, fetch: network.fetch });
  return Promise.all(
    ingresses.map(async (settings): Promise<ZoneLook> => {
      const { record, zone } = settings;
      const found = await inspector.zoneOf(record, zone);
      const known = found.kind === "answered" ? found.result : undefined;
      const id = known?.id ?? (zone?.includes(".") === false ? zone : undefined);
      if (id === undefined) return { whyNoMix: undefined, warnings: [] };
      const mix = mixPaths(settings)?.record;
      const [look, ...findings] = await Promise.all([
        mix === undefined ? undefined : lookAtMix(inspector, { id, name: known?.name }, mix),
        inspectTargets(inspector, id, settings, ingresses),
        mix === undefined ? [] : inspectWildcards(inspector, id, record, mix),
      ]);
      return {
        whyNoMix: look?.kind === "not" ? look.why : undefined,
        warnings: findings.flat().map(({ detail }) => detail),
      };
    }),
  );
}
