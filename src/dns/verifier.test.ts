// Whether a write is found to be visible, wrong or not verified, on virtual time over servers that a test scripts.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { record, settings } from "../../test/conformance/reconciler-world.ts";
import { empty, referral, says, silent, VerifierWorld } from "../../test/support/verifier-world.ts";
import type { IngressSettings } from "../core/model.ts";
import type { Reply } from "./exchange.ts";
import type { Question } from "./wire.ts";

const one = "192.0.2.53:53";
const two = "192.0.2.54:53";
const isCable = says("CNAME cable.example.net");
const isMobile = says("CNAME mobile.example.net");

async function started(nameservers?: readonly string[], changes?: Partial<IngressSettings>): Promise<VerifierWorld> {
  const world = new VerifierWorld(nameservers);
  await world.start(changes);
  return world;
}

describe("a write", () => {
  test("is visible at once where the servers show it at once", async () => {
    await using world = await started([one, two]);
    world.servers.set(one, isMobile).set(two, isMobile);
    await world.switch();
    assert.deepEqual(world.outcomes, ["visible"]);
    assert.equal(world.visibility?.detail, "2 servers agree");
    assert.deepEqual(
      world.asked.map(({ server, type, name, isRecursive }) => `${server} ${type} ${name} ${String(isRecursive)}`),
      [one, two].flatMap((server) => ["A", "AAAA"].map((type) => `${server} ${type} ${record} false`)),
    );
    await world.advance(3_600_000);
    assert.equal(world.asked.length, 4, "that is all that is asked");
    assert.equal(world.outcomes.length, 1);
  });

  test("is visible when the last server has followed, and that is when it is said", async () => {
    await using world = await started([one, two]);
    world.servers.set(one, isMobile).set(two, isCable);
    await world.switch();
    await world.advance(9_000);
    assert.deepEqual(world.outcomes, []);
    assert.equal(world.visibility?.status, "checking");
    assert.equal(world.asked.filter(({ server }) => server === one).length, 2, "who agreed is not asked again");
    world.servers.set(two, isMobile);
    await world.advance(2_000);
    assert.deepEqual(world.outcomes, ["visible"]);
    const { visibility } = world;
    const tookMs = (visibility?.atMs ?? 0) - (visibility?.writtenAtMs ?? 0);
    assert.ok(tookMs > 9_000 && tookMs <= 11_000, String(tookMs));
  });

  test("is looked for at a pace that begins quick and stays moderate", async () => {
    await using world = await started([one]);
    world.servers.set(one, isCable);
    await world.switch();
    await world.advance(59_000);
    const timesMs = world.asked.filter(({ type }) => type === "A").map(({ atMs }) => atMs);
    const pausesMs = timesMs.slice(1).map((atMs, index) => atMs - (timesMs[index] ?? 0));
    assert.equal(pausesMs[0], 250);
    assert.ok(
      pausesMs.every((ms) => ms >= 250 && ms <= 2_000),
      String(pausesMs),
    );
    assert.ok(timesMs.length > 25 && timesMs.length < 45, String(timesMs.length));
  });

  test("that is not shown after 60 s is an alarm, and its end is told", async () => {
    await using world = await started([one, two]);
    world.servers.set(one, isMobile).set(two, isCable);
    await world.switch();
    await world.advance(59_999);
    assert.deepEqual(world.outcomes, []);
    await world.advance(1);
    assert.deepEqual(world.outcomes, ["wrong"]);
    assert.equal(world.visibility?.detail, `${two} says CNAME cable.example.net`);
    world.asked.length = 0;
    await world.advance(10 * 60_000);
    assert.deepEqual(world.outcomes, ["wrong"], "said once");
    assert.ok(world.asked.length >= 20 && world.asked.length <= 2 * 21, String(world.asked.length));
    world.servers.set(two, isMobile);
    await world.advance(30_000);
    assert.deepEqual(world.outcomes, ["wrong", "visible"]);
  });

  test("that is never shown is given up after an hour", async () => {
    await using world = await started([one]);
    world.servers.set(one, isCable);
    await world.switch();
    await world.advance(3_700_000);
    world.asked.length = 0;
    world.servers.set(one, isMobile);
    await world.advance(3_600_000);
    assert.equal(world.asked.length, 0);
    assert.deepEqual(world.outcomes, ["wrong"]);
  });

  test("is not verified when nobody answers, which is no alarm", async () => {
    await using world = await started([one, two]);
    await world.switch();
    await world.advance(61_600);
    assert.deepEqual(world.outcomes, ["silent"]);
    assert.equal(world.visibility?.detail, `${one} did not answer; ${two} did not answer`);
    world.asked.length = 0;
    await world.advance(3_600_000);
    assert.equal(world.asked.length, 0);
  });

  test("is visible though one of the servers is silent", async () => {
    await using world = await started([one, two]);
    world.servers.set(one, isMobile);
    await world.switch();
    await world.advance(1_500);
    assert.deepEqual(world.outcomes, ["visible"]);
    assert.equal(world.visibility?.detail, "1 server agrees, 1 did not answer");
  });

  test("is not visible yet where a server showed something else and then fell silent", async () => {
    await using world = await started([one, two]);
    world.servers.set(one, isMobile).set(two, isCable);
    await world.switch();
    world.servers.set(two, silent);
    await world.advance(62_000);
    assert.deepEqual(world.outcomes, ["silent"], "nor wrong: nobody says so any more");
  });

  test("made moot by a newer one is not looked at any longer", async () => {
    await using world = await started([one]);
    world.servers.set(one, isCable);
    await world.switch();
    await world.advance(5_000);
    const [writtenAtMs] = [world.visibility?.writtenAtMs];
    await world.switch("cable");
    assert.notEqual(world.visibility?.writtenAtMs, writtenAtMs);
    assert.deepEqual(world.outcomes, ["visible"]);
    await world.advance(120_000);
    assert.deepEqual(world.outcomes, ["visible"]);
  });

  test("of an ingress that is no longer configured is not looked at, nor at the end of the daemon", async () => {
    const world = await started([one]);
    world.servers.set(one, isCable);
    await world.switch();
    world.world.load(settings({ record: "other.example.com" }));
    world.asked.length = 0;
    await world.advance(10_000);
    assert.ok(world.asked.every(({ name }) => name !== record));
    await world[Symbol.asyncDispose]();
    assert.equal(world.world.clock.pendingTimers, 0);
  });

  test("is looked for at the servers of a new configuration, once there is one", async () => {
    await using world = await started([one]);
    world.servers.set(one, isCable).set(two, isMobile);
    world.zoneServers.use([two]);
    await world.switch();
    assert.deepEqual(world.outcomes, ["visible"]);
    assert.ok(world.asked.every(({ server }) => server === two));
  });

  test("of a proxied name is not looked for at all", async () => {
    await using world = await started([one], { proxied: true });
    await world.switch();
    await world.advance(120_000);
    assert.equal(world.asked.length, 0);
    assert.equal(world.visibility, undefined);
  });

  test("of many ingresses at once asks a bounded number of questions at a time", async () => {
    await using world = new VerifierWorld(Array.from({ length: 8 }, (_, index) => `192.0.2.${index + 1}:53`));
    const all = Array.from({ length: 20 }, (_, index) => settings({ record: `i${index}.example.com` }));
    for (let index = 1; index <= 8; index += 1) {
      world.servers.set(`192.0.2.${index}:53`, isCable);
      world.delaysMs.set(`192.0.2.${index}:53`, 100);
    }
    await world.world.start(...all);
    await world.advance(20_000);
    assert.equal(world.outcomes.filter((status) => status === "visible").length, 20);
    assert.ok(world.mostAtOnce > 8 && world.mostAtOnce <= 32, String(world.mostAtOnce));
  });
});

