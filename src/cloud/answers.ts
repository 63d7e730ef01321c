// The shapes of Cloudflare's answers, as far as we rely on them. Whatever else they carry is ignored, what comes twice
// counts once, and an entry that makes no sense is left out, unless it may be one of our records.
// Source: https://developers.cloudflare.com/api/resources/dns/subresources/records/
import * as z from "zod";
import type { PublishedRecord, RecordExtras } from "../core/model.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import { canonicalName } from "./provider.ts";
import { automaticTtl } from "../core/words.ts";

/** Longest name in DNS, with a dot at its end; no address is longer. */
const longestContent = 254;

/** Names and addresses are shown in many places, and hold nothing that cannot be seen. */
const content = z
  .string()
  .min(1)
  .refine((text) => plain(text, longestContent) === text);

const ZoneAnswer = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  status: z.string().nullish().catch(null),
});

const OurRecordAnswer = z.object({
  id: z.string().min(1),
  name: z.string(),
  type: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["A", "AAAA", "CNAME"])),
  content,
  ttl: z.coerce.number().pipe(z.int().min(1)).catch(automaticTtl),
  proxied: z.boolean().nullish().catch(null),
  // Odd ones are left alone rather than believed: nothing depends on them.
  comment: z.string().nullish().catch(null),
  tags: z.array(z.string()).nullish().catch(null),
  settings: z.record(z.string(), z.unknown()).nullish().catch(null),
  meta: z
    .object({ read_only: z.boolean().nullish().catch(null) })
    .nullish()
    .catch(null),
});

const ourTypes: readonly string[] = ["A", "AAAA", "CNAME"];

const NameAndType = z.object({
  name: z.string().optional().catch(undefined),
  type: z.string().toUpperCase().optional().catch(undefined),
});

export type ZoneAnswer = z.infer<typeof ZoneAnswer>;
export type OurRecordAnswer = z.infer<typeof OurRecordAnswer>;

/** What is in a list of records. */
export type RecordAnswer =
  | ({ readonly kind: "ours" } & OurRecordAnswer)
  /** Of another type: only that it is there matters. */
  | { readonly kind: "other"; readonly name: string; readonly type: string }
  /**
   * It does not say enough to tell. `isClaimed`: what it says would fit one of our records. Without a name it may be
   * anywhere.
   */
  | { readonly kind: "unclear"; readonly name: string | undefined; readonly isClaimed: boolean };

/** None of many entries makes sense: then it is no list of zones at all. */
const ZoneList = z.array(z.unknown()).transform((entries, context): readonly ZoneAnswer[] => {
  const zones = uniqueById(entries.flatMap((entry) => ZoneAnswer.safeParse(entry).data ?? []));
  if (entries.length > 0 && zones.length === 0) context.addIssue("no zone in it");
  return zones;
});

const RecordList = z.array(z.unknown()).transform((entries): RecordList => {
  const answers = entries.map(recordAnswer);
  const ours = uniqueById(answers.filter((answer) => answer.kind === "ours"));
  return { length: entries.length, records: [...ours, ...answers.filter((answer) => answer.kind !== "ours")] };
});

/** `length`: of the list as it came. */
export interface RecordList {
  readonly length: number;
  readonly records: readonly RecordAnswer[];
}

/** What was done; the caller looks for what was asked. */
const DoneList = z
  .array(z.unknown())
  .transform((entries) => entries.flatMap((entry) => OurRecordAnswer.safeParse(entry).data ?? []))
  .nullish();

export const ZonesPage = envelope(ZoneList);
export const ZoneDetails = envelope(ZoneAnswer);
export const RecordsPage = envelope(RecordList);
/** Lists of what was done; those without an entry may be missing. */
export const BatchResult = envelope(z.object({ patches: DoneList, posts: DoneList }));

function recordAnswer(entry: unknown): RecordAnswer {
  const ours = OurRecordAnswer.safeParse(entry);
  if (ours.success) return { kind: "ours", ...ours.data };
  const { name, type } = NameAndType.safeParse(entry).data ?? {};
  if (name !== undefined && type !== undefined && !ourTypes.includes(type)) return { kind: "other", name, type };
  return { kind: "unclear", name, isClaimed: type === undefined ? name !== undefined : ourTypes.includes(type) };
}

/** An answer that repeats itself says no more than once: the first counts. */
function uniqueById<Entry extends { readonly id: string }>(entries: readonly Entry[]): readonly Entry[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.id, entry])).values()].toReversed();
}

/**
 * The record with its content in the one form that we compare. A proxied record's TTL is automatic, whatever it says.
 */
export function published(record: OurRecordAnswer): PublishedRecord {
  const proxied = record.proxied ?? false;
  const address = parseIp(record.content);
  return {
    id: record.id,
    type: record.type,
    content: address?.text ?? canonicalName(record.content),
    ...(address !== undefined && address.scope !== "public" && { scope: address.scope }),
    ttlSeconds: proxied ? 1 : record.ttl,
    proxied,
    ...extrasOf(record),
  };
}

function extrasOf({ comment, tags, settings }: OurRecordAnswer): Pick<PublishedRecord, "extras"> {
  const extras: RecordExtras = {
    ...(isFilled(comment) && { comment }),
    ...(isFilled(tags) && { tags }),
    ...(settings && Object.keys(settings).length > 0 && { settings }),
  };
  return Object.keys(extras).length > 0 ? { extras } : {};
}

function isFilled<Value extends { readonly length: number }>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined && value.length > 0;
}

/** Every answer's frame. A success says so; what else is said of a list may be missing. */
function envelope<Result extends z.ZodType>(result: Result) {
  const count = z.number().nullish().catch(null);
  return z.object({
    success: z.literal(true),
    result,
    result_info: z.object({ total_count: count, per_page: count }).nullish().catch(null),
  });
}
