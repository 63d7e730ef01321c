// How often an endpoint is asked while failures wait for proof.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endpointSettings,
  ingressSettings,
  IngressWorld,
  publishedRecord,
} from "../../../test/support/ingress-world.ts";
import { probeIntervalMs } from "./rhythm.ts";

const record = "ingress.example.com";

/** Two lines that are up, and how long each waits for its next probe. */
function twoLines(): { world: IngressWorld; intervals: () => readonly (number | undefined)[] } {
  const world = new IngressWorld(() => undefined);
  world.start(ingressSettings(record, [endpointSettings("cable"), endpointSettings("mobile")]));
  world.anchors = "silent";
  world.read([publishedRecord("CNAME", "cable.example.com")]);
  world.resolveAll();
  for (const name of ["cable", "mobile"]) world.observe(name, "ok");
  const intervals = (): readonly (number | undefined)[] =>
    world.ingress().endpoints.map((endpoint) => probeIntervalMs(world.ingress(), endpoint));
  return { world, intervals };
}

test("who may prove that a failure counts is asked at once; who failed is asked again soon", () => {
  const { world, intervals } = twoLines();
  assert.deepEqual(intervals(), [15_000, 15_000]);
  world.observe("cable", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 0]);
});

test("two that fail do not drive each other on without a pause", () => {
  const { world, intervals } = twoLines();
  world.observe("cable", "timeout", 1);
  world.observe("mobile", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 2_000]);
  world.observe("cable", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 2_000]);
});

test("neither do they when the proof is found elsewhere", () => {
  const { world, intervals } = twoLines();
  world.observe("mobile", "timeout", 1);
  world.tryAnchors();
  world.observe("cable", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 2_000]);
});

test("whose name has no address proves nothing, and is not asked for it without a pause", () => {
  const { world, intervals } = twoLines();
  world.deny("mobile");
  world.tryAnchors();
  world.observe("cable", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 2_000]);
});

test("at the first answer in an outage of all, the others are asked at once, and then soon", () => {
  const { world, intervals } = twoLines();
  world.anchors = "answer";
  for (const name of ["cable", "mobile"]) world.observe(name, "timeout");
  assert.deepEqual(intervals(), [15_000, 15_000]);
  world.pass(10_000);
  world.observe("mobile", "ok", 1);
  assert.deepEqual(intervals(), [0, 2_000]);
  world.pass(100);
  world.observe("cable", "timeout", 1);
  assert.deepEqual(intervals(), [2_000, 2_000]);
  world.observe("mobile", "timeout", 1);
  assert.deepEqual(intervals(), [15_000, 15_000], "nobody answers any more");
});
