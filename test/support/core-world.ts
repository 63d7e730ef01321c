// Generators for the core's properties: settings worth deciding about, and events that come in streaks as real ones do.
import fc from "fast-check";
import { httpTask } from "./checks.ts";
import type {
  CheckSettings,
  EndpointSettings,
  IngressSettings,
  Observation,
  Resolution,
} from "../../src/core/model.ts";
import { parseIp } from "../../src/lib/ip.ts";

export const record = "ingress.example.com";
export const mixRecord = "ingress-mix.example.com";

/** What happens in one move of a generated story. `endpoint` is an index that wraps around. */
export type Move =
  | { kind: "probe"; endpoint: number; address: number; what: "ok" | "failed" | "no-route" | "late"; times: number }
  /** Probes of which each begins `gapMs` after the one before, and takes its own time. */
  | { kind: "overlap"; endpoint: number; address: number; gapMs: number; probes: readonly Overlapping[] }
  | {
      kind: "resolve";
      endpoint: number;
      what: "same" | "shared" | "renumbered" | "both-families" | "nxdomain" | "silent";
    }
  | { kind: "wait"; ms: number }
  | { kind: "anchors"; what: "answer" | "silent" }
  | { kind: "record"; what: "read" | "emptied" | "foreign" }
  | {
      kind: "mix";
      what: "read" | "emptied" | "edited" | "foreign" | "cleared" | "shown" | "denied" | "silent" | "fails" | "works";
    }
  | { kind: "cloud"; what: "works" | "fails" | "refuses" }
  | { kind: "config"; what: "same" | "rejected" | "without-first" | "whole" }
  | { kind: "restart"; downMs: number }
  | { kind: "word"; endpoint: number; what: "pin" | "drain" | "drill" | "resume"; forMs: number };

export interface Overlapping {
  readonly what: "ok" | "failed";
  readonly tookMs: number;
}

const oneOf = fc.constantFrom;

/** fast-check's records have no prototype unless told, which no parsed JSON lacks. */
const plain = { noNullPrototype: true } as const;

const checkOf: fc.Arbitrary<CheckSettings> = fc.record(
  {
    what: fc.constant(httpTask({ url: "https://example.com/" })),
    intervalMs: oneOf(2_000, 15_000),
    fastIntervalMs: fc.constant(1_000),
    timeoutMs: oneOf(1_000, 5_000),
    rise: fc.integer({ min: 1, max: 4 }),
    fall: fc.integer({ min: 1, max: 4 }),
  },
  plain,
);

/** An ingress of two to four endpoints. Most have host names and checks; some do not. */
export const settingsOf: fc.Arbitrary<IngressSettings> = fc
  .record({
    publish: oneOf("auto" as const, "auto" as const, "addresses" as const),
    holdUpMs: oneOf(0, 10_000, 60_000),
    mixWaitMs: oneOf(undefined, 0, 5_000, 60_000),
    endpoints: fc.array(
      fc.record({
        isHost: oneOf(true, true, true, false),
        priority: fc.integer({ min: 0, max: 3 }),
        ttl: oneOf<number | "auto">(60, 300, 120, "auto"),
        stickyMs: oneOf(undefined, 30_000, 600_000),
        check: fc.option(checkOf, { freq: 6, nil: undefined }),
      }),
      { minLength: 2, maxLength: 4 },
    ),
  })
  .map(({ publish, holdUpMs, mixWaitMs, endpoints }) => ({
    id: record,
    record,
    ...(mixWaitMs !== undefined && { mix: { record: mixRecord, waitMs: mixWaitMs } }),
    publish,
    holdUpMs,
    reconcileIntervalMs: 300_000,
    allowPrivate: false,
    endpoints: endpoints.map(({ isHost, priority, ttl, stickyMs, check }, index): EndpointSettings => {
      const name = `way${index}`;
      return {
        name,
        priority,
        ttl,
        resolvers: ["1.1.1.1:53"],
        target: isHost
          ? { kind: "host", host: `${name}.example.com` }
          : { kind: "addresses", addresses: [ip(`192.0.2.${index + 1}`)] },
        ...(stickyMs === undefined ? {} : { stickyMs }),
        ...(check === undefined ? {} : { check }),
      };
    }),
  }));

