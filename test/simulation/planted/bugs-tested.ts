// Defects beyond the simulated world, and the tests of the real thing that have to see them.
import type { BugForTest } from "./bug.ts";

export const testedBugs: readonly BugForTest[] = [
  {
    name: "a body is read to its end, however long",
    file: "src/checks/search.ts",
    from: "return this.isFound || this.seenBytes >= searchLimitBytes;",
    to: "return this.isFound || this.seenBytes < 0;",
    test: [
      "src/checks/http/probe.test.ts",
      "200 probes of an endless body leave no socket, read little more than 64 KiB each, and keep memory flat",
    ],
  },
  {
    name: "state is left to the operating system, and a power cut undoes it",
    file: "src/store/transaction.ts",
    from: "PRAGMA synchronous = ${durability};",
    to: "PRAGMA synchronous = NORMAL;",
    test: [
      "src/store/damage.test.ts",
      "messages and state are forced to the disk, history is left to the operating system",
    ],
  },
  {
    name: "the first endpoint that is up is elected, though a better one is unknown",
    file: "src/core/selection/selection.ts",
    from: "const electionPatienceMs = 30_000;",
    to: "const electionPatienceMs = 0;",
    test: ["test/scenarios.test.ts", "scenario first record with a better one unknown"],
  },
  {
    name: "a drained endpoint stays in the mix",
    file: "src/core/selection/selection.ts",
    from: "if (endpoint?.settings.stickyMs === undefined || isDrained(ingress, endpoint)) return false;",
    to: "if (endpoint?.settings.stickyMs === undefined) return false;",
    test: ["test/scenarios.test.ts", "scenario drained out of the mix"],
  },
];
