// What survives a restart: nothing is lost on the way there and back, and no clock can make nonsense of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import type { Address, EndpointState, IngressState, Selection, State } from "../core/model.ts";
import { nothingSaved } from "../core/saved-model.ts";
import { untriedAddress } from "../core/evidence/answer.ts";
import { initialState, step } from "../core/step.ts";
import { parseIp } from "../lib/ip.ts";
import { endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import { datedFrom, parseDated, restoredFrom, type Saved } from "./saved.ts";

const numRuns = propertyRuns(300);
const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
const wallMs = Date.UTC(2026, 5, 1);

const nameOf = fc.constantFrom("cable", "mobile", "Ünïcode ☃", "with \"quotes' and \\");
const lengthOf = fc.integer({ min: 0, max: 30 * dayMs });
const addresses = ["192.0.2.1", "2001:db8::1", "10.0.0.1", "192.0.2.77"].map(address);

interface Memory {
  readonly selection: Selection | undefined;
  readonly pending: IngressState["saved"];
  readonly departures: IngressState["departures"];
  readonly overrides: IngressState["overrides"];
  readonly addresses: readonly Address[];
  readonly usableForMs: number;
  readonly hasLastGood: boolean;
}

const nowMs = 5_000_000;

const memoryOf: fc.Arbitrary<Memory> = fc.record({
  selection: fc.option(
    fc.record({
      primary: nameOf,
      sticky: fc.array(fc.record({ endpoint: nameOf, untilMs: lengthOf.map((ms) => nowMs + ms) }), { maxLength: 2 }),
      why: fc.string(),
      reason: fc.constantFrom("failover" as const, "return" as const),
      sinceMs: lengthOf.map((ms) => nowMs - ms),
    }),
    { nil: undefined },
  ),
  pending: fc.option(
    fc.record({
      primary: nameOf,
      sticky: fc.constant([{ endpoint: "mobile", untilMs: nowMs + 7 }]),
      isWithoutForm: fc.constant(false),
    }),
    {
      nil: undefined,
    },
  ),
  departures: fc.array(fc.record({ endpoint: nameOf, atMs: lengthOf.map((ms) => nowMs - ms) }), { maxLength: 3 }),
  overrides: fc.array(
    fc.record({
      kind: fc.constantFrom("pin" as const, "drain" as const, "drill" as const),
      endpoint: nameOf,
      untilMs: lengthOf.map((ms) => nowMs + ms),
    }),
    { maxLength: 3 },
  ),
  addresses: fc.subarray(addresses),
  usableForMs: lengthOf,
  hasLastGood: fc.boolean(),
});

test("what is saved comes back, with the time that passed taken off", () => {
  fc.assert(
    fc.property(memoryOf, fc.integer({ min: 0, max: 40 * dayMs }), fc.integer(), (memory, downMs, laterMs) => {
      const state = stateWith(memory);
      const saved = savedFrom(state, nowMs, wallMs);
      const reread = parseDated(JSON.parse(JSON.stringify(saved.ingresses[0])));
      assert.deepEqual(reread, { ingress: saved.ingresses[0], dropped: [] });
      const [restored, ...others] = restoredFrom({ ingresses: [present(reread.ingress)] }, laterMs, wallMs + downMs);
      assert.deepEqual(others, []);
      // The same as in the state, seen from the new life.
      const move = (atMs: number): number => atMs - nowMs + laterMs - downMs;
      const end = (atMs: number): number => Math.max(laterMs, move(atMs));
      const source = memory.selection ?? memory.pending;
      assert.deepEqual(restored, {
        ...nothingSaved("a.example.com"),
        primary: source?.primary,
        sticky: (source?.sticky ?? []).map((member) => ({ endpoint: member.endpoint, untilMs: end(member.untilMs) })),
        departures: memory.departures.map(({ endpoint, atMs }) => ({ endpoint, atMs: move(atMs) })),
        overrides: memory.overrides.map((override) => ({ ...override, untilMs: end(override.untilMs) })),
        addresses:
          memory.addresses.length === 0
            ? []
            : [
                {
                  endpoint: "cable",
                  target: "cable.example.com",
                  addresses: memory.addresses,
                  usableUntilMs: end(nowMs + memory.usableForMs),
                },
              ],
        lastGood: memory.hasLastGood ? lastGood : undefined,
        endpoints: ["cable", "mobile"].map((name) => ({ name, target: `${name}.example.com` })),
      });
    }),
    { numRuns },
  );
});

test("no clock, however wrong, makes anything end later than it would have or happen in the future", () => {
  const wallOf = fc.oneof(
    fc.integer({ min: 0, max: 8.64e15 }),
    fc.integer({ min: -50, max: 50 }).map((y) => wallMs + y * 365 * dayMs),
  );
  fc.assert(
    fc.property(memoryOf, wallOf, wallOf, (memory, wallThenMs, wallNowMs) => {
      const saved = savedFrom(stateWith(memory), nowMs, wallThenMs);
      const { ingress, dropped } = parseDated(JSON.parse(JSON.stringify(saved.ingresses[0])));
      assert.deepEqual(dropped, []);
      const restored = present(restoredFrom({ ingresses: [present(ingress)] }, 0, wallNowMs)[0]);
      const ends = [
        ...restored.sticky.map(({ untilMs }) => untilMs),
        ...restored.overrides.map(({ untilMs }) => untilMs),
        ...restored.addresses.map(({ usableUntilMs }) => usableUntilMs),
      ];
      for (const end of ends) assert.ok(end >= 0 && end <= 30 * dayMs, `ends at ${end}`);
      for (const { atMs } of restored.departures) assert.ok(atMs <= 0 && Number.isFinite(atMs), `left at ${atMs}`);
    }),
    { numRuns },
  );
});

test("a clock that was set back by years makes a sticky time no longer, one set ahead ends it", () => {
  const memory = { ...nothing, selection: selectionUntil(nowMs + hourMs) };
  const saved = savedFrom(stateWith(memory), nowMs, wallMs);
  const remaining = (wallNowMs: number): number | undefined => restoredFrom(saved, 0, wallNowMs)[0]?.sticky[0]?.untilMs;
  assert.equal(remaining(wallMs), hourMs);
  assert.equal(remaining(wallMs + 20 * 60_000), 40 * 60_000);
  assert.equal(remaining(wallMs - 10 * 365 * dayMs), hourMs);
  assert.equal(remaining(wallMs + 10 * 365 * dayMs), 0);
});

test("ages grow while the daemon is down, and never shrink", () => {
  const memory = { ...nothing, departures: [{ endpoint: "cable", atMs: nowMs - 600_000 }] };
  const saved = savedFrom(stateWith(memory), nowMs, wallMs);
  const age = (wallNowMs: number): number => 0 - (restoredFrom(saved, 0, wallNowMs)[0]?.departures[0]?.atMs ?? NaN);
  assert.equal(age(wallMs), 600_000);
  assert.equal(age(wallMs + 60_000), 660_000);
  assert.equal(age(wallMs - 10 * 365 * dayMs), 600_000);
});

test("until the records are adopted, what the life before left is passed on", () => {
  const sticky = [{ endpoint: "cable", untilMs: nowMs + 5 }];
  const memory = { ...nothing, pending: { primary: "mobile", sticky, isWithoutForm: false } };
  assert.deepEqual(asWritten(savedFrom(stateWith(memory), nowMs, wallMs).ingresses[0]?.selection), {
    primary: "mobile",
    sticky: [{ endpoint: "cable", untilWallMs: wallMs + 5 }],
  });
});

test("addresses that are configured, or not known, are not saved", () => {
  const settings = endpointSettings("fixed", { target: { kind: "addresses", addresses } });
  const state = step(
    initialState,
    { kind: "config-loaded", ingresses: [ingressSettings("a.example.com", [settings])] },
    0,
  );
  assert.deepEqual(savedFrom(state, 0, wallMs).ingresses[0]?.addresses, []);
  assert.deepEqual(savedFrom(stateWith(nothing), nowMs, wallMs).ingresses[0]?.addresses, []);
});

const sound = {
  record: "a.example.com",
  savedWallMs: wallMs,
  selection: { primary: "cable", sticky: [{ endpoint: "mobile", untilWallMs: wallMs + 1 }] },
  departures: [{ endpoint: "cable", atWallMs: wallMs - 1 }],
  overrides: [{ kind: "pin", endpoint: "cable", untilWallMs: wallMs + 1 }],
  addresses: [
    {
      endpoint: "cable",
      target: "cable.example.com",
      addresses: [{ text: "192.0.2.1", family: "ipv4", scope: "public" }],
      usableUntilWallMs: wallMs + 1,
    },
  ],
  lastGood: { records: [{ type: "A", content: "192.0.2.1" }], ttlSeconds: 60, proxied: false },
};

const nonsense: readonly [part: string, value: unknown][] = [
  ["selection", { primary: 5, sticky: [] }],
  ["selection", { primary: "cable", sticky: [{ endpoint: "mobile", untilWallMs: "soon" }] }],
  ["selection", { primary: "cable", sticky: [{ endpoint: "mobile", untilWallMs: 1e300 }] }],
  ["selection", []],
  ["departures", [{ endpoint: "cable", atWallMs: -1 }]],
  ["departures", "many"],
  ["overrides", [{ kind: "nuke", endpoint: "cable", untilWallMs: wallMs }]],
  ["overrides", [{ kind: "pin", endpoint: "", untilWallMs: wallMs }]],
  ["overrides", [{ kind: "pin", endpoint: "cable", untilWallMs: 1.5 }]],
  ["addresses", [{ ...sound.addresses[0], addresses: [] }]],
  ["addresses", [{ ...sound.addresses[0], addresses: [{ text: "192.0.2.999" }] }]],
  ["addresses", [{ ...sound.addresses[0], addresses: [{ text: "2001:DB8::1" }] }]],
  ["lastGood", { ...sound.lastGood, records: [] }],
  ["lastGood", { ...sound.lastGood, records: [{ type: "A", content: "2001:db8::1" }] }],
  ["lastGood", { ...sound.lastGood, records: [{ type: "AAAA", content: "192.0.2.1" }] }],
  ["lastGood", { ...sound.lastGood, records: [{ type: "TXT", content: "v=spf1" }] }],
  ["lastGood", { ...sound.lastGood, records: [{ type: "CNAME", content: "a b.example.com" }] }],
  [
    "lastGood",
    { ...sound.lastGood, records: [...sound.lastGood.records, { type: "CNAME", content: "cable.example.com" }] },
  ],
  ["lastGood", { ...sound.lastGood, ttlSeconds: 5 }],
  ["lastGood", { ...sound.lastGood, proxied: "yes" }],
];

for (const [part, value] of nonsense) {
  test(`a part that makes no sense is left out alone: ${part} ${JSON.stringify(value)}`, () => {
    const { ingress, dropped } = parseDated({ ...sound, [part]: value });
    assert.deepEqual(dropped, [part]);
    const { [part as "selection"]: _, ...others } = sound;
    const isList = ["departures", "overrides", "addresses"].includes(part);
    assert.deepEqual(asWritten(ingress), { ...others, ...(isList && { [part]: [] }) });
  });
}

test("a whole that makes no sense is left out", () => {
  for (const json of [null, 5, "text", [], {}, { ...sound, record: 5 }, { ...sound, savedWallMs: null }]) {
    assert.equal(parseDated(json).ingress, undefined);
  }
  assert.deepEqual(asWritten(parseDated(sound)), { ingress: sound, dropped: [] });
});

test("whatever JSON stands in a row, reading it never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(sound)), (json, part) => {
      parseDated(json);
      const { ingress } = parseDated({ ...sound, [part]: json });
      if (ingress !== undefined) restoredFrom({ ingresses: [ingress] }, 0, wallMs);
    }),
    { numRuns },
  );
});

