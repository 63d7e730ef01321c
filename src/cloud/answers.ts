// The shapes of Cloudflare's answers, as far as we rely on them. Whatever else they carry is ignored.
// Source: https://developers.cloudflare.com/api/resources/dns/subresources/records/
import * as z from "zod";
import type { PublishedRecord, RecordExtras } from "../core/model.ts";
import { parseIp } from "../lib/ip.ts";
import { plain } from "../lib/text.ts";
import { canonicalName } from "./provider.ts";

/** Longest name in DNS, with a dot at its end; no address is longer. */
const longestContent = 254;

/** Names and addresses are shown in many places, and hold nothing that cannot be seen. */
const content = z
  .string()
  .min(1)
  .refine((text) => plain(text, longestContent) === text);

const ZoneAnswer = z.object({ id: z.string().min(1), name: z.string().min(1), status: z.string().nullish() });

const OurRecordAnswer = z.object({
  id: z.string().min(1),
  name: z.string(),
  type: z.enum(["A", "AAAA", "CNAME"]),
  content,
  ttl: z.number(),
  proxied: z.boolean().nullish(),
  comment: z.string().nullish(),
  // Odd ones are left alone rather than believed: nothing depends on them.
  tags: z.array(z.string()).nullish().catch(null),
  settings: z.record(z.string(), z.unknown()).nullish().catch(null),
  meta: z.object({ read_only: z.boolean().nullish() }).nullish(),
});

const ourTypes: readonly string[] = OurRecordAnswer.shape.type.options;

/** Records of other types: only that they are there matters. */
const OtherRecordAnswer = z.object({
  id: z.string().min(1),
  name: z.string(),
  type: z.string().refine((type) => !ourTypes.includes(type)),
});

export const ZonesPage = envelope(z.array(ZoneAnswer));
export const ZoneDetails = envelope(ZoneAnswer);
export const RecordsPage = envelope(z.array(z.union([OurRecordAnswer, OtherRecordAnswer])));
/** Lists of what was done; those without an entry may be missing. */
export const BatchResult = envelope(
  z.object({ patches: z.array(OurRecordAnswer).nullish(), posts: z.array(OurRecordAnswer).nullish() }),
);

export type ZoneAnswer = z.infer<typeof ZoneAnswer>;
export type OurRecordAnswer = z.infer<typeof OurRecordAnswer>;
export type RecordAnswer = z.infer<typeof RecordsPage>["result"][number];

/** Tells our types of record from all others. */
export function isOurs(record: RecordAnswer): record is OurRecordAnswer {
  return ourTypes.includes(record.type);
}

/** The record with its content in the one form that we compare. A proxied record's TTL is automatic, whatever it says. */
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

/** Every answer's frame. A success says so; the count of a list may be missing. */
function envelope<Result extends z.ZodType>(result: Result) {
  return z.object({
    success: z.literal(true),
    result,
    result_info: z.object({ total_count: z.number().nullish() }).nullish(),
  });
}
