// Stories that once failed by chance. Generated ones change with their generator; these are told again at every run.
import { httpTask } from "./checks.ts";
import type { IngressSettings } from "../../src/core/model.ts";
import { record, type Move } from "./core-world.ts";

/**
 * In an outage of everybody the last endpoint in the file is up first. The second one fails in its turn, which ends it, and
 * answers once more: it is not waited for, though its newest answer is good.
 */
const failsInItsTurn: [IngressSettings, Move[]] = [
  ways([2, 2, 3]),
  [
    ...[0, 1, 2].flatMap((endpoint): Move[] => [
      { kind: "resolve", endpoint, what: "same" },
      probes(endpoint, "ok", 4),
    ]),
    ...[0, 1, 2].map((endpoint) => probes(endpoint, "ok", 1)),
    ...[0, 2, 1].map((endpoint) => probes(endpoint, "failed", 1)),
    ...[0, 1, 2].map((endpoint) => probes(endpoint, "ok", 1)),
    probes(0, "ok", 1),
    probes(2, "failed", 4),
    probes(2, "ok", 1),
    probes(0, "ok", 4),
  ],
];

export const foundStories: [IngressSettings, Move[]][] = [failsInItsTurn];

function probes(endpoint: number, what: "ok" | "failed", times: number): Move {
  return { kind: "probe", endpoint, address: 0, what, times };
}

/** One endpoint for each `rise`, the first of them with the worst rank. */
function ways(rises: readonly number[]): IngressSettings {
  return {
    id: record,
    record,
    publish: "auto",
    holdUpMs: 0,
    reconcileIntervalMs: 300_000,
    allowPrivate: false,
    endpoints: rises.map((rise, index) => ({
      name: `way${index}`,
      priority: index === 0 ? 1 : 0,
      ttl: 60,
      resolvers: ["1.1.1.1:53"],
      target: { kind: "host", host: `way${index}.example.com` },
      check: {
        what: httpTask({ url: "https://example.com/" }),
        intervalMs: 2_000,
        fastIntervalMs: 1_000,
        timeoutMs: 1_000,
        rise,
        fall: 1,
      },
    })),
  };
}
