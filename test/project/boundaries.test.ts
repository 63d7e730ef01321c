// The linter holds the import rules of docs/architecture.md, and keeps clocks and chance behind ports. A pattern that
// matches nothing would pass for ever, so each rule is shown a violation here, in a copy of the layout.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";

const root = join(import.meta.dirname, "../..");
const adapters = ["config", "probe", "dns", "cloud", "notify", "service", "web", "store"];

interface Case {
  readonly file: string;
  readonly code: string;
  /** The rule that must report it; without one the code must pass. */
  readonly rule?: Rule;
}

const rules = [
  "no-restricted-imports",
  "no-restricted-globals",
  "no-restricted-properties",
  "no-console",
  "consistent-type-imports",
] as const;
type Rule = (typeof rules)[number];

const cases: readonly Case[] = [
  // core: only core
  ...[
    'import "../lib/text.ts";',
    'import "../dns/resolver.ts";',
    'import "../daemon.ts";',
    'import "./../lib/text.ts";',
    'import type { Clock } from "../lib/clock.ts"; export type X = Clock;',
    'export { plain } from "../lib/text.ts";',
    'export const x = import("../lib/text.ts");',
    'import "node:fs";',
    'import "zod";',
    'import "@hono/node-server";',
    'import "./step.test.ts";',
  ].map(forbidden("src/core/step.ts", "no-restricted-imports")),
  ...[
    'import "./model.ts";',
    'import type { State } from "./model.ts"; export type X = State;',
    'import "./rules/first.ts";',
  ].map(allowed("src/core/step.ts")),
  forbidden("src/core/rules/first.ts", "no-restricted-imports")('import "../../lib/text.ts";'),

  // core: no clock, timer, chance, input or output
  ...[
    "export const x = Date.now();",
    "export const x = new Date();",
    "export const x = performance.now();",
    "setTimeout(() => {}, 1);",
    "setInterval(() => {}, 1);",
    "setImmediate(() => {});",
    "queueMicrotask(() => {});",
    "export const x = crypto.randomUUID();",
    "export const x = process.env;",
    'export const x = fetch("http://127.0.0.1");',
    "globalThis.setTimeout(() => {}, 1);",
  ].map(forbidden("src/core/step.ts", "no-restricted-globals")),
  forbidden("src/core/step.ts", "no-console")("console.log(1);"),
  forbidden("src/core/step.ts", "no-restricted-properties")("export const x = Math.random();"),
  forbidden("src/core/step.ts", "no-restricted-properties")('export const x = Math["random"]();'),
  forbidden("src/core/step.ts", "no-restricted-properties")("export const { random } = Math;"),

  // lib: only lib and packages
  ...['import "../core/model.ts";', 'import "../dns/resolver.ts";', 'import "./../core/model.ts";'].map(
    forbidden("src/lib/text.ts", "no-restricted-imports"),
  ),
  ...['import "./ip.ts";', 'import "node:util";', 'import "pino";'].map(allowed("src/lib/text.ts")),

  // terminal: only terminal and packages
  ...[
    'import "../cli/times.ts";',
    'import "../demo/view.ts";',
    'import "../lib/text.ts";',
    'import "./../core/model.ts";',
    'import "../main.ts";',
    'import "./own.test.ts";',
  ].map(forbidden("src/terminal/own.ts", "no-restricted-imports")),
  ...[
    'import "./screen-text.ts";',
    'import "node:util";',
    'import "yocto-spinner";',
    "export const x = process.stdout;",
  ].map(allowed("src/terminal/own.ts")),
  forbidden("src/terminal/own.ts", "no-console")("console.log(1);"),

  // adapters: core, lib and their own folder
  ...adapters.flatMap((adapter) => [
    ...[
      `import "../${adapter === "web" ? "store" : "web"}/server.ts";`,
      `import "./../${adapter === "web" ? "store" : "web"}/server.ts";`,
      'import "../daemon.ts";',
      'import "../main.ts";',
      'import "../cli/run.ts";',
      'import "../demo/main.ts";',
      'import "../../test/support/programs.ts";',
      'import "./own.test.ts";',
      'export const x = import("../main.ts");',
    ].map(forbidden(`src/${adapter}/own.ts`, "no-restricted-imports")),
    ...[
      'import "./other.ts";',
      'import "./deeper/other.ts";',
      'import "../core/model.ts";',
      'import "../lib/text.ts";',
      'import "node:net";',
      'import "zod";',
    ].map(allowed(`src/${adapter}/own.ts`)),
    forbidden(`src/${adapter}/deeper/own.ts`, "no-restricted-imports")('import "../../main.ts";'),
    ...['import "../other.ts";', 'import "../../core/model.ts";', 'import "../../lib/text.ts";'].map(
      allowed(`src/${adapter}/deeper/own.ts`),
    ),
  ]),

  // daemon.ts: core and lib
  ...['import "./dns/resolver.ts";', 'import "./main.ts";', 'import "node:fs";', 'import "zod";'].map(
    forbidden("src/daemon.ts", "no-restricted-imports"),
  ),
  ...['import "./core/step.ts";', 'import "./lib/clock.ts";'].map(allowed("src/daemon.ts")),

  // two folders deeper too
  ...['import "../../../store/store.ts";', 'import "../../../config/config.ts";'].map(
    forbidden("src/web/api/schema/own.ts", "no-restricted-imports"),
  ),
  ...['import "../../../core/model.ts";', 'import "../dates.ts";'].map(allowed("src/web/api/schema/own.ts")),

  // who runs the daemon, from the bottom up: each knows what it builds on, and nobody who builds on it
  ...Object.entries({
    assembly: { below: [], above: ["terminal", "demo", "simulation", "what-if", "cli"] },
    demo: { below: ["assembly", "terminal"], above: ["simulation", "what-if", "cli"] },
    simulation: { below: ["assembly", "demo"], above: ["terminal", "what-if", "cli"] },
    "what-if": { below: ["assembly", "demo", "simulation"], above: ["terminal", "cli"] },
  }).flatMap(([folder, { below, above }]) => [
    ...above.flatMap((other) => [
      forbidden(`src/${folder}/own.ts`, "no-restricted-imports")(`import "../${other}/other.ts";`),
      forbidden(`src/${folder}/deeper/own.ts`, "no-restricted-imports")(`import "../../${other}/deeper/other.ts";`),
    ]),
    ...['import "../main.ts";', 'import "../../test/support/programs.ts";', 'import "./own.test.ts";'].map(
      forbidden(`src/${folder}/own.ts`, "no-restricted-imports"),
    ),
    ...["store", "web", ...below].map((other) => allowed(`src/${folder}/own.ts`)(`import "../${other}/other.ts";`)),
  ]),

  forbidden("src/assembly/own.ts", "no-console")("console.log(1);"),
  allowed("src/demo/own.ts")("export const x = [Date.now(), process.env, console];"),

  // main.ts and cli/ know every part, but no test
  ...["src/main.ts", "src/cli/run.ts"].flatMap((file) => [
    ...[
      'import "../test/support/programs.ts";',
      'import "../../test/support/programs.ts";',
      'import "./a.test.ts";',
    ].map(forbidden(file, "no-restricted-imports")),
    ...['import "../dns/resolver.ts";', "export const x = [Date.now(), process.env, console];"].map(allowed(file)),
  ]),

  // outside the core, time and chance are ports
  ...["setTimeout(() => {}, 1);", "export const x = process.env;"].map(
    forbidden("src/assembly/own.ts", "no-restricted-globals"),
  ),
  forbidden("src/assembly/own.ts", "no-restricted-properties")("export const x = Math.random();"),
  allowed("src/assembly/network.ts")("export const x = Math.random;"),
  ...["src/daemon.ts", "src/lib/backoff.ts", ...adapters.map((adapter) => `src/${adapter}/own.ts`)].flatMap((file) => [
    ...[
      "setTimeout(() => {}, 1);",
      "setInterval(() => {}, 1);",
      "export const x = performance.now();",
      "export const x = process.env;",
      "globalThis.setTimeout(() => {}, 1);",
    ].map(forbidden(file, "no-restricted-globals")),
    ...[
      "export const x = Date.now();",
      "export const x = Math.random();",
      "export const x = AbortSignal.timeout(1);",
    ].map(forbidden(file, "no-restricted-properties")),
    ...['import "node:timers/promises";', 'import "node:perf_hooks";'].map(forbidden(file, "no-restricted-imports")),
    forbidden(file, "no-console")("console.log(1);"),
    forbidden(file, "consistent-type-imports")('export const x = (y: import("./clock.ts").Clock): unknown => y;'),
    allowed(file)("export const x = (wallMs: number): Date => new Date(wallMs);"),
  ]),
  ...["export const x = [Date.now(), performance.now()];", "setTimeout(() => {}, 1);"].map(allowed("src/lib/clock.ts")),

  // the dashboard: its own folder, and types of the API
  ...["main.tsx", "data/live.ts", "parts/next.tsx"].flatMap((name) => {
    const file = `src/web/dashboard/${name}`;
    const web = name.includes("/") ? "../.." : "..";
    return [
      ...[
        `import "${web}/server.ts";`,
        `import "${web}/../core/model.ts";`,
        `import { statusSchema } from "${web}/api/schema/status.ts"; export const x = statusSchema;`,
        `import type { Now } from "${web}/api/dates.ts"; export type X = Now;`,
        'import "node:fs";',
        'import "zod";',
      ].map(forbidden(file, "no-restricted-imports")),
      ...[
        `import type { Status } from "${web}/api/schema/status.ts"; export type X = Status;`,
        'import "preact";',
        'import "./other.tsx";',
      ].map(allowed(file)),
      forbidden(file, "no-restricted-globals")("setTimeout(() => {}, 1);"),
      forbidden(file, "no-restricted-properties")("export const x = Date.now();"),
    ];
  }),
  allowed("src/web/dashboard/lib/clock.ts")("setTimeout(() => {}, Date.now());"),

  // tests beside the source
  ...['import "../web/server.ts";', 'import "../main.ts";', 'import "../../test/scenarios.test.ts";'].map(
    forbidden("src/dns/own.test.ts", "no-restricted-imports"),
  ),
  ...[
    'import "node:test";',
    'import "fast-check";',
    'import "./own.ts";',
    'import "../core/model.ts";',
    'import "../demo/dns.ts";',
    'import "../../test/support/programs.ts";',
    "setTimeout(() => {}, Date.now());",
  ].map(allowed("src/dns/own.test.ts")),
];

