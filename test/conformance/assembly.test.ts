// The daemon as it is put together, over ports of a test: what a reload means for the token.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Assembly } from "../../src/assembly/assembly.ts";
import { MemoryProvider } from "../support/memory-provider.ts";
import { CloudError } from "../../src/cloud/provider.ts";
import type { Config } from "../../src/config/config.ts";
import { sleep } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { Secret } from "../../src/lib/secret.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { settings } from "./reconciler-world.ts";

function configWith(token: string): Config {
  return {
    cloudflare: { token: new Secret(token), apiUrl: "http://127.0.0.1:1", nameservers: ["192.0.2.53:53"] },
    ingresses: [settings()],
    notify: [],
    http: { host: "127.0.0.1", port: 0 },
    stateDir: "/nowhere",
    anchors: [],
  };
}

test("a reload with a new token asks for nothing more with the old one", async () => {
  const clock = new VirtualClock();
  const asked: string[] = [];
  await using assembly = new Assembly({
    config: configWith("old"),
    log: createLog({ level: "silent", isForPeople: false }),
    ports: {
      clock,
      random: () => 0.5,
      resolve: () => Promise.resolve({ kind: "inconclusive", reason: "silent", detail: "" }),
      probe: async (_check, _address, { timeoutMs, signal }) => {
        await sleep(clock, timeoutMs, signal);
        throw new Error("nothing has an address here");
      },
      reach: () => Promise.resolve(false),
      createProvider: ({ token }) => {
        const memory = new MemoryProvider();
        const list: MemoryProvider["list"] = async (ingress, call) => {
          await call.admit();
          asked.push(token.reveal());
          if (token.reveal() === "old") throw new CloudError("auth", "the token is not valid");
          return memory.list(ingress, call);
        };
        return { list, apply: memory.apply.bind(memory) };
      },
    },
  });
  assembly.start();
  await clock.advance(10_000);
  // Refused for good: the next attempt is minutes away, unless a reload hurries it.
  assert.deepEqual(asked, ["old"]);
  assembly.reconfigure(configWith("new"));
  await clock.advance(10_000);
  assert.deepEqual(asked, ["old", "new"]);
});
