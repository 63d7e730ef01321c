// What people may change: a pin, a drain, a drill, and the end of these. Says what follows from it.
import type { z } from "zod";
import { findIngress } from "../../core/find.ts";
import { isReplaceable } from "../../core/people/drill.ts";
import { isServing } from "../../core/evidence/health.ts";
import type { Event, IngressState, Override, State } from "../../core/model.ts";
import { isInSync } from "../../core/records/mix.ts";
import { desiredRecords } from "../../core/records/records.ts";
import { membersOf, roleOf } from "../../core/members.ts";
import type { Clock } from "../../lib/clock.ts";
import { dayMs, durationSyntax, formatDuration, hourMs, minuteMs, parseDurationMs } from "../../core/units.ts";
import { plain } from "../../lib/text.ts";
import { nowOf } from "./dates.ts";
import { requestedEndpoint, requestedIngress, Refusal } from "./names.ts";
import { overrideDocument } from "./override.ts";
import type { OverrideAnswer, OverrideRequest, ResumeAnswer, ResumeRequest } from "./schema/changes.ts";

export interface ChangePorts {
  readonly state: () => State;
  readonly clock: Clock;
  /**
   * Takes an event in. When it returns, the event has been taken and what must survive a restart is on the disk. False
   * when an internal error kept it from being taken in.
   */
  readonly dispatch: (event: Event) => boolean;
  /** Whether all of the state that must survive a restart is on the disk. */
  readonly isKept: () => boolean;
}

/** How long a manual override holds unless they say, and at most. */
const lengths: Readonly<Record<Override["kind"], { readonly usualMs: number; readonly mostMs: number }>> = {
  pin: { usualMs: hourMs, mostMs: 30 * dayMs },
  drain: { usualMs: hourMs, mostMs: 30 * dayMs },
  drill: { usualMs: 2 * minuteMs, mostMs: 30 * minuteMs },
};
const leastMs = 1_000;

/** Sets an override. Throws a Refusal for what is not valid. */
export function setOverride(ports: ChangePorts, kind: Override["kind"], request: OverrideRequest): OverrideAnswer {
  const ingress = requestedIngress(ports.state(), request.ingress);
  const { name } = requestedEndpoint(ingress, request.endpoint).settings;
  const { id, record } = ingress.settings;
  const lengthMs = lengthOf(kind, request.for);
  if (kind === "drill") assertReplaceable(ingress, name);
  const override: Override = { kind, endpoint: name, untilMs: ports.clock.nowMs() + lengthMs };
  take(ports, { kind: "override-set", ingress: id, override });
  const after = findIngress(ports.state(), id) ?? ingress;
  const now = nowOf(ports.clock);
  return {
    ingress: record,
    override: overrideDocument(override, now),
    follows: [
      ...servesNow(after, name, kind),
      ...recordsThen(after),
      `The ${kind} ends by itself after ${formatDuration(lengthMs)}.`,
      ...(ports.isKept() ? [] : ["It could not be saved to disk: a restart would end it."]),
    ],
  };
}

/** Takes back what people said. Throws a Refusal for what is not valid. */
export function resume(ports: ChangePorts, request: ResumeRequest): ResumeAnswer {
  const before = requestedIngress(ports.state(), request.ingress);
  const { id, record } = before.settings;
  const endpoint =
    request.endpoint === undefined ? undefined : requestedEndpoint(before, request.endpoint).settings.name;
  take(ports, { kind: "resumed", ingress: id, ...(endpoint !== undefined && { endpoint }) });
  const after = findIngress(ports.state(), id) ?? before;
  const now = nowOf(ports.clock);
  const ended = before.overrides.filter((override) => !after.overrides.includes(override));
  const isStandoffEnded = before.standoff !== undefined && after.standoff === undefined;
  const isNothing = ended.length === 0 && !isStandoffEnded;
  return {
    ingress: record,
    ended: ended.map((override) => overrideDocument(override, now)),
    isStandoffEnded,
    follows: isNothing ? ["There was nothing to end."] : [...servesNow(after), ...recordsThen(after)],
  };
}

