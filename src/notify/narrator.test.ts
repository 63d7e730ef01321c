import { nothingSaved } from "../core/saved-model.ts";
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { endpointSettings, ingressSettings, publishedRecord } from "../../test/support/ingress-world.ts";
import { NarratedWorld, wallAtZero } from "../../test/support/narrated-world.ts";
import type { Event, IngressState, PublishedRecord, RecordSet } from "../core/model.ts";
import { followed } from "../core/records/mix.ts";
import { desiredRecords } from "../core/records/records.ts";
import { endpointsNamedBy } from "./story.ts";

const record = "ingress.example.com";
const cable = endpointSettings("cable");
const mobile = endpointSettings("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });
const settings = ingressSettings(record, [cable, mobile]);
const cableRecord = publishedRecord("CNAME", "cable.example.com");

/** Cable serves, mobile is up, and the summary of the start is told. */
function startedWorld(): NarratedWorld {
  const world = new NarratedWorld();
  world.settle(settings);
  assert.equal(world.news().length, 1);
  world.pass(10_000);
  return world;
}

describe("start", () => {
  test("is told once, when the first verdicts are in", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([cableRecord]);
    world.resolveAll();
    world.observe("cable", "ok");
    assert.deepEqual(world.headlines(), []);
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), ["Started: ingress.example.com points to cable"]);
    world.pass(3_600_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("waits no longer than a minute for a verdict that does not come", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([cableRecord]);
    world.pass(59_000);
    assert.deepEqual(world.headlines(), []);
    world.pass(1_000);
    assert.deepEqual(world.headlines(), ["Started: ingress.example.com points to cable"]);
  });

  test("over what was last written says who is active, though its addresses are not known yet", () => {
    const world = new NarratedWorld();
    const lastGood = { records: [{ type: "A", content: "192.0.2.1" }], ttlSeconds: 60, proxied: false } as const;
    const saved = { ...nothingSaved({ id: record, record }), primary: "cable", form: "addresses", lastGood } as const;
    world.dispatch({ kind: "restored", ingresses: [saved] });
    world.start({ ...settings, publish: "addresses" });
    world.read([publishedRecord("A", "192.0.2.1", 60)]);
    world.pass(60_000);
    assert.deepEqual(world.headlines(), ["Started: ingress.example.com points to cable"]);
  });

  test("over a foreign record says what was replaced", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([publishedRecord("A", "203.0.113.9", 300)]);
    world.resolveAll();
    world.observe("cable", "ok");
    world.observe("mobile", "ok");
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "Started: ingress.example.com points to cable");
    assert.match(
      told?.text ?? "",
      /^Published now: A 192\.0\.2\.1 \(TTL 1 min\)\nPublished before: A 203\.0\.113\.9 \(TTL 5 min\)$/m,
    );
  });

  test("with a bad token is told at once, with the remedy", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.fail({ kind: "auth", during: "read", message: "the token is not valid; make a new one" });
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "Started: ingress.example.com is waiting for its first endpoint");
    assert.match(told?.text ?? "", /^Cloudflare: the token is not valid; make a new one$/m);
    // The end of trouble that the start told of is told too.
    world.read([cableRecord]);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com points to cable",
      "Cloudflare: the records of ingress.example.com can be read and written again",
    ]);
  });

  test("names every ingress of several", () => {
    const world = new NarratedWorld();
    world.start(settings, ingressSettings("other.example.com", [endpointSettings("fibre")]));
    world.read([cableRecord], record);
    world.read([publishedRecord("CNAME", "fibre.example.com")], "other.example.com");
    world.resolveAll();
    world.observe("cable", "ok", 2, record);
    world.observe("mobile", "ok", 2, record);
    world.observe("fibre", "timeout", 2, "other.example.com");
    const [told] = world.news();
    assert.equal(told?.headline, "Started: monitoring 2 ingresses");
    assert.match(told?.text ?? "", /^ingress\.example\.com points to cable$/m);
    assert.match(told?.text ?? "", /^other\.example\.com has no endpoint that is up$/m);
  });

  test("is told before a failover that comes in the middle of it", () => {
    const world = new NarratedWorld();
    world.start(ingressSettings(record, [cable, mobile, endpointSettings("slow", { priority: 30 })]));
    world.read([cableRecord]);
    world.resolveAll();
    world.observe("cable", "ok");
    world.observe("mobile", "ok");
    world.observe("cable", "timeout");
    assert.deepEqual(world.headlines(), [
      "Started: ingress.example.com should point to mobile, which Cloudflare has not confirmed yet",
      "ingress.example.com now points to mobile (was cable)",
    ]);
  });
});