const lastGood = {
  records: [{ type: "CNAME" as const, content: "cable.example.com" }],
  ttlSeconds: 60,
  proxied: false,
};

const nothing: Memory = {
  selection: undefined,
  pending: undefined,
  departures: [],
  overrides: [],
  addresses: [],
  usableForMs: 0,
  hasLastGood: false,
};

function selectionUntil(untilMs: number): Selection {
  const sticky = [{ endpoint: "mobile", untilMs }];
  return { primary: "cable", sticky, why: "it ranks before", reason: "return", sinceMs: 0 };
}

/** An ingress with two endpoints, of which this is known. */
/** The same once it was in the file, where nothing is written of what is not known. */
function asWritten(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function savedFrom({ ingresses }: State, atMs: number, atWallMs: number): Saved {
  return { ingresses: ingresses.map((ingress) => datedFrom(ingress, atMs, atWallMs)) };
}

function stateWith(memory: Memory): State {
  const endpoints = [endpointSettings("cable"), endpointSettings("mobile")];
  const ingresses = [ingressSettings("a.example.com", endpoints)];
  const state = step(initialState, { kind: "config-loaded", ingresses }, 0);
  const ingress = present(state.ingresses[0]);
  const cable = present(ingress.endpoints[0]);
  const others = ingress.endpoints.slice(1);
  const known: EndpointState = {
    ...cable,
    addresses: memory.addresses.map((saved) => untriedAddress(saved, cable.withoutAddress)),
    addressesUsableUntilMs: nowMs + memory.usableForMs,
  };
  const { departures, overrides } = memory;
  return {
    ...state,
    ingresses: [
      {
        ...ingress,
        endpoints: [known, ...others],
        departures,
        overrides,
        ...(memory.selection && { selection: memory.selection }),
        ...(memory.pending && { saved: memory.pending }),
        ...(memory.hasLastGood && { lastGood }),
      },
    ],
  };
}

function address(text: string): Address {
  return present(parseIp(text));
}

function present<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined);
  return value;
}
