// What a scenario says below its line: facts, plans and record sets as text.
import type { Drill, Fact, IngressState, Passage, RecordSet } from "../../src/core/model.ts";
import { desiredMix } from "../../src/core/records/mix.ts";
import { desiredRecords } from "../../src/core/records/records.ts";
import { formatDuration } from "../../src/core/units.ts";

/** A duration as narrow as a column of a transcript: `1m 44s`. */
export function narrow(durationMs: number): string {
  return formatDuration(durationMs)
    .replaceAll(/ (ms|s|h|d)\b/g, "$1")
    .replaceAll(/ min\b/g, "m");
}

/** A fact as a line of a scenario; `undefined` for those that only repeat what another line says. */
export function describeFact(fact: Fact): string | undefined {
  switch (fact.kind) {
    case "config-applied":
    case "ingress-added":
    case "address-health-changed":
      return undefined;
    case "config-rejected":
      return `configuration rejected: ${fact.problems.join("; ")}`;
    case "ingress-released":
      return `${fact.ingress}: released`;
    case "endpoint-health-changed":
      return `${fact.endpoint}: ${fact.from} → ${fact.to}${fact.isDegraded ? " (degraded)" : ""} (${fact.reason})`;
    case "endpoint-renamed":
      return `${fact.from}: is called ${fact.to} now`;
    case "addresses-shared":
      return `${fact.endpoint}: shares its addresses with ${fact.others.join(", ")}`;
    case "addresses-left-out":
      return `${fact.endpoint}: ${fact.detail}`;
    case "selection-changed": {
      const mix = fact.to.sticky.map(({ endpoint }) => ` + ${endpoint}`).join("");
      return `ingress: ${fact.from?.primary ?? "nobody"} → ${fact.to.primary}${mix} (${fact.why})`;
    }
    case "ingress-outage-began":
      return `outage: ${fact.why}`;
    case "ingress-outage-ended":
      return `outage over, thanks to ${fact.by}`;
    case "records-changed":
      return fact.by === "read" ? `found: ${fact.to.map(showRecord).join(", ") || "no record"}` : undefined;
    case "mix-changed":
      return fact.by === "read" && fact.to.length > 0
        ? `found at ${fact.record}: ${fact.to.map(showRecord).join(", ")}`
        : undefined;
    case "mix-blocked":
      return `no mix: ${fact.why}`;
    case "mix-freed":
      return `there may be a mix again`;
    case "override-began":
      return `${fact.override.endpoint}: ${fact.override.kind} begins`;
    case "override-ended":
      return `${fact.override.endpoint}: ${fact.override.kind} has ended`;
    case "drill-reported":
      return showDrill(fact.report);
    case "standoff-began":
      return "standoff: repair rests";
    case "standoff-ended":
      return "standoff over: repair goes on";
    case "visibility-known":
      return `${fact.visibility.status} after ${narrow((fact.visibility.atMs ?? 0) - fact.visibility.writtenAtMs)}`;
    case "blindness-began":
      return `blind in ${fact.family}`;
    case "blindness-ended":
      return `no longer blind in ${fact.family}`;
    case "clock-wrong":
      return `our clock is ${narrow(Math.abs(fact.aheadMs))} ${fact.aheadMs > 0 ? "ahead" : "behind"}`;
    case "clock-right":
      return "our clock is right again";
    case "cloud-trouble-began":
      return `cloud trouble: ${fact.problem.message}`;
    case "cloud-trouble-ended":
      return `cloud trouble over after ${narrow(fact.lastedMs)}`;
    default:
      return fact satisfies never;
  }
}

/** `drill of cable: 2m; away to mobile: decided 0ms, written 50ms, visible 1s (TTL 60); back to …`. */
function showDrill({ endpoint, startedMs, endedMs = startedMs, isInterrupted, away, back }: Drill): string {
  const show = (label: string, passage: Passage | undefined, fromMs: number): string => {
    if (passage?.decidedMs === undefined) return `${label} nobody`;
    const at = (ms: number | undefined): string => (ms === undefined ? "never" : narrow(ms - fromMs));
    const { to = [], decidedMs, committedMs, visibleMs, visibility, ttlSeconds } = passage;
    const seen = visibleMs === undefined ? (visibility ?? "unseen") : `${visibility} ${at(visibleMs)}`;
    return `${label} ${to.join(" + ")}: decided ${at(decidedMs)}, written ${at(committedMs)}, ${seen} (TTL ${ttlSeconds})`;
  };
  const begun = isInterrupted ? "interrupted" : show("away to", away, startedMs);
  return `drill of ${endpoint}: ${narrow(endedMs - startedMs)}; ${begun}; ${show("back to", back, endedMs)}`;
}

export function showDesired(ingress: IngressState): string {
  const desired = desiredRecords(ingress);
  const mix = ingress.mix && desiredMix(ingress, ingress.mix);
  const beside = mix === undefined || mix === "none" ? "" : `; ${ingress.mix?.record}: ${showSet(mix)}`;
  return `${desired === undefined ? "leave alone" : showSet(desired)}${beside}`;
}

function showSet(desired: RecordSet): string {
  return desired.records.map((record) => showRecord({ ...record, ttlSeconds: desired.ttlSeconds })).join(", ");
}

export function showRecord(record: { type: string; content: string; ttlSeconds: number } | undefined): string {
  return record === undefined ? "nothing" : `${record.type} ${record.content} ${record.ttlSeconds}`;
}
