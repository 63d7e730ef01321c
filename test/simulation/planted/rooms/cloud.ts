// Defects in how several ingresses share requests, and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

const crowd = "test/conformance/crowd.test.ts";

export const cloudBugsForTests: readonly BugForTest[] = [
  {
    name: "nobody waits for a request under way, so that each ingress has one of its own",
    file: "src/cloud/zone-queue.ts",
    from: "const patienceMs = 500;",
    to: "const patienceMs = 0;",
    test: [crowd, "fail over with ten requests at most, within five seconds"],
  },
  {
    name: "a request that hangs holds up all others of its zone",
    file: "src/cloud/zone-queue.ts",
    from: "const patienceMs = 500;",
    to: "const patienceMs = 15_000;",
    test: [crowd, "one whose request hangs holds up the others for half a second at most"],
  },
  {
    name: "a batch is as large as what is due",
    file: "src/cloud/zone-queue.ts",
    from: "if (operations > mostOperations && group",
    to: "if (operations > 5 * mostOperations && group",
    test: [crowd, "fail over with ten requests at most, within five seconds"],
  },
  {
    name: "a refused batch fails for all that are in it",
    file: "src/cloud/zone-queue.ts",
    from: '(kind === "invalid" || kind === "stale")',
    to: 'kind === "stale"',
    test: [crowd, "and one that is refused: the others are written all the same, and it alone is told why"],
  },
  {
    name: "a refused batch is not split",
    file: "src/cloud/group-limits.ts",
    from: `const most = Math.ceil(members.length / 2);
    for (const member of members) this.#limits.set(member, { most, isStrict: true });`,
    to: `for (const member of members) this.#limits.set(member, { most: members.length - 1, isStrict: true });`,
    test: [
      "src/cloud/group-limits.test.ts",
      "a refused group is split until those that are refused are alone, with few requests",
    ],
  },
  {
    name: "what was refused alone is put together with others again",
    file: "src/cloud/group-limits.ts",
    from: "if (!limit.isStrict && limit.most < most)",
    to: "if (limit.most < most)",
    test: [
      "src/cloud/group-limits.test.ts",
      "one that was refused alone goes alone until it succeeds, whatever others do",
    ],
  },
  {
    name: "each is told the failure of the first",
    file: "src/cloud/zone-queue.ts",
    from: "return riders.map(({ candidate }) => outcomes.about(candidate.name.record));",
    to: "return riders.map(() => outcomes);",
    test: [crowd, "an answer that never comes, written: all are read, none is doubled"],
  },
  {
    name: "what one record shows counts for all names of the batch",
    file: "src/cloud/zone-calls.ts",
    from: "return written(change, done, zone);",
    to: "return written({ ...change, plan: { deletes: [], patches: [], posts: [] } }, done, zone);",
    test: ["src/cloud/zone-calls.test.ts", "is unknown only for the name that the answer lacks"],
  },
  {
    name: "a list that does not show all is believed",
    file: "src/cloud/zone-calls.ts",
    from: "if (length >= total) return page === 1",
    to: "if (length > 0) return page === 1",
    test: ["src/cloud/zone-calls.test.ts", "is not believed where it does not show all"],
  },
  {
    name: "a zone is listed however large it is",
    file: "src/cloud/zone-calls.ts",
    from: "<= names * mostRecords;",
    to: "<= names * mostRecords * 1_000;",
    test: [crowd, "are read together, and by their own names where the zone holds far more than they are"],
  },
  {
    name: "names of several zones share a batch",
    file: "src/cloud/sharing.ts",
    from: "name.mixOf !== undefined, zone]);",
    to: "name.mixOf !== undefined, zone !== undefined]);",
    test: [crowd, "two zones with one token share neither lists nor batches"],
  },
  {
    name: "what waits is sent though writes are held back",
    file: "src/cloud/ingress-reconciler.ts",
    from: "lane: this.#lane, isHeld: this.#shared.isHeld, nowMs",
    to: "lane: this.#lane, isHeld: false, nowMs",
    test: [crowd, "what waits behind a request is not sent once writes are held back, nor once it is not wanted"],
  },
  {
    name: "shared requests do not pass the gate",
    file: "src/cloud/zone-queue.ts",
    from: `const untilMs = this.#shared.gate.enter(purpose);
    if (untilMs !== undefined)`,
    to: `const untilMs = this.#shared.gate.enter(purpose);
    if (untilMs === -1)`,
    test: [crowd, "are told to wait in the middle: nothing is sent until then, and then the rest is written"],
  },
  {
    name: "the gate lets more through the more ingresses there are",
    file: "src/cloud/gate.ts",
    from: "return Math.min(mostCalls, callsPerWindow",
    to: "return Math.min(4 * mostCalls, callsPerWindow",
    test: ["src/cloud/gate.test.ts", "of 2000 ingresses is never exceeded by calls for: decision"],
  },
  {
    name: "a write waits for a look at all",
    file: "src/cloud/sharing.ts",
    from: "JSON.stringify([step.kind, ",
    to: "JSON.stringify([",
    test: [crowd, "a look at all of them is under way: a failover of one is not held up"],
  },
];
