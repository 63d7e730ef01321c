// The doctor's look at this machine's ways out, over real connections on loopback and routes that the test makes up.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Family } from "../../core/model.ts";
import { listenTcp } from "../../emulation/listen.ts";
import { systemClock } from "../../runtime/node/clock.ts";
import { closedAuthority } from "../../../test/support/ports.ts";
import { reachOverTcp } from "../../runtime/node/reach.ts";
import { inspectWaysOut } from "./here.ts";

/** A machine whose IPv4 works, and whose router announces an IPv6 that leads nowhere. */
async function look(used: readonly Family[]): Promise<readonly string[]> {
  await using anchor = await listenTcp(createServer());
  const closed = (await closedAuthority()).replace(/^.*:/, "[::1]:");
  const ports = { clock: systemClock, reach: reachOverTcp, hasRoute: async () => true };
  const findings = await inspectWaysOut([anchor.authority, closed], ports, Promise.resolve(new Set(used)));
  return findings.map(({ level, subject, detail }) => `${level} ${subject}: ${detail}`);
}

test("an IPv6 route that leads nowhere is a warning while no endpoint uses IPv6", async () => {
  const [ipv4, ipv6] = await look(["ipv4"]);
  assert.equal(ipv4, "ok IPv4: the reference host answers");
  assert.match(ipv6 ?? "", /^warning IPv6: this machine has a route, but no reference host answers over IPv6/);
});

test("it is wrong when an endpoint has an IPv6 address", async () => {
  const [, ipv6] = await look(["ipv4", "ipv6"]);
  assert.match(ipv6 ?? "", /^wrong IPv6: no connection to most reference hosts/);
});

test("where no family leads anywhere, that is wrong whatever is used", async () => {
  const closed = await closedAuthority();
  const ports = { clock: systemClock, reach: reachOverTcp, hasRoute: async () => true };
  const [ipv4] = await inspectWaysOut([closed], ports, Promise.resolve(new Set()));
  assert.equal(ipv4?.level, "wrong");
});
