// Parts of messages: health of endpoints, records, times and the lines that several stories share. Pure.
import { conversionBetween, conversionText, type Conversion } from "../core/records/conversion.ts";
import { followed } from "../core/records/mix.ts";
import type { CloudProblem, EndpointState, Family, IngressState } from "../core/model.ts";
import { publishesCname } from "../core/records/records.ts";
import { membersOf } from "../core/members.ts";
import { formatDuration } from "../core/units.ts";
import { plain } from "../lib/text.ts";
import { formatTime } from "../channels/times.ts";
import { line, text } from "./message.ts";
import type { Line } from "../core/message.ts";
import { servingNow } from "./story.ts";
import type { Change, Records } from "./story.ts";
import { contentText, familyNames, overridden, settingsText } from "../core/words.ts";

/** Now, on both clocks. */
export interface TellingTime {
  readonly nowMs: number;
  readonly wallMs: number;
  /** IANA name of the zone in which times are told; UTC where it is missing. */
  readonly timeZone?: string;
}

/** Longer lists are cut. */
export const mostListed = 20;

/** How things stand: the health of each endpoint, and what the record serves. */
export function circumstances(
  { ingress, recordsBefore, foreignRecords }: Pick<Change, "ingress" | "recordsBefore" | "foreignRecords">,
  now: TellingTime,
): readonly Line[] {
  const { published, endpoints, isMixRefused } = ingress;
  const converted = conversionOf({ ingress, recordsBefore, foreignRecords });
  return [
    ...endpoints.map((endpoint) => endpointLine(ingress, endpoint, now)),
    // The mix of a CNAME has a message of its own.
    ...(isMixRefused && !publishesCname(ingress)
      ? [line`Cloudflare rejected the records of several endpoints together, so only the first is published.`]
      : []),
    published === undefined
      ? line`What is published is not known yet.`
      : line`Published now: ${describeRecords(followed(ingress, published.records))}`,
    ...(foreignRecords === undefined ? [] : [line`Found in between: ${describeRecords(foreignRecords)}`]),
    ...(recordsBefore === undefined || isSame(recordsBefore, published?.records)
      ? []
      : [line`Published before: ${describeRecords(followed(ingress, recordsBefore))}`]),
    ...(converted === undefined
      ? []
      : [
          line`The record was converted ${conversionText(converted)}, once, because ${{ foreign: converted.why }}. It keeps that type from now on.`,
        ]),
  ];
}

/** The change of type that the configuration asked for, if that is what was written. */
function conversionOf({
  ingress: { settings, published },
  recordsBefore,
  foreignRecords,
}: Pick<Change, "ingress" | "recordsBefore" | "foreignRecords">): Conversion | undefined {
  if (recordsBefore === undefined || foreignRecords !== undefined || published?.by !== "write") return undefined;
  return conversionBetween(settings, recordsBefore, published.records);
}

export function isSame(before: Records, now: Records = []): boolean {
  const [a, b] = [before, now].map((records) => JSON.stringify(describeRecords(records)));
  return a === b;
}

function endpointLine(
  { selection, overrides }: IngressState,
  { settings, health }: EndpointState,
  now: TellingTime,
): Line {
  const member = selection?.sticky.find(({ endpoint }) => endpoint === settings.name);
  const since = `since ${time(health.sinceMs, now)}`;
  const [mark, words] = {
    unknown: ["?", "unknown"],
    up: health.isDegraded ? ["!", `degraded ${since}`] : ["✓", `up ${since}`],
    suspect: ["!", `suspect ${since}`],
    down: ["✗", `down ${since}`],
    recovering: ["✗", `recovering ${since}`],
  }[health.verdict] as [string, string];
  const mix = member === undefined ? [] : line`, also published until ${time(member.untilMs, now)}`;
  const override = overrides.find(({ endpoint }) => endpoint === settings.name);
  const word = override === undefined ? [] : line`, ${overridden[override.kind]} until ${time(override.untilMs, now)}`;
  return line`${mark} ${{ strong: settings.name }}: ${words}${mix}${word} (${{ foreign: health.reason }})`;
}

/** The records as a message shows them, such as `CNAME mobile.example.com (TTL 5 min)`. */
export function describeRecords(records: Records): Line {
  const [first] = records;
  if (first === undefined) return line`no record`;
  const isUniform = records.every((record) => settingsText(record) === settingsText(first));
  const shown = records.slice(0, mostListed).map((record, index): Line => {
    const comma = index === 0 ? "" : ", ";
    const own = isUniform ? "" : ` (${settingsText(record)})`;
    return line`${[comma]}${{ code: contentText(record) }}${[own]}`;
  });
  const left = records.length - mostListed;
  const more = left > 0 ? [` and ${left} more`] : [];
  const common = isUniform ? [` (${settingsText(first)})`] : [];
  return line`${shown.flat()}${more}${common}`;
}

