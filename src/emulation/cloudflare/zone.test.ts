// Records among each other: conflicts by their codes, batches as transactions, limits of plans. The property compares
// batches with a reference that knows only which states are legal.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import type { PlanName } from "./plans.ts";
import { ApiRefusal } from "./problem.ts";
import type { StoredRecord } from "./record.ts";
import {
  applyWrite,
  type BatchResult,
  type Write,
  type WriteContext,
  type WriteRules,
  type ZoneState,
} from "./zone.ts";

const usualRules: WriteRules = { proxiedTtl: "ignored", typeChange: "refused", duplicateCode: 81058 };
const unknownId = "f".repeat(32);

let ids = 0;
function newId(): string {
  ids += 1;
  return ids.toString(16).padStart(32, "0");
}

function context(more: Partial<WriteContext> = {}): WriteContext {
  return { rules: usualRules, now: "2026-01-01T00:00:00.000000Z", newId, ghosts: [], ...more };
}

type Draft = readonly [type: string, name: string, content: string, more?: Record<string, unknown>];

function draft([type, name, content, more]: Draft): Record<string, unknown> {
  return { type, name: `${name}.example.com`, content, ...more };
}

function zoneWith(drafts: readonly Draft[], more: Partial<ZoneState> = {}): ZoneState {
  const empty: ZoneState = {
    id: "0".repeat(32),
    name: "example.com",
    plan: "free",
    status: "active",
    paused: false,
    type: "full",
    account: { id: "1".repeat(32), name: "Test" },
    name_servers: ["ns.example.com"],
    created_on: "2026-01-01T00:00:00.000000Z",
    records: [],
    ...more,
  };
  return drafts.reduce((zone, one) => applyWrite(zone, { kind: "post", body: draft(one) }, context()).zone, empty);
}

/** The code with which the write is refused, or "taken". */
function outcome(zone: ZoneState, write: Write, more: Partial<WriteContext> = {}): number | "taken" {
  try {
    applyWrite(zone, write, context(more));
    return "taken";
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    return error.problem.code;
  }
}

function first(zone: ZoneState): StoredRecord {
  const [record] = zone.records;
  assert.ok(record);
  return record;
}

function batchResult(zone: ZoneState, body: Record<string, unknown>): { zone: ZoneState; result: BatchResult } {
  const written = applyWrite(zone, { kind: "batch", body }, context());
  return { zone: written.zone, result: written.result as BatchResult };
}

function contents(zone: ZoneState): string[] {
  return zone.records.map(({ type, name, content }) => `${type} ${name.split(".")[0]} ${content}`).toSorted();
}

const neighbours: readonly (readonly [present: Draft, posted: Draft, outcome: number | "taken"])[] = [
  [["A", "www", "203.0.113.1"], ["A", "www", "203.0.113.2"], "taken"],
  [["A", "www", "203.0.113.1"], ["AAAA", "www", "2001:db8::1"], "taken"],
  [["A", "www", "203.0.113.1"], ["A", "api", "203.0.113.1"], "taken"],
  [["A", "www", "203.0.113.1"], ["A", "www", "203.0.113.1", { ttl: 300, comment: "other" }], 81058],
  [["AAAA", "www", "2001:db8::1"], ["AAAA", "www", "2001:DB8:0::1"], 81058],
  [["A", "www", "203.0.113.1"], ["CNAME", "www", "x.example.net"], 81053],
  [["AAAA", "www", "2001:db8::1"], ["CNAME", "www", "x.example.net"], 81053],
  [["CNAME", "www", "x.example.net"], ["CNAME", "www", "y.example.net"], 81053],
  [["CNAME", "www", "x.example.net"], ["CNAME", "www", "X.example.net."], 81058],
  [["CNAME", "www", "x.example.net"], ["A", "www", "203.0.113.1"], 81054],
  [["CNAME", "www", "x.example.net"], ["AAAA", "www", "2001:db8::1"], 81054],
  [["CNAME", "www", "x.example.net"], ["TXT", "www", "hello"], "taken"],
  [["CNAME", "www", "x.example.net"], ["MX", "www", "mx.example.net", { priority: 10 }], "taken"],
  [["TXT", "www", "hello"], ["CNAME", "www", "x.example.net"], "taken"],
  [["TXT", "www", "hello"], ["TXT", "www", '"hello"'], 81058],
  [["MX", "www", "mx.example.net", { priority: 10 }], ["MX", "www", "mx.example.net", { priority: 20 }], "taken"],
  [["MX", "www", "mx.example.net", { priority: 10 }], ["MX", "www", "mx.example.net", { priority: 10 }], 81058],
  [["SRV", "www", "", { data: { port: 1 } }], ["SRV", "www", "", { data: { port: 1 } }], "taken"],
  [["NS", "sub", "ns1.example.net"], ["NS", "sub", "ns2.example.net"], "taken"],
  [["NS", "sub", "ns1.example.net"], ["A", "sub", "203.0.113.1"], 81056],
  [["NS", "sub", "ns1.example.net"], ["CNAME", "sub", "x.example.net"], 81056],
  [["TXT", "sub", "hello"], ["NS", "sub", "ns1.example.net"], 81055],
];

