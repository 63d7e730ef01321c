// Defects in config/ and the tests that have to see them.
import type { BugForTest } from "../bug.ts";

export const configBugs: readonly BugForTest[] = [
  {
    name: "two ingresses may have one record",
    file: "src/config/rules.ts",
    from: "else report(`${path}.record`, `expected each record once",
    to: "else if (first < 0) report(`${path}.record`, `expected each record once",
    test: ["src/config/broken.test.ts", "a record twice"],
  },
  {
    name: "a record may point at itself",
    file: "src/config/rules.ts",
    from: "if (target.host === rules.record)",
    to: "if (target.host === undefined)",
    test: ["src/config/broken.test.ts", "a target that is the record"],
  },
  {
    name: "records may point at each other",
    file: "src/config/rules.ts",
    from: "reportCircles(file.ingresses ?? [], report);",
    to: "",
    test: ["src/config/broken.test.ts", "records that point at each other, by way of a third"],
  },
  {
    name: "private addresses are permitted",
    file: "src/config/rules.ts",
    from: 'scope === "private" && !rules.allowPrivate',
    to: 'scope === "private" && false',
    test: ["src/config/broken.test.ts", "a private address"],
  },
  {
    name: "a TTL of fractions of a second is taken",
    file: "src/config/fields.ts",
    from: "return ms % 1_000 === 0 ?",
    to: "return ms > 0 ?",
    test: ["src/config/broken.test.ts", "a TTL with a fraction"],
  },
  {
    name: "a token over plain http is not warned of",
    file: "src/config/load.ts",
    from: "if (isPlainHttp(config.cloudflare.apiUrl)) warn(",
    to: "if (isPlainHttp(config.cloudflare.apiUrl) && false) warn(",
    test: [
      "src/config/load.test.ts",
      "what a token is sent over in plain is warned of, unless it stays on this machine",
    ],
  },
  {
    name: "a token file that changes is not noticed",
    file: "src/config/load.ts",
    from: "...secrets.files, ...checkFiles.files",
    to: "...checkFiles.files",
    test: ["src/config/load.test.ts", "secrets are read from files, and those are watched"],
  },
  {
    name: "a file of any size is read",
    file: "src/config/format/files.ts",
    from: "if (bytes.length > largestBytes) {",
    to: "if (bytes.length < 0) {",
    test: ["src/config/broken.test.ts", "a file larger than 8 MB"],
  },
  {
    name: "a file that is added to an included folder is not noticed",
    file: "src/runtime/node/watch-config.ts",
    from: "seen.set(asFolder(folder), namesOf(names));",
    to: "",
    test: [
      "src/runtime/node/watch-config.test.ts",
      "a file that is added to an included folder, changed, renamed or removed is noticed",
    ],
  },
  {
    name: "an endpoint's own key loses against the defaults",
    file: "src/config/format/walk.ts",
    from: "if (present.has(key)) continue;\n      const { inner, isOptional",
    to: "if (present.has(key) && inherited === undefined) continue;\n      const { inner, isOptional",
    test: ["src/config/defaults.test.ts", "an endpoint takes over what it lacks, and its own keys win"],
  },
  {
    name: "a mistake in an included file is told with the number of all files",
    file: "src/config/parts.ts",
    from: "if (part.first === 0) return",
    to: "if (part.first >= 0) return",
    test: ["src/config/include.test.ts", "what two files have names both places"],
  },
  {
    name: "the parser reads on however deep it is",
    file: "src/config/format/bounded-parser.ts",
    from: "if (this.stack.length > this.#limits.levels)",
    to: "if (this.stack.length < 0)",
    test: ["src/config/bombs.test.ts", "nested deeply: lists in lists by dashes"],
  },
  {
    name: "the original's TTL of 0 is an error",
    file: "src/config/original/fields.ts",
    from: "value === 0 ? ok(60) :",
    to: "",
    test: ["src/config/original/original.test.ts", "a TTL of 0 is 60, and the largest of the original fits"],
  },
];
