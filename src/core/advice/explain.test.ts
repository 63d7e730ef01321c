// What a configuration amounts to: the sums, and what stands out.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { foresee, httpTask } from "../../../test/support/checks.ts";
import { endpointSettings, ingressSettings } from "../../../test/support/ingress-world.ts";
import { parseIp } from "../../lib/ip.ts";
import { explain, type Failover, type Sum } from "./explain.ts";
import type { CheckSettings, EndpointSettings, IngressSettings } from "../model.ts";
import type { Pitfall } from "./pitfalls.ts";

const check: CheckSettings = {
  what: httpTask({ contains: "OK" }),
  intervalMs: 10_000,
  fastIntervalMs: 2_000,
  timeoutMs: 5_000,
  rise: 3,
  fall: 3,
};

function endpoint(name: string, changes: Partial<EndpointSettings> = {}): EndpointSettings {
  return endpointSettings(name, { check, ...changes });
}

function withoutCheck(name: string, changes: Partial<EndpointSettings> = {}): EndpointSettings {
  const { check: _, ...rest } = endpoint(name, changes);
  return rest;
}

function at(name: string, ...texts: readonly string[]): EndpointSettings {
  const addresses = texts.flatMap((text) => parseIp(text) ?? []);
  return endpoint(name, { target: { kind: "addresses", addresses } });
}

function ingress(endpoints: readonly EndpointSettings[], changes: Partial<IngressSettings> = {}): IngressSettings {
  return { ...ingressSettings("ingress.example.com", endpoints), ...changes };
}

function move(endpoints: readonly EndpointSettings[], changes: Partial<IngressSettings> = {}): Failover {
  const [first] = explain(ingress(endpoints, changes), foresee).moves;
  assert.ok(first !== undefined, "two endpoints have a move between them");
  return first;
}

function shown({ terms, totalMs }: Sum): string {
  return `${totalMs} = ${terms.map(({ kind, times, eachMs }) => `${times} × ${eachMs} ${kind}`).join(" + ")}`;
}

