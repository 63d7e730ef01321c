// The past of one daemon as its history tells it: what it saw, who served and why, what people said.
import type { EndpointSettings, IngressSettings, Override } from "../core/model.ts";
import { reconstruct, type RecordedMinute, type RecordedTurn, type Seen } from "./reconstruct.ts";
import { dayMs } from "../core/units.ts";

/** Where the past is read from. */
export interface HistorySource {
  rollups(query: {
    readonly ingress: string;
    readonly endpoint: string;
    readonly fromWallMs: number;
    readonly toWallMs: number;
    readonly resolution: "minute";
  }): readonly RecordedMinute[];
  /** Oldest first. */
  journal(): readonly RecordedFact[];
}

export interface RecordedFact {
  readonly atWallMs: number;
  readonly atMs: number;
  readonly fact: Readonly<Record<string, unknown>> & { readonly kind: string; readonly ingress?: string };
}

/** Another endpoint became the primary. */
export interface Switch {
  readonly atWallMs: number;
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

export interface PastOfIngress {
  readonly id: string;
  readonly record: string;
  /** Who served at the beginning; `undefined` where the history does not say. */
  readonly primary: string | undefined;
  readonly switches: readonly Switch[];
  readonly endpoints: readonly { readonly name: string; readonly seen: readonly Seen[] }[];
  /** What people said, with the time that it was to last. */
  readonly words: readonly ({ readonly atWallMs: number } & (
    | { readonly kind: "began"; readonly override: Omit<Override, "untilMs">; readonly forMs: number }
    | { readonly kind: "ended"; readonly endpoint: string }
  ))[];
}

export interface Past {
  readonly fromWallMs: number;
  readonly toWallMs: number;
  readonly ingresses: readonly PastOfIngress[];
  /** When the monitor appeared to be offline. */
  readonly blindness: readonly { readonly family: string; readonly fromWallMs: number; readonly toWallMs: number }[];
  readonly checks: number;
}

/** Reads the past of these ingresses between two times. */
export function readPast(
  source: HistorySource,
  ingresses: readonly IngressSettings[],
  { fromWallMs, toWallMs }: { fromWallMs: number; toWallMs: number },
): Past {
  const facts = source.journal().filter(({ atWallMs }) => atWallMs < toWallMs);
  const pasts = ingresses.map((settings) => pastOf(source, settings, facts, { fromWallMs, toWallMs }));
  const all = pasts.flatMap(({ endpoints }) => endpoints.flatMap(({ seen }) => seen));
  // Before the first check nothing is known.
  const first = all.reduce((least, { atWallMs }) => Math.min(least, atWallMs), toWallMs);
  return {
    fromWallMs: Math.max(fromWallMs, Math.floor(first)),
    toWallMs,
    ingresses: pasts,
    blindness: blindnessIn(facts, toWallMs),
    checks: all.length,
  };
}

function pastOf(
  source: HistorySource,
  { id, record, endpoints }: IngressSettings,
  facts: readonly RecordedFact[],
  { fromWallMs, toWallMs }: { fromWallMs: number; toWallMs: number },
): PastOfIngress {
  const own = facts.filter(({ fact }) => fact.ingress === id);
  const recent = own.filter(({ atWallMs }) => atWallMs >= fromWallMs);
  const { primary, switches } = switchesIn(own, fromWallMs);
  return {
    id,
    record,
    primary,
    switches,
    endpoints: endpoints.map((endpoint) => ({
      name: endpoint.name,
      seen: seenOf(minutesOf(source, id, endpoint.name, fromWallMs, toWallMs), turnsOf(recent, endpoint)),
    })),
    words: recent.flatMap(wordOf),
  };
}

/** A question is answered with so many periods at most: a day at a time is well below. */
function minutesOf(
  source: HistorySource,
  ingress: string,
  endpoint: string,
  fromWallMs: number,
  toWallMs: number,
): readonly RecordedMinute[] {
  const found = new Map<string, RecordedMinute>();
  for (let startMs = fromWallMs; startMs < toWallMs; startMs += dayMs) {
    const endMs = Math.min(toWallMs, startMs + dayMs);
    const query = { ingress, endpoint, fromWallMs: startMs, toWallMs: endMs, resolution: "minute" } as const;
    // A minute on the border belongs to both days.
    for (const minute of source.rollups(query)) found.set(`${minute.address} ${minute.startWallMs}`, minute);
  }
  return [...found.values()];
}

function seenOf(minutes: readonly RecordedMinute[], turns: readonly RecordedTurn[]): readonly Seen[] {
  const addresses = [...new Set(minutes.map(({ address }) => address))];
  return addresses
    .flatMap((address) =>
      reconstruct(
        minutes.filter((minute) => minute.address === address),
        turns.filter((turn) => turn.address === address),
      ),
    )
    .toSorted((a, b) => a.atWallMs - b.atWallMs);
}

/** The changes of health of all addresses of an endpoint, with the results in a row that led to them. */
function turnsOf(facts: readonly RecordedFact[], { name, check }: EndpointSettings): readonly RecordedTurn[] {
  const newest = new Map<string, RecordedTurn>();
  const turns: RecordedTurn[] = [];
  for (const { atWallMs, fact } of facts) {
    if (fact.kind !== "address-health-changed" || fact["endpoint"] !== name) continue;
    const to = String(fact["to"]);
    if (to === "unknown") continue;
    const isOk = to === "up" || to === "recovering";
    // `timeout (3 in a row)`: how many there were is for the replay to find out.
    const [, reason = "", row] =
      /^(.*?)(?: \((?:(\d+) in a row|\d+ of \d+|\d+ failures since it was last up)\))?$/s.exec(
        String(fact["reason"]),
      ) ?? [];
    const turn = { address: String(fact["address"]), atWallMs, isOk, reason };
    const before = newest.get(turn.address);
    const many =
      to === "down" ? Number(row ?? 0) : fact["from"] === "recovering" && to === "up" ? (check?.rise ?? 0) : 0;
    if (before?.isOk === isOk) turns.push(...between(before, turn, many - 2));
    turns.push(turn);
    newest.set(turn.address, turn);
  }
  return turns;
}

/** So many results like those at both ends, evenly between them. */
function between(first: RecordedTurn, last: RecordedTurn, many: number): readonly RecordedTurn[] {
  const stepMs = (last.atWallMs - first.atWallMs) / (many + 1);
  return Array.from({ length: Math.max(0, many) }, (_, index) => ({
    ...last,
    atWallMs: first.atWallMs + (index + 1) * stepMs,
  }));
}

/** Who served at the time, and every change of it since. */
function switchesIn(
  facts: readonly RecordedFact[],
  fromWallMs: number,
): { readonly primary: string | undefined; readonly switches: readonly Switch[] } {
  let primary: string | undefined;
  let first: string | undefined;
  const switches: Switch[] = [];
  for (const { atWallMs, fact } of facts) {
    if (fact.kind !== "selection-changed") continue;
    const to = primaryOf(fact["to"]);
    if (to === undefined) continue;
    const isRecent = atWallMs >= fromWallMs;
    if (isRecent && primary === undefined) primary = primaryOf(fact["from"]);
    if (isRecent) first ??= primary ?? to;
    if (isRecent && primary !== undefined && primary !== to) {
      switches.push({ atWallMs, from: primary, to, why: String(fact["why"]) });
    }
    primary = to;
  }
  return { primary: first ?? primary, switches };
}

function primaryOf(selection: unknown): string | undefined {
  if (typeof selection !== "object" || selection === null || !("primary" in selection)) return undefined;
  return typeof selection.primary === "string" ? selection.primary : undefined;
}

function wordOf({ atWallMs, atMs, fact }: RecordedFact): PastOfIngress["words"] {
  if (fact.kind !== "override-began" && fact.kind !== "override-ended") return [];
  const override = fact["override"] as Override | undefined;
  if (override === undefined) return [];
  if (fact.kind === "override-ended") return [{ atWallMs, kind: "ended", endpoint: override.endpoint }];
  const { untilMs, ...word } = override;
  return [{ atWallMs, kind: "began", override: word, forMs: Math.max(0, untilMs - atMs) }];
}

function blindnessIn(facts: readonly RecordedFact[], toWallMs: number): Past["blindness"] {
  const since = new Map<string, number>();
  const found: { family: string; fromWallMs: number; toWallMs: number }[] = [];
  for (const { atWallMs, fact } of facts) {
    const family = String(fact["family"]);
    if (fact.kind === "blindness-began") since.set(family, atWallMs);
    const fromWallMs = since.get(family);
    if (fact.kind !== "blindness-ended" || fromWallMs === undefined) continue;
    found.push({ family, fromWallMs, toWallMs: atWallMs });
    since.delete(family);
  }
  for (const [family, fromWallMs] of since) found.push({ family, fromWallMs, toWallMs });
  return found;
}
