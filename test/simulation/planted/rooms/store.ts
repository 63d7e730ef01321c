// Defects in store/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const storeBugs: readonly BugForTest[] = [
  {
    name: "who serves is saved with the next history, not at once",
    file: "src/store/recorder.ts",
    from: "this.#attempt(() => this.#saveNow());",
    to: "",
    test: [
      "src/store/recorder.test.ts",
      "who serves is on the disk before the turn is over, so that a kill at the next moment undoes nothing",
    ],
  },
  {
    name: "what waits is not written at the end",
    file: "src/store/recorder.ts",
    from: "  [Symbol.dispose](): void {\n    this.flush();",
    to: "  [Symbol.dispose](): void {",
    test: ["src/store/recorder.test.ts", "the last flush leaves nothing behind, neither to write nor to wait for"],
  },
  {
    name: "a clock that was set leaves old dates on the disk",
    file: "src/store/recorder.ts",
    from: 'if (this.#isClockSet()) this.#unsaved = "more";',
    to: "",
    test: [
      "src/store/recorder.test.ts",
      "dates that a failing disk did not take after the wall clock was set are written later",
    ],
  },
  {
    name: "a disk that fails fills the memory",
    file: "src/store/recorder.ts",
    from: "if (this.#entries.length > mostWaiting) this.#entries.shift();",
    to: "",
    test: ["src/store/recorder.test.ts", "what waits for a disk is bounded"],
  },
  {
    name: "a failing disk is asked at every event",
    file: "src/store/recorder.ts",
    from: "Math.max(nowMs + delayMs, this.#notBeforeMs)",
    to: "nowMs + delayMs",
    test: ["src/store/recorder.test.ts", "a disk that takes nothing is left in peace while much happens"],
  },
  {
    name: "a clock that was set back makes a pin longer",
    file: "src/store/saved.ts",
    from: "Math.min(longestMs, untilWallMs - savedWallMs) - downMs",
    to: "untilWallMs - wallMs",
    test: [
      "src/store/saved.test.ts",
      "a clock that was set back by years makes a sticky time no longer, one set ahead ends it",
    ],
  },
  {
    name: "a departure of the last life is as if it were now",
    file: "src/store/saved.ts",
    from: "nowMs - downMs - Math.max(0, savedWallMs - atWallMs)",
    to: "nowMs",
    test: ["src/store/saved.test.ts", "ages grow while the daemon is down, and never shrink"],
  },
  {
    name: "a damaged file is not replaced",
    file: "src/store/sqlite-store.ts",
    from: "if (!this.#isDamage(error)) throw error;",
    to: "if (this.#options !== undefined) throw error;",
    test: [
      "src/store/damage.test.ts",
      "a file that is damaged while it is open is replaced, and nothing but history is lost",
    ],
  },
  {
    name: "two daemons may use one state folder",
    file: "src/store/lock.ts",
    from: "BEGIN EXCLUSIVE",
    to: "BEGIN",
    test: [
      "src/store/store.test.ts",
      "only one process has a state folder, and the next gets it when the first is done",
    ],
  },
  {
    name: "the journal grows without end",
    file: "src/store/journal-table.ts",
    from: "const keepFrom = Math.max(recent, last - most + 1);",
    to: "const keepFrom = recent;",
    test: [
      "src/store/store.test.ts",
      "rows beyond the budget go, the oldest minutes first and hours last, and their space is given back",
    ],
  },
  {
    name: "messages come back in another order",
    file: "src/store/outbox-table.ts",
    from: "FROM outbox ORDER BY seq",
    to: "FROM outbox ORDER BY seq DESC",
    test: ["src/store/store.test.ts", "messages wait in order, for each channel, until they are removed"],
  },
  {
    name: "a file of a newer version is used",
    file: "src/store/home.ts",
    from: 'if (owner === "us" && versionOf(database) > migrations.length) return { kind: "newer" };',
    to: "",
    test: ["src/store/damage.test.ts", "a file of a newer version costs history and never a start"],
  },
  {
    name: "the state of a damaged file is thrown away with its history",
    file: "src/store/home.ts",
    from: "saved: attempt(() => new SavedTable(database).load().saved),",
    to: "saved: undefined,",
    test: ["src/store/damage.test.ts", "what a damaged file still says of state and messages is kept"],
  },
  {
    name: "what happened to an endpoint is found by reading what happened to its ingress",
    file: "src/store/schema.ts",
    from: "CREATE INDEX journal_by_endpoint ON journal (ingress, endpoint, id);",
    to: "",
    test: [
      "src/runtime/node/archive.test.ts",
      "a page about a quiet endpoint takes as long in a full journal as in a short one",
    ],
  },
  {
    name: "the newest address of an endpoint is noted with every minute",
    file: "src/store/checks-table.ts",
    from: "if (series.touchedHour !== hour) this.#statements.touch.run(series.id, hour + 59);",
    to: "this.#statements.touch.run(series.id, startMinute);",
    test: ["src/store/written-bytes.test.ts", "two endpoints write less than 36 MB a day"],
  },
];
