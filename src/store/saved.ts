// What survives a restart, as plain data: the durable part of a state with dates in place of monotonic times, and back.
import * as z from "zod";
import { mixesOf } from "../core/records/mix.ts";
import type { Address, Form, IngressState, Override, RecordSet, SavedIngress, Ttl } from "../core/model.ts";
import { targetText } from "../core/configuration/rename.ts";
import { parseIp } from "../lib/ip.ts";

/** What one life of the daemon leaves to the next. */
export interface Saved {
  readonly ingresses: readonly DatedIngress[];
}

/** The core's `SavedIngress` with times as milliseconds since 1970, and more for people to read. */
export interface DatedIngress {
  /** `undefined` where it is the name, as in all that earlier versions left. */
  readonly id: string | undefined;
  readonly record: string;
  /**
   * The wall clock when this was written. The other times mean something only next to it: the clock may have been
   * wrong.
   */
  readonly savedWallMs: number;
  readonly selection: DatedSelection | undefined;
  readonly departures: readonly { readonly endpoint: string; readonly atWallMs: number }[];
  readonly overrides: readonly {
    readonly kind: Override["kind"];
    readonly endpoint: string;
    readonly untilWallMs: number;
  }[];
  readonly addresses: readonly {
    readonly endpoint: string;
    /** The host name that they belong to. */
    readonly target: string;
    readonly addresses: readonly Address[];
    readonly usableUntilWallMs: number;
  }[];
  readonly lastGood: SavedIngress["lastGood"];
  /** Written only where it is so; missing in what versions before it wrote. */
  readonly isOutage: true | undefined;
  readonly endpoints: SavedIngress["endpoints"];
  /** What the ingress is for life. */
  readonly form: Form | undefined;
  /** Names that may hold the addresses of one of our mixes. */
  readonly mixRecords: readonly string[] | undefined;
  readonly zone: string | undefined;
  /** Of the primary. */
  readonly ttl: Ttl | undefined;
}

export interface DatedSelection {
  readonly primary: string | undefined;
  readonly sticky: readonly { readonly endpoint: string; readonly untilWallMs: number }[];
  readonly reason: string | undefined;
  readonly why: string | undefined;
  readonly sinceWallMs: number | undefined;
}

/** Nothing that is saved ends later than this after it was saved: the longest sticky time that can be configured. */
const longestMs = 366 * 24 * 60 * 60_000;

/** JavaScript knows no later date. */
const latestMs = 8.64e15;

/**
 * The durable part of an ingress, at a moment that is `nowMs` on the monotonic clock and `wallMs` on the wall clock.
 */
export function datedFrom(ingress: IngressState, nowMs: number, wallMs: number): DatedIngress {
  const dateOf = (atMs: number): number => Math.min(latestMs, Math.max(0, Math.round(wallMs + (atMs - nowMs))));
  const { settings, departures, overrides, endpoints, lastGood } = ingress;
  const selection = datedSelection(ingress, dateOf);
  const mixRecords = usedMixNames(ingress);
  const hasMix = mixRecords.length > 0;
  const primary = endpoints.find(({ settings: { name } }) => name === selection?.primary);
  return {
    id: settings.id === settings.record ? undefined : settings.id,
    record: settings.record,
    savedWallMs: dateOf(nowMs),
    selection,
    departures: departures.map(({ endpoint, atMs }) => ({ endpoint, atWallMs: dateOf(atMs) })),
    overrides: overrides.map(({ kind, endpoint, untilMs }) => ({ kind, endpoint, untilWallMs: dateOf(untilMs) })),
    addresses: endpoints.flatMap(({ settings: { name, target }, addresses, addressesUsableUntilMs }) => {
      if (target.kind !== "host" || addressesUsableUntilMs === undefined || addresses.length === 0) return [];
      return {
        endpoint: name,
        target: target.host,
        addresses: addresses.map(({ text, family, scope }) => ({ text, family, scope })),
        usableUntilWallMs: dateOf(addressesUsableUntilMs),
      };
    }),
    lastGood,
    isOutage: ingress.outage === undefined ? undefined : true,
    endpoints: endpoints.map(({ settings: { name, target } }) => ({ name, target: targetText(target) })),
    form: ingress.form,
    mixRecords: hasMix ? mixRecords : undefined,
    zone: hasMix ? settings.zone : undefined,
    ttl: hasMix ? primary?.settings.ttl : undefined,
  };
}

