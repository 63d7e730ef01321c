// What the documentation tells people to type is right: every configuration loads, every `ccs` command line is one that the
// program takes, every script of npm is there, and what goes into other programs is what those programs take.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CommanderError } from "commander";
import { parse } from "yaml";
import { z } from "zod";
import { loadConfig } from "../../src/config/load.ts";
import { originalSchema } from "../../src/config/original/schema.ts";
import { formatProblem } from "../../src/config/format/problem.ts";
import { configSchema } from "../../src/config/schema.ts";
import { unwrap } from "../../src/config/format/schemas.ts";
import { systemUnit } from "../../src/cli/service/unit-text.ts";
import { routes } from "../../src/web/api/routes.ts";
import { createProgram } from "../../src/main.ts";
import { selfSigned } from "../support/certificates.ts";
import { blocksOf, ccsCommands, inlineCode, readPages } from "../support/documents.ts";
import { requireProgram } from "../support/programs.ts";

const root = join(import.meta.dirname, "../..");
const pages = readPages();
const blocks = blocksOf(pages);
const inLanguage = (language: string) => blocks.filter((block) => block.language === language);

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** Every language that a block may have, and what holds it. Nothing is in a language that no test knows. */
const languages = ["yaml", "sh", "json", "nginx", "caddyfile", "promql", "ini", "text"];

test("every block of code has a language that is checked here, or is plain text", () => {
  assert.deepEqual(
    blocks.filter(({ language }) => language !== "" && !languages.includes(language)).map(({ at }) => at),
    [],
  );
  for (const language of languages) assert.ok(inLanguage(language).length > 0, language);
});

// ---------------------------------------------------------------------------------------------------------------
// Configuration
// ---------------------------------------------------------------------------------------------------------------

const rest = {
  cloudflare: "cloudflare: { token: T }",
  ingresses: "ingresses: [{ record: ingress.example.com, endpoints: [{ target: primary.example.com }] }]",
};

/** The problems of a configuration, or of a part of one. */
function problemsOf(code: string): readonly string[] {
  const value: unknown = parse(code);
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const isWhole = keys.includes("record");
  const added = isWhole ? [] : Object.entries(rest).flatMap(([key, text]) => (keys.includes(key) ? [] : [text]));
  const variables = [...code.matchAll(/\$\{(\w+)/g)].map(({ 1: name = "" }) => [
    name,
    "1:0f1e2d3c4b5a69788796a5b4c3d2e1f0",
  ]);
  const loaded = loadConfig({
    path: "config.yml",
    text: [code, ...added].join("\n"),
    env: { HOME: "/root", ...(Object.fromEntries(variables) as Record<string, string>) },
    readFile: () => Buffer.from("1:0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
    // A folder may be empty.
    listFolder: () => [],
  });
  return (loaded.kind === "ok" ? loaded.warnings : loaded.problems).map(formatProblem);
}

/** YAML for other programs says in its first line whose it is. */
const isOurs = (code: string): boolean => !/^# (?:Traefik|cloudflared|compose\.yaml|[\w./-]+\.ya?ml)\b/.test(code);
const topLevel = new Set([...Object.keys(configSchema.shape), ...Object.keys(originalSchema.shape)]);
const keysOf = (code: string): readonly string[] => Object.keys((parse(code) as object | null) ?? {});

test("every configuration in the documentation loads", () => {
  let count = 0;
  for (const { at, code } of inLanguage("yaml")) {
    const keys = keysOf(code);
    if (!isOurs(code) || keys.length === 0 || !keys.some((key) => topLevel.has(key))) continue;
    count += 1;
    assert.deepEqual(problemsOf(code), [], at);
  }
  assert.ok(count > 15, `${count}`);
});

test("a mistake in a configuration is noticed, in a part of one as well", () => {
  assert.match(problemsOf("http: { listn: 127.0.0.1:3000 }").join(), /listn/);
  assert.match(problemsOf("ingresses: [{ record: a.example.com }]").join(), /endpoints/);
  assert.match(problemsOf("record: _a.example.com\nendpoints: []").join(), /endpoints/);
});

// ---------------------------------------------------------------------------------------------------------------
// Commands
// ---------------------------------------------------------------------------------------------------------------

/** Why the program does not take this command line; `undefined` when it does. The command itself is not run. */
async function refusalOf(args: readonly string[]): Promise<string | undefined> {
  const program = await createProgram(() => Promise.resolve());
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? undefined : error.message;
  }
}

test("every ccs command line in the documentation is one that the program takes", async () => {
  const inBlocks = inLanguage("sh").flatMap(({ at, code }) => ccsCommands(code).map((args) => ({ at, args })));
  const inProse = inlineCode(pages)
    .filter(({ code }) => /^(?:npx )?ccs [a-z-]/.test(code))
    .flatMap(({ at, code }) => ccsCommands(code.replaceAll(/ ?\[\w+\]| …/g, "")).map((args) => ({ at, args })));
  for (const { at, args } of inBlocks) {
    assert.equal(await refusalOf(args), undefined, `${at}: ccs ${args.join(" ")}`);
  }
  for (const { at, args } of inProse) {
    const refusal = await refusalOf(args);
    // In a sentence a command may be named without its arguments.
    if (refusal?.startsWith("error: missing required argument") === true) continue;
    assert.equal(refusal, undefined, `${at}: ccs ${args.join(" ")}`);
  }
  assert.ok(inBlocks.length > 40 && inProse.length > 40, `${inBlocks.length} and ${inProse.length}`);
});

test("a command line that the program does not take is noticed, wherever it stands", async () => {
  for (const shell of ["ccs run --onse", "npx ccs statsu", "A=b ccs pin", "true && sudo ccs plan --for 2h | jq ."]) {
    const [args = [], ...more] = ccsCommands(shell);
    assert.deepEqual(more, []);
    assert.notEqual(await refusalOf(args), undefined, shell);
  }
  assert.deepEqual(ccsCommands("source <(ccs completion bash) && ccs migrate old.yml > config.yml # ccs nonsense"), [
    ["completion", "bash"],
    ["migrate", "old.yml"],
  ]);
  assert.deepEqual(ccsCommands("docker compose run --rm ccs plan; docker compose exec ccs ccs status --watch"), [
    ["plan"],
    ["status", "--watch"],
  ]);
  assert.deepEqual(ccsCommands("systemctl restart ccs"), []);
  assert.deepEqual(ccsCommands('docker exec ccs ccs simulate "primary down for 10 min"'), [
    ["simulate", "primary down for 10 min"],
  ]);
});

test("every command has a row in the table of commands, and every exit code", async () => {
  const page = pages.find(({ name }) => name === "docs/commands.md")?.text ?? "";
  const program = await createProgram(() => Promise.resolve());
  const missing = program.commands.map((command) => command.name()).filter((name) => !page.includes(`| \`ccs ${name}`));
  assert.deepEqual(missing, []);
  for (const code of [0, 1, 2, 64, 69, 70, 78]) assert.match(page, new RegExp(`^\\| ${code} +\\|`, "m"));
});

test("every route of the API has a row in its table, and every row a route", () => {
  const page = readFileSync(join(root, "docs/api.md"), "utf8");
  const rows = [...page.matchAll(/^\| *(`(?:GET|POST) .*?) *\|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
  const described = routes.filter(({ path }) => path !== "/openapi.json");
  assert.deepEqual(
    rows.toSorted(),
    described.map(({ method, path }) => `\`${method.toUpperCase()} /api/v1${path}\``).toSorted(),
  );
});

test("every shell block is shell, and every script of npm is there", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const { at, code } of inLanguage("sh")) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: code, encoding: "utf8" });
    assert.equal(status, 0, `${at}: ${stderr}`);
    for (const [, name = ""] of code.matchAll(/npm run ([\w:-]+)/g))
      assert.ok(name in scripts, `${at}: npm run ${name}`);
  }
});

