// What every RecordProvider must do, asked of both: the one in memory, and the one for Cloudflare against the emulated
// API.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudflareProvider } from "../../src/cloud/cloudflare.ts";
import { MemoryProvider } from "../support/memory-provider.ts";
import { CloudError, type Call, type CloudErrorKind, type RecordProvider } from "../../src/cloud/provider.ts";
import type { Plan, PlannedRecord, PublishedRecord, RecordSet } from "../../src/core/model.ts";
import { planBetween } from "../../src/core/records/plan.ts";
import { recordComment } from "../../src/core/records/records.ts";
import { writes as onWrites, type Quirks } from "../../src/emulation/cloudflare/faults.ts";
import { startCloudflare } from "../../src/emulation/cloudflare/server.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { Secret } from "../../src/lib/secret.ts";

const record = "ingress.example.com";
const ingress = { record };

/** A record as both sides can show it. */
interface Seen {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
}

/** A provider with a world behind it that the test can look at and change. */
interface Bench extends AsyncDisposable {
  readonly provider: RecordProvider;
  /** Adds a record as somebody else would. Returns its id. */
  readonly add: (draft: {
    name?: string;
    type: string;
    content: string;
    priority?: number;
    isReadOnly?: boolean;
  }) => string;
  readonly remove: (id: string) => void;
  /** All records at all names. */
  readonly records: () => readonly Seen[];
  /** Every state that was ever committed. */
  readonly states: () => readonly (readonly Seen[])[];
  /** How many write requests were sent. */
  readonly writes: () => number;
  /** Loses the answer to the next write, which happens or does not. */
  readonly loseAnswer: (isCommitted: boolean) => void;
  /** Never answers again. */
  readonly fallSilent: () => void;
}

const benches: Record<string, () => Promise<Bench>> = {
  memory: async () => {
    const provider = new MemoryProvider();
    return {
      provider,
      add: ({ name = record, ...draft }) => provider.add({ name, ...draft }),
      remove: (id) => provider.edit((records) => records.filter((found) => found.id !== id)),
      records: () => provider.records,
      states: () => provider.states,
      writes: () => provider.calls.filter(({ kind }) => kind === "apply").length,
      loseAnswer: (isCommitted) => {
        provider.fault = ({ kind }) => {
          if (kind !== "apply") return undefined;
          provider.fault = () => undefined;
          return { error: { kind: "transient" }, isCommitted };
        };
      },
      fallSilent: () => {
        provider.fault = () => ({});
      },
      [Symbol.asyncDispose]: async () => {},
    };
  },
  cloudflare: () => cloudflare({}),
  // As the API answered in other years, or may answer in the next.
  "cloudflare, other shapes": () =>
    cloudflare({
      errorShape: "chained",
      duplicateCode: 81057,
      emptyComment: "absent",
      settings: "absent",
      zoneFields: "present",
      unknownFields: true,
      emptyBatchLists: "absent",
    }),
};

