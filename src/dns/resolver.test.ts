import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { a, aaaa, cname, rcodes, soa, startScriptedDns, type Script } from "../../test/support/scripted-dns.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Resolution } from "../core/model.ts";
import { sleep } from "../lib/clock.ts";
import { systemClock } from "../runtime/node/clock.ts";
import type { Exchange, Reply } from "./exchange.ts";
import type { Resolve } from "../core/look-up.ts";
import { createResolver } from "./resolver.ts";
import type { Answered, DnsRecord } from "./wire.ts";

const host = "cable.example.com";

/** What a resolution says, in a line. */
function words(resolution: Resolution): string {
  if (resolution.kind !== "addresses") return `${resolution.kind} ${resolution.reason}`;
  return `${resolution.addresses.map(({ text }) => text).join(" ")} for ${resolution.ttlSeconds}s`;
}

describe("over the network", () => {
  const resolve = createResolver({ clock: systemClock });
  const look = async (...scripts: Script[]): Promise<{ resolution: Resolution; asked: string[][] }> => {
    const servers = await Promise.all(scripts.map((script) => startScriptedDns(script)));
    try {
      const resolvers = servers.map(({ address }) => address);
      const resolution = await resolve(host, resolvers, { timeoutMs: 1_000 });
      return { resolution, asked: servers.map(({ asked }) => asked) };
    } finally {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
    }
  };
  const both: Script = ({ type }) => ({
    answers:
      type === "A" ? [a(host, "192.0.2.2", 300), a(host, "192.0.2.1", 300)] : [aaaa(host, "2001:0db8:0::1", 120)],
  });

  test("both families are asked for, and their addresses are canonical, sorted and classified", async () => {
    const { resolution, asked } = await look(both);
    assert.deepEqual(resolution, {
      kind: "addresses",
      addresses: [
        { text: "192.0.2.1", family: "ipv4", scope: "public" },
        { text: "192.0.2.2", family: "ipv4", scope: "public" },
        { text: "2001:db8::1", family: "ipv6", scope: "public" },
      ],
      ttlSeconds: 120,
    });
    assert.deepEqual(asked[0]?.toSorted(), [`A ${host}`, `AAAA ${host}`]);
  });

  test("a refusing first resolver is passed over at once", async () => {
    const { resolution } = await look(() => ({ rcode: rcodes.refused }), both);
    assert.equal(resolution.kind, "addresses");
  });

  describe("where a resolver makes IPv6 addresses out of IPv4 ones", () => {
    const telltale = "ipv4only.arpa";
    /** `made` and `told` as they follow from the prefix; `real` has none. */
    const table = [
      ["2001:db8:100::/40", "2001:db8:1c0:2:21::", "2001:db8:1c0:0:aa::"],
      ["2001:db8:122::/48", "2001:db8:122:c000:2:2100::", "2001:db8:122:c000:0:aa00::"],
      ["2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::", "2001:db8:122:3c0:0:aa::"],
      ["2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100::", "2001:db8:122:344:c0:0:aa00::"],
      ["2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33", "2001:db8:122:344::192.0.0.170"],
    ] as const;
    const making =
      (made: readonly string[], told: readonly string[] | undefined): Script =>
      ({ name, type }) => {
        if (name === telltale) return told && { answers: told.map((text) => aaaa(telltale, text, 60)) };
        return { answers: type === "A" ? [a(host, "192.0.2.33", 300)] : made.map((text) => aaaa(host, text, 300)) };
      };
    const scopes = ({ resolution }: { resolution: Resolution }): unknown =>
      resolution.kind === "addresses" && resolution.addresses.map(({ scope }) => scope);

    for (const [prefix, made, told] of table) {
      test(`by a prefix of its own, ${prefix}, they are of no use to the world`, async () => {
        const answer = await look(making([made, "2001:db8:ffff::1"], [told]));
        assert.deepEqual(scopes(answer), ["public", "special", "public"]);
        assert.deepEqual(answer.asked[0]?.toSorted(), [`A ${host}`, `AAAA ${host}`, `AAAA ${telltale}`]);
      });
    }

    test("an address that merely holds the other one is as good as any", async () => {
      const none: Script = ({ name, type, ...rest }) =>
        name === telltale
          ? { authorities: [soa("arpa")] }
          : making(["2001:db8::192.0.2.33"], [])({ name, type, ...rest });
      assert.deepEqual(scopes(await look(none)), ["public", "public"]);
    });

    test("nobody could say where the resolver does not tell", async () => {
      assert.equal(words((await look(making(["2001:db8::192.0.2.33"], undefined))).resolution), "inconclusive silent");
    });

    test("others are not asked anything more", async () => {
      const { asked } = await look(making(["2001:db8::1", "64:ff9b::192.0.2.33"], []));
      assert.deepEqual(asked[0]?.toSorted(), [`A ${host}`, `AAAA ${host}`]);
    });
  });

  test("malformed answers are silence, and never an error", async () => {
    const { resolution } = await look(({ query }) => [query.subarray(0, 20), Buffer.alloc(300, 0xc0)]);
    assert.equal(words(resolution), "inconclusive silent");
    assert.match(
      resolution.kind === "inconclusive" ? resolution.detail : "",
      /^cable\.example\.com: 127\.0\.0\.1:\d+ did not answer$/,
    );
  });

  test("NXDOMAIN of two resolvers is conclusive", async () => {
    const none: Script = () => ({ rcode: rcodes.nxdomain, authorities: [soa("example.com")] });
    const { resolution } = await look(none, none);
    assert.equal(words(resolution), "none nxdomain");
    assert.match(
      resolution.kind === "none" ? resolution.detail : "",
      /^cable\.example\.com does not exist \(says 127\.0\.0\.1:\d+ and 127\.0\.0\.1:\d+\)$/,
    );
  });
});