describe("a failover", () => {
  let world: NarratedWorld;
  beforeEach(() => {
    world = startedWorld();
  });

  test("is one message, told when Cloudflare has confirmed it", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    assert.deepEqual(world.headlines(), [], "a decision alone is no news yet");
    world.cloud = "works";
    world.write();
    assert.deepEqual(world.headlines(), ["ingress.example.com now points to mobile (was cable)"]);
    world.pass(50_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("that waits for a fresh answer of the next one is one message too", () => {
    world.pass(60_000);
    world.observe("cable", "timeout");
    assert.equal(world.ingress().selection?.primary, "cable", "mobile answered too long ago to be trusted");
    world.pass(3_000);
    world.observe("mobile", "ok", 1);
    assert.deepEqual(world.headlines(), ["ingress.example.com now points to mobile (was cable)"]);
  });

  test("that finds nobody to go to is told as what is known", () => {
    world.pass(60_000);
    world.observe("cable", "timeout");
    world.pass(4_000);
    assert.deepEqual(world.headlines(), []);
    world.pass(1_000);
    const [told] = world.news();
    assert.equal(told?.headline, "ingress.example.com: cable is down");
    assert.match(told?.text ?? "", /^It stays active: no other endpoint is known to be up\.$/m);
  });

  test("that is not confirmed in time is told as decided and not done, and again when it is done", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.fail();
    world.pass(19_900);
    assert.deepEqual(world.headlines(), []);
    world.pass(200);
    const [undone, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(undone?.headline, "ingress.example.com should point to mobile, but that is not done yet");
    assert.match(undone?.text ?? "", /^Cloudflare: no answer within 15 s$/m);
    assert.match(undone?.text ?? "", /^Published now: CNAME cable\.example\.com \(TTL 1 min\)$/m);
    world.pass(200_000);
    assert.deepEqual(world.headlines(), [], "the trouble was told with it");
    world.cloud = "works";
    world.write();
    const [done, ...rest] = world.news();
    assert.equal(rest.length, 0);
    assert.equal(done?.headline, "ingress.example.com now points to mobile (was cable)");
    assert.match(done?.text ?? "", /^The problem with Cloudflare lasted 3 min 40 s\.$/m);
  });

  test("that is told as undone hides no manual override, which may want something else", () => {
    world.start(ingressSettings(record, [cable, mobile, endpointSettings("lte", { priority: 30 })]));
    world.news();
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.fail();
    world.pass(20_100);
    world.news();
    const untilMs = world.nowMs + 600_000;
    world.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "lte", untilMs } });
    assert.deepEqual(world.headlines(), ["ingress.example.com: lte was pinned manually"]);
    world.dispatch({ kind: "resumed", ingress: record });
    assert.deepEqual(world.headlines(), ["ingress.example.com: the pin of lte has ended"]);
  });

  test("that Cloudflare refuses for good is told at once", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.fail({ kind: "auth", message: "the token may not edit the zone" });
    assert.deepEqual(world.headlines(), ["ingress.example.com should point to mobile, but that is not done yet"]);
  });

  test("is not told as undone while nobody is up: nothing is to be done then", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.observe("mobile", "timeout");
    world.pass(120_000);
    assert.deepEqual(world.headlines(), ["ingress.example.com: all endpoints are down"]);
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), ["ingress.example.com should point to mobile, but that is not done yet"]);
  });

  test("of which people know that it is not done does not keep the end of an outage from being told", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.pass(30_000);
    world.observe("mobile", "timeout");
    world.pass(60_000);
    world.news();
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), ["ingress.example.com is available again"]);
  });

  test("that is taken back before it is done is told as what it was", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.observe("mobile", "timeout");
    world.pass(70_000);
    world.headlines();
    world.observe("cable", "ok");
    world.pass(70_000);
    world.observe("cable", "ok", 1);
    world.cloud = "works";
    world.write();
    const last = world.news().at(-1);
    assert.equal(last?.headline, "ingress.example.com stays with cable");
    assert.match(
      last?.text ?? "",
      /^A switch to mobile was decided at 12:00:1\d UTC and cancelled before it was done\.$/m,
    );
  });

  test("that is taken back while Cloudflare still fails does not sound as if all were well", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.observe("mobile", "timeout");
    world.fail({ during: "read" });
    world.pass(70_000);
    world.headlines();
    world.observe("cable", "ok");
    world.pass(70_000);
    world.observe("cable", "ok", 1);
    const last = world.news().at(-1);
    assert.equal(last?.headline, "ingress.example.com stays with cable");
    assert.match(last?.text ?? "", /^Cloudflare: .+\nccs keeps trying\.$/m);
  });

  test("confirmed by reading alone, after a write without an answer, is told as done", () => {
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.fail();
    world.read([publishedRecord("CNAME", "mobile.example.com", 300)]);
    assert.deepEqual(world.headlines(), ["ingress.example.com now points to mobile (was cable)"]);
  });

  test("that is overtaken by the next one is told as it happened", () => {
    const three = ingressSettings(record, [cable, mobile, endpointSettings("lte", { priority: 30 })]);
    world.start(three);
    world.resolve("lte", ["192.0.2.3"]);
    world.observe("lte", "ok");
    world.headlines();
    world.cloud = "silent";
    world.observe("cable", "timeout");
    world.observe("mobile", "timeout");
    world.dispatch({
      kind: "records-written",
      ingress: record,
      records: [publishedRecord("CNAME", "mobile.example.com", 300)],
    });
    const [halfway] = world.news();
    assert.equal(halfway?.headline, "ingress.example.com now points to mobile (was cable)");
    assert.match(halfway?.text ?? "", /It should now point to lte, but that is not done yet\./);
    world.cloud = "works";
    world.write();
    assert.deepEqual(world.headlines(), ["ingress.example.com now points to lte (was mobile)"]);
  });

  test("and the return through the mix are three changes and three messages", () => {
    world.observe("cable", "timeout");
    world.pass(10_000);
    world.observe("cable", "ok");
    world.pass(61_000);
    world.observe("mobile", "ok", 1);
    world.observe("cable", "ok", 1);
    world.pass(601_000);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com now points to mobile (was cable)",
      "ingress.example.com: cable is up again",
      "ingress.example.com now points to cable and mobile (was mobile)",
      "ingress.example.com now points to cable (was cable and mobile)",
    ]);
  });
});