for (const [present, posted, expected] of neighbours) {
  test(`${posted[0]} ${posted[2]} beside ${present[0]} ${present[2]}: ${expected}`, () => {
    assert.equal(outcome(zoneWith([present]), { kind: "post", body: draft(posted) }), expected);
  });
}

test("a second identical record is refused with 81057 where that is the rule", () => {
  const zone = zoneWith([["A", "www", "203.0.113.1"]]);
  const rules: WriteRules = { ...usualRules, duplicateCode: 81057 };
  assert.equal(outcome(zone, { kind: "post", body: draft(["A", "www", "203.0.113.1"]) }, { rules }), 81057);
});

test("a record does not stand in its own way when it is patched or put", () => {
  const zone = zoneWith([["CNAME", "www", "x.example.net"]]);
  const { id } = first(zone);
  assert.equal(outcome(zone, { kind: "patch", id, body: { ttl: 120 } }), "taken");
  assert.equal(outcome(zone, { kind: "put", id, body: draft(["CNAME", "www", "x.example.net"]) }), "taken");
});

test("PATCH keeps what it does not name; PUT puts it back to its default", () => {
  const more = { ttl: 120, comment: "mine", proxied: false, settings: { ipv4_only: true } };
  const zone = zoneWith([["CNAME", "www", "x.example.net", more]]);
  const { id, created_on } = first(zone);
  const later = context({ now: "2026-02-02T00:00:00.000000Z" });
  const patched = first(applyWrite(zone, { kind: "patch", id, body: { content: "y.example.net" } }, later).zone);
  assert.deepEqual(
    { ...patched, meta: {} },
    { ...first(zone), content: "y.example.net", modified_on: "2026-02-02T00:00:00.000000Z", meta: {} },
  );
  const put = draft(["CNAME", "www", "y.example.net"]);
  const replaced = first(applyWrite(zone, { kind: "put", id, body: put }, later).zone);
  const { ttl, comment, settings } = replaced;
  assert.deepEqual({ ttl, comment, settings }, { ttl: 1, comment: null, settings: {} });
  assert.deepEqual([replaced.id, replaced.created_on], [id, created_on]);
  assert.equal(replaced.comment_modified_on, undefined);
});

test("the times of comment and tags are there only while these are, and move only with them", () => {
  const zone = zoneWith([["A", "www", "203.0.113.1", { comment: "mine", tags: ["a"] }]], { plan: "pro" });
  const { id, comment_modified_on, tags_modified_on } = first(zone);
  assert.ok(comment_modified_on !== undefined && tags_modified_on !== undefined);
  const later = context({ now: "2026-02-02T00:00:00.000000Z" });
  const other = first(applyWrite(zone, { kind: "patch", id, body: { ttl: 60 } }, later).zone);
  assert.deepEqual([other.comment_modified_on, other.tags_modified_on], [comment_modified_on, tags_modified_on]);
  const cleared = first(applyWrite(zone, { kind: "patch", id, body: { comment: "", tags: ["b"] } }, later).zone);
  assert.deepEqual([cleared.comment, "comment_modified_on" in cleared], [null, false]);
  assert.equal(cleared.tags_modified_on, later.now);
});