test("jq takes every filter, and curl every option", (t) => {
  const [jq, curl] = [requireProgram(t, "jq"), requireProgram(t, "curl")];
  if (jq === undefined || curl === undefined) return;
  const shell = inLanguage("sh").map(({ at, code }) => ({ at, code: code.replaceAll("\\\n", " ") }));
  let count = 0;
  for (const { at, code } of shell) {
    for (const [, options = "", quoted, bare] of code.matchAll(/\bjq((?: -+[\w-]+)*) (?:'([^']+)'|(\.\S*))/g)) {
      const filter = quoted ?? bare ?? "";
      const { status, stderr }: Ended = spawnSync(
        jq,
        ["-n", ...options.split(" ").filter(Boolean), `def f: ${filter}; 1`],
        {
          encoding: "utf8",
        },
      );
      assert.equal(status, 0, `${at}: ${filter}: ${stderr}`);
      count += 1;
    }
  }
  const known = spawnSync(curl, ["--help", "all"], { encoding: "utf8" }).stdout;
  for (const { at, code } of shell) {
    for (const [command] of code.matchAll(/^(?:.*\| *)?curl .*$/gm)) {
      for (const [, option = ""] of command.matchAll(/ (--[\w-]+)/g)) {
        assert.ok(new RegExp(`${option}\\b`).test(known), `${at}: ${option}`);
        count += 1;
      }
    }
  }
  assert.ok(count > 8, `${count}`);
});

test("the forms for issues ask for what helps", () => {
  const forms = globSync("*.yml", { cwd: join(root, ".github/ISSUE_TEMPLATE") }).filter(
    (name) => name !== "config.yml",
  );
  const form = z.object({
    name: z.string(),
    description: z.string(),
    body: z.array(z.object({ type: z.enum(["markdown", "textarea", "input", "dropdown"]), id: z.string().optional() })),
  });
  const textOf = (name: string): string => readFileSync(join(root, ".github/ISSUE_TEMPLATE", name), "utf8");
  for (const name of forms) assert.deepEqual(form.safeParse(parse(textOf(name))).error?.issues ?? [], [], name);
  assert.deepEqual(forms.toSorted(), ["bug.yml", "feature.yml", "question.yml"]);
  assert.match(textOf("bug.yml"), /ccs doctor/);
});