// From here on resolvers are made up and time is virtual, so that nothing depends on how fast a machine is.

/** What a made-up resolver says to one question: after `afterMs`, or never. */
type Says = { readonly afterMs?: number; readonly reply: Reply } | "silence";
type MadeUp = (name: string, type: "A" | "AAAA") => Says;

interface World {
  readonly clock: VirtualClock;
  readonly resolve: (timeoutMs?: number, signal?: AbortSignal) => Promise<Resolution>;
  /** Questions so far: `1: A cable.example.com`. */
  readonly asked: string[];
  /** May be replaced: what each resolver says, in order. */
  resolvers: MadeUp[];
}

function worldOf(...resolvers: MadeUp[]): World {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const exchange: Exchange = async (server, question, { timeoutMs, signal }) => {
    const index = Number(server);
    assert.ok(question.type === "A" || question.type === "AAAA");
    asked.push(`${index}: ${question.type} ${question.name}`);
    const spoken = world.resolvers[index - 1]?.(question.name, question.type) ?? "silence";
    const waitMs = spoken === "silence" ? Infinity : (spoken.afterMs ?? 10);
    await sleep(clock, Math.min(waitMs, Math.max(0, timeoutMs)), signal);
    if (spoken === "silence" || waitMs > timeoutMs || signal?.aborted === true)
      return { kind: "silent", detail: "did not answer" };
    return spoken.reply;
  };
  const resolve: Resolve = createResolver({ clock, exchange });
  const world: World = {
    clock,
    asked,
    resolvers,
    resolve: async (timeoutMs = 5_000, signal) => {
      const names = resolvers.map((_, index) => String(index + 1));
      const progress = { isDone: false };
      const resolving = resolve(host, names, { timeoutMs, ...(signal && { signal }) }).finally(
        () => (progress.isDone = true),
      );
      for (let passedMs = 0; !progress.isDone && passedMs <= timeoutMs + 1_000; passedMs += 10) await clock.advance(10);
      assert.ok(progress.isDone, "resolving must end by its deadline");
      return resolving;
    },
  };
  return world;
}

function record(type: DnsRecord["type"], data: string, ttlSeconds = 60, name = host): DnsRecord {
  return { type, data, ttlSeconds, name };
}

function saying(answers: readonly DnsRecord[], more: Partial<Answered> = {}): Says {
  return { reply: { kind: "answered", rcode: "NOERROR", isAuthoritative: false, isReferral: false, answers, ...more } };
}