test("an ingress that leaves while it points to its mix is said to be pointed to its primary first", () => {
  const world = startedWorld();
  world.observe("cable", "timeout");
  world.observe("cable", "ok");
  world.pass(61_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "ok", 1);
  world.news();
  world.dispatch({
    kind: "config-loaded",
    ingresses: [{ ...settings, id: "other.example.com", record: "other.example.com" }],
  });
  const [applied] = world.news();
  assert.match(
    applied?.text ?? "",
    /^No longer monitored: ingress\.example\.com\. It points to its mix, so it is first changed to cable\. Then it stays as it is\.$/m,
  );
});

describe("a mix that cannot be", () => {
  const mix = "ingress-mix.example.com";
  const readMix = (world: NarratedWorld, records: readonly PublishedRecord[]): void =>
    world.dispatch({ kind: "records-read", ingress: record, mix, records });
  const stranger = publishedRecord("A", "203.0.113.9");

  test("is told once, with what to do, and so is its end", () => {
    const world = startedWorld();
    readMix(world, [stranger]);
    readMix(world, [stranger]);
    const [blocked, ...more] = world.news();
    assert.deepEqual([blocked?.headline, more], ["ingress.example.com: no mix is possible for now", []]);
    assert.match(
      blocked?.text ?? "",
      /Why: ingress-mix\.example\.com has a record that ccs did not create: A 203\.0\.113\.9\./,
    );
    assert.match(blocked?.text ?? "", /Remove that record, or set mix_record to an unused name\./);
    world.pass(3_600_000);
    assert.deepEqual(world.headlines(), []);
    readMix(world, []);
    assert.deepEqual(world.headlines(), ["ingress.example.com: ingress-mix.example.com can be used for a mix again"]);
  });

  test("is told no more than a few times an hour, however often it comes and goes", () => {
    const world = startedWorld();
    for (let times = 0; times < 20; times += 1) readMix(world, times % 2 === 0 ? [stranger] : []);
    assert.ok(world.headlines().length <= 6);
  });

  test("is told once where Cloudflare refuses it at each outage", () => {
    const world = startedWorld();
    for (let times = 0; times < 3; times += 1) {
      world.observe("cable", "timeout");
      world.dispatch({
        kind: "cloud-failed",
        ingress: record,
        mix,
        problem: { kind: "invalid", message: "content is invalid", during: "write" },
      });
      world.observe("cable", "ok");
      world.pass(150_000);
      world.observe("mobile", "ok", 1);
      world.observe("cable", "ok", 1);
      world.pass(10_000);
    }
    const told = world.headlines().filter((headline) => headline.includes("no mix"));
    assert.deepEqual(told, ["ingress.example.com: no mix is possible for now"]);
  });

  test("is told after the summary of the start, which does not speak of it", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([cableRecord]);
    readMix(world, [stranger]);
    world.resolveAll();
    world.observe("cable", "ok");
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), [
      "Started: ingress.example.com points to cable",
      "ingress.example.com: no mix is possible for now",
    ]);
  });
});

describe("an outage", () => {
  test("is told at once, and its end with the change of records that it brings", () => {
    const world = startedWorld();
    world.observe("mobile", "timeout");
    world.observe("cable", "timeout");
    assert.deepEqual(world.headlines(), [
      "ingress.example.com: mobile is down",
      "ingress.example.com: all endpoints are down",
    ]);
    world.pass(120_000);
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), [], "cable may be about to come back too");
    world.observe("cable", "timeout", 1);
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "ingress.example.com now points to mobile (was cable)");
    assert.match(told?.text ?? "", /^Before that, all endpoints were down for 2 min\.$/m);
  });

  test("that the primary ends itself is told as over", () => {
    const world = startedWorld();
    world.observe("mobile", "timeout");
    world.observe("cable", "timeout");
    world.pass(60_000);
    world.headlines();
    world.observe("cable", "ok");
    assert.deepEqual(world.headlines(), ["ingress.example.com is available again"]);
  });

  test("that comes and goes is not told every time, but its last state is", () => {
    const world = startedWorld();
    world.observe("mobile", "timeout");
    world.headlines();
    for (let round = 0; round < 40; round += 1) {
      world.observe("cable", "timeout");
      world.pass(5_000);
      world.observe("cable", "ok");
      world.pass(5_000);
    }
    world.observe("cable", "timeout");
    const told = world.news();
    assert.equal(told.length, 6, told.map(({ headline }) => headline).join("\n"));
    assert.match(
      told.at(-1)?.text ?? "",
      /This changes often: there are no more messages about it until 13:00:\d\d UTC\./,
    );
    world.pass(3_600_000);
    assert.deepEqual(world.headlines(), ["ingress.example.com: all endpoints are down"]);
  });
});