test("another type on the same id is refused, unless the rule allows it", () => {
  const zone = zoneWith([["CNAME", "www", "x.example.net"]]);
  const { id } = first(zone);
  const body = { type: "A", content: "203.0.113.1" };
  assert.equal(outcome(zone, { kind: "patch", id, body }), 1004);
  assert.equal(outcome(zone, { kind: "put", id, body: { ...body, name: "www" } }), 1004);
  assert.equal(
    outcome(zone, { kind: "patch", id, body }, { rules: { ...usualRules, typeChange: "allowed" } }),
    "taken",
  );
});

test("records that are not there are refused with 81044, read-only ones with 1046", () => {
  const zone = zoneWith([["A", "www", "203.0.113.1"]]);
  const locked = { ...zone, records: zone.records.map((record) => ({ ...record, meta: { read_only: true } })) };
  const { id } = first(zone);
  for (const kind of ["patch", "put"] as const) {
    assert.equal(outcome(zone, { kind, id: unknownId, body: {} }), 81044);
    assert.equal(outcome(locked, { kind, id, body: { ttl: 60 } }), 1046);
  }
  assert.equal(outcome(zone, { kind: "delete", id: unknownId }), 81044);
  assert.equal(outcome(locked, { kind: "delete", id }), 1046);
  assert.equal(outcome(locked, { kind: "batch", body: { deletes: [{ id }] } }), 1046);
});

test("a deleted record that is still around as a ghost stands in the way like a real one", () => {
  const zone = zoneWith([["CNAME", "www", "x.example.net"]]);
  const ghosts = zone.records;
  const emptied = applyWrite(zone, { kind: "delete", id: first(zone).id }, context()).zone;
  const post: Write = { kind: "post", body: draft(["A", "www", "203.0.113.1"]) };
  assert.equal(outcome(emptied, post, { ghosts }), 81054);
  assert.equal(outcome(emptied, post), "taken");
});

test("a proxied record learns whether it is proxiable, and has the automatic TTL", () => {
  const zone = zoneWith([["A", "www", "203.0.113.1", { ttl: 300 }]]);
  const { id, proxiable } = first(zone);
  assert.equal(proxiable, true);
  const proxied = first(applyWrite(zone, { kind: "patch", id, body: { proxied: true } }, context()).zone);
  assert.deepEqual([proxied.ttl, proxied.proxied], [1, true]);
  assert.equal(first(zoneWith([["A", "www", "127.0.0.2"]])).proxiable, false);
  assert.equal(first(zoneWith([["TXT", "www", "x"]])).proxiable, false);
});

const quotas: readonly (readonly [plan: PlanName, createdOn: string, quota: number])[] = [
  ["free", "2024-09-01T00:00:00.000000Z", 200],
  ["free", "2024-08-31T23:59:59.000000Z", 1000],
  ["pro", "2026-01-01T00:00:00.000000Z", 3500],
  ["enterprise", "2020-01-01T00:00:00.000000Z", 3500],
];

for (const [plan, created_on, quota] of quotas) {
  test(`a ${plan} zone of ${created_on.slice(0, 10)} holds ${quota} records`, () => {
    const zone = zoneWith([["A", "www", "203.0.113.1"]], { plan, created_on });
    const copies = (count: number): StoredRecord[] =>
      Array.from({ length: count }, (_, index) => ({ ...first(zone), id: newId(), name: `a${index}.example.com` }));
    const post: Write = { kind: "post", body: draft(["A", "new", "203.0.113.1"]) };
    assert.equal(outcome({ ...zone, records: copies(quota - 1) }, post), "taken");
    const full = { ...zone, records: copies(quota) };
    assert.equal(outcome(full, post), 81045);
    const overfull = { ...zone, records: copies(quota + 1) };
    assert.equal(outcome(overfull, { kind: "patch", id: first(overfull).id, body: { ttl: 60 } }), "taken");
    const swap = { deletes: [{ id: first(full).id }], posts: [draft(["A", "new", "203.0.113.1"])] };
    assert.equal(outcome(full, { kind: "batch", body: swap }), "taken");
  });
}

