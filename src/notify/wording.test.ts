// Whole messages, as people read them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endpointSettings, ingressSettings, publishedRecord } from "../../test/support/ingress-world.ts";
import { NarratedWorld, wallAtZero } from "../../test/support/narrated-world.ts";
import { readHtml } from "../emulation/channels/telegram-html.ts";
import { line } from "./message.ts";
import { render } from "../channels/telegram/render.ts";
import type { Message } from "../core/message.ts";
import { statusOf } from "./story.ts";
import type { Story } from "./story.ts";
import { word } from "./wording.ts";
import { droppedLine, lateLine, summarise } from "./wording-queue.ts";

const record = "ingress.example.com";
const cable = endpointSettings("cable");
const mobile = endpointSettings("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });

function startedWorld(): NarratedWorld {
  const world = new NarratedWorld();
  world.settle(ingressSettings(record, [cable, mobile]));
  return world;
}

function tell(world: NarratedWorld): string {
  const [told, ...more] = world.news();
  assert.deepEqual(
    more.map(({ headline }) => headline),
    [],
  );
  return told?.text ?? "";
}

test("the start", () => {
  assert.equal(
    tell(startedWorld()),
    `Started: ingress.example.com points to cable
Why: ingress.example.com already pointed to it.
✓ cable: up since 12:00:01 UTC (answers)
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME cable.example.com (TTL 1 min)`,
  );
});

test("a failover", () => {
  const world = startedWorld();
  world.news();
  world.pass(60_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "timeout");
  assert.equal(
    tell(world),
    `ingress.example.com now points to mobile (was cable)
Why: cable was down: timeout (2 in a row).
✗ cable: down since 12:01:01 UTC (timeout (2 in a row))
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME mobile.example.com (TTL 5 min)
Published before: CNAME cable.example.com (TTL 1 min)
Decided at 12:01:01 UTC, confirmed by Cloudflare 50 ms later.
Visible at the authoritative servers 0 ms after Cloudflare confirmed it (2 servers agree).`,
  );
});

test("a return, with the one that was left still in the mix", () => {
  const world = startedWorld();
  world.observe("cable", "timeout");
  world.pass(10_000);
  world.news();
  world.observe("cable", "ok");
  assert.equal(
    tell(world),
    `ingress.example.com: cable is up again
It was down for 10 s.
If it has the highest priority, traffic returns to it no earlier than 12:01:11 UTC.
✓ cable: up since 12:00:11 UTC (answers again)
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME mobile.example.com (TTL 5 min)`,
  );
  world.pass(60_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "ok", 1);
  assert.equal(
    tell(world),
    `ingress.example.com now points to cable and mobile (was mobile)
Why: cable was up and has higher priority than mobile.
✓ cable: up since 12:00:11 UTC (answers again)
✓ mobile: up since 12:00:01 UTC, also published until 12:11:12 UTC (answers)
Published now: A 192.0.2.1, A 192.0.2.2 (TTL 1 min)
Published before: CNAME mobile.example.com (TTL 5 min)
Decided at 12:01:12 UTC, confirmed by Cloudflare 50 ms later.
Visible at the authoritative servers 0 ms after Cloudflare confirmed it (2 servers agree).`,
  );
});

test("an outage", () => {
  const world = startedWorld();
  world.observe("mobile", "timeout");
  world.news();
  world.observe("cable", "timeout");
  assert.equal(
    tell(world),
    `ingress.example.com: all endpoints are down
The record stays as it is until an endpoint is up again.
✗ cable: down since 12:00:01 UTC (timeout (2 in a row))
✗ mobile: down since 12:00:01 UTC (timeout (2 in a row))
Published now: CNAME cable.example.com (TTL 1 min)`,
  );
});

test("a decision that Cloudflare refuses", () => {
  const world = startedWorld();
  world.news();
  world.cloud = "silent";
  world.observe("cable", "timeout");
  world.fail({ kind: "auth", message: "the token may not edit this zone; give it Zone.DNS Edit" });
  assert.equal(
    tell(world),
    `ingress.example.com should point to mobile, but that is not done yet
Why: cable was down: timeout (2 in a row).
Cloudflare: the token may not edit this zone; give it Zone.DNS Edit
ccs keeps trying.
✗ cable: down since 12:00:01 UTC (timeout (2 in a row))
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME cable.example.com (TTL 1 min)`,
  );
});

test("a mix that Cloudflare refuses names the one that serves alone", () => {
  const world = startedWorld();
  world.observe("cable", "timeout");
  world.observe("cable", "ok");
  world.news();
  world.cloud = "silent";
  world.pass(61_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "ok", 1);
  world.fail({ kind: "invalid", message: "content is invalid" });
  const blocked = world.news().find(({ headline }) => headline.includes("no mix"))?.text;
  world.cloud = "works";
  world.write();
  const returned = tell(world);
  assert.match(
    blocked ?? "",
    /^ingress\.example\.com: no mix is possible for now\nWhy: Cloudflare refuses the records of the mix/,
  );
  assert.match(blocked ?? "", /^Until then, a failback goes to a single endpoint, and sticky has no effect\.$/m);
  assert.match(returned, /^ingress\.example\.com now points to cable \(was mobile\)$/m);
});

test("a conversion that the configuration asks for is one, in words", () => {
  const world = startedWorld();
  world.news();
  const { settings } = world.ingress();
  world.dispatch({ kind: "config-loaded", ingresses: [{ ...settings, publish: "addresses" }] });
  const text = tell(world);
  assert.match(text, /^ingress\.example\.com was converted from a CNAME to addresses$/m);
  assert.match(
    text,
    /^The record was converted from a CNAME to addresses, once, because publish: addresses asks for it\. It keeps that type from now on\.$/m,
  );
  world.dispatch({ kind: "config-loaded", ingresses: [{ ...settings, publish: "cname" }] });
  assert.match(tell(world), /^ingress\.example\.com was converted from addresses to a CNAME$/m);
});

test("a type that was changed outside ccs is a repair, not a conversion", () => {
  const world = startedWorld();
  world.news();
  world.read([publishedRecord("A", "203.0.113.9")]);
  const text = tell(world);
  assert.match(text, /was changed outside ccs and has been repaired/);
  assert.doesNotMatch(text, /converted/);
});

test("of two endpoints with the same address the selected one is named", () => {
  const world = startedWorld();
  world.resolve("mobile", ["192.0.2.1"]);
  world.probe("mobile", "192.0.2.1", "ok");
  world.news();
  world.start({ ...ingressSettings(record, [cable, mobile]), publish: "addresses" });
  assert.ok(world.news().some(({ text }) => text.includes("It points to cable.\n")));
});

test("records from outside, put right", () => {
  const world = startedWorld();
  world.news();
  world.pass(300_000);
  world.read([publishedRecord("A", "203.0.113.9", 300), publishedRecord("A", "203.0.113.10", 1)]);
  assert.equal(
    tell(world),
    `ingress.example.com was changed outside ccs and has been repaired
Found at 12:05:01 UTC. No confirmed write by this daemon did that.
✓ cable: up since 12:00:01 UTC (answers)
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME cable.example.com (TTL 1 min)
Found in between: A 203.0.113.9 (TTL 5 min), A 203.0.113.10 (automatic TTL)
Visible at the authoritative servers 0 ms after Cloudflare confirmed it (2 servers agree).`,
  );
});

test("trouble with Cloudflare, and its end", () => {
  const world = startedWorld();
  world.news();
  world.fail({ during: "read", message: "no answer within 15 s; is the network up?" });
  world.pass(90_000);
  assert.equal(
    tell(world),
    `Cloudflare: the records of ingress.example.com cannot be read
Cloudflare: no answer within 15 s; is the network up?
Since 12:00:01 UTC. ccs keeps trying; until it succeeds, the record stays as it is.
✓ cable: up since 12:00:01 UTC (answers)
✓ mobile: up since 12:00:01 UTC (answers)
Published now: CNAME cable.example.com (TTL 1 min)`,
  );
  world.read([publishedRecord("CNAME", "cable.example.com")]);
  assert.match(
    tell(world),
    /^Cloudflare: the records of ingress\.example\.com can be read and written again\nThe problem with Cloudflare lasted 1 min 30 s\.\n/,
  );
});

test("a rejected configuration", () => {
  const world = startedWorld();
  world.news();
  world.dispatch({
    kind: "config-rejected",
    problems: ["config.yml:3:5 cloudflare.tken: unknown key", "config.yml:9:1 …"],
  });
  assert.equal(
    tell(world),
    `The new configuration was rejected: the previous one stays in force
• config.yml:3:5 cloudflare.tken: unknown key
• config.yml:9:1 …
Correct the file; it is read again when it changes.`,
  );
});

describe("health of endpoints", () => {
  const cases: readonly [string, (world: NarratedWorld) => void, RegExp][] = [
    ["unknown", () => undefined, /^\? slow: unknown \(new address, not probed yet\)$/m],
    [
      "in doubt",
      (world) => [world.observe("slow", "ok"), world.observe("slow", "timeout", 1)],
      /^! slow: suspect since 12:0\d:\d\d UTC \(timeout\)$/m,
    ],
    [
      "recovering",
      (world) => [world.observe("slow", "timeout"), world.observe("slow", "ok", 1)],
      /^✗ slow: recovering since 12:0\d:\d\d UTC \(answers again \(1 of 2\)\)$/m,
    ],
  ];
  for (const [what, prepare, expected] of cases) {
    test(`${what} is shown as such`, () => {
      const world = startedWorld();
      world.start(ingressSettings(record, [cable, mobile, endpointSettings("slow", { priority: 30 })]));
      world.resolve("slow", ["192.0.2.3"]);
      prepare(world);
      world.news();
      world.observe("mobile", "timeout");
      assert.match(tell(world), expected);
    });
  }

  test("of one without a check is shown as believed", () => {
    const world = startedWorld();
    const { check: _, ...unchecked } = endpointSettings("last");
    world.start(ingressSettings(record, [cable, mobile, unchecked]));
    world.resolve("last", ["192.0.2.3"]);
    world.news();
    world.observe("mobile", "timeout");
    assert.match(tell(world), /^✓ last: up since 12:00:01 UTC \(not checked, assumed up\)$/m);
  });

  test("of one that lost a family is shown as degraded", () => {
    const world = startedWorld();
    world.resolve("mobile", ["192.0.2.2", "2001:db8::2"]);
    world.probe("mobile", "2001:db8::2", "ok");
    world.news();
    world.probe("mobile", "2001:db8::2", "timeout");
    world.probe("mobile", "2001:db8::2", "timeout");
    const text = tell(world);
    assert.match(text, /^ingress\.example\.com: mobile is degraded$/m);
    assert.match(text, /^! mobile: degraded since 12:00:01 UTC \(IPv6 is down: timeout \(2 in a row\)\)$/m);
  });
});

test("hostile names, reasons and records stay harmless text in every story", () => {
  const evil = "</b><a href='https://evil.example'>\u202Ecable\n\u001B[2J&lt;b&gt;";
  const world = new NarratedWorld();
  const settings = ingressSettings(record, [endpointSettings(evil, { target: cable.target }), mobile]);
  world.start(settings);
  world.read([publishedRecord("CNAME", evil)]);
  world.resolveAll();
  world.observe(evil, "ok");
  world.observe("mobile", "ok");
  world.cloud = "silent";
  world.observe(evil, "timeout");
  world.fail({ kind: "auth", message: evil });
  world.dispatch({ kind: "config-rejected", problems: [evil] });
  world.read([publishedRecord("CNAME", evil)]);
  world.cloud = "works";
  world.write();
  world.start(ingressSettings("other.example.com", [cable]));
  const told = world.news();
  const kinds = new Set(told.map(({ story }) => story.kind));
  for (const kind of ["started", "undone", "config-rejected", "switched", "config-applied"]) {
    assert.ok(kinds.has(kind as Story["kind"]), `${kind} was not told: ${[...kinds].join(", ")}`);
  }
  for (const { story, atMs } of told) {
    const wording = word(story, { nowMs: atMs, wallMs: wallAtZero + atMs });
    const html = render({ ...wording, id: "id", atWallMs: 0 }, "html");
    // oxlint-disable-next-line no-control-regex -- that is what must not be there
    assert.doesNotMatch(html, /[\u0000-\u0009\u000B-\u001F\u202A-\u202E\u200B]/);
    assert.doesNotMatch(html, /<(?!\/?(b|code)>)/);
    assert.equal(readHtml(html).kind, "parsed");
  }
});

describe("the summary after the first silence", () => {
  const message = (minute: number, headline: string): Message => ({
    id: String(minute),
    importance: "normal",
    atWallMs: wallAtZero + minute * 60_000,
    headline,
    details: [line`details of ${headline}`],
  });

  test("lists what was held with its time, and the newest in full", () => {
    const held = [message(0, "first"), message(1, "second"), message(2, "third")];
    const { details, ...wording } = summarise(held, { nowMs: 0, wallMs: wallAtZero + 300_000 });
    assert.equal(
      render({ ...wording, details, id: "id", atWallMs: wallAtZero }, "plain"),
      `3 messages were held back after the start
12:00:00 UTC first
12:01:00 UTC second
12:02:00 UTC third
The newest in full:
details of third
2025-11-22 12:00:00 UTC · id`,
    );
  });

  test("of very many lists the newest and counts the others", () => {
    const held = Array.from({ length: 50 }, (_, index) => message(index, `message ${index}`));
    const { details } = summarise(held, { nowMs: 0, wallMs: wallAtZero });
    assert.deepEqual(details[0], ["… (30 earlier)"]);
    assert.deepEqual(details.at(-1), ["details of message 49"]);
  });
});

test("late and lossy deliveries say so", () => {
  assert.deepEqual(lateLine({ atWallMs: wallAtZero }), [
    "This message is late: it happened at 2025-11-22 12:00:00 UTC.",
  ]);
  assert.deepEqual(lateLine({ atWallMs: wallAtZero, timeZone: "Europe/Berlin" }), [
    "This message is late: it happened at 2025-11-22 13:00:00 CET.",
  ]);
  assert.deepEqual(droppedLine(1), [
    "Before this, 1 older message of low importance was dropped: too many were waiting.",
  ]);
  assert.deepEqual(droppedLine(7), [
    "Before this, 7 older messages of low importance were dropped: too many were waiting.",
  ]);
});

test("people are told four kinds of health", () => {
  const world = startedWorld();
  const endpoint = world.endpoint("cable");
  const statuses = (["unknown", "up", "suspect", "down", "recovering"] as const).map((verdict) => [
    verdict,
    statusOf({ ...endpoint, health: { ...endpoint.health, verdict } }),
    statusOf({ ...endpoint, health: { ...endpoint.health, verdict, isDegraded: true } }),
  ]);
  assert.deepEqual(statuses, [
    ["unknown", "unknown", "unknown"],
    ["up", "up", "degraded"],
    ["suspect", "up", "degraded"],
    ["down", "down", "down"],
    ["recovering", "down", "down"],
  ]);
});

test("a switch whose visibility is known late, or not at all", () => {
  const lastLine = (text: string): string => text.split("\n").at(-1) ?? "";
  const fail = (world: NarratedWorld): void => {
    world.edge = "scripted";
    world.pass(10_000);
    world.observe("mobile", "ok", 1);
    world.news();
    world.observe("cable", "timeout");
  };
  const late = startedWorld();
  fail(late);
  late.pass(5_000);
  assert.equal(lastLine(tell(late)), "Not verified yet: the authoritative servers are still being asked.");
  const partly = startedWorld();
  fail(partly);
  partly.pass(1_200);
  partly.verify("visible", "5 servers agree, 1 did not answer");
  assert.equal(
    lastLine(tell(partly)),
    "Visible at the authoritative servers 1.2 s after Cloudflare confirmed it (5 servers agree, 1 did not answer).",
  );
});

test("a proxied name, which cannot be verified", () => {
  const world = new NarratedWorld();
  world.start({ ...ingressSettings(record, [endpointSettings("cable"), endpointSettings("mobile")]), proxied: true });
  world.read([{ ...publishedRecord("CNAME", "cable.example.com", 1), proxied: true }]);
  world.resolveAll();
  world.observe("cable", "ok");
  world.observe("mobile", "ok");
  world.pass(1_000);
  world.news();
  world.observe("cable", "timeout");
  assert.match(tell(world), /\nCloudflare proxies the name, so it cannot be verified from outside\.$/);
});

test("a write that the authoritative servers do not show, and that they do at last", () => {
  const world = startedWorld();
  world.edge = "scripted";
  world.pass(10_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "timeout");
  world.pass(60_000);
  world.news();
  world.verify("wrong", "ada.ns.example (192.0.2.53) says CNAME cable.example.com");
  const [alarm = "", ...rest] = tell(world).split("\n");
  assert.equal(alarm, "ingress.example.com: the authoritative servers do not show what was written");
  assert.equal(
    rest[0],
    "Cloudflare confirmed it at 12:00:11 UTC, but 1 min later: ada.ns.example (192.0.2.53) says CNAME cable.example.com.",
  );
  assert.match(rest[1] ?? "", /^Clients may still be sent to the previous target\./);
  world.pass(60_000);
  world.verify("visible", "2 servers agree");
  const [end, took] = tell(world).split("\n");
  assert.equal(end, "ingress.example.com: the authoritative servers show what was written");
  assert.equal(took, "It took 2 min after the write (2 servers agree).");
});

test("a person's word", () => {
  const world = startedWorld();
  world.news();
  const untilMs = world.nowMs + 3_600_000;
  world.dispatch({ kind: "override-set", ingress: record, override: { kind: "drain", endpoint: "mobile", untilMs } });
  assert.equal(
    tell(world),
    `ingress.example.com: mobile was drained manually
It is not used until 13:00:01 UTC, unless no other endpoint is up.
✓ cable: up since 12:00:01 UTC (answers)
✓ mobile: up since 12:00:01 UTC, drained until 13:00:01 UTC (answers)
Published now: CNAME cable.example.com (TTL 1 min)`,
  );
  world.dispatch({ kind: "override-set", ingress: record, override: { kind: "pin", endpoint: "mobile", untilMs } });
  const pinned = tell(world);
  assert.match(
    pinned,
    /^ingress\.example\.com now points to mobile \(was cable\)\nWhy: mobile was pinned manually\.\n/,
  );
  assert.match(pinned, /mobile: up since 12:00:01 UTC, pinned until 13:00:01 UTC \(answers\)/);
});

test("a quarrel over the records, and its end", () => {
  const world = startedWorld();
  world.news();
  world.pass(300_000);
  world.read([publishedRecord("A", "203.0.113.9")]);
  world.pass(300_000);
  world.news();
  world.read([publishedRecord("A", "203.0.113.9")]);
  assert.equal(
    tell(world),
    `Another program keeps overwriting ingress.example.com: automatic repair is paused
It should point to cable. It was overwritten at 12:05:01 UTC and 12:10:01 UTC.
Find out what else writes this name (another daemon, a DDNS client, a script, a person) and stop it.
Until 13:10:01 UTC, a new decision is written only once. Automatic repair resumes then, or when the configuration is reloaded.
✓ cable: up since 12:00:01 UTC (answers)
✓ mobile: up since 12:00:01 UTC (answers)
Published now: A 203.0.113.9 (TTL 1 min)`,
  );
});