test("every JSON block is JSON", () => {
  for (const { at, code } of inLanguage("json")) assert.doesNotThrow(() => JSON.parse(code), at);
});

// ---------------------------------------------------------------------------------------------------------------
// Other programs
// ---------------------------------------------------------------------------------------------------------------

test("systemd takes every addition to the unit", (t) => {
  if (requireProgram(t, "systemd-analyze") === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-unit-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "ccs.service");
  const unit = systemUnit({ program: [process.execPath], config: "/etc/ccs/config.yml" }, "A test");
  for (const { at, code } of [...inLanguage("ini"), { at: "a mistake", code: "[Service]\nWatchdogSecs=5min\n" }]) {
    writeFileSync(file, `${unit}\n${code}`);
    const { stderr }: Ended = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
    // What it does not know it only warns of.
    assert.equal(stderr.includes("ccs.service:"), at === "a mistake", `${at}: ${stderr}`);
  }
});

test("nginx takes every server block", async (t) => {
  const nginx = requireProgram(t, "nginx");
  if (nginx === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-nginx-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { key, cert } = await selfSigned({ names: ["ccs.example.com"] });
  writeFileSync(join(folder, "ccs.example.com.key"), key);
  writeFileSync(join(folder, "ccs.example.com.pem"), cert);
  for (const { at, code } of inLanguage("nginx")) {
    const file = join(folder, "nginx.conf");
    const server = code
      .replaceAll("/etc/ssl/", `${folder}/`)
      .replaceAll(
        /(listen [^;]*)\b(80|443)\b/g,
        (_, before: string, port: string) => `${before}${port === "80" ? 18_080 : 18_443}`,
      );
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (what) => `${what}_temp_path ${folder}/${what};`,
    );
    writeFileSync(
      file,
      `pid ${folder}/pid;\nevents {}\nhttp {\n${temporary.join("\n")}\naccess_log off;\n${server}\n}\n`,
    );
    const { status, stderr }: Ended = spawnSync(nginx, ["-t", "-q", "-e", "stderr", "-p", folder, "-c", file], {
      encoding: "utf8",
    });
    assert.equal(status, 0, `${at}: ${stderr}`);
  }
});

test("Caddy takes every Caddyfile", (t) => {
  const caddy = requireProgram(t, "caddy");
  if (caddy === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-caddy-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const { at, code } of inLanguage("caddyfile")) {
    writeFileSync(join(folder, "Caddyfile"), code);
    const { status, stderr }: Ended = spawnSync(
      caddy,
      ["adapt", "--adapter", "caddyfile", "--config", join(folder, "Caddyfile")],
      {
        encoding: "utf8",
        env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      },
    );
    assert.equal(status, 0, `${at}: ${stderr}`);
  }
});

test("Prometheus takes every query", (t) => {
  const promtool = requireProgram(t, "promtool");
  if (promtool === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-promql-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const rules = inLanguage("promql").map(({ code }, index) => ({ record: `query:${index}`, expr: code.trim() }));
  const file = join(folder, "rules.yml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "documents", rules }] }));
  const { status, stderr }: Ended = spawnSync(promtool, ["check", "rules", file], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

// ---------------------------------------------------------------------------------------------------------------
// Tables
// ---------------------------------------------------------------------------------------------------------------

test("every key of the original is on the page about moving over, with the key that it becomes", () => {
  const page = pages.find(({ name }) => name === "docs/migration.md")?.text ?? "";
  const rows = new Map(
    [...page.matchAll(/^\| `([^`]+)` +\| ([^|]+?) +\|/gm)].map(({ 1: key = "", 2: becomes = "" }) => [key, becomes]),
  );
  const missing: string[] = [];
  const visit = (schema: z.ZodObject, path: string): void => {
    for (const [key, wrapped] of Object.entries(schema.shape) as [string, z.ZodType][]) {
      const { inner } = unwrap(wrapped);
      const at = `${path}${key}`;
      if (inner instanceof z.ZodArray && inner.element instanceof z.ZodObject) visit(inner.element, `${at}[].`);
      else {
        const [, becomes] = /^`([^`]+)`/.exec(wrapped.meta()?.description ?? "") ?? [];
        const row = rows.get(at);
        // A section that is always there says nothing by itself.
        const isNeeded = !(inner instanceof z.ZodObject) || becomes !== undefined;
        if (isNeeded && (row === undefined || (becomes !== undefined && !row.includes(becomes)))) missing.push(at);
        if (inner instanceof z.ZodObject) visit(inner, `${at}.`);
      }
    }
  };
  visit(originalSchema, "");
  assert.deepEqual(missing, []);
  assert.ok(rows.size > 18, `${rows.size}`);
});