describe("what a server says", () => {
  /** How a switch from cable to mobile is judged after a minute when the one server says this. */
  async function judge(answer: (question: Question) => Reply, changes: Partial<IngressSettings> = {}) {
    await using world = await started([one], changes);
    world.servers.set(one, answer);
    await world.switch();
    await world.advance(62_000);
    return { status: world.outcomes.join(), detail: world.visibility?.detail };
  }
  const cases: [what: string, answer: (question: Question) => Reply, status: string, detail?: string][] = [
    ["the alias", isMobile, "visible"],
    ["the address of the alias's target, as flattened", says("A 192.0.2.2"), "visible"],
    ["the old one's address", says("A 192.0.2.1"), "wrong", `${one} says A 192.0.2.1`],
    ["addresses of both", says("A 192.0.2.1", "A 192.0.2.2"), "wrong"],
    ["an address that nobody knows", says("A 203.0.113.7"), "silent", `${one} says 203.0.113.7`],
    ["that the name has no record", says(), "wrong", `${one} says no record`],
    ["that the name does not exist", () => ({ ...empty, rcode: "NXDOMAIN" }), "wrong", `${one} says no record`],
    ["SERVFAIL", () => ({ ...empty, rcode: "SERVFAIL" }), "silent", `${one} answered SERVFAIL`],
    ["REFUSED", () => ({ ...empty, rcode: "REFUSED" }), "silent"],
    ["that others are responsible", referral, "silent", `${one} is not responsible for the name`],
    [
      "the old alias from a cache, without authority",
      (question) => ({ ...(isCable(question) as typeof empty), isAuthoritative: false }),
      "silent",
      `${one} gave an answer without authority`,
    ],
    [
      "the alias to one question only",
      (question) => (question.type === "A" ? isMobile(question) : silent()),
      "visible",
    ],
    [
      "two different aliases to the two questions",
      (question) => (question.type === "A" ? isMobile(question) : isCable(question)),
      "wrong",
    ],
  ];
  for (const [what, answer, status, detail] of cases) {
    test(`${what}: ${status}`, async () => {
      const judged = await judge(answer);
      assert.equal(judged.status, status);
      if (detail !== undefined) assert.equal(judged.detail, detail);
    });
  }

  const inAddresses: typeof cases = [
    ["the address", says("A 192.0.2.2"), "visible"],
    ["the address and one more", says("A 192.0.2.1", "A 192.0.2.2"), "wrong"],
    ["the address and an IPv6 one", says("A 192.0.2.2", "AAAA 2001:db8::1"), "wrong"],
    ["an alias", isMobile, "wrong", `${one} says CNAME mobile.example.net`],
    [
      "the address, and nothing about IPv6",
      (question) => (question.type === "A" ? says("A 192.0.2.2")(question) : silent()),
      "silent",
    ],
    [
      "the wrong address, and nothing about IPv6",
      (question) => (question.type === "A" ? says("A 192.0.2.1")(question) : silent()),
      "wrong",
    ],
  ];
  for (const [what, answer, status, detail] of inAddresses) {
    test(`of addresses, ${what}: ${status}`, async () => {
      const judged = await judge(answer, { publish: "addresses" });
      assert.equal(judged.status, status);
      if (detail !== undefined) assert.equal(judged.detail, detail);
    });
  }
});

