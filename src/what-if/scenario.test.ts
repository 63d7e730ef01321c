// The language of scenarios: what lines mean, and what is said of those that mean nothing.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fault } from "../simulation/faults.ts";
import { namedScenarios } from "./named-scenarios.ts";
import { parseScenario, type Vocabulary } from "./scenario.ts";
import { parseLengthMs, parseTimeMs } from "./times.ts";

const vocabulary: Vocabulary = {
  endpoints: [
    { name: "cable", aliases: ["cable.example.com", "primary"], sites: [0] },
    { name: "Mobile line", aliases: ["198.51.100.7", "secondary"], sites: [1, 2] },
  ],
  channels: { own: "telegram", all: ["telegram", "webhook"] },
};

const minute = 60_000;

/** A fault of places or of our connection concerns both families where the saying names none. */
function whole(fault: object): object {
  const hasFamily = "kind" in fault && (fault.kind === "site" || fault.kind === "link");
  return hasFamily ? { family: undefined, ...fault } : fault;
}

function faultsOf(text: string): readonly Fault[] {
  const scenario = parseScenario(text, vocabulary);
  assert.equal(scenario.kind, "understood", scenario.kind === "wrong" ? scenario.problems.join("\n") : "");
  return scenario.occurrences.flatMap(({ faults }) => faults);
}

function problemsOf(text: string): readonly string[] {
  const scenario = parseScenario(text, vocabulary);
  return scenario.kind === "wrong" ? scenario.problems : [];
}

const downAtFive = { kind: "site", atMs: 5 * minute, forMs: 10 * minute, site: 0, seenBy: "all", how: "hang" };

describe("a line of a scenario", () => {
  const sayings: readonly (readonly [line: string, ...faults: readonly object[]])[] = [
    ["0:05 cable down for 10m", downAtFive],
    ["cable down for 10 min at 0:05", downAtFive],
    ["at 5m the cable goes down for 10 minutes", downAtFive],
    ["Primary is down until 0:15", downAtFive],
    ["cable.example.com down", downAtFive],
    ["0:05:30 CABLE down for 1m 30s", { ...downAtFive, atMs: 5.5 * minute, forMs: 1.5 * minute }],
    ["0:20 cable slow 3s for 5m", { ...downAtFive, atMs: 20 * minute, forMs: 5 * minute, how: "slow", delayMs: 3_000 }],
    ["0:05 cable loses 50% for 10m", { ...downAtFive, how: "loss", probability: 0.5 }],
    ["0:05 cable answers 503 for 10m", { ...downAtFive, how: "status", status: 503 }],
    ["0:05 cable shows a wrong page for 10m", { ...downAtFive, how: "unmarked" }],
    ["0:05 cable refuses connections for 10m", { ...downAtFive, how: "refuse" }],
    ["0:05 cable down only for us for 10m", { ...downAtFive, seenBy: "monitor" }],
    ["0:05 cable down over ipv6 for 10m", { ...downAtFive, family: "ipv6" }],
    ["mobile line down for 10m at 0:05", { ...downAtFive, site: 1 }, { ...downAtFive, site: 2 }],
    ["cable and 198.51.100.7 down", downAtFive, { ...downAtFive, site: 1 }, { ...downAtFive, site: 2 }],
    ["everything down", downAtFive, { ...downAtFive, site: 1 }, { ...downAtFive, site: 2 }],
    ["our connection down for 2m at 0:40", { kind: "link", how: "blackhole", atMs: 40 * minute, forMs: 2 * minute }],
    ["resolvers silent for 5m at 1:00", { kind: "resolver", how: "silent", atMs: 60 * minute, forMs: 5 * minute }],
    [
      "cloudflare unavailable for 10m at 0:05",
      { kind: "api", how: "unavailable", atMs: 5 * minute, forMs: 10 * minute },
    ],
    ["restart at 0:07", { kind: "restart", atMs: 7 * minute, downForMs: 5_000 }],
    ["0:07 daemon crashes", { kind: "crash", how: "kill", when: "at-once", atMs: 7 * minute, downForMs: 5_000 }],
    [
      "0:05 cable gets a new address, dns after 2m",
      { kind: "renumbered", atMs: 5 * minute, site: 0, dnsDelayMs: 2 * minute },
    ],
    ["0:05 record removed", { kind: "edit", atMs: 5 * minute, what: "remove" }],
  ];
  for (const [line, ...faults] of sayings) {
    test(`"${line}"`, () => assert.deepEqual(faultsOf(line), faults.map(whole)));
  }

  test("flaps: down for half of every period", () => {
    const atMs = faultsOf("0:10 cable flaps every 2m for 6m").map((fault) => [
      fault.atMs,
      "forMs" in fault && fault.forMs,
    ]);
    assert.deepEqual(
      atMs,
      [10, 12, 14].map((start) => [start * minute, minute]),
    );
  });

  const mistakes: readonly (readonly [line: string, problem: RegExp])[] = [
    ["cabel down", /"cabel".*did you mean cable\?.*Known: cable, Mobile line, everything, our connection, resolvers/],
    ["cable explodes", /cable was understood, "explodes" was not; possible: down \| refuses/],
    ["cable for 5m", /what should happen to cable\?/],
    ["cable and cloudflare down", /each on its own line/],
    ["0:20 cable down until 0:10", /end before it begins/],
    ["cable down for 5m until 0:30", /not both/],
    ["cable down for 300h", /at most/],
    ["", /empty/],
  ];
  for (const [line, problem] of mistakes) {
    test(`"${line}" is a mistake`, () => assert.match(problemsOf(line).join("\n"), problem));
  }
});

describe("a whole scenario", () => {
  test("has a line for each thing, comments, and comes in the order of time", () => {
    const text = "# a bad night\n0:20 cable down for 1m   # the second time\n\n0:05 cable down for 10m; 0:07 restart\n";
    assert.deepEqual(
      faultsOf(text).map(({ kind, atMs }) => [kind, atMs / minute]),
      [
        ["site", 5],
        ["restart", 7],
        ["site", 20],
      ],
    );
  });

  test("names the line of every mistake", () => {
    const problems = problemsOf("0:05 cable down\nnonsense\n0:10 cable flies");
    assert.deepEqual(
      problems.map((problem) => problem.slice(0, 8)),
      ["line 2, ", "line 3, "],
    );
  });

  for (const { name, lines } of namedScenarios) {
    test(`${name} is understood, with one endpoint too`, () => {
      assert.ok(faultsOf(lines("cable", "mobile line").join("\n")).length > 0);
      assert.ok(faultsOf(lines("cable", undefined).join("\n")).length > 0);
    });
  }
});

test("times and lengths of time", () => {
  assert.deepEqual(["0:05", "1:30:10", "90s", "1h30m", "1 hour 5 min", "0:75", "soon"].map(parseTimeMs), [
    5 * minute,
    5_410_000,
    90_000,
    90 * minute,
    65 * minute,
    undefined,
    undefined,
  ]);
  assert.equal(parseLengthMs("0:05"), undefined);
});