const v4 = saying([record("A", "192.0.2.1", 300)]);
const v6 = saying([record("AAAA", "2001:db8::1", 300)]);
const noData = saying([], { negative: { zone: "example.com", ttlSeconds: 900 } });
const nxdomain = saying([], { rcode: "NXDOMAIN" });
const servfail = saying([], { rcode: "SERVFAIL" });

/** A resolver that says one thing about A and another about AAAA. */
function says(ipv4: Says, ipv6: Says): MadeUp {
  return (_, type) => (type === "A" ? ipv4 : ipv6);
}

const good = says(v4, v6);
const silent: MadeUp = () => "silence";
/** A machine without a route to the resolver. */
const unroutable: MadeUp = () => ({ reply: { kind: "local", detail: "could not be queried: no route" } });

describe("what resolvers say, weighed:", () => {
  const table: readonly (readonly [string, readonly MadeUp[], string])[] = [
    ["one good one", [good], "192.0.2.1 2001:db8::1 for 300s"],
    ["IPv4 only", [says(v4, noData)], "192.0.2.1 for 300s"],
    ["IPv6 only", [says(noData, v6)], "2001:db8::1 for 300s"],
    ["NXDOMAIN to AAAA, as broken servers do", [says(v4, nxdomain)], "192.0.2.1 for 300s"],
    ["the only one says NXDOMAIN", [() => nxdomain], "none nxdomain"],
    ["the only one says no data", [() => noData], "none no-data"],
    ["both say NXDOMAIN", [() => nxdomain, () => nxdomain], "none nxdomain"],
    ["both say no data", [() => noData, () => noData], "none no-data"],
    ["NXDOMAIN for one family only is no data", [says(nxdomain, noData)], "none no-data"],
    ["NXDOMAIN, and the other is silent", [() => nxdomain, silent], "inconclusive silent"],
    ["NXDOMAIN, and the other has SERVFAIL", [() => nxdomain, () => servfail], "inconclusive servfail"],
    ["NXDOMAIN and no data deny an address both", [() => nxdomain, () => noData], "none no-data"],
    ["NXDOMAIN, and the other remembers that IPv6 was empty", [() => nxdomain, says(nxdomain, noData)], "none no-data"],
    ["two of three are enough to deny", [() => nxdomain, silent, () => nxdomain], "none nxdomain"],
    ["NXDOMAIN against addresses", [() => nxdomain, good], "192.0.2.1 2001:db8::1 for 300s"],
    ["silence against addresses", [silent, good], "192.0.2.1 2001:db8::1 for 300s"],
    ["SERVFAIL against addresses", [() => servfail, good], "192.0.2.1 2001:db8::1 for 300s"],
    ["all silent", [silent, silent], "inconclusive silent"],
    ["all SERVFAIL", [() => servfail, () => servfail], "inconclusive servfail"],
    ["refused", [() => saying([], { rcode: "REFUSED" })], "inconclusive refused"],
    ["a code that nobody knows", [() => saying([], { rcode: "RCODE_11" })], "inconclusive servfail"],
    ["only other servers named", [() => saying([], { isReferral: true })], "inconclusive servfail"],
    ["the question cannot leave", [unroutable], "inconclusive local"],
    ["two out of reach, then a good one", [unroutable, unroutable, good, good], "192.0.2.1 2001:db8::1 for 300s"],
    ["two out of reach, and two that deny", [unroutable, unroutable, () => noData, () => noData], "none no-data"],
    ["two that deny, and two out of reach", [() => noData, () => noData, unroutable, unroutable], "none no-data"],
    ["SERVFAIL, and out of reach", [() => servfail, unroutable], "inconclusive servfail"],
    ["no resolvers at all", [], "inconclusive silent"],
    ["half an answer each", [says(v4, servfail), says(servfail, v6)], "192.0.2.1 2001:db8::1 for 300s"],
    ["half an answer, and NXDOMAIN by the other", [says(v4, servfail), () => nxdomain], "inconclusive servfail"],
    ["half an answer, IPv6 silent", [says(v4, "silence")], "inconclusive silent"],
    ["one family denied, the other silent", [says(noData, "silence")], "inconclusive silent"],
    ["an address that is none", [says(saying([record("A", "192.0.2.256")]), noData)], "inconclusive servfail"],
    ["doubles", [says(saying([record("A", "192.0.2.1"), record("A", "192.0.2.1")]), noData)], "192.0.2.1 for 60s"],
  ];
  for (const [name, resolvers, expected] of table) {
    test(`${name}: ${expected}`, async () => {
      const world = worldOf(...resolvers);
      assert.equal(words(await world.resolve()), expected);
      await world.clock.advance(0);
      assert.equal(world.clock.pendingTimers, 0, "nothing may be left running");
    });
  }

  test("details name the servers and what they said", async () => {
    const { resolve } = worldOf(() => nxdomain, silent);
    const resolution = await resolve();
    assert.equal(
      resolution.kind === "inconclusive" && resolution.detail,
      "cable.example.com: 2 did not answer; 1 says that it does not exist",
    );
  });
});

