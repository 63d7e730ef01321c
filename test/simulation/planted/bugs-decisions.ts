// Defects in who serves, and in what DNS should say.
import type { PlantedBug } from "./bug.ts";
import { calm, during, isDown, minuteMs, type Story } from "./story.ts";

/** The primary is down for five minutes; the secondary stays beside it for a while after the return. */
const stickyReturn: Story = {
  world: { publish: "addresses", endpoints: [{ ttl: 60 }, { ttl: 120, stickyMs: 2 * minuteMs }] },
  faults: [isDown(0, 5, 10)],
  ...calm(10, 22),
};

export const decisionBugs: readonly PlantedBug[] = [
  {
    name: "an endpoint that is only recovering is elected",
    file: "src/core/selection/selection.ts",
    from: 'return endpoint.health.verdict === "up" && isFresh(endpoint, nowMs);',
    to: 'return ["up", "recovering"].includes(endpoint.health.verdict);',
    story: { world: { holdUpMs: 0 }, faults: [isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["5"],
  },
  {
    name: "an endpoint without a check ranks by its number alone",
    file: "src/core/members.ts",
    from: "Number(a.check === undefined) - Number(b.check === undefined) ||",
    to: "",
    story: { world: { endpoints: [{ isUnchecked: true }, {}], named: 1 }, faults: [isDown(0, 5, 10)], ...calm(10, 17) },
    breaks: ["10", "26"],
  },
  {
    name: "state is lost on reload",
    file: "src/core/configuration/configure.ts",
    from: "if (!isSame) return freshEndpoint(settings, newRevision, nowMs);",
    to: "if (!isSame || nowMs >= 0) return freshEndpoint(settings, newRevision, nowMs);",
    story: { faults: [{ kind: "reload", what: "same", atMs: 5 * minuteMs }], ...calm(6, 13) },
    breaks: ["14"],
  },
  {
    name: "returns do not wait",
    file: "src/core/selection/selection.ts",
    from: "endpoint.heldUntilMs !== undefined || ",
    to: "",
    story: stickyReturn,
    breaks: ["8"],
  },
  {
    name: "hold_up does not double",
    file: "src/core/selection/hold.ts",
    from: "holdUpMs * 2 ** (Math.max(1, departures) - 1)",
    to: "holdUpMs",
    story: { faults: [isDown(0, 5, 7), isDown(0, 15, 17)], ...calm(17, 26) },
    breaks: ["8"],
  },
  {
    name: "a failover waits as a return does",
    file: "src/core/selection/selection.ts",
    from: 'return endpoint.health.verdict === "up" && isFresh(endpoint, nowMs);',
    to: 'return endpoint.health.verdict === "up" && isFresh(endpoint, nowMs) && endpoint.heldUntilMs === undefined;',
    story: { world: { holdUpMs: 20 * minuteMs }, faults: [isDown(0, 5, 7), isDown(1, 14, 18)], ...calm(18, 30) },
    breaks: ["9"],
  },
  {
    name: "stickiness never ends",
    file: "src/core/selection/selection.ts",
    from: "[{ endpoint: name, untilMs: nowMs + stickyMs }]",
    to: "[{ endpoint: name, untilMs: nowMs + stickyMs * 1_000 }]",
    story: stickyReturn,
    breaks: ["17"],
  },
  {
    name: "the highest TTL of the members is taken",
    file: "src/core/records/records.ts",
    from: "const lowest = Math.min(",
    to: "const lowest = Math.max(",
    story: stickyReturn,
    breaks: ["2"],
  },
  {
    name: "records are written while nobody is up",
    file: "src/core/records/records.ts",
    from: "(isAsked || isServing(primary.health.verdict))",
    to: "(isAsked || true)",
    story: {
      world: { reconcileIntervalMs: minuteMs },
      faults: [isDown(1, 5, 10), isDown(0, 5, 10), { kind: "edit", what: "ttl", atMs: 7 * minuteMs }],
      ...calm(10, 17),
    },
    breaks: ["7"],
  },
  {
    name: "the wall clock decides",
    file: "src/daemon.ts",
    from: "    const atMs = this.#ports.clock.nowMs();",
    to: "    const atMs = this.#ports.clock.wallMs() - Date.UTC(2026, 0, 1);",
    story: {
      faults: [{ kind: "wall-jump", atMs: 5 * minuteMs, byMs: 10 * 365 * 24 * 60 * minuteMs }, isDown(0, 12, 17)],
      ...calm(17, 26),
    },
    breaks: ["9"],
  },
  {
    name: "addresses that are down stay in the mix",
    file: "src/core/evidence/endpoint.ts",
    from: "isServing(health.verdict) || (isUncheckable && !isOut(health.verdict)),",
    to: 'health.verdict !== "unknown" || isUncheckable,',
    story: {
      world: { publish: "addresses", endpoints: [{ ipv4: 2 }, {}] },
      faults: [{ kind: "site", site: 0, address: 0, seenBy: "all", how: "refuse", ...during(8, 15) }],
      ...calm(15, 22),
    },
    breaks: ["17"],
  },
  {
    name: "a name that somebody emptied stays empty while nobody is up",
    file: "src/core/records/records.ts",
    from: "return lastGood;",
    to: "return undefined;",
    story: {
      faults: [isDown(1, 5, 25), isDown(0, 5, 25), { kind: "edit", what: "remove", atMs: 9 * minuteMs }],
      ...calm(25, 32),
    },
    breaks: ["7"],
  },
  {
    name: "two writers fight for ever",
    file: "src/core/records/published.ts",
    from: "const mostUndone = 2;",
    to: "const mostUndone = 1_000;",
    story: {
      world: { reconcileIntervalMs: minuteMs },
      faults: [{ kind: "rival", everyMs: 20_000, ...during(5, 12) }],
      ...calm(12, 80),
    },
    breaks: ["19"],
  },
  {
    name: "a pin outlives its time",
    file: "src/core/people/overrides.ts",
    from: "[...others, override]",
    to: "[...others, { ...override, untilMs: override.untilMs + 3_600_000 }]",
    story: { faults: [{ kind: "word", what: "pin", site: 1, ...during(5, 8) }], ...calm(8, 17) },
    breaks: ["10"],
  },
  {
    name: "a person's word is lost on restart",
    file: "src/core/configuration/configure.ts",
    from: "overrides,\n    drill: drilled",
    to: "overrides: [],\n    drill: drilled",
    story: {
      faults: [
        { kind: "word", what: "pin", site: 1, ...during(5, 15) },
        { kind: "restart", atMs: 8 * minuteMs, downForMs: 5_000 },
      ],
      ...calm(15, 24),
    },
    breaks: ["13"],
  },
  {
    name: "stickiness is lost on restart",
    file: "src/core/configuration/configure.ts",
    from: "saved: { primary, sticky,",
    to: "saved: { primary, sticky: [],",
    story: {
      world: { publish: "addresses", endpoints: [{}, { stickyMs: 20 * minuteMs }] },
      faults: [isDown(0, 5, 7), { kind: "crash", how: "kill", when: "at-once", atMs: 14 * minuteMs, downForMs: 5_000 }],
      ...calm(15, 40),
    },
    breaks: ["13"],
  },
];
