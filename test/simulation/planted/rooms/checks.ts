// Defects in checks/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const checkBugs: readonly BugForTest[] = [
  {
    name: "one abort listener stays behind for each probe",
    file: "src/checks/attempt.ts",
    from: 'signal?.removeEventListener("abort", abort);',
    to: "",
    test: ["test/leaks.test.ts", "of a probe that is answered"],
  },
  {
    name: "a socket stays open after each probe",
    file: "src/checks/http/probe.ts",
    from: "this.#socket?.destroy();",
    to: "",
    test: ["test/leaks.test.ts", "of a probe that times out"],
  },
  {
    name: "a timer runs on after each probe",
    file: "src/checks/attempt.ts",
    from: "cancelDeadline();",
    to: "",
    test: ["test/leaks.test.ts", "of a probe that is refused"],
  },
  {
    name: "a late result is believed unless it is an hour late",
    file: "src/checks/attempt.ts",
    from: "Math.max(250, timeoutMs / 2)",
    to: "Math.max(3_000_000, timeoutMs / 2)",
    test: [
      "src/checks/http/probe.test.ts",
      "when the timer is late by more than a quarter of a second, and by more than half the deadline",
    ],
  },
  {
    name: "a probe that is just over its deadline is late",
    file: "src/checks/attempt.ts",
    from: "timeoutMs + Math.max(250, timeoutMs / 2)",
    to: "timeoutMs",
    test: ["src/checks/http/probe.test.ts", "because it hangs before the headers: timeout"],
  },
  {
    name: "headers of any size are read",
    file: "src/checks/http/probe.ts",
    from: "maxHeaderSize: headerLimitBytes,",
    to: "maxHeaderSize: 64 * headerLimitBytes,",
    test: ["src/checks/http/probe.test.ts", "headers of up to 16 KiB are read, and no more"],
  },
  {
    name: "an expired certificate is accepted",
    file: "src/checks/certificate.ts",
    from: "return isWithin(validity, wallMs) ? undefined : verdictOfDates(certificate, validity, wallMs);",
    to: "return isWithin(validity, wallMs) || wallMs > 0 ? undefined : verdictOfDates(certificate, validity, wallMs);",
    test: ["src/checks/certificate.test.ts", "when it has expired"],
  },
  {
    name: "the certificate is compared with the address",
    file: "src/checks/http/probe.ts",
    from: "checkServerIdentity: (_, certificate) => checkServerIdentity(this.#hostName, certificate),",
    to: "",
    test: [
      "src/checks/http/https.test.ts",
      "when it is for the address that was connected to, but the URL names another",
    ],
  },
  {
    name: "an encoded body is searched",
    file: "src/checks/http/judge.ts",
    from: 'if (encoding !== "identity" && encoding !== "") return "encoding";',
    to: 'if (encoding === "never") return "encoding";',
    test: ["src/checks/http/probe.test.ts", "does not count when the body is compressed unasked"],
  },
  {
    name: "a marker across two chunks is not found",
    file: "src/checks/search.ts",
    from: "this.#tail = text.subarray(Math.max(0, text.length - this.#text.length + 1));",
    to: "",
    test: ["src/checks/http/probe.test.ts", "is found wherever the body is cut"],
  },
  {
    name: "a missing route of our own counts against the endpoint",
    file: "src/checks/route.ts",
    from: "if (!isMissingRoute(code) || (await isRouted(address))) return undefined;",
    to: "if (!isMissingRoute(code) || (await isRouted(address)) !== undefined) return undefined;",
    test: ["src/checks/http/probe.test.ts", "when the monitor has no route"],
  },
  {
    name: "out of file descriptors counts against the endpoint",
    file: "src/checks/verdict.ts",
    from: 'if (own !== undefined) return inconclusive("local", own);',
    to: 'if (own !== undefined) return failed("unreachable", own);',
    test: ["src/checks/verdict.test.ts", "EMFILE while connecting: inconclusive, local"],
  },
];