describe("the zone's own servers", () => {
  const resolver = "192.0.2.99:53";
  const withResolver = (changes: Partial<IngressSettings> = {}): Partial<IngressSettings> => {
    const { endpoints } = settings();
    return { endpoints: endpoints.map((endpoint) => ({ ...endpoint, resolvers: [resolver] })), ...changes };
  };
  /** A resolver that knows the name servers of these zones. */
  const knows =
    (zones: Readonly<Record<string, readonly string[]>>) =>
    ({ name }: Question): Reply => ({
      ...empty,
      answers: (zones[name] ?? []).map((data) => ({ name, type: "NS", ttlSeconds: 60, data })),
    });

  test("are found from the top, by the ingress's resolvers, and asked by address", async () => {
    await using world = await started(undefined, withResolver());
    world.servers.set(resolver, knows({ "example.com": ["ns1.cloudflare.example", "ns2.cloudflare.example"] }));
    world.hosts
      .set("ns1.cloudflare.example", ["192.0.2.61", "2001:db8::61"])
      .set("ns2.cloudflare.example", ["192.0.2.62"]);
    for (const address of ["192.0.2.61", "2001:db8::61", "192.0.2.62"]) world.servers.set(address, isMobile);
    await world.switch();
    assert.deepEqual(world.outcomes, ["visible"]);
    assert.equal(world.visibility?.detail, "3 servers agree");
    const recursive = world.asked.filter(({ isRecursive }) => isRecursive);
    assert.deepEqual(
      recursive.map(({ name, type }) => `${type} ${name}`),
      ["NS example.com"],
      "nobody is asked for a name that may not be there yet",
    );
    world.servers.forEach((_, server) => server !== resolver && world.servers.set(server, isCable));
    await world.advance(1_000);
    await world.switch("cable");
    assert.deepEqual(world.outcomes, ["visible", "visible"]);
    assert.equal(world.asked.filter(({ isRecursive }) => isRecursive).length, 1, "they are remembered");
  });

  test("of a zone further down are found when those above point there", async () => {
    await using world = await started(undefined, withResolver());
    world.servers.set(resolver, knows({ "example.com": ["top.example"], [record]: ["deep.example"] }));
    world.hosts.set("top.example", ["192.0.2.61"]).set("deep.example", ["192.0.2.62"]);
    world.servers.set("192.0.2.61", referral).set("192.0.2.62", isMobile);
    await world.switch();
    await world.advance(1_000);
    assert.deepEqual(world.outcomes, ["visible"]);
  });

  test("of a configured zone are looked up by its name", async () => {
    const name = "ingress.site.example.com";
    await using world = await started(undefined, withResolver({ record: name, zone: "site.example.com" }));
    world.servers.set(resolver, knows({ "site.example.com": ["ns.example"] }));
    world.hosts.set("ns.example", ["192.0.2.61"]);
    world.servers.set("192.0.2.61", isMobile);
    await world.switch("mobile", name);
    assert.deepEqual(world.outcomes, ["visible"]);
    assert.equal(world.asked[0]?.name, "site.example.com");
  });

  test("are looked up anew when they do not answer any more", async () => {
    await using world = await started(undefined, withResolver());
    world.servers.set(resolver, knows({ "example.com": ["ns.example"] }));
    world.hosts.set("ns.example", ["192.0.2.61"]);
    world.servers.set("192.0.2.62", isMobile);
    await world.switch();
    await world.advance(3_000);
    assert.deepEqual(world.outcomes, []);
    world.hosts.set("ns.example", ["192.0.2.62"]);
    await world.advance(3_000);
    assert.deepEqual(world.outcomes, ["visible"]);
  });

  test("that cannot be found leave a write unverified", async () => {
    await using world = await started(undefined, withResolver());
    await world.switch();
    await world.advance(62_000);
    assert.deepEqual(world.outcomes, ["silent"]);
    assert.equal(world.visibility?.detail, `${resolver}, asked for the servers of example.com, did not answer`);
    assert.ok(world.asked.length < 60, String(world.asked.length));
  });
});

