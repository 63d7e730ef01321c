// One ingress as people outside see it: what DNS says, who serves and why, and what will happen next.
import { isServing } from "../../core/evidence/health.ts";
import type { IngressState, Published, RecordSet, State } from "../../core/model.ts";
import { isInSync } from "../../core/records/mix.ts";
import { wantedRecords } from "../../core/records/records.ts";
import { plain } from "../../lib/text.ts";
import { dateOf, isoOf, type Now } from "./dates.ts";
import { mixStatus } from "./mix-status.ts";
import { nextSteps } from "./next-steps.ts";
import type { RecordsOrigin } from "./run-history.ts";
import { overrideDocument } from "./override.ts";
import type { RecordDocument } from "./schema/parts.ts";
import type { IngressStatus, PublishedDocument, VisibilityDocument } from "./schema/status.ts";
import { endpointStatus } from "./status-endpoint.ts";

export function ingressStatus(
  ingress: IngressState,
  origin: RecordsOrigin | undefined,
  connection: State["connection"],
  now: Now,
): IngressStatus {
  const { settings, published, endpoints, overrides } = ingress;
  const wanted = wantedRecords(ingress);
  return {
    record: settings.record,
    zone: settings.zone,
    publish: settings.publish,
    isServed: endpoints.some(({ health }) => isServing(health.verdict)),
    published: published && publishedDocument(published, origin, now),
    visibility: visibilityOf(ingress, origin, now),
    isInSync: isInSync(ingress),
    wanted: wanted && recordsOfSet(wanted),
    isMixRefused: ingress.isMixRefused,
    mix: mixStatus(ingress, now),
    trouble: troubleOf(ingress, now),
    standoff: standoffOf(ingress, now),
    selection: selectionOf(ingress, now),
    overrides: overrides.map((override) => overrideDocument(override, now)),
    endpoints: endpoints.map((endpoint) => endpointStatus(ingress, endpoint, connection, now)),
    next: nextSteps(ingress, now),
  };
}

function publishedDocument(
  { records, atMs }: Published,
  origin: RecordsOrigin | undefined,
  now: Now,
): PublishedDocument {
  return {
    records: records.map(({ type, content, ttlSeconds, proxied }) => ({
      type,
      content: plain(content, 300),
      ttlSeconds,
      proxied,
    })),
    since: origin && isoOf(origin.sinceWallMs),
    by: origin?.by,
    confirmed: dateOf(atMs, now),
  };
}

function recordsOfSet({ records, ttlSeconds, proxied }: RecordSet): RecordDocument[] {
  return records.map(({ type, content }) => ({ type, content: plain(content, 300), ttlSeconds, proxied }));
}

function visibilityOf(
  { published, visibility }: IngressState,
  origin: RecordsOrigin | undefined,
  now: Now,
): VisibilityDocument | undefined {
  if (visibility !== undefined) {
    const { status, writtenAtMs, atMs, detail } = visibility;
    return {
      status,
      written: dateOf(writtenAtMs, now),
      tookMs: atMs === undefined ? undefined : Math.max(0, Math.round(atMs - writtenAtMs)),
      detail: plain(detail, 300),
    };
  }
  if (origin?.by !== "us" || published?.records.some(({ proxied }) => proxied) !== true) return undefined;
  return {
    status: "proxied",
    written: isoOf(origin.sinceWallMs),
    detail: "Cloudflare proxies the name, so it cannot be verified from outside",
  };
}

/** Why the records that are wanted could not be read or written. */
function troubleOf({ cloudProblem }: IngressState, now: Now): IngressStatus["trouble"] {
  return (
    cloudProblem && {
      kind: cloudProblem.kind,
      during: cloudProblem.during,
      message: plain(cloudProblem.message, 500),
      since: dateOf(cloudProblem.sinceMs, now),
    }
  );
}

function standoffOf({ standoff }: IngressState, now: Now): IngressStatus["standoff"] {
  return (
    standoff && {
      until: dateOf(standoff.untilMs, now),
      message:
        "Another program keeps overwriting the records, so automatic repair is paused; a new decision is still " +
        "written once. Find out what else writes this name, stop it, then resume.",
    }
  );
}

function selectionOf({ selection }: IngressState, now: Now): IngressStatus["selection"] {
  if (selection === undefined) return undefined;
  const { primary, sticky, why, reason, sinceMs } = selection;
  return {
    primary: plain(primary),
    sticky: sticky.map(({ endpoint, untilMs }) => ({ endpoint: plain(endpoint), until: dateOf(untilMs, now) })),
    why: plain(why, 500),
    reason,
    since: dateOf(sinceMs, now),
  };
}
