// Defects in probe/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const probeBugs: readonly BugForTest[] = [
  {
    name: "proof belongs to the address, not to the probe",
    file: "src/core/evidence/endpoint.ts",
    from: "probe.provenMs === undefined && provenMs >= probe.sinceMs ?",
    to: "probe.provenMs === undefined ? { ...probe, provenMs: probe.startedMs } : provenMs < 0 ?",
    test: [
      "src/probe/stall.test.ts",
      "that comes back under way is proof for the probes of which half was still to come, and for no other",
    ],
  },
  {
    name: "a silence counts that an answer has overtaken",
    file: "src/core/evidence/address.ts",
    from: "return startedMs < countedStartedMs;",
    to: "return startedMs < countedStartedMs - 86_400_000;",
    test: ["test/core-properties.test.ts", "the invariants hold in every generated story"],
  },
  {
    name: "the age of an answer is counted from its end",
    file: "src/core/evidence/endpoint.ts",
    from: "lastOkStartedMs >= oldestMs &&",
    to: "lastOkMs >= oldestMs &&",
    test: [
      "src/probe/stall.test.ts",
      "an answer is as old as its question: what was asked too long ago is no reason to be chosen",
    ],
  },
  {
    name: "probes of an address that hangs pile up",
    file: "src/probe/watch.ts",
    from: "Math.min(fall, mostAtOnce)",
    to: "mostAtOnce",
    test: ["src/probe/stall.test.ts", "is never asked by more than `fall` probes at once, however long it hangs"],
  },
  {
    name: "the fast rhythm waits for the end of a failure",
    file: "src/probe/watch.ts",
    from: 'kind === "failed" ? startedMs : this.#ports.clock.nowMs()',
    to: "this.#ports.clock.nowMs()",
    test: [
      "src/probe/stall.test.ts",
      "with a timeout below the fast interval is down a timeout and the pauses after its first silent probe began",
    ],
  },
  {
    name: "a probe of a stopped watch is reported",
    file: "src/probe/round.ts",
    from: "if (observation === undefined || this.#parts.signal.aborted) return;",
    to: "if (observation === undefined) return;",
    test: ["src/probe/prober.test.ts", "starts anew with a new revision, and reports nothing of the old one"],
  },
  {
    name: "reference hosts are tried without a pause",
    file: "src/probe/anchors.ts",
    from: "if (!isProven) await sleep(clock, pauseMs, signal);",
    to: "",
    test: [
      "src/probe/anchors.test.ts",
      "that prove nothing are tried again after half a second, and so on while that is wanted",
    ],
  },
  {
    name: "half of the reference hosts is most of them, to whoever tries them",
    file: "src/probe/anchors.ts",
    from: "if (answers.length * 2 > anchors.length) done.abort();",
    to: "if (answers.length * 2 >= anchors.length) done.abort();",
    test: ["src/probe/anchors.test.ts", "end a try as soon as most of them have answered, and not with half of them"],
  },
  {
    name: "new reference hosts are ignored",
    file: "src/probe/anchors.ts",
    from: "    this.#anchors = anchors;\n  }\n\n  follow",
    to: "    void anchors;\n  }\n\n  follow",
    test: [
      "src/probe/anchors.test.ts",
      "of a new configuration are tried from the next look on, and the old ones no more",
    ],
  },
  {
    name: "endpoints that start together are probed in step",
    file: "src/probe/watch.ts",
    from: "this.#waitShare = ports.random();",
    to: "this.#waitShare = 0;",
    test: [
      "src/probe/prober.test.ts",
      "starts at a random time within the first interval, and is shortened by a tenth at most",
    ],
  },
  {
    name: "jitter makes a wait longer",
    file: "src/probe/watch.ts",
    from: "this.#waitShare = 1 - jitter * this.#ports.random();",
    to: "this.#waitShare = 1 + jitter * this.#ports.random();",
    test: ["src/probe/prober.test.ts", "never leaves its bounds, whatever chance says"],
  },
  {
    name: "a round that is late keeps the time of the probes",
    file: "src/probe/round.ts",
    from: "if (leftMs >= timeoutMs / 4) await",
    to: "await",
    test: [
      "src/probe/prober.test.ts",
      "that took nearly all the time leaves the probe to the next round: its failure would be the resolver's",
    ],
  },
  {
    name: "an endpoint that left the configuration is probed on",
    file: "src/probe/prober.ts",
    from: "      this.#stop(watch);\n      watches.delete(name);",
    to: "      watches.delete(name);",
    test: ["src/probe/prober.test.ts", "stops and aborts the watch over an endpoint that is gone"],
  },
  {
    name: "an ingress that left the configuration is probed on",
    file: "src/probe/prober.ts",
    from: "for (const watch of watches.values()) this.#stop(watch);\n      this.#ingresses.delete(id);",
    to: "this.#ingresses.delete(id);",
    test: ["src/probe/prober.test.ts", "stops the watches of an ingress that is gone"],
  },
  {
    name: "a kept answer will do when the primary has lost its name",
    file: "src/probe/watch.ts",
    from: "[answersSinceMs, nameLostSinceMs]",
    to: "[answersSinceMs, answersSinceMs]",
    test: [
      "src/probe/prober.test.ts",
      "is looked up anew, once, when the primary has lost its name: an answer from before will not do",
    ],
  },
];
