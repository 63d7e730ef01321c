// Defects in assembly/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const assemblyBugs: readonly BugForTest[] = [
  {
    name: "new reference hosts of a reload are not passed on",
    file: "src/assembly/assembly.ts",
    from: "this.#anchors.use(anchorsOf(config));",
    to: "",
    test: ["test/e2e/takeover.test.ts", "anchors"],
  },
  {
    name: "new name servers of a reload are not passed on",
    file: "src/assembly/assembly.ts",
    from: "this.#verifier?.use(config.cloudflare.nameservers);",
    to: "",
    test: ["test/e2e/takeover.test.ts", "cloudflare.nameservers"],
  },
  {
    name: "a new token is not used after a reload",
    file: "src/assembly/assembly.ts",
    from: "token.reveal() !== before.token.reveal()",
    to: "false",
    test: ["test/e2e/takeover.test.ts", "cloudflare.token"],
  },
  {
    name: "another API is not asked after a reload",
    file: "src/assembly/assembly.ts",
    from: "apiUrl !== before.apiUrl ||",
    to: "",
    test: ["test/e2e/takeover.test.ts", "cloudflare.api_url"],
  },
  {
    name: "messages go where they went before a reload",
    file: "src/assembly/surroundings.ts",
    from: "reconfigure(config: Config): void {\n    this.#notifier.use(channelsOf(config));",
    to: "reconfigure(config: Config): void {",
    test: ["test/e2e/takeover.test.ts", "notify.telegram.chat_id"],
  },
  {
    name: "a new token for changes does not count after a reload",
    file: "src/assembly/surroundings.ts",
    from: "this.#notifier.use(channelsOf(config));\n    this.#http = config.http;",
    to: "this.#notifier.use(channelsOf(config));",
    test: ["test/e2e/takeover.test.ts", "http.token"],
  },
  {
    name: "the web server stays where it listened before a reload",
    file: "src/assembly/surroundings.ts",
    from: "void this.#web.moveTo(config.http);",
    to: "",
    test: ["test/e2e/takeover.test.ts", "http.listen"],
  },
  {
    name: "times are told in the old zone after a reload",
    file: "src/assembly/surroundings.ts",
    from: "this.#timeZone = config.timeZone;\n    void",
    to: "void",
    test: ["test/e2e/takeover.test.ts", "timezone"],
  },
  {
    name: "the last messages are not waited for at the end",
    file: "src/assembly/surroundings.ts",
    from: "await this.#notifier.flush(lastWordsMs);",
    to: "",
    test: ["test/e2e/takeover.test.ts", "tells what it held back, and people miss nothing"],
  },
  {
    name: "what was recorded last is not written at the end",
    file: "src/assembly/memory.ts",
    from: "this.#recorder[Symbol.dispose]();",
    to: "",
    test: [
      "test/e2e/takeover.test.ts",
      "has all of its journal on the disk, lets the folder go, and leaves no socket behind",
    ],
  },
  {
    name: "a rejected configuration is not told",
    file: "src/assembly/running.ts",
    from: 'return assembly.daemon.dispatch({ kind: "config-rejected", problems: result.problems.map(formatProblem) });',
    to: "return;",
    test: [
      "test/e2e/reload.test.ts",
      "a broken file is named with key and line, and the daemon goes on with the old one",
    ],
  },
  {
    name: "another state folder is passed over in silence",
    file: "src/assembly/running.ts",
    from: "log.warn(`state_dir stays ${stateDir} until the next start`);",
    to: "void 0;",
    test: ["test/e2e/takeover.test.ts", "state_dir"],
  },
  {
    name: "an earlier life is not remembered",
    file: "src/assembly/running.ts",
    from: "memory.restore();",
    to: "",
    test: ["test/e2e/restart.test.ts", "killed in the mix, it goes on to the mix's end and tells what was not told"],
  },
];