describe("endpoints that lead to the same place", () => {
  test("are told once, of both together", () => {
    const world = startedWorld();
    const [own = ""] = world.ingress().endpoints.flatMap(({ addresses }) => addresses.map(({ text }) => text));
    world.resolve("mobile", [own]);
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "ingress.example.com: cable has the same addresses as mobile");
    world.resolve("mobile", ["192.0.2.2"]);
    world.resolve("mobile", [own]);
    assert.deepEqual(world.headlines(), []);
  });
});

describe("an endpoint that does not serve", () => {
  test("is told when it goes down and when it is back, not when it is in doubt or recovering", () => {
    const world = startedWorld();
    world.observe("mobile", "timeout", 1);
    world.observe("mobile", "ok", 5);
    assert.deepEqual(world.headlines(), [], "one lost packet is no news");
    world.observe("mobile", "timeout");
    assert.deepEqual(world.headlines(), ["ingress.example.com: mobile is down"]);
    world.observe("mobile", "ok", 1);
    world.observe("mobile", "timeout", 1);
    assert.deepEqual(world.headlines(), [], "recovering and down again is down");
    world.pass(60_000);
    world.observe("mobile", "ok");
    const [told] = world.news();
    assert.equal(told?.headline, "ingress.example.com: mobile is up again");
    assert.match(told?.text ?? "", /^It was down for 1 min\.$/m);
  });

  test("that loses one family is told as degraded, and as up again", () => {
    const world = startedWorld();
    world.resolve("mobile", ["192.0.2.2", "2001:db8::2"]);
    world.probe("mobile", "2001:db8::2", "ok");
    world.headlines();
    for (const _ of [1, 2]) {
      world.probe("mobile", "192.0.2.2", "ok");
      world.probe("mobile", "2001:db8::2", "timeout");
    }
    assert.deepEqual(world.headlines(), ["ingress.example.com: mobile is degraded"]);
    for (const _ of [1, 2]) world.probe("mobile", "2001:db8::2", "ok");
    assert.deepEqual(world.headlines(), ["ingress.example.com: mobile is up again"]);
  });
});

