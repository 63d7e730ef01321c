// Promise 1, measured where people measure it: in every scenario that has a name, with the configurations that we hand out, no
// client of any kind is without service for longer than with a record that nobody touches, but for the time to detect an outage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Config } from "../../src/config/config.ts";
import { composeConfig, exampleComposition } from "../../src/config/compose.ts";
import { loadConfig } from "../../src/config/load.ts";
import { byRank } from "../../src/core/members.ts";
import { usualPlayMs } from "../../src/what-if/length.ts";
import { namedScenarios } from "../../src/what-if/named-scenarios.ts";
import { play, type Played } from "../../src/what-if/play.ts";
import { parseScenario } from "../../src/what-if/scenario.ts";
import { vocabularyOf } from "../../src/what-if/user-world.ts";
import { worseOff } from "../../src/what-if/verdict.ts";

// It only computes: tests that wait for a daemon come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

/** CI plays 20. */
const seeds = Number(process.env["CCS_PROMISE_SEEDS"] ?? 3);
const outageSeeds = Math.ceil(2.4 * seeds);
/** Beside many daemons it gets little of the machine. */
const longestMs = 600_000;
const root = join(import.meta.dirname, "../..");

/** What somebody runs who follows what we say. */
const configurations: ReadonlyMap<string, Config> = new Map([
  ["examples/config.yml", read(readFileSync(join(root, "examples/config.yml"), "utf8"))],
  ["the README's own", read(/```yaml\n([^]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"))?.[1] ?? "")],
  ["what ccs init writes", read(composeConfig(exampleComposition))],
]);

/** What amounts to the same is played once: of priorities only the order matters. */
const kinds = Map.groupBy(configurations, ([, { ingresses }]) =>
  JSON.stringify(
    ingresses.map((ingress) => ({
      ...ingress,
      endpoints: ingress.endpoints.toSorted(byRank).map((endpoint) => ({ ...endpoint, priority: 0 })),
    })),
  ),
);

for (const same of kinds.values()) {
  const [[, config] = assert.fail()] = same;
  const name = same.map(([each]) => each).join(", and ");
  describe(`with ${name}`, { timeout: longestMs }, () => {
    for (const scenario of namedScenarios) {
      // Who writes over every record of ours is stronger than any promise; the static record is not fought over at all.
      if (scenario.name === "rival") continue;
      test(`${scenario.name} leaves nobody worse off, with ${seeds} seeds`, { timeout: longestMs }, async () => {
        const [first = "", second] = vocabularyOf(config).endpoints.map((endpoint) => endpoint.name);
        const lines = scenario.lines(first, second).join("\n");
        for (let seed = 1; seed <= seeds; seed += 1) {
          const { ingresses } = await played(config, lines, seed);
          for (const { ingress, clients } of ingresses) {
            assert.deepEqual(
              worseOff(clients),
              [],
              `${ingress}, seed ${seed}: ccs simulate ${scenario.name} --seed ${seed}`,
            );
          }
        }
      });
    }
    test(
      `everything down for 3 minutes is no reason to leave anybody, with ${outageSeeds} seeds`,
      { timeout: longestMs },
      async () => {
        for (let seed = 1; seed <= outageSeeds; seed += 1) {
          const { ingresses } = await played(config, "everything down for 3 min at 0:05", seed);
          for (const { switches } of ingresses) assert.equal(switches, 0, `seed ${seed}`);
        }
      },
    );
  });
}

test("looks every second leave enough calls for the mix", { timeout: longestMs }, async () => {
  const [config = assert.fail()] = configurations.values();
  const ingresses = config.ingresses.map((ingress) => ({ ...ingress, reconcileIntervalMs: 1_000 }));
  const {
    ingresses: [seen],
  } = await played({ ...config, ingresses }, "primary down for 1m at 0:05", 1);
  const told = seen?.served.map(({ endpoints }) => endpoints.join(" + "));
  assert.deepEqual(told, ["cable", "mobile", "cable + mobile", "cable"]);
});

async function played(config: Config, lines: string, seed: number): Promise<Played> {
  const scenario = parseScenario(lines, vocabularyOf(config));
  assert.ok(scenario.kind === "understood");
  const { occurrences, hasIpv6 } = scenario;
  const result = await play({ config, occurrences, hasIpv6, seed, lengthMs: usualPlayMs(occurrences, config) });
  assert.deepEqual(result.bugs, []);
  return result;
}

function read(text: string): Config {
  const env = { CLOUDFLARE_API_TOKEN: "token", TELEGRAM_TOKEN: "1:token" };
  const loaded = loadConfig({ path: "config.yml", text, env });
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  return loaded.config;
}