export function switchedHeadline(story: Change): string {
  const { was, recordsBefore = [] } = story;
  const change = text`${nameOf(story)} now points to ${servedBy(story)}`;
  if (was !== undefined && was.length > 0) return text`${change} (was ${andList(was)})`;
  return recordsBefore.length === 0 ? change : text`${change} (was none of the endpoints)`;
}

export function updatedHeadline(story: Change): string {
  const converted = conversionOf(story);
  if (converted === undefined) return text`The records of ${nameOf(story)} were updated`;
  return text`${nameOf(story)} was converted ${conversionText(converted)}`;
}

export function whyLines({ why }: Change): readonly Line[] {
  return why === undefined ? [] : [line`Why: ${{ foreign: why }}.`];
}

/** What ended together with the change. */
export function endedLines({ outageLastedMs, troubleLastedMs }: Change): readonly Line[] {
  return [
    ...(outageLastedMs === undefined ? [] : [outageLine(outageLastedMs)]),
    ...(troubleLastedMs === undefined ? [] : [troubleLine(troubleLastedMs)]),
  ];
}

export function confirmedLines({ sinceMs, ingress }: Change, now: TellingTime): readonly Line[] {
  const { published } = ingress;
  if (published === undefined || published.atMs < sinceMs) return [];
  const took = formatDuration(published.atMs - sinceMs);
  return [
    line`Decided at ${time(sinceMs, now)}, confirmed by Cloudflare ${took} later.`,
    ...visibilityLines({ ingress }),
  ];
}

/** Whether what was written last is visible, as far as that is known. */
export function visibilityLines({ ingress: { published, visibility } }: Pick<Change, "ingress">): readonly Line[] {
  if (published?.by !== "write") return [];
  if (published.records.some(({ proxied }) => proxied)) {
    return [line`Cloudflare proxies the name, so it cannot be verified from outside.`];
  }
  if (visibility === undefined) return [];
  const { status, writtenAtMs, atMs = writtenAtMs, detail } = visibility;
  switch (status) {
    case "checking":
      return [line`Not verified yet: the authoritative servers are still being asked.`];
    case "visible":
      return [
        line`Visible at the authoritative servers ${formatDuration(atMs - writtenAtMs)} after Cloudflare confirmed it (${{ foreign: detail }}).`,
      ];
    case "silent":
      return [line`Not verified: ${{ foreign: detail }}.`];
    case "wrong":
      return [line`The authoritative servers show something else: ${{ foreign: detail }}.`];
    default:
      return status satisfies never;
  }
}

export function outageLine(lastedMs: number): Line {
  return line`Before that, all endpoints were down for ${formatDuration(lastedMs)}.`;
}

export function troubleLine(lastedMs: number): Line {
  return line`The problem with Cloudflare lasted ${formatDuration(lastedMs)}.`;
}

export function problemLine({ message }: CloudProblem): Line {
  return line`Cloudflare: ${{ foreign: message }}`;
}

export function quietLines({ quietUntilMs }: { readonly quietUntilMs?: number }, now: TellingTime): readonly Line[] {
  if (quietUntilMs === undefined) return [];
  return [line`This changes often: there are no more messages about it until ${time(quietUntilMs, now)}.`];
}

export const doing = { read: "read", write: "written" } as const;

export function nameOf({ ingress }: { readonly ingress: IngressState }): string {
  return ingress.settings.record;
}

/** Whom the published records name, in words. */
export function servedBy({ ingress }: { readonly ingress: IngressState }): string {
  const serving = servingNow(ingress);
  if (serving.length > 0) return andList(serving);
  return ingress.published?.records.length === 0 ? "nothing" : "none of the endpoints";
}

/** Whom the newest decision names, in words. */
export function wanted({ ingress: { selection } }: { readonly ingress: IngressState }): string {
  if (selection === undefined) return "what it was before";
  return andList(membersOf(selection));
}

export function andList(names: readonly string[]): string {
  const shown = names.slice(0, mostListed).map((name) => plain(name, 60));
  const last = shown.pop() ?? "none";
  return shown.length === 0 ? last : `${shown.join(", ")} and ${last}`;
}

/** `IPv4 and IPv6`. */
export function familyList({ families }: { readonly families: readonly Family[] }): string {
  return families.map((family) => familyNames[family]).join(" and ");
}

/** A monotonic time for people. */
export function time(atMs: number, { nowMs, wallMs, ...zone }: TellingTime): string {
  return formatTime(wallMs + (atMs - nowMs), { ...zone, todayWallMs: wallMs });
}
