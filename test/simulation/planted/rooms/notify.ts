// Defects in notify/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const notifyBugs: readonly BugForTest[] = [
  {
    name: "a message is late only after an hour",
    file: "src/notify/outbox.ts",
    from: "const lateAfterMs = 30_000;",
    to: "const lateAfterMs = 3_500_000;",
    test: ["src/notify/outbox.test.ts", "of a message that waited says when it happened"],
  },
  {
    name: "the newest messages are dropped when too many wait",
    file: "src/notify/outbox.ts",
    from: "const victim = candidates.find(",
    to: "const victim = candidates.findLast(",
    test: ["src/notify/outbox.test.ts", "says so once"],
  },
  {
    name: "a summary replaces what it tells before it is on the disk",
    file: "src/notify/outbox.ts",
    from: "this.#withStore((store) => store.append(this.#name, summary));",
    to: "",
    test: ["src/notify/outbox.test.ts", "leaves its summary on the disk until that is delivered"],
  },
  {
    name: "a message that is refused for ever blocks those after it",
    file: "src/notify/outbox.ts",
    from: 'if (isHopeless) return this.#settle(message, "refused", delivery.detail);',
    to: "",
    test: ["src/notify/outbox.test.ts", "a message that is refused for certain is put aside, and blocks nothing"],
  },
  {
    name: "who is told to wait is asked again after a reload",
    file: "src/notify/outbox.ts",
    from: "if (!this.#isToldToWait) this.#resetPatience();",
    to: "this.#resetPatience();",
    test: ["src/notify/outbox.test.ts", "another channel does not shorten a pause that was asked for"],
  },
  {
    name: "what waits is not tried once our own connection is back",
    file: "src/notify/notifier.ts",
    from: "for (const outbox of this.#outboxes.values()) outbox.retry();",
    to: "void 0;",
    test: ["src/notify/notifier.test.ts", "when our own connection works again, what waits is tried at once"],
  },
  {
    name: "what the narrator holds back is lost at the end",
    file: "src/notify/notifier.ts",
    from: "    this.#push(this.#narrator.release());\n",
    to: "",
    test: ["src/notify/notifier.test.ts", "tells at the end what would have waited for more to be known"],
  },
  {
    name: "an id comes again after a restart with an earlier date",
    file: "src/notify/notifier.ts",
    from: "this.#lastId = Math.max(this.#lastId, Number.parseInt(id, 36) || 0);",
    to: "void id;",
    test: [
      "src/notify/notifier.test.ts",
      "a clock that begins anew at the same date repeats no id of a message that waits",
    ],
  },
  {
    name: "a channel that is gone goes on sending",
    file: "src/notify/notifier.ts",
    from: "outbox[Symbol.asyncDispose]().catch(this.#ports.onBug);",
    to: "",
    test: [
      "src/notify/notifier.test.ts",
      "a channel that left gets nothing more, and what it missed when it comes back",
    ],
  },
  {
    name: "something that changes all the time is told each time",
    file: "src/notify/recurring.ts",
    from: "if (this.#tellings.length >= mostPerHour) return undefined;",
    to: "",
    test: [
      "src/notify/recurring.test.ts",
      "after six tellings within an hour only the state that it came to rest in is told",
    ],
  },
  {
    name: "a manual override is not told while a change is not done",
    file: "src/notify/ingress-narrator.ts",
    from: "if (isToldLater && facts.some",
    to: "if (facts.some",
    test: [
      "src/notify/narrator.test.ts",
      "that is told as undone hides no manual override, which may want something else",
    ],
  },
];
