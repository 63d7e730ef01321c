// Who counts as one client where wrong tokens are counted, and whom their number concerns.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { Secret } from "../../lib/secret.ts";
import { ChangeGuard } from "./guard.ts";

/** A guard after so many wrong tokens that this address, which they came from, has to wait. */
function guardAfterWrongTokensOf(address: string, token = "right"): ChangeGuard {
  const guard = new ChangeGuard(new VirtualClock(), () => new Secret(token));
  for (let tries = 0; tries < 5; tries += 1) assert.equal(guard.admit("Bearer wrong", address).kind, "wrong");
  return guard;
}

describe("after its wrong tokens a client waits, and so does", () => {
  const same: readonly (readonly [what: string, wrong: string, right: string])[] = [
    ["the same address", "192.0.2.1", "192.0.2.1"],
    ["whoever has another address of the same IPv6 network", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"],
    ["the same network, however it is written", "2001:0DB8:1:2:0:0:0:1", "2001:db8:1:2::2"],
    ["a network with zeros in it", "2001:db8::1", "2001:db8:0:0:8000::"],
    ["an IPv4 address that comes by way of IPv6", "192.0.2.1", "::ffff:192.0.2.1"],
    ["the same link-local network, whatever the interface", "fe80::1%eth0", "fe80::2%eth1"],
  ];
  for (const [what, wrong, right] of same) {
    test(what, () => {
      assert.equal(guardAfterWrongTokensOf(wrong).admit("Bearer right", right).kind, "too-many");
    });
  }
});

describe("and nobody else:", () => {
  const others: readonly (readonly [what: string, wrong: string, right: string])[] = [
    ["another IPv4 address", "192.0.2.1", "192.0.2.2"],
    ["the next IPv6 network", "2001:db8:1:2::1", "2001:db8:1:3::1"],
    ["an IPv4 address beside an IPv6 one", "2001:db8::1", "192.0.2.1"],
  ];
  for (const [what, wrong, right] of others) {
    test(what, () => {
      assert.equal(guardAfterWrongTokensOf(wrong).admit("Bearer right", right).kind, "allowed");
    });
  }
});

/** As `openssl rand -hex 16` makes them. */
const strong = "9f86d081884c7d659a2feaa0c55ad015";

describe("a token that nobody can guess", () => {
  test("is right whoever tried wrong ones from its owner's address, and wrong ones still have to wait", () => {
    const guard = guardAfterWrongTokensOf("127.0.0.1", strong);
    for (let tries = 0; tries < 100; tries += 1) {
      const wrong = guard.admit(`Bearer ${strong.slice(0, -1)}${tries % 5}x`, "127.0.0.1");
      assert.deepEqual(wrong, { kind: "too-many", retryAfterSeconds: 60 });
      assert.equal(guard.admit(`Bearer ${strong}`, "127.0.0.1").kind, "allowed");
    }
    assert.equal(guard.admit(undefined, "127.0.0.1").kind, "missing");
  });

  test("is right however many tried wrong ones from everywhere, who together may try fifty in a minute", async () => {
    const clock = new VirtualClock();
    const guard = new ChangeGuard(clock, () => new Secret(strong));
    const kinds = Array.from(
      { length: 200 },
      (_, index) => guard.admit("Bearer wrong", `198.51.${index >> 2}.${index & 3}`).kind,
    );
    assert.equal(kinds.filter((kind) => kind === "wrong").length, 50);
    assert.equal(kinds.filter((kind) => kind === "too-many").length, 150);
    assert.equal(guard.admit(`Bearer ${strong}`, "198.51.0.0").kind, "allowed");
    await clock.advance(60_000);
    assert.equal(guard.admit("Bearer wrong", "198.51.0.0").kind, "wrong");
  });
});