test("those out of reach are not named beside those that could be asked", async () => {
  const { resolve } = worldOf(unroutable, () => servfail);
  const resolution = await resolve();
  assert.equal(
    resolution.kind === "inconclusive" && resolution.detail,
    "cable.example.com: 2 could not answer (SERVFAIL)",
  );
});

describe("the second resolver", () => {
  test("is left alone while the first answers", async () => {
    const world = worldOf(good, good);
    await world.resolve();
    assert.deepEqual(world.asked, [`1: A ${host}`, `1: AAAA ${host}`]);
  });

  test("is asked after half a second of silence, and the first may still win", async () => {
    const late = (reply: Says): Says => ({ ...(reply as Exclude<Says, "silence">), afterMs: 700 });
    const world = worldOf(says(late(v4), late(v6)), silent);
    assert.equal(words(await world.resolve()), "192.0.2.1 2001:db8::1 for 300s");
    assert.equal(world.asked.length, 4);
    assert.equal(world.clock.nowMs(), 700);
  });

  test("is asked in time when the deadline is short", async () => {
    const world = worldOf(silent, good);
    assert.equal(words(await world.resolve(150)), "192.0.2.1 2001:db8::1 for 300s");
    assert.ok(world.clock.nowMs() <= 80, `answered after ${world.clock.nowMs()} ms`);
  });
});

