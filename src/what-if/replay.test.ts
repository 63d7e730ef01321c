// What of another configuration a replay cannot honour, and how that is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpTask } from "../../test/support/checks.ts";
import { endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import type { TcpTask } from "../checks/tcp/settings.ts";
import type { CheckSettings, IngressSettings } from "../core/model.ts";
import { replayable, unreplayable } from "./replay.ts";

const { check: usual } = endpointSettings("cable");
assert.ok(usual !== undefined);
const overTcp: TcpTask = { kind: "tcp", port: 25, send: undefined, expect: undefined };

function ingress(changes: Partial<CheckSettings>): IngressSettings {
  return ingressSettings("ingress.example.com", [
    endpointSettings("cable", { check: { ...(usual as CheckSettings), ...changes } }),
  ]);
}

test("keys are told in the order of the reference, rise and fall apart", () => {
  const wanted = {
    what: httpTask({ url: "http://other.example.com/", status: [[204, 204]], contains: "OK", ca: ["PEM"] }),
    intervalMs: 1,
    fastIntervalMs: 2,
    timeoutMs: 3,
    rise: 4,
    fall: 5,
  };
  const keys =
    "check.url, check.interval, check.fast_interval, check.timeout, check.status, check.contains, check.ca_file";
  assert.deepEqual(unreplayable(ingress(wanted), ingress({})), [
    `cable: ${keys} as recorded, not as in the other file`,
  ]);
  assert.deepEqual(unreplayable(ingress({ rise: 9 }), ingress({})), []);
});

test("another kind of check is told as such; its own keys by their names", () => {
  assert.deepEqual(unreplayable(ingress({ what: overTcp }), ingress({})), [
    "cable: check.kind as recorded, not as in the other file",
  ]);
  const other: TcpTask = { ...overTcp, port: 26, expect: "220 " };
  assert.deepEqual(unreplayable(ingress({ what: other }), ingress({ what: overTcp })), [
    "cable: check.port, check.expect as recorded, not as in the other file",
  ]);
});

test("what was recorded is what is replayed, with the other rise and fall", () => {
  const [cable] = replayable(ingress({ what: overTcp, rise: 7, intervalMs: 1 }), ingress({})).endpoints;
  assert.deepEqual(cable?.check, { ...usual, rise: 7 });
});
