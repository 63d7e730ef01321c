// What of the dashboard can be told without a browser: its words for times, the format of its stream, and which of many
// endpoints come first.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bucketsOf } from "../src/web/dashboard/lib/buckets.ts";
import { foundIngresses } from "../src/web/dashboard/lib/finding.ts";
import { lookOf } from "../src/web/dashboard/lib/ingress-look.ts";
import { keepEqual } from "../src/web/dashboard/lib/keep.ts";
import { countsText, foremost } from "../src/web/dashboard/lib/order.ts";
import { shownReason } from "../src/web/dashboard/lib/seen.ts";
import { createParser, type StreamMessage } from "../src/web/dashboard/lib/server-sent.ts";
import { agoText, countdownText, durationText, latencyText, percentText } from "../src/web/dashboard/lib/time.ts";
import type { EndpointStatus, IngressStatus } from "../src/web/api/schema/status.ts";
import { share } from "./support/share.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test("times are told in the words that people use", () => {
  const told = [
    [durationText(820), "820 ms"],
    [durationText(59.9 * second), "59 s"],
    [durationText(5 * minute), "5 min"],
    [durationText(hour), "1 h"],
    [durationText(hour + 5 * minute), "1 h 5 min"],
    [durationText(26 * hour), "1 d 2 h"],
    [durationText(12.4 * day), "12 d"],
    [durationText(-5), "0 ms"],
    [agoText(-3 * second), "just now"],
    [agoText(4 * second), "just now"],
    [agoText(90 * second), "1 min ago"],
    [agoText(3.9 * hour), "3 h ago"],
    [agoText(50 * hour), "2 d ago"],
    [countdownText(0), "0:00"],
    [countdownText(4.2 * second), "0:05"],
    [countdownText(125 * second), "2:05"],
    [countdownText(hour), "1:00:00"],
    [countdownText(26 * hour), "1 d 2 h"],
    [latencyText(0), "0 ms"],
    [latencyText(0.84), "0.8 ms"],
    [latencyText(23.4), "23 ms"],
    [latencyText(1_240), "1.2 s"],
  ];
  for (const [found, expected] of told) assert.equal(found, expected);
});

test("an availability is never rounded up to 100 %", () => {
  assert.deepEqual([100, 99.9999, 99.95, 99.5, 97.16, 0].map(percentText), [
    "100 %",
    "99.999 %",
    "99.950 %",
    "99.50 %",
    "97.1 %",
    "0.0 %",
  ]);
  fc.assert(
    fc.property(share, (part) => {
      const percent = 99.999_999 * part;
      assert.notEqual(percentText(percent), "100 %");
      assert.ok(Number.parseFloat(percentText(percent)) <= percent);
    }),
  );
});

test("a pin is worth a look, and one on an endpoint that is down is bad", () => {
  const pinned = (verdict: "up" | "down"): string => {
    const ingress = {
      isServed: true,
      isInSync: true,
      published: {},
      selection: { primary: "cable" },
      overrides: [{ kind: "pin", endpoint: "cable" }],
      endpoints: [
        { name: "cable", verdict, rank: 1 },
        { name: "mobile", verdict: "up", rank: 2 },
      ],
    };
    const { tone, word } = lookOf(ingress as unknown as IngressStatus);
    return `${tone}: ${word}`;
  };
  assert.equal(pinned("up"), "warn: pinned");
  assert.equal(pinned("down"), "bad: pinned and down");
});

const check = {
  url: "http://cable.example.com/healthz",
  intervalMs: 15_000,
  fastIntervalMs: 2_000,
  nowMs: 15_000,
  timeoutMs: 5_000,
  rise: 3,
  fall: 3,
};

test("what people did to a better endpoint is not called a failover", () => {
  const { since } = endpoint({});
  const ingress = {
    isServed: true,
    isInSync: true,
    overrides: [],
    published: { records: [], confirmed: since },
    selection: { primary: "mobile", sticky: [], why: "", reason: "drain", since },
  } as unknown as IngressStatus;
  const mobile = endpoint({ name: "mobile", rank: 2, role: "primary" });
  const override = { kind: "drain", endpoint: "cable", until: since } as const;
  const words = [
    endpoint({ verdict: "down" }),
    endpoint({ override }),
    endpoint({ override: { ...override, kind: "drill" } }),
  ].map((cable) => lookOf({ ...ingress, endpoints: [cable, mobile] }).word);
  assert.deepEqual(words, ["failed over", "cable is drained", "cable is in a drill"]);
});

test("while the monitor is offline, that is what is said, and no verdict of before is shown as one of now", () => {
  const cable = endpoint({ check, role: "primary", isUnseen: true });
  const mobile = endpoint({ name: "mobile", check, verdict: "down", reason: "timeout", isUnseen: true });
  const trouble = { kind: "transient", during: "read", message: "no answer", since: cable.since } as const;
  const ingress = { isServed: true, isInSync: true, overrides: [], trouble } as unknown as IngressStatus;
  assert.deepEqual(lookOf({ ...ingress, endpoints: [cable, mobile] }), { tone: "warn", word: "monitor offline" });
  assert.equal(countsText([cable, mobile]), "2 unknown");
  assert.equal(shownReason(cable), "the monitor is offline; last known to be up");
  assert.equal(shownReason(mobile), "the monitor is offline; last known to be down");
  const seen = { ...mobile, isUnseen: false };
  assert.equal(lookOf({ ...ingress, endpoints: [cable, seen] }).word, "problem with Cloudflare");
  assert.equal(shownReason(seen), "timeout");
  // One without a check is assumed up, whatever this machine can reach.
  const unchecked = endpoint({ name: "vps" });
  assert.equal(lookOf({ ...ingress, endpoints: [cable, unchecked] }).word, "monitor offline");
  assert.equal(lookOf({ ...ingress, endpoints: [unchecked] }).word, "problem with Cloudflare");
});

