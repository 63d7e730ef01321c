import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSettings, ingressSettings } from "../../test/support/ingress-world.ts";
import { emptyIngress } from "../core/configuration/empty.ts";
import { freshEndpoint } from "../core/evidence/endpoint.ts";
import type { IngressState } from "../core/model.ts";
import { freshMix } from "../core/records/mix.ts";
import { mixLane, ownLane, type Lane } from "./lane.ts";
import { freshMemory, nextAttempt, type AttemptMemory } from "./next-attempt.ts";

const nowMs = 1_000_000;
const cable = endpointSettings("cable");
const settings = ingressSettings("ingress.example.com", [cable]);
const up = { verdict: "up", isDegraded: false, sinceMs: 0, reason: "answers" } as const;

/** It points to cable, or should. */
const due: IngressState = {
  ...emptyIngress(settings, [{ ...freshEndpoint(cable, 0, 0), health: up }]),
  published: { records: [], atMs: 0, by: "read" },
  selection: { primary: "cable", sticky: [], why: "", reason: "elected", sinceMs: 0 },
};
const record = { id: "1", type: "CNAME", content: "cable.example.com", ttlSeconds: 60, proxied: false } as const;
const settled: IngressState = { ...due, published: { records: [record], atMs: 0, by: "write" } };

/** What comes next for a machine that has read the records a minute ago, and otherwise remembers what `changes` say. */
function next(
  ingress: IngressState,
  changes: Partial<AttemptMemory> = {},
  isHeld = false,
  lane: Lane = ownLane,
): string {
  const memory = { ...freshMemory(), mustRead: false, lastSeenMs: nowMs - 60_000, ...changes };
  const { step, dueMs } = nextAttempt(memory, ingress, { lane, isHeld, nowMs });
  const when = dueMs <= nowMs ? "now" : `in ${(dueMs - nowMs) / 1_000} s`;
  return `${step.isRoutine ? "look" : step.kind} ${when}`;
}

test("the next attempt at the records follows from what is remembered", () => {
  const pause = { untilMs: nowMs + 7_000, wanted: undefined };
  const cases: readonly (readonly [string, string])[] = [
    ["read now", next(due, { mustRead: true })],
    ["write now", next(due)],
    // What failed waits, whatever it was.
    ["write in 7 s", next(due, { pause })],
    ["read in 7 s", next(due, { pause, mustRead: true })],
    // Nothing may be written, or nothing has to be.
    ["look in 240 s", next(due, {}, true)],
    ["look in 240 s", next(settled)],
    ["look now", next(settled, { lastSeenMs: 0 })],
    // A write of unknown outcome may still land.
    ["read in 10 s", next(settled, { secondLooksMs: [nowMs + 10_000, nowMs + 60_000] })],
    // The servers show something else.
    ["read now", next({ ...settled, drift: { says: "CNAME hand.example.org", sinceMs: nowMs } })],
    // An answer is to tell the time, but not every moment.
    ["read in 2 s", next(settled, { soughtMs: nowMs, askedMs: nowMs - 3_000 })],
    ["look in 240 s", next(settled, { soughtMs: nowMs - 4_000, askedMs: nowMs - 3_000 })],
  ];
  for (const [index, [expected, found]] of cases.entries()) assert.equal(found, expected, `case ${index}`);
});

test("a mix that was not read for long is read before anything is written to it", () => {
  const mix = "ingress-mix.example.com";
  const lane = { ...mixLane(mix), planFor: () => ({ deletes: [], patches: [], posts: [] }) };
  const ingress = { ...settled, mix: freshMix(mix) };
  assert.match(next(ingress, {}, false, lane), /^write now$/);
  assert.match(next(ingress, { lastSeenMs: 0 }, false, lane), /^(?:read|look) now$/);
});
