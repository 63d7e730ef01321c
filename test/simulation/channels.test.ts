// The real daemon over each kind of channel in the simulated world: all kinds are told the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { channelKinds } from "../../src/channels/registry.ts";
import { exampleComposition, composeConfig } from "../../src/config/compose.ts";
import { loadConfig } from "../../src/config/load.ts";
import { play as playForPeople } from "../../src/what-if/play.ts";
import { parseScenario } from "../../src/what-if/scenario.ts";
import { vocabularyOf } from "../../src/what-if/user-world.ts";
import { scenarioOf, withChannel } from "./scenario.ts";
import { play } from "./simulate.ts";

for (const { kind } of channelKinds) {
  test(`${kind} keeps every promise of messages, whatever befalls it`, async () => {
    const { violations, seen } = await play(withChannel(scenarioOf(60_001), kind));
    assert.deepEqual(violations, []);
    assert.ok(seen.messages > 10, `${seen.messages} messages`);
  });
}

test("an outage is told alike by every kind of channel", async () => {
  const told: (readonly (string | undefined)[])[] = [];
  for (const kind of channelKinds) {
    const text = composeConfig({ ...exampleComposition, channels: [kind.init.example] });
    const variables = Object.values(kind.secrets).map(({ variable }): [string, string] => [variable, "1:a"]);
    const env = Object.fromEntries([["CLOUDFLARE_API_TOKEN", "token"], ...variables]);
    const loaded = loadConfig({ path: "config.yml", text, env });
    assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
    const { config } = loaded;
    const scenario = parseScenario("cable down for 5 min at 0:05", vocabularyOf(config));
    assert.ok(scenario.kind === "understood");
    const { occurrences, hasIpv6 } = scenario;
    const { messages, bugs } = await playForPeople({ config, occurrences, hasIpv6, seed: 7, lengthMs: 3_600_000 });
    assert.deepEqual(bugs, []);
    told.push(messages.map((message) => message.text.split("\n")[0]));
  }
  const [first = [], ...others] = told;
  assert.ok(
    first.some((headline) => headline?.includes("now points to mobile") === true),
    first.join("\n"),
  );
  for (const other of others) assert.deepEqual(other, first);
});