async function cloudflare(quirks: Partial<Quirks>): Promise<Bench> {
  const server = await startCloudflare();
  server.faults.set(quirks);
  const provider = new CloudflareProvider({
    token: new Secret(server.token),
    apiUrl: server.url,
    clock: systemClock,
    fetch,
  });
  return {
    provider,
    add: ({ name = record, isReadOnly = false, ...draft }) =>
      server.hand.add({ name, ...draft, ...(isReadOnly && { meta: { read_only: true } }) }).id,
    remove: (id) => server.hand.remove(id),
    records: () => server.zone("example.com").records,
    states: () => server.history("example.com").map(({ zone }) => zone.records),
    writes: () => server.counts.writes,
    loseAnswer: (isCommitted) =>
      server.faults.next({ kind: isCommitted ? "drop-after-commit" : "drop-before-commit" }, onWrites),
    fallSilent: () => server.faults.always({ kind: "silent" }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const cname = (content: string, more: Partial<RecordSet> = {}): RecordSet => ({
  records: [{ type: "CNAME", content }],
  ttlSeconds: 60,
  proxied: false,
  ...more,
});

const addresses = (...contents: string[]): RecordSet => ({
  records: contents.map((content) => ({ type: content.includes(":") ? "AAAA" : "A", content })),
  ttlSeconds: 120,
  proxied: false,
});

const freeCall = (signal = new AbortController().signal): Call => ({ signal, admit: async () => {} });

/** Reads, plans and applies. */
async function become(provider: RecordProvider, desired: RecordSet): Promise<readonly PublishedRecord[]> {
  const known = await provider.list(ingress, freeCall());
  return provider.apply(ingress, planBetween(known, desired), known, freeCall());
}

const contents = (records: readonly PublishedRecord[]): string[] => records.map(({ content }) => content);

async function rejection(promise: Promise<unknown>): Promise<CloudError> {
  const error: unknown = await promise.then(
    () => assert.fail("it should have failed"),
    (reason: unknown) => reason,
  );
  assert(error instanceof CloudError, `a CloudError, not ${String(error)}`);
  return error;
}

async function assertFails(promise: Promise<unknown>, kind: CloudErrorKind, isAmbiguous = false): Promise<void> {
  const error = await rejection(promise);
  assert.deepEqual({ kind: error.kind, isAmbiguous: error.isAmbiguous }, { kind, isAmbiguous }, error.message);
  assert.match(error.message, /ingress\.example\.com/);
}

for (const [name, open] of Object.entries(benches)) {
  const claim = (title: string, body: (bench: Bench) => Promise<void>): void => {
    test(`${name}: ${title}`, { timeout: 20_000 }, async () => {
      await using bench = await open();
      await body(bench);
    });
  };

  claim("lists nothing where nothing is", async ({ provider }) => {
    assert.deepEqual(await provider.list(ingress, freeCall()), []);
  });

  claim("lists A, AAAA and CNAME at exactly the name, and nothing else", async ({ provider, add }) => {
    const v6 = add({ type: "AAAA", content: "2001:db8::1" });
    const v4 = add({ type: "A", content: "192.0.2.1" });
    add({ type: "TXT", content: '"hello"' });
    add({ type: "A", content: "192.0.2.2", name: `www.${record}` });
    add({ type: "A", content: "192.0.2.3", name: "example.com" });
    add({ type: "A", content: "192.0.2.4", name: `x${record}` });
    const listed = await provider.list(ingress, freeCall());
    assert.deepEqual(
      listed.map(({ id, type, content }) => ({ id, type, content })),
      [
        { id: v4, type: "A", content: "192.0.2.1" },
        { id: v6, type: "AAAA", content: "2001:db8::1" },
      ],
    );
  });

  claim("creates the first record, and lists what it said it did", async ({ provider, writes }) => {
    const written = await become(provider, cname("a.example.net"));
    assert.deepEqual(
      written.map((one) => ({ ...one, id: "" })),
      [
        {
          id: "",
          type: "CNAME",
          content: "a.example.net",
          ttlSeconds: 60,
          proxied: false,
          extras: { comment: recordComment },
        },
      ],
    );
    assert.deepEqual(await provider.list(ingress, freeCall()), written);
    assert.equal(writes(), 1);
  });

  claim("patches in place, so that the id stays", async ({ provider }) => {
    const [before] = await become(provider, cname("a.example.net"));
    const [after] = await become(provider, cname("b.example.net", { ttlSeconds: 300 }));
    assert.deepEqual(after, { ...before, content: "b.example.net", ttlSeconds: 300 });
    assert.deepEqual(await provider.list(ingress, freeCall()), [after]);
  });

  claim("changes type and count, each by one request, and never empties the name", async ({ provider, ...bench }) => {
    await become(provider, cname("a.example.net"));
    const first = bench.states().length - 1;
    const wanted = [
      addresses("192.0.2.1", "192.0.2.2", "2001:db8::1"),
      addresses("192.0.2.9"),
      addresses("2001:db8::1", "2001:db8::2"),
      cname("b.example.net"),
    ];
    for (const [index, desired] of wanted.entries()) {
      const written = await become(provider, desired);
      assert.deepEqual(contents(written), contents(desired.records as readonly PublishedRecord[]));
      assert.deepEqual(await provider.list(ingress, freeCall()), written);
      assert.equal(bench.writes(), index + 2);
    }
    const states = bench.states().slice(first);
    assert.equal(states.length, wanted.length + 1);
    assert(states.every((state) => state.some((found) => found.name === record)));
  });

  claim("makes proxied records with the automatic TTL", async ({ provider }) => {
    const written = await become(provider, cname("a.example.net", { proxied: true, ttlSeconds: 1 }));
    assert.deepEqual(
      written.map(({ ttlSeconds, proxied }) => [ttlSeconds, proxied]),
      [[1, true]],
    );
    assert.deepEqual(await provider.list(ingress, freeCall()), written);
  });

  claim("leaves TXT and MX at the name alone through every change, ids and all", async ({ provider, ...bench }) => {
    bench.add({ type: "TXT", content: '"v=spf1 -all"' });
    bench.add({ type: "MX", content: "mail.example.net", priority: 10 });
    const others = JSON.stringify(bench.records());
    const untouched = (): string =>
      JSON.stringify(bench.records().filter(({ type }) => type === "TXT" || type === "MX"));
    for (const desired of [cname("a.example.net"), addresses("192.0.2.1"), cname("b.example.net")]) {
      await become(provider, desired);
      assert.equal(untouched(), others);
    }
  });

  claim("says stale when a record that it should patch is gone", async ({ provider, ...bench }) => {
    const known = await become(provider, cname("a.example.net"));
    bench.remove(known[0]?.id ?? "");
    const before = bench.states().length;
    await assertFails(provider.apply(ingress, planBetween(known, cname("b.example.net")), known, freeCall()), "stale");
    assert.equal(bench.states().length, before);
  });

  claim("says stale when somebody else's record is in conflict", async ({ provider, ...bench }) => {
    bench.add({ type: "A", content: "192.0.2.1" });
    await assertFails(provider.apply(ingress, planBetween([], cname("b.example.net")), [], freeCall()), "stale");
    await assertFails(provider.apply(ingress, planBetween([], addresses("192.0.2.1")), [], freeCall()), "stale");
    assert.deepEqual(
      bench.records().map(({ content }) => content),
      ["192.0.2.1"],
    );
  });

  claim("applies all of a plan or nothing", async ({ provider, ...bench }) => {
    const known = await become(provider, addresses("192.0.2.1", "192.0.2.2"));
    bench.add({ type: "A", content: "192.0.2.3" });
    const before = JSON.stringify(bench.records());
    const plan = planBetween(known, addresses("192.0.2.3", "192.0.2.4"));
    await assertFails(provider.apply(ingress, plan, known, freeCall()), "stale");
    assert.equal(JSON.stringify(bench.records()), before);
  });

  claim("says invalid for what is refused for good", async ({ provider, ...bench }) => {
    const plan = planBetween([], cname("a.example.net", { ttlSeconds: 7 }));
    await assertFails(provider.apply(ingress, plan, [], freeCall()), "invalid");
    assert.deepEqual(bench.records(), []);
  });

  claim("calls a delegation at the name an obstacle", async ({ provider, add }) => {
    add({ type: "NS", content: "ns1.example.net" });
    await assertFails(provider.list(ingress, freeCall()), "obstacle");
  });

  claim("calls a read-only record of our types an obstacle", async ({ provider, add }) => {
    add({ type: "CNAME", content: "bucket.example.net", isReadOnly: true });
    await assertFails(provider.list(ingress, freeCall()), "obstacle");
  });

  for (const isCommitted of [true, false]) {
    claim(`does not know when an answer is lost ${isCommitted ? "after" : "before"} the commit`, async (bench) => {
      const { provider } = bench;
      const known = await become(provider, cname("a.example.net"));
      bench.loseAnswer(isCommitted);
      const plan = planBetween(known, cname("b.example.net"));
      await assertFails(provider.apply(ingress, plan, known, freeCall()), "transient", true);
      const now = await provider.list(ingress, freeCall());
      assert.deepEqual(contents(now), [isCommitted ? "b.example.net" : "a.example.net"]);
      assert.equal(bench.writes(), 2);
    });
  }

  claim("gives up when told to: a read without doubt, a write in doubt", async ({ provider, fallSilent }) => {
    await provider.list(ingress, freeCall());
    fallSilent();
    for (const kind of ["read", "write"] as const) {
      const abort = new AbortController();
      const call = freeCall(abort.signal);
      const plan = planBetween([], cname("a.example.net"));
      const pending = kind === "read" ? provider.list(ingress, call) : provider.apply(ingress, plan, [], call);
      setImmediate(() => abort.abort());
      await assertFails(pending, "transient", kind === "write");
    }
  });

  claim("asks to be admitted before every request, and sends nothing when refused", async ({ provider, ...bench }) => {
    let asked = 0;
    const admit = async (): Promise<void> => {
      asked += 1;
    };
    const { signal } = new AbortController();
    await provider.list(ingress, { signal, admit });
    asked = 0;
    await provider.list(ingress, { signal, admit });
    assert.equal(asked, 1);
    await provider.apply(ingress, planBetween([], cname("a.example.net")), [], { signal, admit });
    assert.equal(asked, 2);
    const refuse = () => Promise.reject(new CloudError("transient", `${record}: not now`));
    const plan = planBetween(await provider.list(ingress, freeCall()), cname("b.example.net"));
    await assertFails(
      provider.apply(ingress, plan, await provider.list(ingress, freeCall()), { signal, admit: refuse }),
      "transient",
    );
    assert.equal(bench.writes(), 1);
  });

  claim("refuses plans that would break what must hold, before anything is sent", async ({ provider, ...bench }) => {
    const known = await become(provider, addresses("192.0.2.1", "192.0.2.2"));
    const [one, two] = known as [PublishedRecord, PublishedRecord];
    const foreign = bench.add({ type: "TXT", content: '"mine"' });
    const nothing: Plan = { deletes: [], patches: [], posts: [] };
    const a = (content: string, more: Partial<PlannedRecord> = {}): PlannedRecord => ({
      type: "A",
      content,
      ttlSeconds: 120,
      proxied: false,
      ...more,
    });
    const unsafe: [RegExp, Plan][] = [
      [/without a record/, { ...nothing, deletes: [one, two] }],
      [/not known/, { ...nothing, deletes: [{ id: foreign }] }],
      [/not known/, { ...nothing, patches: [{ id: foreign, ...a("192.0.2.3") }] }],
      [/touched twice/, { ...nothing, deletes: [one], patches: [{ id: one.id, ...a("192.0.2.3") }] }],
      [
        /changes the type/,
        { ...nothing, deletes: [two], patches: [{ ...a("b.example.net"), id: one.id, type: "CNAME" }] },
      ],
      [/beside another/, { ...nothing, deletes: [one], posts: [a("b.example.net", { type: "CNAME" })] }],
      [/differ in TTL/, { ...nothing, posts: [a("192.0.2.3", { ttlSeconds: 60 })] }],
      [/differ in TTL/, { ...nothing, posts: [a("192.0.2.3", { proxied: true })] }],
    ];
    const before = bench.writes();
    for (const [complaint, plan] of unsafe) {
      await assert.rejects(
        async () => provider.apply(ingress, plan, known, freeCall()),
        (error: unknown) => error instanceof Error && !(error instanceof CloudError) && complaint.test(error.message),
      );
    }
    assert.equal(bench.writes(), before);
    // Deleting alone is right as long as something stays.
    const left = await provider.apply(ingress, { ...nothing, deletes: [one] }, known, freeCall());
    assert.deepEqual(left, [two]);
  });
}