test("TXT records of one name hold 8192 characters together", () => {
  const long = (letter: string): Draft => ["TXT", "www", letter.repeat(2040)];
  const zone = zoneWith(["a", "b", "c", "d"].map(long));
  assert.equal(outcome(zone, { kind: "post", body: draft(["TXT", "www", "x".repeat(30)]) }), 83011);
  assert.equal(outcome(zone, { kind: "post", body: draft(["TXT", "api", "x".repeat(30)]) }), "taken");
});

test("a batch of 200 operations is taken on a free zone, one of 201 is not; a paid zone takes more", () => {
  const posts = (count: number): unknown[] =>
    Array.from({ length: count }, (_, index) => draft(["A", `a${index}`, "203.0.113.1"]));
  const free = zoneWith([]);
  assert.equal(outcome(free, { kind: "batch", body: { posts: posts(200) } }), "taken");
  assert.equal(outcome(free, { kind: "batch", body: { posts: posts(201) } }), 1004);
  assert.equal(outcome(zoneWith([], { plan: "pro" }), { kind: "batch", body: { posts: posts(201) } }), "taken");
});

test("an empty batch is taken and changes nothing", () => {
  const zone = zoneWith([["A", "www", "203.0.113.1"]]);
  const { result, zone: next } = batchResult(zone, {});
  assert.deepEqual(result, { deletes: [], patches: [], puts: [], posts: [] });
  assert.deepEqual(next, zone);
});

test("a batch swaps a CNAME for addresses and back, whatever the order of its lists", () => {
  const zone = zoneWith([
    ["CNAME", "www", "x.example.net"],
    ["TXT", "www", "hello"],
  ]);
  const there = batchResult(zone, {
    posts: [draft(["A", "www", "203.0.113.1"]), draft(["AAAA", "www", "2001:db8::1"])],
    deletes: [{ id: first(zone).id, type: "ignored" }],
  });
  assert.deepEqual(contents(there.zone), ["A www 203.0.113.1", "AAAA www 2001:db8::1", 'TXT www "hello"']);
  assert.deepEqual(there.result.deletes, [first(zone)]);
  const back = batchResult(there.zone, {
    posts: [draft(["CNAME", "www", "x.example.net"])],
    deletes: there.result.posts.map(({ id }) => ({ id })),
  });
  assert.deepEqual(contents(back.zone), contents(zone));
});

test("two patches that exchange contents are refused, since they come one after the other", () => {
  const zone = zoneWith([
    ["A", "www", "203.0.113.1"],
    ["A", "www", "203.0.113.2"],
  ]);
  const [one, two] = zone.records;
  const patches = [
    { id: one?.id, content: two?.content },
    { id: two?.id, content: one?.content },
  ];
  assert.equal(outcome(zone, { kind: "batch", body: { patches } }), 81058);
});

for (const [claim, body] of [
  ["a list that is none", { posts: {} }],
  ["an item that is no object", { deletes: ["x"] }],
  ["an id that is no text", { deletes: [{ id: 7 }] }],
  ["a missing id", { patches: [{ ttl: 60 }] }],
] as const) {
  test(`a batch with ${claim} is refused with 9208`, () => {
    assert.equal(outcome(zoneWith([]), { kind: "batch", body }), 9208);
  });
}

// The reference: an operation is refused when its record is unknown, its type changes, or the state after it is
// illegal.

const choices = {
  A: ["203.0.113.1", "203.0.113.2"],
  AAAA: ["2001:db8::1", "2001:db8::2"],
  CNAME: ["x.example.net", "y.example.net"],
  TXT: ['"x"', '"y"'],
  NS: ["ns1.example.net", "ns2.example.net"],
} as const;
type Type = keyof typeof choices;

interface Simple {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
}

const types: fc.Arbitrary<Type> = fc.constantFrom("A", "A", "A", "AAAA", "CNAME", "CNAME", "TXT", "NS");
const newRecords = fc
  .record({ type: types, name: fc.constantFrom("a", "b", "c", "d"), which: fc.nat(1) })
  .map(({ type, name, which }) => ({ type, name: `${name}.example.com`, content: choices[type][which] ?? "" }));