/** Nothing that people said may look as if it counted when an internal error kept it from being taken in. */
function take({ dispatch }: ChangePorts, event: Event): void {
  if (!dispatch(event)) throw new Error("the request could not be processed");
}

/** A drill that can only end in "no other endpoint could take over" is not begun: it would say so at its end. */
function assertReplaceable(ingress: IngressState, name: string): void {
  if (roleOf(ingress, name) === undefined || isReplaceable(ingress, name)) return;
  const others = ingress.endpoints.filter(({ settings }) => settings.name !== name);
  const why = others.map(({ settings, health }) =>
    health.verdict === "down"
      ? `${plain(settings.name)} is down: ${plain(health.reason)}`
      : `${plain(settings.name)} is drained`,
  );
  throw new Refusal(409, {
    error: `no other endpoint can take over from ${plain(name)}: ${why.length === 0 ? "it is the only endpoint" : why.join("; ")}`,
    hint: "A drill would change nothing, so none was started.",
  });
}

function lengthOf(kind: Override["kind"], asked: string | undefined): number {
  const { usualMs, mostMs } = lengths[kind];
  if (asked === undefined) return usualMs;
  const lengthMs = parseDurationMs(asked);
  if (lengthMs !== undefined && lengthMs >= leastMs && lengthMs <= mostMs) return lengthMs;
  const longest = durationSyntax(mostMs);
  throw new Refusal(400, {
    error: `for: expected a duration from 1s to ${longest}, got ${plain(asked, 40)}`,
    hint: `Give a number with a unit, such as ${durationSyntax(usualMs)}.`,
  });
}

/** Who serves now, and whether that is what the person may have expected. */
function servesNow(ingress: IngressState, endpoint?: string, kind?: Override["kind"]): string[] {
  const { selection } = ingress;
  if (selection === undefined) return ["No endpoint is selected yet; this takes effect as soon as one is."];
  const members = membersOf(selection).map((name) => plain(name));
  const who = `${members.join(" and ")} ${members.length === 1 ? "is" : "are"} active`;
  if (kind === "pin" || kind === undefined || endpoint === undefined) {
    return [`${who}: ${plain(selection.why)}.`, ...(kind === "pin" ? pinnedThough(ingress) : [])];
  }
  const isMember = roleOf(ingress, endpoint) !== undefined;
  if (!isMember) return [`${plain(endpoint)} is not active; ${who}.`];
  const isUp = ingress.endpoints.some(
    ({ settings, health }) => settings.name === endpoint && isServing(health.verdict),
  );
  return [`${plain(endpoint)} stays active${isUp ? "" : " although it is down"}: no other endpoint is up.`];
}

/** A pin does not ask for health, so that its price has to be told. */
function pinnedThough({ selection, endpoints }: IngressState): string[] {
  const pinned = endpoints.find(({ settings }) => settings.name === selection?.primary);
  if (pinned === undefined || pinned.health.verdict !== "down") return [];
  const others = endpoints
    .filter(({ health }) => isServing(health.verdict))
    .map(({ settings }) => plain(settings.name));
  const instead = others.length === 0 ? "" : `, though ${others.join(" and ")} could take over; resume ends the pin`;
  return [`It is down: ${plain(pinned.health.reason)}. There is no service${instead}.`];
}

function recordsThen(ingress: IngressState): string[] {
  const { published, cloudProblem, standoff } = ingress;
  if (published === undefined) return ["The records are not known yet; nothing is written until they are."];
  if (isInSync(ingress)) return ["DNS already says so: nothing needs to be written."];
  if (standoff?.mayWrite === false || desiredRecords(ingress) === undefined) return ["The records stay as they are."];
  if (cloudProblem !== undefined)
    return [`The records are written as soon as possible: ${plain(cloudProblem.message)}`];
  return ["The records are being written."];
}

/** What a request's body says by `schema`. Throws a Refusal that says what is wrong with it. */
export function readRequest<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join(".") ?? "";
  const what = plain(issue?.message ?? "not valid");
  throw new Refusal(400, {
    error: where === "" ? what : `${plain(where, 40)}: ${what}`,
    hint: "See /api/v1/openapi.json for the expected format.",
  });
}
