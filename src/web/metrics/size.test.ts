// What the metrics cost: bytes for each endpoint, and the loop's time.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  IngressWorld,
  endpointSettings,
  ingressSettings,
  publishedRecord,
} from "../../../test/support/ingress-world.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Observation, State } from "../../core/model.ts";
import type { Clock } from "../../lib/clock.ts";
import { Metrics } from "./metrics.ts";

const wallMs = Date.UTC(2026, 0, 1);
const build = { version: "1.2.3", node: "v26.0.0" };

/** The most that an endpoint may cost, its share of its ingress included. */
const mostBytes = 1_500;

/**
 * Ingresses of two endpoints, each of these over HTTPS, with IPv4 and IPv6; every ingress has switched, and is back.
 */
async function sizeOf(ingresses: number): Promise<number> {
  const world: IngressWorld = new IngressWorld((turn) => metrics.hear(turn));
  const metrics = new Metrics({
    state: () => world.state,
    clock: new VirtualClock({ wallMs }),
    build,
    queuedNotifications: () => new Map([["telegram", 0]]),
    cloudBudget: () => 100,
    isStateKept: () => true,
    withProcess: true,
  });
  const names = Array.from({ length: ingresses }, (_, index) => `ingress-${index}.example.com`);
  const cable = endpointSettings("cable");
  const mobile = endpointSettings("mobile", { priority: 20, stickyMs: 600_000 });
  world.start(...names.map((name) => ingressSettings(name, [cable, mobile])));
  for (const [index, name] of names.entries()) {
    world.read([publishedRecord("CNAME", "cable.example.com")], name);
    world.resolve("cable", [`192.0.2.${index + 1}`, `2001:db8:85a3:8d3:1319:8a2e:370:${index + 1}`], name);
    world.resolve("mobile", [`198.51.100.${index + 1}`, `2001:db8:85a3:8d3:1319:8a2e:371:${index + 1}`], name);
    for (const endpoint of ["cable", "mobile"]) check(world, name, endpoint, "ok");
    check(world, name, "cable", "timeout");
    assert.equal(world.ingress(name).selection?.primary, "mobile");
  }
  // Once to recover, once more when it has been up for long enough.
  for (let times = 0; times < 2; times += 1) {
    for (const name of names) for (const endpoint of ["cable", "mobile"]) check(world, name, endpoint, "ok");
    world.pass(61_000);
  }
  for (const name of names) for (const endpoint of ["cable", "mobile"]) check(world, name, endpoint, "ok");
  for (const name of names) assert.equal(world.ingress(name).selection?.primary, "cable");
  metrics.expectNotifications(["telegram"], ["sent", "retried", "refused", "dropped"]);
  metrics.countCloudRequest({ operation: "list", outcome: "ok", durationMs: 120 });
  metrics.countCloudRequest({ operation: "batch", outcome: "ok", durationMs: 120 });
  const { body } = await metrics.render();
  return body.byteLength;
}

/** Two rounds of checks of all addresses, whose phases took times with as many digits as real ones have. */
function check(world: IngressWorld, ingress: string, endpoint: string, what: "ok" | "timeout"): void {
  const { revision } = world.endpoint(endpoint, ingress);
  for (let round = 0; round < 2; round += 1) {
    world.pass(100);
    for (const { text: address } of world.endpoint(endpoint, ingress).addresses) {
      const seen = { startedMs: world.nowMs - 20, endedMs: world.nowMs, vantage: "local", detail: what };
      const phases = {
        resolve: 1.234567,
        connect: 12.345678,
        tls: 23.456789,
        processing: 34.567891,
        transfer: 0.123456,
      };
      const observation: Observation =
        what === "ok"
          ? { ...seen, phases, kind: "ok", certificateEndsWallMs: wallMs + 1e9 }
          : { ...seen, phases: {}, kind: "failed", reason: "timeout" };
      world.dispatch({ kind: "probed", ingress, endpoint, revision, address, observation });
    }
  }
}

test("an endpoint costs at most 1.5 kB, with HTTPS, both families, and its share of its ingress", async () => {
  const [few, many] = [await sizeOf(10), await sizeOf(30)];
  const each = (many - few) / (2 * 20);
  assert.ok(each <= mostBytes, `${Math.round(each)} bytes`);
  // What does not grow: distributions, the process, and the text that describes them.
  const home = await sizeOf(1);
  assert.ok(home <= 18_000, `${home} bytes for a home with two lines`);
});

/** A clock that is a millisecond on whenever somebody looks at it. */
class RunningClock implements Clock {
  pauses = 0;
  onPause: () => void = () => undefined;
  #nowMs = 0;
  readonly longest = { sliceMs: 0 };
  #sliceStartedMs = 0;

  nowMs(): number {
    this.#nowMs += 1;
    this.longest.sliceMs = Math.max(this.longest.sliceMs, this.#nowMs - this.#sliceStartedMs);
    return this.#nowMs;
  }
  wallMs(): number {
    return wallMs;
  }
  setTimer(_: number, callback: () => void): () => void {
    this.pauses += 1;
    this.#sliceStartedMs = this.#nowMs;
    this.onPause();
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  }
}

test("a long answer is made in slices, and all gauges are of one state", async () => {
  const world = new IngressWorld(() => undefined);
  const endpoints = Array.from({ length: 600 }, (_, index) => endpointSettings(`endpoint ${index}`));
  world.start(ingressSettings("ingress.example.com", endpoints));
  const first: State = world.state;
  const clock = new RunningClock();
  const metrics = new Metrics({ state: () => world.state, clock, build, queuedNotifications: () => new Map() });
  const whole = await metrics.render();
  assert.ok(clock.pauses >= 3, `${clock.pauses} pauses`);
  // One look more than the slice takes ends it.
  assert.ok(clock.longest.sliceMs <= 6, `a slice of ${clock.longest.sliceMs} ms`);
  clock.onPause = () => world.start(ingressSettings("other.example.com", [endpointSettings("lost")]));
  const later = await metrics.render();
  assert.notEqual(world.state, first);
  assert.deepEqual(later.body, whole.body);
});