describe("an answer is used again", () => {
  test("until its TTL ends, as the very same object", async () => {
    const world = worldOf(good);
    const first = await world.resolve();
    await world.clock.advance(299_000);
    assert.equal(await world.resolve(), first);
    assert.equal(world.asked.length, 2);
    await world.clock.advance(1_000);
    const second = await world.resolve();
    assert.notEqual(second, first);
    assert.deepEqual(second, first);
    assert.equal(world.asked.length, 4);
  });

  for (const [name, resolver, expected] of [
    [
      "the lowest of both families",
      says(saying([record("A", "192.0.2.1", 300)]), saying([record("AAAA", "2001:db8::1", 40)])),
      40,
    ],
    [
      "the lowest along the chain",
      says(saying([record("CNAME", "x.example.net", 20), record("A", "192.0.2.1", 300, "x.example.net")]), noData),
      20,
    ],
    [
      "that of the denial of the other family",
      says(v4, saying([], { negative: { zone: "example.com", ttlSeconds: 30 } })),
      30,
    ],
    ["one second at least", says(saying([record("A", "192.0.2.1", 0)]), noData), 1],
    ["a day at most", says(saying([record("A", "192.0.2.1", 1_000_000)]), saying([])), 86_400],
  ] as const) {
    test(`for ${name}`, async () => {
      const resolution = await worldOf(resolver).resolve();
      assert.equal(resolution.kind === "addresses" && resolution.ttlSeconds, expected);
    });
  }

  test("but not a denial, which counts anew each time, nor a doubt", async () => {
    for (const resolver of [(): Says => nxdomain, (): Says => servfail]) {
      const world = worldOf(resolver);
      const first = await world.resolve();
      const second = await world.resolve();
      assert.notEqual(first, second);
      assert.equal(world.asked.length, 4);
    }
  });

  test("only for the same host at the same resolvers", async () => {
    const clock = new VirtualClock();
    const asked: string[] = [];
    const exchange: Exchange = (server, { name, type }) => {
      asked.push(`${server} ${name}`);
      const answers = type === "A" ? [record("A", "192.0.2.1", 300, name)] : [];
      return Promise.resolve({
        kind: "answered",
        rcode: "NOERROR",
        isAuthoritative: false,
        isReferral: false,
        answers,
      });
    };
    const resolve = createResolver({ clock, exchange });
    for (const [name, servers] of [
      ["a.example", ["1"]],
      ["b.example", ["1"]],
      ["a.example", ["2"]],
      ["a.example", ["1"]],
    ] as const) {
      await resolve(name, servers, { timeoutMs: 1_000 });
    }
    assert.deepEqual([...new Set(asked)], ["1 a.example", "1 b.example", "2 a.example"]);
    assert.equal(asked.length, 6);
  });

  test("by a bounded number of hosts", async () => {
    const clock = new VirtualClock();
    let asked = 0;
    const exchange: Exchange = (_, { name, type }) => {
      asked += 1;
      const answers = type === "A" ? [record("A", "192.0.2.1", 86_400, name)] : [];
      return Promise.resolve({
        kind: "answered",
        rcode: "NOERROR",
        isAuthoritative: false,
        isReferral: false,
        answers,
      });
    };
    const resolve = createResolver({ clock, exchange });
    const look = (index: number): Promise<Resolution> => resolve(`h${index}.example`, ["1"], { timeoutMs: 1_000 });
    for (let index = 0; index < 17_000; index += 1) await look(index);
    asked = 0;
    await look(16_999);
    assert.equal(asked, 0, "the newest is remembered");
    await look(0);
    assert.equal(asked, 2, "the oldest is forgotten");
  });
});

describe("a family that nobody can say anything about", () => {
  const half = says(v4, servfail);

  test("keeps its last known addresses until ten minutes past their TTL", async () => {
    const world = worldOf(good);
    await world.resolve();
    world.resolvers = [half];
    const seen = new Map<string, number>();
    for (let second = 0; second < 1_200; second += 20) {
      await world.clock.advance(20_000);
      const resolution = await world.resolve();
      if (resolution.kind === "addresses")
        seen.set(resolution.addresses.map(({ text }) => text).join(" "), world.clock.nowMs());
      else assert.fail(words(resolution));
    }
    assert.deepEqual([...seen.keys()], ["192.0.2.1 2001:db8::1", "192.0.2.1"]);
    const lastMs = seen.get("192.0.2.1 2001:db8::1") ?? 0;
    // 300 s of TTL and 600 s more; the last partial answer is used for a minute at most.
    assert.ok(lastMs >= 880_000 && lastMs <= 960_000, `gone after ${lastMs} ms`);
  });

  test("stays absent when it was absent before", async () => {
    const world = worldOf(says(v4, noData));
    await world.resolve();
    world.resolvers = [half];
    await world.clock.advance(301_000);
    assert.equal(words(await world.resolve()), "192.0.2.1 for 60s");
  });

  test("makes the result inconclusive for ten seconds when nothing was ever known, then is left out", async () => {
    const world = worldOf(half);
    const results: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      results.push(words(await world.resolve()));
      await world.clock.advance(4_000);
    }
    assert.deepEqual(results, [
      "inconclusive servfail",
      "inconclusive servfail",
      "inconclusive servfail",
      "192.0.2.1 for 60s",
    ]);
  });

  test("is there again as soon as somebody knows it", async () => {
    const world = worldOf(half);
    await world.resolve();
    await world.clock.advance(11_000);
    assert.equal(words(await world.resolve()), "192.0.2.1 for 60s");
    world.resolvers = [good];
    await world.clock.advance(60_000);
    assert.equal(words(await world.resolve()), "192.0.2.1 2001:db8::1 for 300s");
  });

  test("says so in words", async () => {
    const resolution = await worldOf(half).resolve();
    assert.equal(
      resolution.kind === "inconclusive" && resolution.detail,
      "cable.example.com: asked for IPv6 (AAAA) addresses, 1 could not answer (SERVFAIL)",
    );
  });
});

