// Defects in core/ where two rules meet, and the stories that have to see them.
import type { BugForTest } from "../bug.ts";

export const coreBugs: readonly BugForTest[] = [
  {
    name: "the old zone's records survive a change of zone",
    file: "src/core/configure.ts",
    from: "const { published: _, cloudProblem",
    to: "const { cloudProblem",
    test: ["test/scenarios.test.ts", "scenario zone changes"],
  },
  {
    name: "half of the reference hosts counts as most of them",
    file: "src/core/step.ts",
    from: "event.answered * 2 > event.asked",
    to: "event.answered * 2 >= event.asked",
    test: ["test/scenarios.test.ts", "scenario half of the reference hosts"],
  },
  {
    name: "the ten minutes of an address that left begin anew with each answer",
    file: "src/core/endpoint.ts",
    from: "vanishesAtMs: address.vanishesAtMs ?? nowMs + addressGraceMs",
    to: "vanishesAtMs: nowMs + addressGraceMs",
    test: ["test/scenarios.test.ts", "scenario vanished for ten minutes"],
  },
  {
    name: "a second drill leaves the first one in force",
    file: "src/core/overrides.ts",
    from: '!(kind !== "drain" && kind === override.kind)',
    to: '!(kind === "pin" && kind === override.kind)',
    test: ["test/scenarios.test.ts", "scenario drill takes the place of another"],
  },
  {
    name: "an endpoint with a family down is preferred",
    file: "src/core/selection.ts",
    from: "return candidates.find(({ health }) => !health.isDegraded) ?? candidates[0];",
    to: "return candidates.find(({ health }) => health.isDegraded) ?? candidates[0];",
    test: ["test/scenarios.test.ts", "scenario degraded is the last choice"],
  },
  {
    name: "an endpoint with a family down takes over by its rank alone",
    file: "src/core/selection.ts",
    from: "return candidates.find(({ health }) => !health.isDegraded) ?? candidates[0];",
    to: "return candidates[0];",
    test: ["test/scenarios.test.ts", "scenario degraded is the last choice"],
  },
  {
    name: "the ingress returns to an endpoint with a family down",
    file: "src/core/selection.ts",
    from: "if (endpoint.health.isDegraded || endpoint.heldUntilMs",
    to: "if (endpoint.heldUntilMs",
    test: ["test/scenarios.test.ts", "scenario one family down"],
  },
  {
    name: "departures are never forgotten",
    file: "src/core/selection.ts",
    from: "const departureMemoryMs = 60 * 60_000;",
    to: "const departureMemoryMs = 6_000 * 60_000;",
    test: ["test/scenarios.test.ts", "scenario departures are forgotten"],
  },
  {
    name: "departures count as long as they are kept",
    file: "src/core/selection.ts",
    from: "return departures.filter((past) => past.endpoint === endpoint && past.atMs > nowMs - departureMemoryMs).length;",
    to: "return departures.filter((past) => past.endpoint === endpoint && past.atMs > -Infinity).length;",
    test: ["test/scenarios.test.ts", "scenario departures are forgotten"],
  },
  {
    name: "blindness in one family counts for both",
    file: "src/core/proof.ts",
    from: "const { blindSinceMs, anchorsMs } = state.connection[family];",
    to: "const { anchorsMs } = state.connection[family];\n const blindSinceMs = state.connection.ipv4.blindSinceMs ?? state.connection.ipv6.blindSinceMs;",
    test: ["test/scenarios.test.ts", "scenario blind in one family"],
  },
  {
    name: "a search in vain in one family blinds both",
    file: "src/core/proof.ts",
    from: "next = { ...next, connection: { ...next.connection, [family]: connection } };",
    to: "next = { ...next, connection: { ipv4: connection, ipv6: connection } };",
    test: ["test/scenarios.test.ts", "scenario blind in one family"],
  },
];