let copy = "";
before(() => {
  copy = mkdtempSync(join(tmpdir(), "ccs-boundaries-"));
});
after(() => rmSync(copy, { recursive: true, force: true }));

test("every import rule and every ban reports a planted violation, and nothing else", () => {
  const planted = join(copy, "planted");
  // A project of its own for each case, so that cases for the same file do not meet.
  for (const [index, { file, code }] of cases.entries()) {
    const path = join(planted, `case${index}`, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${code}\n`);
    writeConfig(join(planted, `case${index}`));
  }
  const { reports, fileCount } = lint(planted);
  assert.equal(fileCount, cases.length);
  const reportsByFile = Map.groupBy(reports, ({ file }) => file);
  const mistakes = cases.flatMap(({ file, code, rule }, index) => {
    const found = (reportsByFile.get(join(`case${index}`, file)) ?? []).map((report) => report.rule).join();
    return found === (rule ?? "") ? [] : [`${file}: ${code} must report [${rule ?? ""}], reports [${found}]`];
  });
  assert.deepEqual(mistakes, []);
});

test("the tree obeys them", () => {
  const tree = join(copy, "tree");
  cpSync(join(root, "src"), join(tree, "src"), { recursive: true });
  writeConfig(tree);
  const { reports, fileCount } = lint(tree);
  assert.ok(fileCount > 20, `the linter saw only ${fileCount} files`);
  assert.deepEqual(reports, []);
});

// The linter has no rule for `new Date()` without an argument, which reads the wall clock.
test("only lib/clock.ts, cli/ and demo/ ask what day it is", () => {
  const sources = globSync("src/**/*.{ts,tsx}", { cwd: root }).filter(
    (file) => !/^src\/(cli|demo)\/|\.test\.ts$/.test(file),
  );
  assert.ok(sources.length > 20);
  const asking = sources.filter((file) => /\bnew Date(\(\)|(?!\())/.test(readFileSync(join(root, file), "utf8")));
  assert.deepEqual(asking, []);
});

function forbidden(file: string, rule: Rule): (code: string) => Case {
  return (code) => ({ file, code, rule });
}

function allowed(file: string): (code: string) => Case {
  return (code) => ({ file, code });
}

/** Our rules without types, which these rules do not need: so the linter needs no packages and little time. */
function writeConfig(folder: string): void {
  // The configuration keeps each comment on a line of its own.
  const text = readFileSync(join(root, ".oxlintrc.json"), "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const { options: _, ...config } = JSON.parse(text) as Record<string, unknown>;
  writeFileSync(join(folder, ".oxlintrc.json"), JSON.stringify(config));
}

interface Report {
  /** Relative to the folder. */
  readonly file: string;
  readonly rule: Rule;
}

/** What the linter says of the files below `folder` under one of `rules`. */
function lint(folder: string): { reports: readonly Report[]; fileCount: number } {
  const run = spawnSync(join(root, "node_modules/.bin/oxlint"), ["--format", "json"], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const output = JSON.parse(run.stdout) as {
    diagnostics: { code?: string; filename: string }[];
    number_of_files: number;
  };
  const reports = output.diagnostics.flatMap(({ code, filename }) => {
    const rule = rules.find((name) => code?.endsWith(`(${name})`) === true);
    return rule === undefined ? [] : [{ file: filename, rule }];
  });
  return { reports, fileCount: output.number_of_files };
}