/** Which record an operation is for, by its place; beyond the last: one that does not exist. */
const places = fc.nat(3);
/** Mostly short lists: the longer a batch, the likelier that it is refused, and both outcomes should be common. */
function few<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<T[]>([]) },
    { weight: 2, arbitrary: fc.array(item, { maxLength: 2 }) },
  );
}
const batches = fc.record({
  deletes: few(places),
  patches: few(fc.record({ place: places, which: fc.nat(1) })),
  puts: few(fc.record({ place: places, as: newRecords })),
  posts: few(newRecords),
});

function isLegal(records: readonly Simple[]): boolean {
  const names = new Set(records.map(({ name }) => name));
  return [...names].every((name) => {
    const here = records.filter((record) => record.name === name);
    const count = (...wanted: string[]): number => here.filter(({ type }) => wanted.includes(type)).length;
    const isAliasAlone = count("CNAME") === 0 || (count("CNAME") === 1 && count("A", "AAAA") === 0);
    const isDelegationAlone = count("NS") === 0 || count("NS") === here.length;
    const isWithoutTwins = new Set(here.map(({ type, content }) => `${type} ${content}`)).size === here.length;
    return isAliasAlone && isDelegationAlone && isWithoutTwins;
  });
}

/**
 * The records after the batch, or `undefined` when it is refused. New records get the ids that they got in `actual`.
 */
function reference(
  before: readonly Simple[],
  body: { deletes: { id: string }[]; patches: Partial<Simple>[]; puts: Simple[]; posts: Omit<Simple, "id">[] },
): readonly Omit<Simple, "id">[] | undefined {
  let records = [...before];
  for (const { id } of body.deletes) {
    if (!records.some((record) => record.id === id)) return undefined;
    records = records.filter((record) => record.id !== id);
  }
  for (const change of [...body.patches, ...body.puts]) {
    const old = records.find(({ id }) => id === change.id);
    if (old === undefined || (change.type !== undefined && change.type !== old.type)) return undefined;
    records = records.map((record) => (record === old ? { ...record, ...change } : record));
    if (!isLegal(records)) return undefined;
  }
  for (const post of body.posts) {
    records = [...records, { id: "new", ...post }];
    if (!isLegal(records)) return undefined;
  }
  return records;
}

test("batches are transactions: taken whole as the reference says, or refused and without any trace", () => {
  const tally = { taken: 0, refused: 0 };
  fc.assert(
    fc.property(fc.array(batches, { minLength: 1, maxLength: 8 }), (sequence) => {
      let zone = zoneWith([
        ["CNAME", "a", "x.example.net"],
        ["A", "b", "203.0.113.1"],
        ["TXT", "b", "x"],
      ]);
      for (const { deletes, patches, puts, posts } of sequence) {
        const present = zone.records;
        const idAt = (place: number): string => present[place]?.id ?? unknownId;
        const body = {
          // Written back to front: the order of the lists must not matter.
          posts,
          puts: puts.map(({ place, as }) => ({ id: idAt(place), ...as })),
          patches: patches.map(({ place, which }) => {
            const type = (present[place]?.type ?? "A") as Type;
            return { id: idAt(place), content: choices[type][which] ?? "" };
          }),
          deletes: deletes.map((place) => ({ id: idAt(place) })),
        };
        const expected = reference(zone.records, body);
        const before = structuredClone(zone);
        const result = outcome(zone, { kind: "batch", body });
        assert.deepEqual(zone, before, "a write leaves the zone that it was given as it is");
        assert.equal(result === "taken", expected !== undefined);
        tally[result === "taken" ? "taken" : "refused"] += 1;
        if (expected === undefined) continue;
        zone = batchResult(zone, body).zone;
        const told = (records: readonly Omit<Simple, "id">[]): string[] =>
          records.map(({ type, name, content }) => `${type} ${name} ${content}`).toSorted();
        assert.deepEqual(told(zone.records), told(expected));
        assert.ok(isLegal(zone.records));
        assert.equal(new Set(zone.records.map(({ id }) => id)).size, zone.records.length);
      }
    }),
    { numRuns: propertyRuns(300) },
  );
  assert.ok(tally.taken > 200 && tally.refused > 200, `both happen often enough: ${JSON.stringify(tally)}`);
});