/** The names of mixes that hold our records, or may. */
export function usedMixNames(ingress: IngressState): readonly string[] {
  return mixesOf(ingress).flatMap(({ record, published }) => (published?.records.length === 0 ? [] : [record]));
}

/** Until the published records have been adopted, what the life before this one left is passed on. */
function datedSelection(
  { selection, saved }: IngressState,
  dateOf: (atMs: number) => number,
): DatedSelection | undefined {
  const source = selection ?? saved;
  if (source === undefined) return undefined;
  return {
    primary: source.primary,
    sticky: source.sticky.map(({ endpoint, untilMs }) => ({ endpoint, untilWallMs: dateOf(untilMs) })),
    reason: selection?.reason,
    why: selection?.why,
    sinceWallMs: selection && dateOf(selection.sinceMs),
  };
}

/**
 * What was saved, in monotonic times of this life. The wall clock may have been set meanwhile, by years even, so that
 * - what ends, ends between now and what was left of it when it was saved: a clock set back makes nothing longer, one
 *   set ahead ends it now;
 * - what happened, happened at least as long ago as it had when it was saved.
 */
export function restoredFrom({ ingresses }: Saved, nowMs: number, wallMs: number): readonly SavedIngress[] {
  return ingresses.map(({ id, record, savedWallMs, selection, departures, overrides, addresses, ...rest }) => {
    const { lastGood, form, mixRecords, zone, ttl, isOutage, endpoints } = rest;
    const downMs = Math.max(0, wallMs - savedWallMs);
    const endOf = (untilWallMs: number): number =>
      nowMs + Math.max(0, Math.min(longestMs, untilWallMs - savedWallMs) - downMs);
    const timeOf = (atWallMs: number): number => nowMs - downMs - Math.max(0, savedWallMs - atWallMs);
    return {
      id: id ?? record,
      record,
      primary: selection?.primary,
      sticky: (selection?.sticky ?? []).map(({ endpoint, untilWallMs }) => ({ endpoint, untilMs: endOf(untilWallMs) })),
      departures: departures.map(({ endpoint, atWallMs }) => ({ endpoint, atMs: timeOf(atWallMs) })),
      overrides: overrides.map(({ kind, endpoint, untilWallMs }) => ({ kind, endpoint, untilMs: endOf(untilWallMs) })),
      addresses: addresses.map(({ usableUntilWallMs, ...known }) => ({
        ...known,
        usableUntilMs: endOf(usableUntilWallMs),
      })),
      lastGood,
      isOutage: isOutage === true,
      endpoints,
      form,
      mixRecords,
      zone,
      ttl,
    };
  });
}

/**
 * Reads what was written of one ingress. A part that is not valid is left out and named in `dropped`; a whole that
 * is not valid is `undefined`.
 */
export function parseDated(json: unknown): { readonly ingress: DatedIngress | undefined; readonly dropped: string[] } {
  const whole = wholeSchema.safeParse(json);
  if (!whole.success) return { ingress: undefined, dropped: ["everything"] };
  const { id, record, savedWallMs, ...raw } = whole.data;
  const dropped: string[] = [];
  const part = <Value>(name: keyof typeof raw, schema: z.ZodType<Value>): Value | undefined => {
    if (raw[name] === undefined) return undefined;
    const parsed = schema.safeParse(raw[name]);
    if (!parsed.success) dropped.push(name);
    return parsed.data;
  };
  const selection = part("selection", selectionSchema);
  const lastGood = part("lastGood", recordSetSchema);
  const isOutage = part("isOutage", z.boolean());
  const known = part("endpoints", endpointsSchema);
  const form = part("form", formSchema);
  const mixRecords = part("mixRecords", mixRecordsSchema);
  const zone = part("zone", nameSchema);
  const ttl = part("ttl", ttlSchema);
  const ingress: DatedIngress = {
    id,
    record,
    savedWallMs,
    selection,
    departures: part("departures", departuresSchema) ?? [],
    overrides: part("overrides", overridesSchema) ?? [],
    addresses: part("addresses", addressesSchema) ?? [],
    lastGood,
    isOutage: isOutage === true ? true : undefined,
    endpoints: known,
    form,
    mixRecords,
    zone,
    ttl,
  };
  return { ingress, dropped };
}

