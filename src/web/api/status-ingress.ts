// One ingress as people outside see it: what DNS says, who serves and why, and what will happen next.
import { isServing } from "../../core/health.ts";
import type { IngressState, Published, RecordSet, State } from "../../core/model.ts";
import { isInSync } from "../../core/mix.ts";
import { wantedRecords } from "../../core/records.ts";
import { plainly } from "../../lib/plainly.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, isoOf, type Now } from "./dates.ts";
import { mixStatus } from "./mix-status.ts";
import { nextSteps } from "./next-steps.ts";
import type { RecordsNote } from "./notes.ts";
import { overrideDocument } from "./override.ts";
import type { RecordDocument } from "./schema/parts.ts";
import type { IngressStatus, PublishedDocument, Visibility } from "./schema/status.ts";
import { endpointStatus } from "./status-endpoint.ts";

export function ingressStatus(
  ingress: IngressState,
  note: RecordsNote | undefined,
  connection: State["connection"],
  now: Now,
): IngressStatus {
  const { settings, published, endpoints, overrides } = ingress;
  const wanted = wantedRecords(ingress);
  const visibility = visibilityOf(ingress, note, now);
  const mix = mixStatus(ingress, now);
  return {
    record: settings.record,
    ...(settings.zone !== undefined && { zone: settings.zone }),
    publish: settings.publish,
    isServed: endpoints.some(({ health }) => isServing(health.verdict)),
    ...(published && { published: publishedDocument(published, note, now) }),
    ...(visibility && { visibility }),
    isInSync: isInSync(ingress),
    ...(wanted && { wanted: recordsOfSet(wanted) }),
    isMixRefused: ingress.isMixRefused,
    ...(mix && { mix }),
    ...whyNot(ingress, now),
    ...selectionOf(ingress, now),
    overrides: overrides.map((override) => overrideDocument(override, now)),
    endpoints: endpoints.map((endpoint) => endpointStatus(ingress, endpoint, connection, now)),
    next: nextSteps(ingress, now),
  };
}

function publishedDocument({ records, atMs }: Published, note: RecordsNote | undefined, now: Now): PublishedDocument {
  return {
    records: records.map(({ type, content, ttlSeconds, proxied }) => ({
      type,
      content: plain(content, 300),
      ttlSeconds,
      proxied,
    })),
    ...(note && { since: isoOf(note.sinceWallMs), by: note.by }),
    confirmed: dateOf(atMs, now),
  };
}

function recordsOfSet({ records, ttlSeconds, proxied }: RecordSet): RecordDocument[] {
  return records.map(({ type, content }) => ({ type, content: plain(content, 300), ttlSeconds, proxied }));
}

function visibilityOf(
  { published, visibility }: IngressState,
  note: RecordsNote | undefined,
  now: Now,
): Visibility | undefined {
  if (visibility !== undefined) {
    const { status, writtenAtMs, atMs, detail } = visibility;
    return {
      status,
      written: dateOf(writtenAtMs, now),
      ...(atMs !== undefined && { tookMs: Math.max(0, Math.round(atMs - writtenAtMs)) }),
      detail: plain(detail, 300),
    };
  }
  if (note?.by !== "us" || published?.records.some(({ proxied }) => proxied) !== true) return undefined;
  return {
    status: "proxied",
    written: isoOf(note.sinceWallMs),
    detail: "Cloudflare proxies the name, so it cannot be verified from outside",
  };
}

/** What is in the way of the records that are wanted. */
function whyNot({ cloudProblem, standoff }: IngressState, now: Now): Pick<IngressStatus, "trouble" | "standoff"> {
  return {
    ...(cloudProblem && {
      trouble: {
        kind: cloudProblem.kind,
        during: cloudProblem.during,
        message: plain(plainly(cloudProblem.message), 500),
        since: dateOf(cloudProblem.sinceMs, now),
      },
    }),
    ...(standoff && {
      standoff: {
        until: dateOf(standoff.untilMs, now),
        message:
          "Another program keeps overwriting the records, so automatic repair is paused; a new decision is still " +
          "written once. Find out what else writes this name, stop it, then resume.",
      },
    }),
  };
}

function selectionOf({ selection }: IngressState, now: Now): Pick<IngressStatus, "selection"> {
  if (selection === undefined) return {};
  const { primary, sticky, why, reason, sinceMs } = selection;
  return {
    selection: {
      primary: plain(primary),
      sticky: sticky.map(({ endpoint, untilMs }) => ({ endpoint: plain(endpoint), until: dateOf(untilMs, now) })),
      why: plain(why, 500),
      reason,
      since: dateOf(sinceMs, now),
    },
  };
}
