// The linter keeps clocks, chance and the process behind ports. A pattern that matches nothing would pass for ever, so each
// ban is shown a violation here, in a copy of the layout.
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

const rules = ["no-restricted-globals", "no-restricted-properties", "no-console", "consistent-type-imports"] as const;
type Rule = (typeof rules)[number];

const cases: readonly Case[] = [
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

  allowed("src/terminal/own.ts")("export const x = process.stdout;"),
  forbidden("src/terminal/own.ts", "no-console")("console.log(1);"),
  forbidden("src/assembly/own.ts", "no-console")("console.log(1);"),
  ...["src/demo/own.ts", "src/emulation/own.ts", "src/main.ts", "src/cli/run.ts"].map((file) =>
    allowed(file)("export const x = [Date.now(), process.env, console];"),
  ),

  ...["setTimeout(() => {}, 1);", "export const x = process.env;"].map(
    forbidden("src/assembly/own.ts", "no-restricted-globals"),
  ),
  forbidden("src/assembly/own.ts", "no-restricted-properties")("export const x = Math.random();"),
  ...["setTimeout(() => {}, 1);", "export const x = new Date();", 'export const x = fetch("http://127.0.0.1");'].map(
    forbidden("src/assembly/parts.ts", "no-restricted-globals"),
  ),
  ...["export const x = [Date.now(), process.env, Math.random];", 'export const x = fetch("http://127.0.0.1");'].map(
    allowed("src/runtime/node/own.ts"),
  ),
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
    forbidden(file, "no-console")("console.log(1);"),
    forbidden(file, "consistent-type-imports")('export const x = (y: import("./clock.ts").Clock): unknown => y;'),
    allowed(file)("export const x = (wallMs: number): Date => new Date(wallMs);"),
  ]),
  ...["export const x = [Date.now(), performance.now()];", "setTimeout(() => {}, 1);"].map(
    allowed("src/runtime/node/clock.ts"),
  ),

  ...["main.tsx", "data/live.ts", "parts/next.tsx"].flatMap((name) => {
    const file = `src/web/dashboard/${name}`;
    return [
      forbidden(file, "no-restricted-globals")("setTimeout(() => {}, 1);"),
      forbidden(file, "no-restricted-properties")("export const x = Date.now();"),
    ];
  }),
  allowed("src/web/dashboard/lib/clock.ts")("setTimeout(() => {}, Date.now());"),
  allowed("src/dns/own.test.ts")("setTimeout(() => {}, Date.now());"),
];

let copy = "";
before(() => {
  copy = mkdtempSync(join(tmpdir(), "ccs-bans-"));
});
after(() => rmSync(copy, { recursive: true, force: true }));

test("every ban reports a planted violation, and nothing else", () => {
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
test("only runtime/node/, cli/, demo/ and emulation/ ask what day it is", () => {
  const sources = globSync("src/**/*.{ts,tsx}", { cwd: root }).filter(
    (file) => !/^src\/(runtime\/node|cli|demo|emulation)\/|\.test\.ts$/.test(file),
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