describe("problem with Cloudflare", () => {
  test("that passes within a minute is not told", () => {
    const world = startedWorld();
    world.fail({ during: "read" });
    world.pass(59_000);
    world.read([cableRecord]);
    world.pass(300_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("that lasts is told once, and once when it is over", () => {
    const world = startedWorld();
    for (let round = 0; round < 20; round += 1) {
      world.fail({ during: "read" });
      world.pass(10_000);
    }
    assert.deepEqual(world.headlines(), ["Cloudflare: the records of ingress.example.com cannot be read"]);
    world.read([cableRecord]);
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.match(told?.text ?? "", /^The problem with Cloudflare lasted 3 min 20 s\.$/m);
  });

  test("that a person must mend is told at once, also after passing trouble was told", () => {
    const world = startedWorld();
    world.fail({ during: "read" });
    world.pass(61_000);
    world.fail({ kind: "auth", during: "read", message: "the token was revoked" });
    world.fail({ kind: "auth", during: "read", message: "the token was revoked" });
    assert.equal(world.news().length, 2);
  });
});

describe("records changed from outside", () => {
  test("and put right are one message with both", () => {
    const world = startedWorld();
    world.read([publishedRecord("A", "203.0.113.9", 300)]);
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "ingress.example.com was changed outside ccs and has been repaired");
    assert.match(told?.text ?? "", /^Found in between: A 203\.0\.113\.9 \(TTL 5 min\)$/m);
    assert.match(told?.text ?? "", /^Published now: CNAME cable\.example\.com \(TTL 1 min\)$/m);
  });

  test("and not put right in time are told as undone", () => {
    const world = startedWorld();
    world.cloud = "silent";
    world.read([publishedRecord("A", "203.0.113.9", 300)]);
    world.pass(21_000);
    const [told] = world.news();
    assert.equal(told?.headline, "ingress.example.com should point to cable, but that is not done yet");
    assert.match(told?.text ?? "", /^The records were changed outside ccs\.$/m);
  });

  test("to what they should be are told as updated", () => {
    const world = startedWorld();
    world.cloud = "silent";
    world.start(ingressSettings(record, [{ ...cable, ttl: 120 }, mobile]));
    world.read([publishedRecord("CNAME", "cable.example.com", 120)]);
    const [told] = world.news();
    assert.equal(told?.headline, "The records of ingress.example.com were updated");
    assert.match(told?.text ?? "", /no write by this daemon was confirmed/);
  });
});

describe("whether a write is visible", () => {
  /** A failover that is confirmed and not yet visible. */
  function switchedWorld(): NarratedWorld {
    const world = startedWorld();
    world.edge = "scripted";
    world.observe("cable", "timeout");
    assert.equal(world.ingress().visibility?.status, "checking");
    return world;
  }

  test("is waited for, and told in the message of the switch", () => {
    const world = switchedWorld();
    world.pass(1_200);
    assert.deepEqual(world.headlines(), []);
    world.verify("visible", "2 servers agree");
    const [told, ...more] = world.news();
    assert.match(told?.text ?? "", /^Visible at the authoritative servers 1.2 s after/m);
    world.pass(3_600_000);
    assert.deepEqual([...more, ...world.news()], []);
  });

  test("is not waited for longer than five seconds, and not told twice", () => {
    const world = switchedWorld();
    world.pass(4_999);
    assert.deepEqual(world.headlines(), []);
    world.pass(1);
    assert.match(world.news()[0]?.text ?? "", /^Not verified yet/m);
    world.verify("visible", "2 servers agree");
    world.pass(3_600_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("is no message of its own when nobody could say", () => {
    const world = switchedWorld();
    world.pass(60_000);
    world.news();
    world.verify("silent", "192.0.2.53:53 did not answer");
    world.pass(3_600_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("is an alarm when it stays wrong, told once, and so is its end", () => {
    const world = switchedWorld();
    world.pass(60_000);
    world.news();
    world.verify("wrong", "192.0.2.53:53 says CNAME cable.example.com");
    world.pass(600_000);
    world.observe("mobile", "ok", 1);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com: the authoritative servers do not show what was written",
    ]);
    world.verify("visible", "1 server agrees");
    assert.deepEqual(world.headlines(), ["ingress.example.com: the authoritative servers show what was written"]);
  });

  test("is not waited for by the summary after the start, which tells of the write", () => {
    const world = new NarratedWorld();
    world.edge = "scripted";
    world.start(settings);
    world.read([]);
    world.resolveAll();
    world.observe("mobile", "ok");
    world.observe("cable", "ok");
    assert.equal(world.ingress().visibility?.status, "checking");
    assert.deepEqual(world.headlines(), ["Started: ingress.example.com points to cable"]);
    world.pass(10_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("does not change the order of messages", () => {
    const world = switchedWorld();
    world.observe("cable", "ok");
    world.pass(5_000);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com now points to mobile (was cable)",
      "ingress.example.com: cable is up again",
    ]);
  });

  test("is not waited for when the ingress leaves the configuration, or the daemon ends", () => {
    const world = switchedWorld();
    world.start(ingressSettings("other.example.com", [endpointSettings("fibre")]));
    assert.ok(world.headlines().includes("ingress.example.com now points to mobile (was cable)"));
  });
});

describe("somebody who keeps undoing our records", () => {
  const theirs = [publishedRecord("A", "203.0.113.9")];

  /** Undone once and repaired, undone again and left. */
  function quarrel(): NarratedWorld {
    const world = startedWorld();
    world.read(theirs);
    world.pass(300_000);
    world.read(theirs);
    return world;
  }

  test("is an alarm, told once, and nothing claims that it is being repaired", () => {
    const world = quarrel();
    world.pass(3_000_000);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com was changed outside ccs and has been repaired",
      "Another program keeps overwriting ingress.example.com: automatic repair is paused",
    ]);
  });

  test("is told again when repair goes on, with what comes of it", () => {
    const world = quarrel();
    world.pass(3_000_000);
    world.news();
    world.dispatch({ kind: "resumed", ingress: record });
    assert.deepEqual(world.headlines(), [
      "Automatic repair of ingress.example.com resumes",
      "ingress.example.com was changed outside ccs and has been repaired",
    ]);
  });

  test("and a repair that cannot be made when it goes on is told after a while, not at once", () => {
    const world = quarrel();
    world.news();
    world.cloud = "silent";
    world.pass(3_590_000);
    assert.deepEqual(world.headlines(), []);
    world.pass(10_000);
    assert.deepEqual(world.headlines(), ["Automatic repair of ingress.example.com resumes"]);
    world.pass(20_000);
    assert.deepEqual(world.headlines(), ["ingress.example.com should point to cable, but that is not done yet"]);
  });

  test("does not keep a new decision from being told when it is written", () => {
    const world = quarrel();
    world.pass(600_000);
    world.news();
    world.observe("mobile", "ok", 1);
    world.observe("cable", "timeout");
    const [told, ...more] = world.news();
    assert.equal(told?.headline, "ingress.example.com now points to mobile (was cable)");
    assert.match(told?.text ?? "", /confirmed by Cloudflare \d+ ms later/);
    assert.equal(more.length, 0);
    world.read(theirs);
    world.pass(600_000);
    assert.deepEqual(world.headlines(), [], "that it was undone once more is no news");
  });

  test("does not keep the end of an outage from being told, though no change of the record comes of it", () => {
    const world = quarrel();
    world.observe("mobile", "timeout");
    world.observe("cable", "timeout");
    world.pass(60_000);
    world.news();
    world.observe("cable", "ok");
    assert.deepEqual(world.headlines(), ["ingress.example.com is available again"]);
  });
});

describe("a person's word", () => {
  const set = (world: NarratedWorld, kind: "pin" | "drain" | "drill", endpoint: string, forMs = 60_000): void => {
    const untilMs = world.nowMs + forMs;
    world.dispatch({ kind: "override-set", ingress: record, override: { kind, endpoint, untilMs } });
  };

  test("that moves the ingress is told with the move, and so is its end", () => {
    const world = startedWorld();
    set(world, "pin", "mobile");
    assert.deepEqual(world.headlines(), ["ingress.example.com now points to mobile (was cable)"]);
    world.observe("cable", "ok", 1);
    world.dispatch({ kind: "resumed", ingress: record });
    assert.match(world.headlines()[0] ?? "", /^ingress\.example\.com now points to cable/);
  });

  test("that moves nothing is told by itself, and so is its end", () => {
    const world = startedWorld();
    set(world, "drain", "mobile");
    assert.deepEqual(world.headlines(), ["ingress.example.com: mobile was drained manually"]);
    world.pass(60_000);
    assert.deepEqual(world.headlines(), ["ingress.example.com: the drain of mobile has ended"]);
  });

  test("that replaces another is one message", () => {
    const world = startedWorld();
    set(world, "pin", "cable");
    world.news();
    set(world, "pin", "cable", 120_000);
    assert.deepEqual(world.headlines(), ["ingress.example.com: cable was pinned manually"]);
  });

  test("that asks for a drill ends in a report of both ways", () => {
    const world = startedWorld();
    set(world, "drill", "cable", 120_000);
    const [moved] = world.news();
    assert.equal(moved?.headline, "ingress.example.com now points to mobile (was cable)");
    assert.match(moved?.text ?? "", /^Why: a drill of cable began\.$/m);
    assert.match(moved?.text ?? "", /cable: up .*, in a drill until /);
    world.pass(119_500);
    world.observe("cable", "ok", 1);
    world.pass(1_000);
    const report = world.news().find(({ headline }) => /: drill of /.test(headline));
    assert.equal(
      report?.headline,
      "ingress.example.com: drill of cable: mobile took over from cable, which is active again",
    );
    assert.deepEqual(report?.text.split("\n").slice(1, 5), [
      "It lasted 2 min.",
      "Failover: mobile selected at once, confirmed by Cloudflare after 50 ms, visible after 50 ms. Clients may use the previous records for another 1 min (the TTL).",
      "In a real outage, detection comes first and takes up to 22 s.",
      "Failback: cable and mobile selected at once, confirmed by Cloudflare after 50 ms, visible after 50 ms. Clients may use the previous records for another 5 min (the TTL).",
    ]);
  });

  test("that asks for a drill which cannot move anything says so, and why", () => {
    const world = startedWorld();
    set(world, "drill", "mobile");
    assert.deepEqual(world.headlines(), ["ingress.example.com: a drill simulates an outage of mobile"]);
    world.pass(60_000);
    assert.deepEqual(world.headlines(), [
      "ingress.example.com: the drill of mobile has ended",
      "ingress.example.com: drill of mobile: mobile was not active, so nothing had to change",
    ]);
    world.observe("mobile", "timeout");
    world.news();
    set(world, "drill", "cable");
    world.pass(60_000);
    const report = world.news().at(-1);
    assert.equal(report?.headline, "ingress.example.com: drill of cable: no other endpoint could take over from cable");
    assert.match(report?.text ?? "", /^cable stayed active: no other endpoint was up\.$/m);
  });
});

describe("the configuration", () => {
  test("is told when rejected, once for the same mistakes, and when it is in force again", () => {
    const world = startedWorld();
    const problems = ["config.yml:14:7 ingresses[0].endpoints[1].check.rise: expected a whole number"];
    world.dispatch({ kind: "config-rejected", problems });
    world.dispatch({ kind: "config-rejected", problems });
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(told?.headline, "The new configuration was rejected: the previous one stays in force");
    assert.match(told?.text ?? "", /config\.yml:14:7/);
    world.dispatch({ kind: "config-rejected", problems: ["config.yml:1:1 something else"] });
    assert.equal(world.news().length, 1, "other mistakes are news");
    world.start(settings);
    assert.deepEqual(world.headlines(), ["The configuration is valid again and in force"]);
    world.start(settings);
    assert.deepEqual(world.headlines(), [], "a reload that changes nothing is no news");
  });

  test("that adds and removes ingresses says so, and what becomes of their records", () => {
    const world = startedWorld();
    world.start({ ...ingressSettings("new.example.com", [endpointSettings("fibre")]), id: "fibre-only" });
    const [told] = world.news();
    assert.equal(told?.headline, "A new configuration is in force");
    assert.match(told?.text ?? "", /^Now monitored: new\.example\.com\.$/m);
    assert.match(
      told?.text ?? "",
      /^No longer monitored: ingress\.example\.com\. Its record stays as it is:\nCNAME cable\.example\.com \(TTL 1 min\)$/m,
    );
    world.read([publishedRecord("CNAME", "fibre.example.com")]);
    assert.deepEqual(world.headlines(), ["new.example.com points to fibre"]);
  });

  test("that removes the primary moves the ingress, and that is told as any other change", () => {
    const world = startedWorld();
    world.start(ingressSettings(record, [mobile]));
    const told = world.news();
    assert.deepEqual(
      told.map(({ headline }) => headline),
      ["ingress.example.com now points to mobile (was cable)"],
    );
    assert.match(told[0]?.text ?? "", /^Why: cable is no longer configured\.$/m);
  });
});

describe("a monitor whose own connection is in doubt", () => {
  const loseConnection = (world: NarratedWorld): void => {
    world.anchors = "silent";
    world.observe("cable", "timeout", 3);
    world.observe("mobile", "timeout", 3);
    world.pass(2_000);
  };

  test("for some seconds is not told", () => {
    const world = startedWorld();
    loseConnection(world);
    world.pass(10_000);
    world.observe("cable", "ok");
    world.pass(60_000);
    assert.deepEqual(world.headlines(), []);
  });

  test("for long is told once, and once when it is over", () => {
    const world = startedWorld();
    loseConnection(world);
    world.pass(60_000);
    const [began, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.equal(began?.headline, "The monitor appears to be offline (IPv4)");
    assert.match(began?.text ?? "", /Failover is suspended\.$/m);
    world.observe("cable", "ok");
    const [ended, ...rest] = world.news();
    assert.equal(rest.length, 0);
    assert.equal(ended?.headline, "The monitor is online again (IPv4)");
    assert.match(ended?.text ?? "", /^It appeared to be offline for 1 min 1 s\.$/m);
  });

  test("in both families is one message", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([cableRecord]);
    world.resolve("cable", ["192.0.2.1", "2001:db8::1"]);
    world.resolve("mobile", ["192.0.2.2", "2001:db8::2"]);
    world.observe("cable", "ok");
    world.observe("mobile", "ok");
    world.headlines();
    loseConnection(world);
    world.pass(60_000);
    assert.deepEqual(world.headlines(), ["The monitor appears to be offline (IPv4 and IPv6)"]);
  });

  test("from the start on is part of the summary", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.read([cableRecord]);
    world.resolveAll();
    loseConnection(world);
    world.pass(60_000);
    const [told, ...more] = world.news();
    assert.equal(more.length, 0);
    assert.match(told?.text ?? "", /^The monitor appears to be offline \(IPv4\); failover is suspended\.$/m);
    world.observe("cable", "ok");
    assert.deepEqual(world.headlines(), ["The monitor is online again (IPv4)", "ingress.example.com: cable is up"]);
  });
});

/** A world that keeps account of what Cloudflare was made to say. */
class AccountedWorld extends NarratedWorld {
  /** Whom the records named after each confirmed write that changed them. */
  readonly committed: string[] = [];
  /** A write on its way. */
  #sent: RecordSet | undefined;

  override dispatch(event: Event): void {
    if (event.kind === "records-written" && event.mix === undefined)
      this.committed.push(served(event.records, this.ingress()));
    super.dispatch(event);
  }

  /** Sends what is wanted now; it may be confirmed much later. */
  send(): void {
    this.#sent = desiredRecords(this.ingress()) ?? this.#sent;
  }

  /** The primary fails, with all others well. */
  fall(): void {
    const primary = this.ingress().selection?.primary ?? "cable";
    for (const { settings: other } of this.ingress().endpoints) {
      this.observe(other.name, other.name === primary ? "timeout" : "ok", 2);
    }
    this.observe(primary, "timeout", 2);
  }

  land(): void {
    if (this.#sent === undefined) return;
    const { records, ttlSeconds } = this.#sent;
    this.#sent = undefined;
    const landed = records.map(({ type, content }) => publishedRecord(type, content, ttlSeconds));
    this.dispatch({ kind: "records-written", ingress: record, records: landed });
  }
}

function served(records: readonly PublishedRecord[], ingress: IngressState): string {
  return endpointsNamedBy(followed(ingress, records), ingress.endpoints).join("+");
}

function servedNow(ingress: IngressState): string {
  return served(ingress.published?.records ?? [], ingress);
}

function withoutRepeats(names: readonly string[]): string[] {
  return names.filter((name, index) => name !== names[index - 1]);
}

const threeWays = ingressSettings(record, [cable, mobile, endpointSettings("lte", { priority: 30 })]);

type Move = (world: AccountedWorld) => void;

const moveOf: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom("cable", "mobile", "lte"),
        fc.constantFrom("ok" as const, "timeout" as const),
        fc.nat({ max: 3 }),
      )
      .map(
        ([endpoint, what, times]): Move =>
          (world) =>
            world.observe(endpoint, what, times),
      ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom(500, 3_000, 15_000, 70_000, 700_000).map(
      (durationMs): Move =>
        (world) =>
          world.pass(durationMs),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Move>(
      (world) => {
        world.cloud = "silent";
      },
      (world) => {
        world.cloud = "works";
        world.write();
      },
      // Somebody else's edit, and its repair.
      (world) => {
        world.read([publishedRecord("A", "203.0.113.9", 300)]);
        world.cloud = "works";
        world.write();
      },
    ),
  },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Move>(
      (world) => world.send(),
      (world) => world.land(),
      (world) => world.fall(),
      (world) => {
        world.cloud = "silent";
        world.fall();
        world.send();
        world.fall();
        world.land();
      },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Move>(
      (world) => world.fail(),
      (world) => world.fail({ kind: "auth" }),
      (world) => world.read(world.ingress().published?.records ?? []),
      (world) => world.read([publishedRecord("A", "203.0.113.9", 300)]),
      (world) => world.dispatch({ kind: "config-rejected", problems: ["no"] }),
      (world) => {
        world.edge = "scripted";
      },
      (world) => {
        world.edge = "instant";
        world.verify("visible", "2 servers agree");
      },
      (world) => world.verify("wrong", "192.0.2.53:53 says CNAME cable.example.com"),
      (world) => world.dispatch({ kind: "resumed", ingress: record }),
      (world) => world.start(threeWays),
      (world) => {
        world.anchors = "silent";
      },
      (world) => {
        world.anchors = "answer";
        world.tryAnchors();
      },
    ),
  },
);

describe("whatever happens", () => {
  test("every confirmed change is told, in order, and nobody is woken for nothing", () => {
    const seen = { switched: 0, undone: 0, halfway: 0, stays: 0, repaired: 0, "outage-began": 0 };
    fc.assert(
      fc.property(fc.array(moveOf, { minLength: 20, maxLength: 80, size: "max" }), (moves) => {
        const world = new AccountedWorld();
        world.settle(threeWays);
        for (const move of moves) move(world);
        world.cloud = "works";
        world.anchors = "answer";
        world.tryAnchors();
        world.write();
        // Passing time throws when a wake-up changes nothing about the next one.
        world.pass(4_000_000);
        const stories = world.told.map(({ story }) => story);
        const told = stories.flatMap((story) => ("ingress" in story ? [servedNow(story.ingress)] : []));
        assert.deepEqual(
          withoutRepeats(["cable", ...told.filter((name) => name !== "")]),
          withoutRepeats(["cable", ...world.committed]),
        );
        for (const { text } of world.told) assert.doesNotMatch(text, /undefined|NaN|\[object/);
        for (const { kind } of stories) if (kind in seen) seen[kind as keyof typeof seen] += 1;
      }),
      { numRuns: propertyRuns(200) },
    );
    for (const [kind, count] of Object.entries(seen)) assert.ok(count >= 3, `only ${count} ${kind} in all worlds`);
  });
});

describe("the clock of this machine", () => {
  const told = (aheadMs: number, nowMs: number): Event => ({
    kind: "time-told",
    wallMs: wallAtZero + nowMs,
    askedMs: nowMs,
    machineWallMs: wallAtZero + nowMs + aheadMs,
  });

  test("is told once when it is wrong, with the amount, and when it is right again", () => {
    const world = startedWorld();
    world.dispatch(told(59_000, world.nowMs));
    assert.deepEqual(world.headlines(), []);
    world.dispatch(told(-7_200_000, world.nowMs));
    world.dispatch(told(-7_100_000, world.nowMs));
    assert.deepEqual(world.headlines(), ["The clock of this machine is 2 h behind"]);
    world.dispatch(told(1_000, world.nowMs));
    assert.deepEqual(world.headlines(), ["The clock of this machine is correct again"]);
  });

  test("is told right after the summary of the start, if it was wrong before", () => {
    const world = new NarratedWorld();
    world.start(settings);
    world.dispatch(told(86_400_000, world.nowMs));
    world.read([cableRecord]);
    world.resolveAll();
    world.observe("cable", "ok");
    assert.deepEqual(world.headlines(), []);
    world.observe("mobile", "ok");
    assert.deepEqual(world.headlines(), [
      "Started: ingress.example.com points to cable",
      "The clock of this machine is 1 d ahead",
    ]);
  });
});

test("more addresses than are used are told once, right after the summary of the start", () => {
  const world = new NarratedWorld();
  world.start(settings);
  world.read([cableRecord]);
  const { revision } = world.ingress().endpoints[0] ?? assert.fail();
  const addresses = Array.from({ length: 20 }, (_, index) => ({
    text: `192.0.2.${index + 1}`,
    family: "ipv4" as const,
    scope: "public" as const,
  }));
  const resolution = { kind: "addresses", addresses, ttlSeconds: 60 } as const;
  world.dispatch({ kind: "resolved", ingress: record, endpoint: "cable", revision, resolution });
  world.pass(60_000);
  const [summary, leftOut, ...rest] = world.news();
  assert.match(summary?.headline ?? "", /^Started/);
  assert.equal(leftOut?.headline, "ingress.example.com: cable has more addresses than are used");
  assert.match(leftOut?.text ?? "", /16 of 20 IPv4 addresses are used/);
  assert.deepEqual(rest, []);
  world.dispatch({ kind: "resolved", ingress: record, endpoint: "cable", revision, resolution });
  assert.deepEqual(world.headlines(), []);
});
