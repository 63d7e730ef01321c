// What a drill shows: how fast the ingress leaves an endpoint, and how fast it comes back to it when the drill is over.
import type { Drill, IngressState, Passage } from "../model.ts";
import { isInSync } from "../records/mix.ts";
import { cachedSeconds } from "../records/records.ts";
import { noticeMs } from "../evidence/rhythm.ts";
import { endpointNamed, membersOf } from "../members.ts";

/** What has not come back so long after the end of the drill is reported as it is. */
const patienceMs = 5 * 60_000;

/** When a drill is reported at the latest; `undefined` while it continues. */
export function drillDeadlineMs({ drill }: IngressState): number | undefined {
  return drill?.endedMs === undefined ? undefined : drill.endedMs + patienceMs;
}

/** Whether another endpoint may take over, now or soon. Without one a drill changes nothing. */
export function isReplaceable({ endpoints, overrides }: IngressState, name: string): boolean {
  // A drill of another one ends when this one begins.
  const isDrained = (other: string): boolean =>
    overrides.some(({ kind, endpoint }) => kind === "drain" && endpoint === other);
  return endpoints.some(
    ({ settings, health }) => settings.name !== name && health.verdict !== "down" && !isDrained(settings.name),
  );
}

/** A drill that an earlier life of the daemon began: what came before the restart was not seen. */
export function interruptedDrill(endpoint: string, nowMs: number): Drill {
  return { endpoint, startedMs: nowMs, isInterrupted: true, away: { from: [] } };
}

/**
 * The ingress with what the newest step shows of its drill. `before` is the ingress before anybody was selected again.
 */
export function withDrill(before: IngressState, after: IngressState, nowMs: number): IngressState {
  const word = after.overrides.find(({ kind }) => kind === "drill");
  const { drill } = after;
  if (word === undefined && drill === undefined) return after;
  if (drill === undefined || (word !== undefined && isAnother(drill, word.endpoint))) {
    // The one before is reported with what is known of it.
    const over = drill === undefined ? after : { ...after, drill: undefined, lastDrill: { endedMs: nowMs, ...drill } };
    const begun = word === undefined ? undefined : beginning(before, word.endpoint, nowMs);
    return begun === undefined ? over : { ...over, drill: watched(begun, before, after, nowMs) };
  }
  const ended = word === undefined && drill.endedMs === undefined ? { ...drill, endedMs: nowMs } : drill;
  const seen = watched(ended, before, after, nowMs);
  if (isOver(seen, after, nowMs)) return { ...after, drill: undefined, lastDrill: seen };
  return seen === drill ? after : { ...after, drill: seen };
}

function isAnother(drill: Drill, endpoint: string): boolean {
  return drill.endpoint !== endpoint || drill.endedMs !== undefined;
}

function beginning(before: IngressState, name: string, nowMs: number): Drill {
  const check = endpointNamed(before, name)?.settings.check;
  return {
    endpoint: name,
    startedMs: nowMs,
    isInterrupted: false,
    away: passageFrom(before),
    ...(check && { noticeMs: noticeMs(check) }),
  };
}

/** From what is served now, with the TTL that clients may rely on. */
function passageFrom(ingress: IngressState): Passage {
  const ttls = ingress.published?.records.map(({ ttlSeconds }) => cachedSeconds(ttlSeconds)) ?? [];
  return { from: membersOf(ingress.selection), ...(ttls.length > 0 && { ttlSeconds: Math.min(...ttls) }) };
}

function watched(drill: Drill, before: IngressState, after: IngressState, nowMs: number): Drill {
  const isMember = membersOf(after.selection).includes(drill.endpoint);
  if (drill.endedMs === undefined) {
    const isExpected = drill.away.from.includes(drill.endpoint);
    const away = isExpected && !isMember ? onward(drill.away, after, nowMs) : drill.away;
    return away === drill.away ? drill : { ...drill, away };
  }
  if (!isReturnExpected(drill)) return drill;
  const start = drill.back ?? passageFrom(before);
  const back = isMember ? onward(start, after, nowMs) : start;
  return back === drill.back ? drill : { ...drill, back };
}

/** Whether the ingress left the endpoint for the drill, so that it may come back to it. */
function isReturnExpected({ away, isInterrupted }: Drill): boolean {
  return isInterrupted || away.decidedMs !== undefined;
}

/** One way of the drill, decided by now: whether it is written, and visible. */
function onward(passage: Passage, ingress: IngressState, nowMs: number): Passage {
  const { decidedMs = nowMs } = passage;
  let next: Passage =
    passage.decidedMs === undefined ? { ...passage, decidedMs, to: membersOf(ingress.selection) } : passage;
  const { published, visibility } = ingress;
  if (next.committedMs === undefined && isInSync(ingress)) {
    const isWritten = published?.by === "write" && published.atMs >= decidedMs;
    const isProxied = published?.records.some(({ proxied }) => proxied) === true;
    next = {
      ...next,
      committedMs: nowMs,
      ...(isWritten ? isProxied && { visibility: "proxied" } : { visibility: "same" }),
    };
  }
  if (next.committedMs === undefined || next.visibility !== undefined || visibility === undefined) return next;
  const { status, writtenAtMs, atMs } = visibility;
  if (writtenAtMs < decidedMs || status === "checking" || atMs === undefined) return next;
  return { ...next, visibility: status, visibleMs: atMs };
}

function isOver(drill: Drill, ingress: IngressState, nowMs: number): boolean {
  const { endedMs, endpoint, back } = drill;
  if (endedMs === undefined) return false;
  const isLeft = endpointNamed(ingress, endpoint) === undefined || !isReturnExpected(drill);
  return isLeft || back?.visibility !== undefined || endedMs + patienceMs <= nowMs;
}
