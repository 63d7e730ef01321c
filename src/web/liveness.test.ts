import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { endpointSettings, ingressSettings, IngressWorld } from "../../test/support/ingress-world.ts";
import type { CheckSettings } from "../core/model.ts";
import { initialState } from "../core/step.ts";
import { isTurning } from "./liveness.ts";

const { check } = endpointSettings("any");

/** A world in which cable is checked every 15 s, and mobile every hour; both are up, and nothing is in question. */
function settled(): IngressWorld {
  const rarely = { ...(check as CheckSettings), intervalMs: 3_600_000, timeoutMs: 60_000 };
  const endpoints = [endpointSettings("cable"), endpointSettings("mobile", { priority: 20, check: rarely })];
  const world = new IngressWorld(() => undefined);
  world.start(ingressSettings("ingress.example.com", endpoints));
  world.resolveAll();
  world.read([{ id: "1", type: "CNAME", content: "cable.example.com", ttlSeconds: 60, proxied: false }]);
  for (const name of ["cable", "mobile"]) world.observe(name, "ok");
  return world;
}

describe("the loop", () => {
  test("is alive until the endpoint that is checked most often is ten seconds overdue, however rarely others are", () => {
    const { state, nowMs: lastTurnMs } = settled();
    // An interval, a timeout, and ten seconds.
    assert.equal(isTurning({ state, lastTurnMs }, lastTurnMs + 15_000 + 5_000 + 9_999), true);
    assert.equal(isTurning({ state, lastTurnMs }, lastTurnMs + 15_000 + 5_000 + 10_000), false);
  });

  test("is stuck ten seconds after a deadline of its own that it did not keep", () => {
    const world = settled();
    const untilMs = world.nowMs + 3_000;
    const override = { kind: "drain" as const, endpoint: "mobile", untilMs };
    world.dispatch({ kind: "override-set", ingress: "ingress.example.com", override });
    const loop = { state: world.state, lastTurnMs: world.nowMs };
    assert.equal(isTurning(loop, untilMs + 9_999), true);
    assert.equal(isTurning(loop, untilMs + 10_000), false);
  });

  test("has nothing to do, and no time to do it by, where nothing is configured", () => {
    assert.equal(isTurning({ state: initialState, lastTurnMs: 0 }, 1e12), true);
  });
});
