// What would happen, and what would have happened, is told by the records of ingresses, whatever their ids are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/config.ts";
import { minuteMs } from "../core/units.ts";
import type { HistorySource } from "./past.ts";
import { play } from "./play.ts";
import { parseScenario } from "./scenario.ts";
import { tryOut } from "./trial.ts";
import { vocabularyOf } from "./user-world.ts";

const text = `cloudflare: { token: T }
ingresses:
  - record: a.example.com
    endpoints:
      - { name: cable, target: cable.example.net, check: { url: "http://cable.example.net/" } }
      - { name: mobile, target: mobile.example.net, priority: 10, check: { url: "http://mobile.example.net/" } }
  - record: b.example.com
    endpoints:
      - { name: fibre, target: fibre.example.net, check: { url: "http://fibre.example.net/" } }
      - { name: radio, target: radio.example.net, priority: 10, check: { url: "http://radio.example.net/" } }
notify: [{ kind: telegram, token: "1:a", chat_id: 1 }]
`;

function configWith(idOf: (record: string) => string): Config {
  const loaded = loadConfig({ path: "config.yml", text, env: {} });
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  const { config } = loaded;
  return { ...config, ingresses: config.ingresses.map((each) => ({ ...each, id: idOf(each.record) })) };
}

/** The ids of a configuration today, ids of another form, and those of each other. */
const usual = configWith((record) => record);
const others = [
  configWith((record) => `id of ${record}`),
  configWith((record) => (record === "a.example.com" ? "b.example.com" : "a.example.com")),
];

test("a scenario plays alike", async () => {
  const scenario = parseScenario("0:02 cable down for 4m\n0:03 fibre slow 9s for 5m", vocabularyOf(usual));
  assert.ok(scenario.kind === "understood");
  const { occurrences, hasIpv6 } = scenario;
  const options = { occurrences, hasIpv6, seed: 7, lengthMs: 20 * minuteMs };
  const expected = await play({ config: usual, ...options });
  assert.ok(expected.messages.length > 2 && expected.ingresses.every(({ switches }) => switches > 0));
  for (const config of others) assert.deepEqual(await play({ config, ...options }), expected);
});

/** A history in which cable and fibre fail and mobile and radio are ok, as daemons with this configuration keep it. */
function historyOf({ ingresses }: Config): HistorySource {
  const better = ["cable", "fibre"];
  const minutes = [0, 1, 2, 3, 4];
  return {
    rollups: ({ ingress, endpoint }) =>
      ingresses.some(({ id, endpoints }) => id === ingress && endpoints.some(({ name }) => name === endpoint))
        ? minutes.map((minute) => ({
            address: `192.0.2.${"cable mobile fibre radio".split(" ").indexOf(endpoint) + 1}`,
            startWallMs: minute * minuteMs,
            count: 4,
            failures: better.includes(endpoint) && minute > 1 ? 4 : 0,
            inconclusive: 0,
          }))
        : [],
    journal: () =>
      ingresses.flatMap(({ id, endpoints }) => {
        const [from, to] = endpoints.map(({ name }) => ({ primary: name }));
        return [
          { atWallMs: 1, atMs: 1, fact: { kind: "selection-changed", ingress: id, to: from, why: "adopted" } },
          { atWallMs: 3 * minuteMs, atMs: 1, fact: { kind: "selection-changed", ingress: id, from, to, why: "down" } },
        ];
      }),
  };
}

test("a past is replayed alike", () => {
  const range = { fromWallMs: 0, toWallMs: 5 * minuteMs };
  const tried = (config: Config) => {
    const { ingresses, fidelity, past } = tryOut(historyOf(config), config.ingresses, config.ingresses, range);
    return { ingresses: ingresses.map(({ id: _, ...shown }) => shown), fidelity, checks: past.checks };
  };
  const expected = tried(usual);
  assert.deepEqual(expected.fidelity, { made: 2, again: 2, besides: 0 });
  for (const config of others) assert.deepEqual(tried(config), expected);
});
