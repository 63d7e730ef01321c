// What was seen, as far as the history still tells: counts for each minute and address, and changes of health with
// their exact times → one observation after the other.
import { minuteMs } from "../core/units.ts";

/** The checks of one address within one minute. */
export interface RecordedMinute {
  readonly address: string;
  readonly startWallMs: number;
  readonly count: number;
  readonly failures: number;
  readonly inconclusive: number;
}

/** An address changed its health: its check at that time was ok, or had failed. */
export interface RecordedTurn {
  readonly address: string;
  readonly atWallMs: number;
  readonly isOk: boolean;
  readonly reason: string;
}

export interface Seen {
  readonly address: string;
  readonly atWallMs: number;
  readonly kind: "ok" | "failed" | "inconclusive";
  readonly detail: string;
}

/**
 * The observations of one address, in the order of time. Within a minute they stand evenly, those that changed the
 * health at their true times; failures come where the health was in doubt, successes elsewhere, and what is left over
 * is spread evenly.
 */
export function reconstruct(minutes: readonly RecordedMinute[], turns: readonly RecordedTurn[]): readonly Seen[] {
  const seen: Seen[] = [];
  let next = 0;
  /** Whether the newest turn was for the worse, and in whose words. */
  let doubt: string | undefined;
  for (const minute of minutes) {
    const endMs = minute.startWallMs + minuteMs;
    while ((turns[next]?.atWallMs ?? Infinity) < minute.startWallMs) doubt = doubtAfter(turns[next++]);
    const own: RecordedTurn[] = [];
    const before = doubt;
    while ((turns[next]?.atWallMs ?? Infinity) < endMs) {
      const turn = turns[next++];
      if (turn === undefined) break;
      own.push(turn);
      doubt = doubtAfter(turn);
    }
    seen.push(...ofMinute(minute, own, before));
  }
  return seen;
}

function doubtAfter(turn: RecordedTurn | undefined): string | undefined {
  return turn === undefined || turn.isOk ? undefined : turn.reason;
}

interface Slot {
  atWallMs: number;
  kind: Seen["kind"] | undefined;
  detail: string;
}

function ofMinute(minute: RecordedMinute, turns: readonly RecordedTurn[], doubtBefore: string | undefined): Seen[] {
  const { address, startWallMs, count } = minute;
  const slots = Array.from({ length: count }, (_, index): Slot => ({
    atWallMs: startWallMs + ((index + 0.5) * minuteMs) / count,
    kind: undefined,
    detail: "",
  }));
  let { failures } = minute;
  let inconclusive = Math.min(minute.inconclusive, count);
  let oks = Math.max(0, count - failures - inconclusive);
  // What changed the health is known to the moment.
  for (const { atWallMs, isOk, reason } of turns) {
    if ((isOk ? oks : failures) === 0) continue;
    const slot = nearestFree(slots, atWallMs);
    if (slot === undefined) break;
    Object.assign(slot, { atWallMs, kind: isOk ? "ok" : "failed", detail: reason });
    if (isOk) oks -= 1;
    else failures -= 1;
  }
  slots.sort((a, b) => a.atWallMs - b.atWallMs);
  const free = slots.filter(({ kind }) => kind === undefined);
  const doubts = free.map(({ atWallMs }) => doubtAt(turns, doubtBefore, atWallMs));
  const doubtful = free.filter((_, index) => doubts[index] !== undefined);
  const calm = free.filter((_, index) => doubts[index] === undefined);
  for (const slot of evenly(doubtful, Math.min(failures, doubtful.length))) {
    fail(slot, doubtAt(turns, doubtBefore, slot.atWallMs));
    failures -= 1;
  }
  // More failed than fit there evenly: rather closer together than where all was well.
  const span = longestDoubt(turns, doubtBefore, startWallMs);
  const left = evenly(calm, Math.min(failures, calm.length));
  for (const [index, slot] of left.entries()) {
    if (span !== undefined) slot.atWallMs = span.fromMs + ((index + 1) * (span.toMs - span.fromMs)) / (left.length + 1);
    fail(slot, span?.reason);
  }
  const rest = free.filter(({ kind }) => kind === undefined);
  for (const slot of evenly(rest, Math.min(inconclusive, rest.length))) {
    slot.kind = "inconclusive";
    inconclusive -= 1;
  }
  slots.sort((a, b) => a.atWallMs - b.atWallMs);
  return slots.map(({ atWallMs, kind = "ok", detail }) => ({ address, atWallMs, kind, detail }));
}

/** The longest time within the minute in which the endpoint was suspect. */
function longestDoubt(
  turns: readonly RecordedTurn[],
  before: string | undefined,
  startMs: number,
): { readonly fromMs: number; readonly toMs: number; readonly reason: string } | undefined {
  const borders = [startMs, ...turns.map(({ atWallMs }) => atWallMs), startMs + minuteMs];
  return borders
    .slice(0, -1)
    .flatMap((fromMs, index) => {
      const reason = doubtAt(turns, before, fromMs);
      return reason === undefined ? [] : [{ fromMs, toMs: borders[index + 1] ?? fromMs, reason }];
    })
    .toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))[0];
}

function fail(slot: Slot, reason: string | undefined): void {
  Object.assign(slot, { kind: "failed", detail: reason ?? "failed" });
}

function doubtAt(turns: readonly RecordedTurn[], before: string | undefined, atWallMs: number): string | undefined {
  const last = turns.findLast((turn) => turn.atWallMs <= atWallMs);
  return last === undefined ? before : doubtAfter(last);
}

function nearestFree(slots: readonly Slot[], atWallMs: number): Slot | undefined {
  const free = slots.filter(({ kind }) => kind === undefined);
  return free.toSorted((a, b) => Math.abs(a.atWallMs - atWallMs) - Math.abs(b.atWallMs - atWallMs))[0];
}

/** This many of the items, spread evenly. */
function evenly<Item>(items: readonly Item[], many: number): readonly Item[] {
  return items.filter(
    (_, index) => Math.floor(((index + 1) * many) / items.length) > Math.floor((index * many) / items.length),
  );
}