describe("the stream", () => {
  const text = [
    ": alive",
    "",
    "retry: 2000",
    "",
    "event: status",
    'data: {"a":1}',
    "",
    "event: event",
    "id: 7",
    "data: one",
    "data:two",
    "",
    "data: only data",
    "",
    "event: nothing",
    "",
    "data: never finished",
  ];
  const expected: StreamMessage[] = [
    { event: "status", data: '{"a":1}' },
    { event: "event", data: "one\ntwo" },
    { event: "message", data: "only data" },
  ];

  test("is read the same in whatever pieces it comes", () => {
    fc.assert(
      fc.property(fc.constantFrom("\n", "\r\n"), fc.array(fc.nat(150)), (end, cuts) => {
        const whole = text.join(end);
        const bounds = [0, ...cuts.filter((cut) => cut <= whole.length).toSorted((a, b) => a - b), whole.length];
        const messages: StreamMessage[] = [];
        const parse = createParser((message) => messages.push(message));
        for (const [index, bound] of bounds.entries()) parse(whole.slice(bounds[index - 1] ?? 0, bound));
        assert.deepEqual(messages, expected);
      }),
    );
  });
});

describe("a new document", () => {
  test("says what it said, and is made of the old one wherever that says the same", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
        const kept = keepEqual(before, after);
        assert.deepEqual(kept, after);
        assert.equal(keepEqual(kept, structuredClone(after)), kept);
      }),
    );
    const before = { at: 1, list: [{ name: "a" }, { name: "b" }] };
    const after = keepEqual(before, { at: 2, list: [{ name: "a" }, { name: "c" }] });
    assert.equal(after.list[0], before.list[0]);
    assert.notEqual(after.list, before.list);
  });
});

describe("of many endpoints", () => {
  const many = Array.from({ length: 50 }, (_, index) => endpoint({ name: `line-${index}`, rank: 50 - index }));

  test("those worth looking at come first, in the order of their rank", () => {
    const changed = many.map((each, index) => {
      if (index === 3) return { ...each, role: "primary" as const };
      if (index === 10) return { ...each, verdict: "down" as const };
      return each;
    });
    const shown = foremost(changed, 4).map(({ name }) => name);
    assert.deepEqual(shown, ["line-49", "line-48", "line-10", "line-3"]);
    assert.equal(foremost(changed.slice(0, 3), 4).length, 3);
    assert.equal(countsText(changed), "49 up, 1 down");
  });
});

test("of many ingresses those in trouble come first, and the rest is found by any of its names", () => {
  const of = (record: string, look: "well" | "down" | "starting", target: string): IngressStatus =>
    ({
      record,
      zone: "example.com",
      isServed: look !== "down",
      isInSync: true,
      overrides: [],
      published: look === "starting" ? undefined : { records: [] },
      selection: look === "starting" ? undefined : { primary: "cable" },
      endpoints: [
        {
          name: "cable",
          rank: 1,
          verdict: look === "down" ? "down" : "up",
          target: [target],
          addresses: [{ address: "192.0.2.7" }],
        },
      ],
    }) as unknown as IngressStatus;
  const all = [
    of("a.example", "well", "x.net"),
    of("b.example", "starting", "y.net"),
    of("c.example", "down", "Z.net"),
  ];
  const found = (text: string, isTroubledOnly = false): string =>
    foundIngresses(all, { text, isTroubledOnly })
      .map(({ record }) => record[0])
      .join("");
  assert.equal(found(""), "cba");
  assert.equal(found("", true), "c");
  assert.equal(found(" Y.NET "), "b");
  assert.equal(found("z.net cable"), "c");
  assert.equal(found("a.example y.net"), "");
  assert.equal(found("192.0.2.7"), "cba");
});

test("a table has at most 24 lines, the newest first, and leaves out times without checks", () => {
  const count = 720;
  const startSeconds = Array.from({ length: count }, (_, index) => index * 60);
  const series = {
    address: "192.0.2.1",
    checks: startSeconds.map((_, index) => (index < 30 ? 0 : 2)),
    failures: startSeconds.map((_, index) => Number(index === 719)),
    inconclusive: startSeconds.map(() => 0),
    p50Ms: startSeconds.map((_, index) => (index < 690 ? 10 : null)),
    p95Ms: startSeconds.map((_, index) => (index < 690 ? index : null)),
    maxMs: startSeconds.map(() => 700),
    recent: [],
  };
  const buckets = bucketsOf(startSeconds, series);
  assert.equal(buckets.length, 23);
  const unanswered = { p50Ms: undefined, p95Ms: undefined };
  assert.deepEqual(buckets[0], { startSeconds: 690 * 60, checks: 60, failures: 1, ...unanswered, maxMs: 700 });
  assert.deepEqual(buckets.at(-1), { startSeconds: 1_800, checks: 60, failures: 0, p50Ms: 10, p95Ms: 59, maxMs: 700 });
  assert.deepEqual(bucketsOf([], { ...series, checks: [], failures: [], p50Ms: [], p95Ms: [], maxMs: [] }), []);
});

function endpoint(changes: Partial<EndpointStatus>): EndpointStatus {
  return {
    name: "cable",
    target: ["cable.example.com"],
    priority: 10,
    rank: 1,
    role: "none",
    verdict: "up",
    isDegraded: false,
    isUnseen: false,
    reason: "answers",
    since: "2026-01-01T00:00:00.000Z",
    addresses: [],
    ...changes,
  };
}
