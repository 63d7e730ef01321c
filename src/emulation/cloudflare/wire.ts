// How the emulated API writes records, zones and refusals down as JSON, quirks included.
import type { Quirks } from "./faults.ts";
import { planLimits } from "./plans.ts";
import type { ErrorEntry } from "./problem.ts";
import type { StoredRecord } from "./record.ts";
import type { BatchResult, ZoneState } from "./zone.ts";

type JsonBody = Record<string, unknown>;

/** The envelope of a success. */
export function successBody(result: unknown, quirks: Quirks, more: JsonBody = {}): JsonBody {
  return { result, success: true, errors: [], messages: [], ...more, ...unknownFields(quirks) };
}

/** The envelope of a refusal, with its code on top or wrapped in a 1004, as older answers have it. */
export function failureBody(problem: ErrorEntry, quirks: Quirks): JsonBody {
  const { status, code, message, chain } = problem;
  const isWrapped = quirks.errorShape === "chained" && status === 400 && code >= 9000;
  const error = isWrapped
    ? { code: 1004, message: "DNS Validation Error", error_chain: [{ code, message }] }
    : { code, message, error_chain: chain };
  return { result: null, success: false, errors: [error], messages: [], ...unknownFields(quirks) };
}

export function recordBody(record: StoredRecord, zone: ZoneState, quirks: Quirks): JsonBody {
  const { comment, settings, meta, ...rest } = record;
  const common = { ipv4_only: false, ipv6_only: false };
  const allSettings = record.type === "CNAME" ? { flatten_cname: false, ...common } : common;
  const shownSettings = { absent: undefined, full: { ...allSettings, ...settings }, partial: settings };
  const hasZone = quirks.zoneFields === "present";
  return {
    ...rest,
    meta: { ...meta, ...unknownFields(quirks) },
    comment: comment === null && quirks.emptyComment !== "null" ? undefined : comment,
    settings: shownSettings[quirks.settings],
    zone_id: hasZone ? zone.id : undefined,
    zone_name: hasZone ? zone.name : undefined,
    ...unknownFields(quirks),
  };
}

export function batchBody(result: BatchResult, zone: ZoneState, quirks: Quirks): JsonBody {
  const body: JsonBody = {};
  for (const [list, records] of Object.entries(result) as [string, readonly StoredRecord[]][]) {
    if (records.length > 0 || quirks.emptyBatchLists === "empty") {
      body[list] = records.map((record) => recordBody(record, zone, quirks));
    } else if (quirks.emptyBatchLists === "null") body[list] = null;
  }
  return body;
}

export function zoneBody(zone: ZoneState, permissions: readonly string[]): JsonBody {
  const { records: _, plan, ...rest } = zone;
  return {
    ...rest,
    development_mode: 0,
    original_name_servers: null,
    original_registrar: null,
    original_dnshost: null,
    modified_on: zone.created_on,
    activated_on: zone.status === "active" ? zone.created_on : null,
    meta: { step: 2, custom_certificate_quota: 0, page_rule_quota: 3, phishing_detected: false },
    owner: { id: null, type: "user", email: null },
    plan: { id: plan, name: planLimits(plan, zone.created_on).label, legacy_id: plan, is_subscribed: plan !== "free" },
    permissions,
  };
}

function unknownFields(quirks: Quirks): JsonBody {
  return quirks.unknownFields ? { x_new_field: { nobody: "knows", this: [1, null] } } : {};
}