describe("whose addresses are whose", () => {
  test("one that both endpoints have speaks for the new one", async () => {
    await using world = await started([one]);
    const { daemon } = world.world;
    const addresses = [{ text: "192.0.2.1", family: "ipv4", scope: "public" } as const];
    const resolution = { kind: "addresses", addresses, ttlSeconds: 86_400 } as const;
    daemon.dispatch({ kind: "resolved", ingress: record, endpoint: "mobile", revision: 0, resolution });
    world.world.probe("mobile", "ok");
    world.servers.set(one, says("A 192.0.2.1"));
    daemon.dispatch({
      kind: "override-set",
      ingress: record,
      override: { kind: "pin", endpoint: "mobile", untilMs: 3_600_000 },
    });
    await world.advance(0);
    assert.deepEqual(world.outcomes, ["visible"]);
  });

  test("one that somebody else had published is an old one, too", async () => {
    await using world = new VerifierWorld([one]);
    world.provider.add({ name: record, type: "A", content: "203.0.113.9", ttlSeconds: 60 });
    world.servers.set(one, says("A 203.0.113.9"));
    await world.world.start();
    await world.advance(62_000);
    assert.deepEqual(world.outcomes, ["wrong"]);
    assert.equal(world.visibility?.detail, `${one} says A 203.0.113.9`);
  });

  test("one that stood there before, beside a strange one, may be what somebody made of the old records", async () => {
    for (const [said, outcome] of [
      [says("A 192.0.2.1"), "visible"],
      [says("A 192.0.2.1", "A 203.0.113.9"), "silent"],
    ] as const) {
      await using world = new VerifierWorld([one]);
      world.provider.add({ name: record, type: "A", content: "192.0.2.1", ttlSeconds: 60 });
      world.servers.set(one, said);
      await world.world.start(settings({ publish: "cname" }));
      await world.advance(62_000);
      const [ingress] = world.world.daemon.state.ingresses;
      assert.equal(ingress?.published?.records[0]?.type, "CNAME");
      assert.deepEqual(world.outcomes, [outcome]);
    }
  });
});
