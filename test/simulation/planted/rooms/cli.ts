// Defects in cli/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const cliBugs: readonly BugForTest[] = [
  {
    name: "run --once is content when one of two ingresses is done",
    file: "src/cli/once.ts",
    from: "results.every(({ isDone })",
    to: "results.some(({ isDone })",
    test: ["test/e2e/commands.test.ts", "exits with 1 when only one of two ingresses is as it should be"],
  },
  {
    name: "SIGHUP does nothing",
    file: "src/cli/run.ts",
    from: "hangUps.connect(() => running.reload());",
    to: "",
    test: [
      "test/e2e/reload.test.ts",
      "SIGHUP loads the file, changed or not, and writes nothing where nothing changed",
    ],
  },
  {
    name: "run --once ignores who keeps the state folder",
    file: "src/cli/once.ts",
    from: "held.use(lockOf(config, clock.wallMs(), options.log));",
    to: "",
    test: ["test/e2e/restart.test.ts", "a second daemon over the same state folder is refused, and so is run --once"],
  },
  {
    name: "plan says nothing by its exit code",
    file: "src/cli/plan.ts",
    from: "? exitCodes.changes : exitCodes.ok",
    to: "? exitCodes.ok : exitCodes.ok",
    test: [
      "test/e2e/commands.test.ts",
      "shows what would be written as a difference, exits with 2, and writes nothing",
    ],
  },
  {
    name: "validate is content with a broken file",
    file: "src/cli/validate.ts",
    from: "for (const problem of loaded.problems) printError(formatProblem(problem));\n    return exitCodes.config;",
    to: "for (const problem of loaded.problems) printError(formatProblem(problem));\n    return exitCodes.ok;",
    test: ["test/e2e/commands.test.ts", "names every mistake in a line of its own"],
  },
];