const cable = endpoint("cable");
const mobile = endpoint("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });

describe("failover", () => {
  test("takes at worst an interval, one timeout, the pauses between the failures, the proof, and one call", () => {
    const { failover } = move([cable, mobile]);
    assert.ok(failover !== undefined);
    assert.equal(
      shown(failover.worst),
      "22000 = 1 × 10000 interval + 1 × 5000 timeout + 2 × 2000 fast-interval + 1 × 2000 proof + 1 × 1000 api-call",
    );
    assert.equal(
      shown(failover.silent),
      "15000 = 1 × 5000 half-interval + 1 × 5000 timeout + 2 × 2000 fast-interval + 1 × 1000 api-call",
    );
    assert.equal(
      shown(failover.refused),
      "10000 = 1 × 5000 half-interval + 2 × 2000 fast-interval + 1 × 1000 api-call",
    );
    assert.deepEqual([failover.ttlSeconds, failover.clientsWorstMs], [60, 82_000]);
  });

  test("cannot happen from an endpoint that nobody checks", () => {
    const moves = move([withoutCheck("cable"), withoutCheck("mobile", { priority: 20 })]);
    assert.deepEqual([moves.failover, moves.comeback], [undefined, undefined]);
  });

  test("goes from each endpoint to the next best, checked before unchecked", () => {
    const { moves } = explain(ingress([withoutCheck("vps", { priority: 1 }), mobile, cable]), foresee);
    assert.deepEqual(
      moves.map(({ from, to }) => [from, to]),
      [
        ["cable", "mobile"],
        ["mobile", "vps"],
      ],
    );
  });

  test("is never at worst faster than usual, and every sum is the sum of its terms", () => {
    const checks = fc.record({
      intervalMs: fc.integer({ min: 100, max: 86_400_000 }),
      fastIntervalMs: fc.integer({ min: 100, max: 86_400_000 }),
      timeoutMs: fc.integer({ min: 100, max: 60_000 }),
      rise: fc.integer({ min: 1, max: 10 }),
      fall: fc.integer({ min: 1, max: 10 }),
    });
    fc.assert(
      fc.property(checks, fc.integer({ min: 0, max: 3_600_000 }), (rhythm, holdUpMs) => {
        const { failover, comeback } = move([endpoint("cable", { check: { ...check, ...rhythm } }), mobile], {
          holdUpMs,
        });
        assert.ok(failover !== undefined && comeback !== undefined);
        assert.ok(failover.worst.totalMs >= failover.silent.totalMs);
        assert.ok(failover.silent.totalMs >= failover.refused.totalMs);
        assert.ok(comeback.worst.totalMs >= comeback.typical.totalMs);
        for (const { terms, totalMs } of [failover.worst, failover.silent, failover.refused, comeback.worst]) {
          assert.equal(
            totalMs,
            terms.reduce((total, { times, eachMs }) => total + times * eachMs, 0),
          );
        }
      }),
    );
  });
});

describe("the way back", () => {
  test("takes an interval, the oks, hold_up, and one call; then comes the mix with the lower TTL", () => {
    const { comeback, writes } = move([cable, mobile]);
    assert.ok(comeback !== undefined);
    assert.equal(
      shown(comeback.worst),
      "90000 = 1 × 10000 interval + 3 × 5000 timeout + 2 × 2000 fast-interval + 1 × 60000 hold-up + 1 × 1000 api-call",
    );
    assert.equal(
      shown(comeback.typical),
      "70000 = 1 × 5000 half-interval + 2 × 2000 fast-interval + 1 × 60000 hold-up + 1 × 1000 api-call",
    );
    assert.deepEqual([comeback.ttlSeconds, comeback.stickyMs, comeback.mixTtlSeconds], [300, 600_000, 60]);
    assert.equal(writes, 3);
  });

  test("takes longer with every loss, up to an hour", () => {
    const { comeback } = move([cable, mobile], { holdUpMs: 900_000 });
    assert.deepEqual(comeback?.holdsMs, [900_000, 1_800_000, 3_600_000]);
    assert.deepEqual(move([cable, mobile], { holdUpMs: 0 }).comeback?.holdsMs, [0]);
  });

  test("has no mix without sticky, and one write less", () => {
    const { comeback, writes } = move([cable, endpoint("mobile", { priority: 20 })]);
    assert.deepEqual([comeback?.stickyMs, comeback?.mixTtlSeconds, writes], [undefined, undefined, 2]);
  });
});

test("the costs are those of a day and a month", () => {
  const { calls, endpoints } = explain(ingress([cable, mobile], { reconcileIntervalMs: 300_000 }), foresee);
  assert.equal(calls.readsPerDay, 288);
  assert.equal(endpoints[0]?.check?.checksPerDay, 8_640);
  assert.equal(endpoints[0]?.check?.bytesPerMonth, 8_640 * 30 * 8_000);
  const plain = endpoint("cable", { check: { ...check, what: httpTask({ url: "http://example.com/" }) } });
  assert.equal(explain(ingress([plain]), foresee).endpoints[0]?.check?.bytesPerMonth, 8_640 * 30 * 1_500);
});

test("a brown-out is told from five oks, or as many as rise says", () => {
  const outlook = (rise: number, fall: number): unknown =>
    explain(ingress([endpoint("cable", { check: { ...check, rise, fall } })]), foresee).endpoints[0]?.check?.brownOut;
  assert.deepEqual(outlook(3, 3), { failures: 6, oksToForgive: 5 });
  assert.deepEqual(outlook(8, 2), { failures: 4, oksToForgive: 8 });
});

describe("what stands out", () => {
  const backup = endpoint("mobile", { priority: 20 });
  const cases: readonly (readonly [string, IngressSettings, readonly Pitfall[]])[] = [
    ["nothing in two plain lines", ingress([cable, backup]), []],
    ["a single endpoint", ingress([cable]), [{ kind: "alone", endpoint: "cable" }]],
    [
      "an endpoint without a check, and its rank",
      ingress([withoutCheck("vps", { priority: 1 }), cable]),
      [
        { kind: "unchecked", endpoint: "vps", isFirst: false },
        { kind: "rank", endpoint: "vps", after: "cable" },
      ],
    ],
    [
      "nobody with a check",
      ingress([withoutCheck("cable"), withoutCheck("mobile", { priority: 20 })]),
      [
        { kind: "unchecked", endpoint: "cable", isFirst: true },
        { kind: "unchecked", endpoint: "mobile", isFirst: false },
      ],
    ],
    [
      "sticky shorter than the TTL, on a proxied name, which has no mix",
      ingress([cable, endpoint("mobile", { priority: 20, ttl: "auto", stickyMs: 120_000 })], { proxied: true }),
      [
        { kind: "sticky-below-ttl", endpoint: "mobile", stickyMs: 120_000, ttlSeconds: 300 },
        { kind: "no-mix", endpoints: ["mobile"], reason: "proxied" },
      ],
    ],
    [
      "no name for a mix is needed where addresses are published",
      ingress([cable, endpoint("mobile", { priority: 20, stickyMs: 600_000 })], { publish: "addresses" }),
      [],
    ],
    [
      "sticky on the best",
      ingress([endpoint("cable", { stickyMs: 600_000 }), backup]),
      [{ kind: "sticky-on-best", endpoint: "cable" }],
    ],
    [
      "a TTL that costs more than the failover",
      ingress([endpoint("cable", { ttl: 3_600 }), backup]),
      [{ kind: "long-ttl", endpoint: "cable", ttlSeconds: 3_600, detectionMs: 19_000 }],
    ],
    [
      "a TTL that Cloudflare will not use",
      ingress([endpoint("cable", { ttl: 3_600 }), backup], { proxied: true }),
      [{ kind: "proxied-ttl", endpoints: ["cable"] }],
    ],
    [
      "a family that is lost on the way",
      ingress([at("cable", "192.0.2.1", "2001:db8::1"), at("mobile", "192.0.2.2")]),
      [{ kind: "families", from: "cable", to: "mobile", lost: "ipv6" }],
    ],
    [
      "private addresses",
      ingress([at("cable", "10.0.0.1"), backup], { allowPrivate: true }),
      [{ kind: "private", endpoint: "cable", addresses: ["10.0.0.1"] }, { kind: "private-names" }],
    ],
    [
      "the same target twice",
      ingress([at("cable", "192.0.2.1"), at("mobile", "192.0.2.1", "192.0.2.2")]),
      [{ kind: "same-target", endpoints: ["cable", "mobile"], target: "192.0.2.1" }],
    ],
    ["no hold_up", ingress([cable, backup], { holdUpMs: 0 }), [{ kind: "no-hold-up" }]],
    [
      "a check that a lost packet fails",
      ingress([endpoint("cable", { check: { ...check, fall: 1 } }), backup]),
      [{ kind: "fall-of-one", endpoint: "cable" }],
    ],
  ];
  for (const [what, settings, expected] of cases) {
    test(what, () => assert.deepEqual(explain(settings, foresee).pitfalls, expected));
  }

  test("a check that any page passes", () => {
    const loose = { ...check, what: httpTask() };
    assert.deepEqual(explain(ingress([endpoint("cable", { check: loose }), backup]), foresee).pitfalls, [
      { kind: "no-marker", endpoint: "cable" },
    ]);
  });
});
