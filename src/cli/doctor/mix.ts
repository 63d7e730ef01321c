// The doctor's look at the second name of an ingress: whether it can hold a mix, and what would answer for it
// otherwise.
import type { ZoneInspector, InspectedRecord } from "../../cloud/inspect.ts";
import { suffixes } from "../../cloud/zones.ts";
import { mixPaths } from "../../core/advice/mix-steps.ts";
import type { Form, IngressSettings } from "../../core/model.ts";
import { recordComment } from "../../core/records/records.ts";
import { plain } from "../../lib/text.ts";
import { ok, unknown, warning, type Finding } from "../../lib/finding.ts";

const aloneText = "a failback goes to a single endpoint, and sticky has no effect";

/** `own`: the records at the ingress' own name; `zoneName` is missing where the token may not read the zone. */
export async function inspectMix(
  inspector: ZoneInspector,
  zone: InspectedPlace,
  settings: IngressSettings,
  own: readonly InspectedRecord[],
): Promise<readonly Finding[]> {
  const form = formOf(own);
  const isProxied = settings.proxied ?? own.some(({ proxied }) => proxied === true);
  const outlook = mixPaths(settings, { ...(form && { form }), isProxied });
  if (outlook === undefined) return [];
  const { record, whyNot } = outlook;
  const subject = `mix of ${settings.record}`;
  if (record === undefined || whyNot !== undefined) {
    const remedy = isProxied
      ? "remove sticky, or do not proxy the record"
      : "set mix_record to an unused name in the zone";
    return [warning(subject, `none: ${whyNot ?? "it has no name"}; ${aloneText}`, remedy)];
  }
  const look = await lookAtMix(inspector, zone, record);
  switch (look.kind) {
    case "free": {
      const count = look.ours;
      const text =
        count === 0
          ? "no record yet; it is written shortly before a failback"
          : `${count} ${count === 1 ? "record" : "records"} of ccs`;
      return [ok(subject, `${record}: ${text}`), ...(await inspectWildcards(inspector, zone.id, subject, record))];
    }
    case "not":
      return [warning(subject, `${look.why}; ${aloneText}`, look.remedy)];
    case "unknown":
      // That the zone's records cannot be read at all is said of the ingress itself.
      return [unknown(subject, `${record} is unknown: ${look.detail}`)];
    default:
      return look satisfies never;
  }
}

export interface InspectedPlace {
  readonly id: string;
  /** Missing where the token may not read the zone. */
  readonly name?: string | undefined;
}

export type MixLook =
  | { readonly kind: "free"; readonly ours: number }
  | { readonly kind: "not"; readonly why: string; readonly remedy: string }
  | { readonly kind: "unknown"; readonly detail: string };

/** Whether a mix can stand at this name. */
export async function lookAtMix(inspector: ZoneInspector, zone: InspectedPlace, record: string): Promise<MixLook> {
  if (zone.name !== undefined && record !== zone.name && !record.endsWith(`.${zone.name}`)) {
    const remedy = `set mix_record to a name in that zone, such as mix.${zone.name}`;
    return { kind: "not", why: `${record} is not in the zone ${plain(zone.name)}`, remedy };
  }
  const look = await inspector.recordsAt(zone.id, record);
  if (look.kind !== "answered") return { kind: "unknown", detail: look.detail };
  const stranger = look.result.find((each) => inTheWay.has(each.type) && !isOurs(each));
  if (stranger === undefined) return { kind: "free", ours: look.result.filter(isOurs).length };
  const what = `${plain(stranger.type, 10)} ${plain(stranger.content ?? "", 100)}`;
  return {
    kind: "not",
    why: `${record} has a record that ccs did not create: ${what}`,
    remedy: "remove that record, or set mix_record to an unused name",
  };
}

function isOurs({ type, comment }: InspectedRecord): boolean {
  return (type === "A" || type === "AAAA") && comment === recordComment;
}

const inTheWay: ReadonlySet<string> = new Set(["A", "AAAA", "CNAME", "NS"]);

/** What would answer for the name of a mix without records. */
export async function inspectWildcards(
  inspector: ZoneInspector,
  zoneId: string,
  subject: string,
  record: string,
): Promise<readonly Finding[]> {
  for (const parent of suffixes(record).slice(1)) {
    const wildcard = `*.${parent}`;
    const look = await inspector.recordsAt(zoneId, wildcard);
    if (look.kind !== "answered") return [];
    const [first] = look.result;
    if (first === undefined) continue;
    const text = `if the records of ${record} were deleted while the ingress points to it, the wildcard ${wildcard} (${plain(first.type, 10)} ${plain(first.content ?? "", 100)}) would answer for it`;
    return [
      warning(subject, text, "make sure that no other program changes that name; ccs then leaves the mix at once"),
    ];
  }
  return [];
}

function formOf(records: readonly InspectedRecord[]): Form | undefined {
  const types = new Set(records.map(({ type }) => type));
  if (types.has("CNAME")) return "cname";
  return types.has("A") || types.has("AAAA") ? "addresses" : undefined;
}
