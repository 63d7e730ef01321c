// What is said of the mix of a CNAME ingress: through one outage and a return, and wherever there can be none.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  endpointSettings,
  ingressSettings,
  IngressWorld,
  publishedRecord,
} from "../../../test/support/ingress-world.ts";
import { mixStage, whyNoMix } from "./mix-outlook.ts";
import { mixPaths } from "./mix-steps.ts";
import type { CloudProblem, IngressSettings } from "../model.ts";
import { recordComment } from "../records/records.ts";

const record = "ingress.example.com";
const mix = "ingress-mix.example.com";
const cable = endpointSettings("cable");
const mobile = endpointSettings("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });
const settings = ingressSettings(record, [cable, mobile]);

function started(changes: Partial<IngressSettings> = {}): IngressWorld {
  const world = new IngressWorld(() => undefined);
  world.settle({ ...settings, ...changes });
  return world;
}

const kindOf = (world: IngressWorld): string | undefined => mixStage(world.ingress())?.kind;

/** Cable was down, and is up again and held. */
function held(world: IngressWorld): IngressWorld {
  world.observe("cable", "timeout");
  world.observe("cable", "ok");
  return world;
}

function returned(world: IngressWorld): IngressWorld {
  held(world).pass(50_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "ok", 1);
  world.pass(15_000);
  return world;
}

function failMix(world: IngressWorld, problem: Pick<CloudProblem, "kind" | "during" | "message">): void {
  world.dispatch({ kind: "cloud-failed", ingress: record, mix, problem });
}

describe("the stage of a mix", () => {
  test("follows it through an outage, the return, and an hour of rest", () => {
    const world = new IngressWorld(() => undefined);
    world.start(settings);
    assert.equal(kindOf(world), "unread");
    const way = started();
    assert.equal(kindOf(way), "idle");
    held(way);
    assert.equal(kindOf(way), "prepared");
    way.pass(50_000);
    way.observe("mobile", "ok", 1);
    way.observe("cable", "ok", 1);
    way.pass(15_000);
    assert.equal(kindOf(way), "pointed-to");
    way.pass(600_000);
    const stage = mixStage(way.ingress());
    assert.equal(stage?.kind, "kept");
    assert.ok("untilMs" in stage && stage.untilMs !== undefined && stage.untilMs > way.nowMs);
    way.pass(3_600_000);
    assert.equal(kindOf(way), "idle");
  });

  test("a return that waits for it says since when, and until when at the latest", () => {
    const world = started({ mix: { record: mix, waitMs: 30_000 } });
    const untilMs = world.nowMs + 5_000;
    world.dispatch({ kind: "override-set", ingress: record, override: { kind: "drain", endpoint: "cable", untilMs } });
    world.pass(5_000);
    const stage = mixStage(world.ingress());
    assert.deepEqual(stage, { kind: "waiting", sinceMs: untilMs, untilMs: untilMs + 90_000 });
  });

  test("nothing is said where none is asked for", () => {
    assert.equal(mixStage(started({ endpoints: [cable, mobile].map(withoutSticky) }).ingress()), undefined);
    assert.equal(mixStage(started({ publish: "addresses" }).ingress()), undefined);
  });

  test("where there can never be one, why", () => {
    assert.deepEqual(mixStage(started({ proxied: true }).ingress()), {
      kind: "none",
      why: "a proxied CNAME has no mix",
    });
    const { mix: _, ...nameless } = settings;
    const world = new IngressWorld(() => undefined);
    world.start({ ...nameless, whyNoMixName: "x would be too long for the name of its mix" });
    world.read([publishedRecord("CNAME", "cable.example.com")]);
    assert.deepEqual(mixStage(world.ingress()), { kind: "none", why: "x would be too long for the name of its mix" });
  });

  test("what is not ours at its name, and its end", () => {
    const world = started();
    const stranger = publishedRecord("A", "203.0.113.9");
    world.dispatch({ kind: "records-read", ingress: record, mix, records: [stranger] });
    const why = `${mix} has a record that ccs did not create: A 203.0.113.9`;
    assert.deepEqual(mixStage(world.ingress()), { kind: "blocked", reason: "foreign", why, untilMs: undefined });
    world.dispatch({ kind: "records-read", ingress: record, mix, records: [] });
    assert.equal(kindOf(world), "idle");
  });

  test("a program that keeps changing it, until when", () => {
    const world = returned(started());
    for (const content of ["203.0.113.1", "203.0.113.2"]) {
      const records = [{ ...publishedRecord("A", content), extras: { comment: recordComment } }];
      world.dispatch({ kind: "records-read", ingress: record, mix, records });
    }
    const stage = mixStage(world.ingress());
    assert.ok(stage?.kind === "blocked" && stage.reason === "paused", stage?.kind);
    assert.equal(stage.untilMs, world.nowMs + 3_600_000);
    assert.equal(whyNoMix(world.ingress())?.why, `another program keeps overwriting ${mix}`);
  });

  test("a name that its zone does not hold makes no return wait, and one that Cloudflare refuses neither", () => {
    const world = new IngressWorld(() => undefined);
    world.cloud = "silent";
    world.start(settings);
    world.read([publishedRecord("CNAME", "mobile.example.com")]);
    failMix(world, { kind: "invalid", during: "read", message: `${mix} is not in the zone example.org` });
    assert.equal(whyNoMix(world.ingress())?.reason, "outside");
    world.resolveAll();
    world.observe("mobile", "ok");
    world.observe("cable", "ok");
    assert.deepEqual(world.ingress().selection?.primary, "cable");
    const refused = started();
    failMix(refused, { kind: "invalid", during: "write", message: "9007: content is invalid" });
    assert.deepEqual(whyNoMix(refused.ingress()), {
      reason: "refused",
      why: `Cloudflare refuses the records of the mix at ${mix}: 9007: content is invalid`,
    });
  });
});

describe("the steps of a mix", () => {
  test("are what both names say, from before the return to an hour after the end", () => {
    const outlook = mixPaths({ ...settings, mix: { record: mix, waitMs: 60_000 } });
    assert.deepEqual(outlook, {
      record: mix,
      paths: [
        {
          from: "mobile",
          to: "cable",
          steps: [
            { when: "first", afterMs: 0, record: mix, members: ["cable", "mobile"], ttlSeconds: 60 },
            { when: "shown", afterMs: 60_000, record, content: mix, ttlSeconds: 60 },
            { when: "end", afterMs: 600_000, record, content: "cable.example.com", ttlSeconds: 60 },
            { when: "unused", afterMs: 3_600_000, record: mix },
          ],
        },
      ],
    });
  });

  test("there are none where the record holds addresses, or nobody is sticky", () => {
    assert.equal(mixPaths({ ...settings, publish: "addresses" }), undefined);
    assert.equal(mixPaths(settings, { form: "addresses" }), undefined);
    assert.equal(mixPaths({ ...settings, endpoints: [cable] }), undefined);
  });

  test("where there is none, why", () => {
    assert.equal(mixPaths(settings, { isProxied: true })?.whyNot, "a proxied CNAME has no mix");
    const { mix: _, ...nameless } = settings;
    assert.deepEqual(mixPaths({ ...nameless, whyNoMixName: "taken" }), { whyNot: "taken", paths: [] });
  });
});

function withoutSticky({
  stickyMs: _,
  ...rest
}: IngressSettings["endpoints"][number]): IngressSettings["endpoints"][number] {
  return rest;
}
