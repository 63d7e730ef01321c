// Names that lead where nobody meant them to: a wildcard that answers for a host whose own record is gone, two names at one line,
// and other programs at the name of the mix.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fault } from "../../src/simulation/faults.ts";
import { Site } from "../../src/simulation/internet.ts";
import { hostRecords } from "../../src/simulation/hosts.ts";
import { zoneName } from "../../src/simulation/world.ts";
import { calm, during, isDown, minuteMs, scenarioOfStory, type Story } from "./planted/story.ts";
import { ingressName, type Scenario } from "./scenario.ts";
import { play } from "./simulate.ts";

/** The same story with hosts in the zone of the ingress, and a wildcard that leads to the ingress. */
function underWildcard(story: Story): Scenario {
  const scenario = scenarioOfStory(story);
  const { config, sites: given, records } = scenario.world;
  const hostOf = (host: string): string => host.replace("example.net", zoneName);
  const sites = given.map((site) => ({ ...site, host: hostOf(site.host) }));
  const addressesOf = (site: (typeof sites)[number]): readonly string[] =>
    new Site(sites.indexOf(site), site).addresses;
  return {
    ...scenario,
    world: {
      ...scenario.world,
      sites,
      config: {
        ...config,
        ingresses: config.ingresses.map((ingress) => ({
          ...ingress,
          endpoints: ingress.endpoints.map((endpoint) => ({
            ...endpoint,
            ...(endpoint.target.kind === "host" && { target: { kind: "host", host: hostOf(endpoint.target.host) } }),
          })),
        })),
      },
      records: [
        ...records.map((record) => (record.type === "CNAME" ? { ...record, content: hostOf(record.content) } : record)),
        ...hostRecords(zoneName, sites, addressesOf),
        { type: "CNAME", name: `*.${zoneName}`, content: ingressName, ttl: 300 },
      ],
    },
  };
}

const removed: Fault = { kind: "unregistered", site: 0, ...during(12, 40) };

for (const [what, story] of [
  ["", { faults: [isDown(0, 10, 40), removed], ...calm(40, 130) }],
  [
    " and a sticky endpoint",
    { world: { endpoints: [{}, { stickyMs: 10 * minuteMs }] }, faults: [isDown(0, 10, 40), removed], ...calm(40, 130) },
  ],
] as const satisfies readonly (readonly [string, Story])[]) {
  test(`no return to a host whose record was removed, though a wildcard answers for it${what}`, async () => {
    const { violations, seen, downtime } = await play(underWildcard(story));
    assert.deepEqual(violations, []);
    assert.deepEqual([seen.failovers, seen.returns], [1, 1]);
    assert.ok(downtime.daemon < downtime.staticRecord, JSON.stringify(downtime));
  });
}

test("a line that two names lead to is not moved to or from for nothing", async () => {
  const faults: Fault[] = [{ kind: "misnamed", site: 1, as: 0, ...during(10, 60) }, isDown(0, 20, 40)];
  const { seen, violations } = await play(scenarioOfStory({ faults, ...calm(60, 150) }));
  assert.deepEqual(violations, []);
  assert.deepEqual([seen.failovers, seen.returns], [0, 0]);
});

for (const what of ["content", "remove", "add", "ttl"] as const) {
  test(`somebody's "${what}" at the mix that is pointed to costs the mix, and nobody the service`, async () => {
    const world = { endpoints: [{}, { stickyMs: 20 * minuteMs }] };
    const faults: Fault[] = [isDown(0, 10, 15), { kind: "edit", at: "mix", what, atMs: 25 * minuteMs }];
    const { violations, seen } = await play(scenarioOfStory({ world, faults, ...calm(26, 120) }));
    assert.deepEqual(violations, []);
    assert.deepEqual([seen.failovers, seen.returns], [1, 1]);
    assert.ok(seen.mixes > 0);
  });
}