const index = fc.nat({ max: 3 });

const moveOf: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("probe" as const),
      endpoint: index,
      address: index,
      what: oneOf(
        "ok" as const,
        "ok" as const,
        "ok" as const,
        "failed" as const,
        "failed" as const,
        "no-route" as const,
        "late" as const,
      ),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("overlap" as const),
      endpoint: index,
      address: index,
      gapMs: oneOf(500, 1_000, 2_000),
      probes: fc.array(fc.record({ what: oneOf("ok" as const, "failed" as const), tookMs: oneOf(100, 1_500, 5_000) }), {
        minLength: 2,
        maxLength: 4,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("resolve" as const),
      endpoint: index,
      what: oneOf(
        "same" as const,
        "same" as const,
        "shared" as const,
        "renumbered" as const,
        "both-families" as const,
        "nxdomain" as const,
        "silent" as const,
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: oneOf(100, 5_000, 31_000, 70_000, 700_000, 3_700_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("record" as const),
      what: oneOf("read" as const, "emptied" as const, "foreign" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("mix" as const),
      what: oneOf(
        "read" as const,
        "emptied" as const,
        "edited" as const,
        "foreign" as const,
        "cleared" as const,
        "shown" as const,
        "denied" as const,
        "silent" as const,
        "fails" as const,
        "works" as const,
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("cloud" as const),
      what: oneOf("works" as const, "fails" as const, "refuses" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("config" as const),
      what: oneOf("same" as const, "rejected" as const, "without-first" as const, "whole" as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("restart" as const), downMs: oneOf(0, 5_000, 300_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("word" as const),
      endpoint: index,
      what: oneOf("pin" as const, "drain" as const, "drain" as const, "drill" as const, "resume" as const),
      forMs: oneOf(2_000, 20_000, 120_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("anchors" as const),
      what: oneOf("answer" as const, "silent" as const),
    }),
  },
);

/** Every endpoint, wherever the index wraps. */
const everybody = [0, 1, 2, 3];

function answers(endpoint: number, times: number): Move {
  return { kind: "probe", endpoint, address: 0, what: "ok", times };
}

/** All endpoints have an address, and most of them are up. */
const goodBeginning: readonly Move[] = everybody.flatMap((endpoint): Move[] => [
  { kind: "resolve", endpoint, what: "same" },
  answers(endpoint, 4),
]);

/** What chance alone brings about too rarely: one endpoint is left, with the others up by results that are fresh. */
const departureOf: fc.Arbitrary<Move[]> = fc
  .record({
    endpoint: index,
    how: oneOf<Move[]>(
      [{ kind: "probe", endpoint: 0, address: 0, what: "failed", times: 4 }],
      [{ kind: "word", endpoint: 0, what: "drain", forMs: 20_000 }],
    ),
  })
  .map(({ endpoint, how }) => [
    ...everybody.map((other) => answers(other, 1)),
    ...how.map((move) => ("endpoint" in move ? { ...move, endpoint } : move)),
  ]);

/** Everybody fails, and everybody comes back, one a little after the other. */
const outageOf: fc.Arbitrary<Move[]> = fc
  .record({
    lasts: oneOf(100, 5_000, 70_000),
    comesBack: fc.array(fc.record({ endpoint: index, times: fc.integer({ min: 1, max: 4 }) }), {
      minLength: 4,
      maxLength: 10,
    }),
  })
  .map(({ lasts, comesBack }) => [
    ...everybody.map((endpoint): Move => ({ kind: "probe", endpoint, address: 0, what: "failed", times: 4 })),
    { kind: "wait", ms: lasts },
    ...comesBack.map(({ endpoint, times }) => answers(endpoint, times)),
  ]);

/** One endpoint is left and comes back, and its hold is over; the one that served meanwhile may be in question by then. */
const returnOf: fc.Arbitrary<Move[]> = fc
  .record({ endpoint: index, isDoubtful: fc.boolean(), holdMs: oneOf(100, 10_000, 60_000) })
  .map(({ endpoint, isDoubtful, holdMs }) => {
    const others = everybody.filter((other) => other !== endpoint);
    return [
      ...others.map((other) => answers(other, 4)),
      { kind: "probe", endpoint, address: 0, what: "failed", times: 4 },
      ...others.map((other) => answers(other, 1)),
      answers(endpoint, 4),
      { kind: "wait", ms: holdMs },
      ...others.map((other): Move => ({
        kind: "probe",
        endpoint: other,
        address: 0,
        what: isDoubtful ? "failed" : "ok",
        times: 1,
      })),
      answers(endpoint, 1),
    ];
  });

/** An endpoint has addresses of both families, all up, and loses one of them. */
const halfOf: fc.Arbitrary<Move[]> = fc
  .record({ endpoint: index, address: fc.nat({ max: 1 }) })
  .map(({ endpoint, address }): Move[] => [
    { kind: "resolve", endpoint, what: "both-families" },
    ...[0, 1].map((each): Move => ({ kind: "probe", endpoint, address: each, what: "ok", times: 4 })),
    { kind: "wait", ms: 70_000 },
    { kind: "probe", endpoint, address: 1 - address, what: "ok", times: 1 },
    { kind: "probe", endpoint, address, what: "failed", times: 4 },
  ]);

/** Stories in which endpoints come up, go down and come back often. Most of them begin well. */
export const movesOf: fc.Arbitrary<Move[]> = fc
  .record({
    beginning: oneOf<readonly Move[]>([], goodBeginning, goodBeginning),
    episodes: fc.array(
      fc.oneof(
        { weight: 20, arbitrary: moveOf.map((move) => [move]) },
        { weight: 1, arbitrary: departureOf },
        { weight: 1, arbitrary: outageOf },
        { weight: 1, arbitrary: returnOf },
        { weight: 1, arbitrary: halfOf },
      ),
      { minLength: 10, maxLength: 120 },
    ),
  })
  .map(({ beginning, episodes }) => [...beginning, ...episodes.flat()]);

/** What a look-up of endpoint number `endpoint` answers. */
export function answerOf(what: (Move & { kind: "resolve" })["what"], endpoint: number): Resolution {
  const v4 = ip(`192.0.2.${endpoint + 1}`);
  switch (what) {
    case "same":
      return { kind: "addresses", addresses: [v4], ttlSeconds: 60 };
    case "shared":
      return { kind: "addresses", addresses: [ip("192.0.2.1")], ttlSeconds: 60 };
    case "renumbered":
      return { kind: "addresses", addresses: [ip(`198.51.100.${endpoint + 1}`)], ttlSeconds: 60 };
    case "both-families":
      return { kind: "addresses", addresses: [v4, ip(`2001:db8::${endpoint + 1}`)], ttlSeconds: 60 };
    case "nxdomain":
      return { kind: "none", reason: "nxdomain", detail: "the name does not exist" };
    case "silent":
      return { kind: "inconclusive", reason: "silent", detail: "no resolver answered" };
    default:
      return what satisfies never;
  }
}

export function observationOf(what: (Move & { kind: "probe" })["what"], nowMs: number): Observation {
  const base = { startedMs: nowMs, endedMs: nowMs, vantage: "local", phases: {}, detail: what };
  if (what === "ok") return { ...base, kind: "ok" };
  return what === "failed"
    ? { ...base, kind: "failed", reason: "timeout" }
    : { ...base, kind: "inconclusive", reason: what };
}

export function ip(text: string): NonNullable<ReturnType<typeof parseIp>> {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}