describe("CNAMEs", () => {
  const alias = (from: string, to: string): DnsRecord => record("CNAME", to, 60, from);

  test("are followed within an answer, whatever the order of its records", async () => {
    const answers = [
      record("A", "192.0.2.1", 60, "z.example"),
      alias("y.example", "z.example"),
      alias(host, "y.example"),
    ];
    assert.equal(words(await worldOf(says(saying(answers), noData)).resolve()), "192.0.2.1 for 60s");
  });

  test("are asked on for where an answer stops half-way", async () => {
    const world = worldOf((name, type) => {
      if (type === "AAAA") return noData;
      return name === host ? saying([alias(host, "y.example")]) : saying([record("A", "192.0.2.1", 30, "y.example")]);
    });
    assert.equal(words(await world.resolve()), "192.0.2.1 for 30s");
    assert.ok(world.asked.includes("1: A y.example"));
  });

  test("that end in a proven nothing are not asked on for", async () => {
    const dead = saying([alias(host, "y.example.net")], { negative: { zone: "example.net", ttlSeconds: 60 } });
    const world = worldOf(() => dead);
    assert.equal(words(await world.resolve()), "none no-data");
    assert.equal(world.asked.length, 2);
  });

  test("whose end is vouched for by another zone are asked on for", async () => {
    const dead = saying([alias(host, "y.example.net")], { negative: { zone: "ample.net", ttlSeconds: 60 } });
    const world = worldOf((name) => (name === host ? dead : nxdomain));
    assert.equal(words(await world.resolve()), "none nxdomain");
    assert.equal(world.asked.length, 4);
  });

  test("that go in a circle prove nothing", async () => {
    const world = worldOf((name) => saying([alias(name, name === host ? "y.example" : host)]));
    assert.equal(words(await world.resolve()), "inconclusive servfail");
    assert.ok(world.asked.length <= 16, `${world.asked.length} questions`);
  });

  test("that go in a circle within one answer prove nothing", async () => {
    const world = worldOf(() => saying([alias(host, "y.example"), alias("y.example", host)]));
    assert.equal(words(await world.resolve()), "inconclusive servfail");
    assert.equal(world.asked.length, 2);
  });

  test("that go on for ever prove nothing", async () => {
    let count = 0;
    const world = worldOf((name) => saying([alias(name, `x${(count += 1)}.example`)]));
    assert.equal(words(await world.resolve()), "inconclusive servfail");
    assert.equal(world.asked.length, 16);
  });

  test("that lead to a name that cannot be asked for prove nothing", async () => {
    const world = worldOf(() => saying([alias(host, "b\u0000d..name")]));
    const resolution = await world.resolve();
    assert.equal(words(resolution), "inconclusive servfail");
    assert.match(resolution.kind === "inconclusive" ? resolution.detail : "", /\(b d\.\.name\)$/);
  });

  test("over the network: a chain in one answer", async () => {
    await using server = await startScriptedDns(({ type }) => ({
      answers: [cname(host, "Edge.example.NET"), ...(type === "A" ? [a("edge.example.net", "192.0.2.9")] : [])],
      ...(type === "AAAA" && { authorities: [soa("example.net")] }),
    }));
    const resolve = createResolver({ clock: systemClock });
    assert.equal(words(await resolve(host, [server.address], { timeoutMs: 2_000 })), "192.0.2.9 for 60s");
    assert.equal(server.asked.length, 2);
  });
});

test("an aborted look-up ends at once and leaves nothing running", async () => {
  const world = worldOf(silent, silent);
  const stop = new AbortController();
  const resolving = world.resolve(5_000, stop.signal);
  await world.clock.advance(20);
  stop.abort();
  assert.equal((await resolving).kind, "inconclusive");
  await world.clock.advance(0);
  assert.ok(world.clock.nowMs() < 200, `ended after ${world.clock.nowMs()} ms`);
  assert.equal(world.clock.pendingTimers, 0);
});
