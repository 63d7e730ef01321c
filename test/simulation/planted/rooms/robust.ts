// Defects that let an odd answer, an error of ours, a signal or a folder end or stall the daemon, and the tests that see them.
import type { BugForTest } from "../bug.ts";

const internalErrors = "test/conformance/internal-errors.test.ts";
const oddAnswers = "src/cloud/odd-answers.test.ts";
const stateFolder = "test/e2e/state-folder.test.ts";

export const robustBugs: readonly BugForTest[] = [
  {
    name: "an event that breaks the core breaks the loop",
    file: "src/daemon.ts",
    from: "this.#fail(error, atMs);",
    to: "throw error;",
    test: [internalErrors, "an event that cannot be taken in is dropped, and changes nothing"],
  },
  {
    name: "a core that takes nothing in any more goes on for ever",
    file: "src/daemon.ts",
    from: "if (this.#failed.count < corruption.events || forMs < corruption.afterMs) return;",
    to: "if (this.#failed.count > 0) return;",
    test: [
      internalErrors,
      "a state that takes nothing in any more does not spin, and is the end after a quarter of one",
    ],
  },
  {
    name: "an internal error in a call to Cloudflare is nobody's",
    file: "src/cloud/ingress-reconciler.ts",
    from: "if (error instanceof CloudError) return error; this.#shared.onBug(error);",
    to: "if (error instanceof CloudError) return error; throw error;",
    test: [internalErrors, "a provider whose list throws is tried again as after a transient failure"],
  },
  {
    name: "a record that is shown twice is two",
    file: "src/cloud/answers.ts",
    from: 'const ours = uniqueById(answers.filter((answer) => answer.kind === "ours"));',
    to: 'const ours = answers.filter((answer) => answer.kind === "ours");',
    test: [oddAnswers, "a list with a record twice"],
  },
  {
    name: "an entry that says nothing holds up everything",
    file: "src/cloud/listed.ts",
    from: 'if (ours.some(({ type }) => type === "CNAME")) return known;',
    to: "",
    test: [oddAnswers, "a list with what may be ours beside a CNAME"],
  },
  {
    name: "a list of nothing but nonsense is an empty name",
    file: "src/cloud/listed.ts",
    from: "isClaimed || ours.length === 0",
    to: "isClaimed",
    test: [oddAnswers, "a list with nothing but what says nothing"],
  },
  {
    name: "an error that nothing caught ends the daemon",
    file: "src/cli/run.ts",
    from: "onStrayError(errors.report);",
    to: "",
    test: ["test/e2e/unbroken.test.ts", "errors that nobody caught are logged and counted, and the daemon goes on"],
  },
  {
    name: "each of thousands of SIGHUPs is a load",
    file: "src/runtime/node/watch-config.ts",
    from: "if (waitMs <= 0) return this.#reloadNow();",
    to: "if (waitMs < Infinity) return this.#reloadNow();",
    test: [
      "src/runtime/node/watch-config.test.ts",
      "however often it is asked, it loads twice a second at most, and once more at the end",
    ],
  },
  {
    name: "a state folder that is removed is not missed",
    file: "src/store/place.ts",
    from: "if (finding !== undefined) this.#moved(finding);",
    to: "",
    test: [stateFolder, "is removed: said, made anew with what is known, and no second daemon starts"],
  },
  {
    name: "two daemons write where one took the folder over",
    file: "src/store/place.ts",
    from: "if (isUsurped !== this.#isUsurped) watch.onUsurped(isUsurped);",
    to: "",
    test: [stateFolder, "is taken over by another daemon: the first writes nothing until that has ended"],
  },
  {
    name: "a pin that could not be taken in is answered as if it held",
    file: "src/web/api/changes.ts",
    from: 'if (!dispatch(event)) throw new Error("the request could not be processed");',
    to: "dispatch(event);",
    test: [internalErrors, "a pin that could not be applied is not answered as if it held"],
  },
  {
    name: "an internal error ends the watch over a name for good",
    file: "src/dns/drift-watch.ts",
    from: "// It costs this look. onBug(error);",
    to: "onBug(error); return;",
    test: ["src/dns/drift-watch.test.ts", "is asked again in the next turn after an internal error"],
  },
  {
    name: "an internal error over an answer leaves a look-up without an end",
    file: "src/dns/panel.ts",
    from: "hear(server).catch(reject);",
    to: "hear(server).catch(() => undefined);",
    test: ["src/dns/panel.test.ts", "an internal error over an answer ends the look-up"],
  },
  {
    name: "a log that nobody reads halts the daemon",
    file: "src/lib/log.ts",
    from: ", retryEAGAIN: () => false }",
    to: " }",
    test: ["test/e2e/unbroken.test.ts", "a log that nobody reads holds up nothing, and not the end either"],
  },
  {
    name: "looks by routine take what decisions wait for",
    file: "src/cloud/next-attempt.ts",
    from: "isRoutine: !isDoubted && atMs === routineMs",
    to: "isRoutine: false",
    test: ["test/simulation/promise.test.ts", "looks every second leave enough calls for the mix"],
  },
];