const dateSchema = z.int().min(0).max(latestMs);
const nameSchema = z.string().min(1).max(1_000);

const wholeSchema = z.object({
  id: nameSchema.optional(),
  record: nameSchema,
  savedWallMs: dateSchema,
  selection: z.unknown().optional(),
  departures: z.unknown().optional(),
  overrides: z.unknown().optional(),
  addresses: z.unknown().optional(),
  lastGood: z.unknown().optional(),
  isOutage: z.unknown().optional(),
  endpoints: z.unknown().optional(),
  form: z.unknown().optional(),
  mixRecords: z.unknown().optional(),
  zone: z.unknown().optional(),
  ttl: z.unknown().optional(),
});

const selectionSchema = z
  .object({
    primary: nameSchema.exactOptional(),
    sticky: z.array(z.object({ endpoint: nameSchema, untilWallMs: dateSchema })),
    reason: z.string().exactOptional(),
    why: z.string().exactOptional(),
    sinceWallMs: dateSchema.exactOptional(),
  })
  .transform(({ primary, sticky, reason, why, sinceWallMs }): DatedSelection => ({
    primary,
    sticky,
    reason,
    why,
    sinceWallMs,
  }));

const endpointsSchema = z.array(z.object({ name: nameSchema, target: z.string().max(10_000) }));

const departuresSchema = z.array(z.object({ endpoint: nameSchema, atWallMs: dateSchema }));

const overridesSchema = z.array(
  z.object({ kind: z.enum(["pin", "drain", "drill"]), endpoint: nameSchema, untilWallMs: dateSchema }),
);

/** Only the text is believed: family and scope follow from it. */
const addressSchema = z.object({ text: z.string() }).transform(({ text }, context): Address => {
  const address = parseIp(text);
  if (address?.text === text) return address;
  context.addIssue("not an address");
  return z.NEVER;
});

const addressesSchema = z.array(
  z.object({
    endpoint: nameSchema,
    target: nameSchema,
    addresses: z.array(addressSchema).min(1),
    usableUntilWallMs: dateSchema,
  }),
);

/** A host name as Cloudflare lists it, which may be one that another program chose. */
const hostPattern = /^[a-z0-9_*-]{1,63}(\.[a-z0-9_*-]{1,63})*$/;

const formSchema = z.enum(["cname", "addresses"]);

/** Names that we read, and whose records with our comment we delete. More than a few are not expected. */
const mixRecordsSchema = z.array(z.string().regex(hostPattern)).max(20);

const ttlSchema = z.union([z.literal("auto"), z.int().min(30).max(86_400)]);

/** Written to DNS some day, so nothing may be odd about it. */
const recordSetSchema = z
  .object({
    records: z.array(z.object({ type: z.enum(["A", "AAAA", "CNAME"]), content: z.string().max(253) })).min(1),
    ttlSeconds: z.union([z.literal(1), z.int().min(30).max(86_400)]),
    proxied: z.boolean(),
  })
  .refine(({ records }) => records.every(isSound) && (records.length === 1 || !records.some(isCname)))
  .transform((set): RecordSet => {
    // What follows from the contents is not believed from the file.
    const isPrivate = set.records.some(({ content }) => parseIp(content)?.scope === "private");
    return isPrivate ? { ...set, isPrivate } : set;
  });

function isCname({ type }: { readonly type: string }): boolean {
  return type === "CNAME";
}

function isSound({ type, content }: { readonly type: string; readonly content: string }): boolean {
  if (type === "CNAME") return hostPattern.test(content);
  const address = parseIp(content);
  if (address?.text !== content || address.family !== (type === "A" ? "ipv4" : "ipv6")) return false;
  return address.scope !== "special";
}
