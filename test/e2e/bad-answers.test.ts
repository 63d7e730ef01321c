// Everything that a web server can do wrong counts as failed within the timeout, and costs no memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Behaviour } from "../../src/emulation/endpoint.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { startFleet } from "../support/fleet.ts";

const timeoutMs = 500;

/** How a line fails, and what people get to read about it. */
const cases: readonly { readonly name: string; readonly behaviour: Behaviour; readonly reason: RegExp }[] = [
  { name: "unmarked", behaviour: { kind: "unmarked" }, reason: /marker "OK" not found in 19 bytes/ },
  { name: "status", behaviour: { kind: "status", status: 500 }, reason: /status 500/ },
  { name: "refuse", behaviour: { kind: "refuse" }, reason: /connection refused/ },
  { name: "hang", behaviour: { kind: "hang" }, reason: /timed out while waiting for the answer/ },
  { name: "half", behaviour: { kind: "hang-after-headers" }, reason: /timed out while reading the answer/ },
  { name: "drip", behaviour: { kind: "drip", everyMs: 50 }, reason: /timed out while reading the answer/ },
  { name: "endless", behaviour: { kind: "endless" }, reason: /marker "OK" not found in the first 64 KiB/ },
  { name: "loop", behaviour: { kind: "redirect-loop" }, reason: /status 302 to \S+ \(redirects are not followed\)/ },
  { name: "garbage", behaviour: { kind: "garbage" }, reason: /not (a valid )?HTTP/ },
  { name: "reset", behaviour: { kind: "reset" }, reason: /connection closed/ },
  { name: "gzip", behaviour: { kind: "gzip" }, reason: /encoded \(gzip\)/ },
  { name: "slow", behaviour: { kind: "ok", delayMs: 10_000 }, reason: /timed out while waiting for the answer/ },
];

test("each kind of bad answer moves the record, by one request and with its reason", async () => {
  await using fleet = await startFleet(cases.map(({ name }) => name));
  await using daemon = startDaemon({ config: fleet.config({ check: { timeout: `${timeoutMs}ms` } }) });
  await daemon.untilLogged(/^cable is up/, { count: cases.length });
  await daemon.untilLogged(/^mobile is up/, { count: cases.length });
  assert.equal(fleet.cloudflare.counts.writes, 0);

  await Promise.all(cases.map(({ name, behaviour }) => fleet.ship(name).cable.behave(behaviour)));
  for (const { name, reason } of cases) {
    await daemon.until(`${name} is served by mobile`, () => contentOf(name) === `mobile.${name}.example`);
    const told = daemon.logged(/^cable is down/).find(({ ingress }) => ingress === fleet.ship(name).record);
    assert.match(told?.msg ?? "", reason);
  }
  for (const { name } of cases) assert.equal(fleet.writesFor(name).length, 1, name);

  function contentOf(name: string): string | undefined {
    return fleet.recordsOf(name)[0]?.content;
  }
});

test("an endless body leaves the daemon's memory flat over hundreds of probes", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
  await using fleet = await startFleet(names);
  await Promise.all(fleet.ships.map(({ cable }) => cable.behave({ kind: "endless" })));
  await using daemon = startDaemon({
    config: fleet.config({ check: { interval: "100ms", timeout: "5s" } }),
    nodeArgs: [],
  });
  const probes = (): number => fleet.ships.reduce((sum, { cable }) => sum + cable.counts.requests, 0);
  const peakUntil = async (count: number): Promise<number> => {
    let peakBytes = 0;
    await eventually(
      `${count} probes`,
      () => {
        peakBytes = Math.max(peakBytes, daemon.residentBytes);
        return probes() >= count;
      },
      { timeoutMs: 40_000 },
    );
    return peakBytes;
  };
  // What a warm process needs: compiled code, and a heap that the collector has seen a few times.
  await peakUntil(150);
  const early = await peakUntil(300);
  const late = await peakUntil(450);
  // Held back, the bodies of one round alone would be far more: each server pours as fast as it is read.
  assert.ok(late < early + 24 * 1_024 ** 2, `from ${mib(early)} to ${mib(late)}`);
  assert.ok(late < 300 * 1_024 ** 2, mib(late));
});

function mib(bytes: number): string {
  return `${Math.round(bytes / 1_024 ** 2)} MiB`;
}
