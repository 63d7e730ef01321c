// The completion scripts, in the shells that they are for.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { builtProgram, runCcs } from "../support/built-program.ts";
import { requireProgram } from "../support/programs.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-completion-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const config = `
cloudflare: { token: TOKEN }
ingresses:
  - record: ingress.example.com
    endpoints:
      - { name: cable, target: primary.example.com }
      - { name: "$(touch expanded) line", target: secondary.example.com }
`;

/** What a shell says on standard output, with `ccs` on its path and the configuration at hand. */
async function shell(program: string, args: readonly string[], line: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, [...args, "-c", line], {
    cwd: folder,
    env: { PATH: `${join(folder, "bin")}:${process.env["PATH"] ?? ""}`, HOME: folder, TERM: "dumb" },
  });
  return stdout;
}

async function scriptFor(name: string): Promise<string> {
  const { code, stdout, stderr } = await runCcs(["completion", name]);
  assert.deepEqual([code, stderr], [0, ""]);
  const path = join(folder, `ccs.${name}`);
  writeFileSync(path, stdout);
  return path;
}

before(() => {
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "ccs"), `#!/bin/sh\nexec '${process.execPath}' '${builtProgram()}' "$@"\n`, {
    mode: 0o755,
  });
  writeFileSync(join(folder, "config.yml"), config);
  writeFileSync(join(folder, "my file.yml"), config.replace("ingress.example", "spaced.example"));
  // Its secret is in the environment of the service only.
  const other = config.replace("ingress.example", "other.example").replace("name: cable", "name: fibre");
  writeFileSync(join(folder, "other.yml"), other.replace("TOKEN", "${CLOUDFLARE_API_TOKEN}"));
});

describe("completion in bash", () => {
  /** What is offered for the last of these words. */
  async function offered(t: TestContext, ...words: readonly string[]): Promise<readonly string[] | undefined> {
    const bash = requireProgram(t, "bash");
    if (bash === undefined) return undefined;
    const all = ["ccs", ...words].map((word) => `'${word}'`).join(" ");
    const line = `source '${await scriptFor("bash")}'; COMP_WORDS=(${all}); COMP_CWORD=${words.length}; _ccs; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (await shell(bash, ["--norc"], line)).split("\n").filter((each) => each !== "");
  }

  const cases: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
    [["ex"], ["explain"]],
    [["pl"], ["plan"]],
    [["--ver"], ["--version"]],
    [["run", "--o"], ["--once"]],
    [["run", "--log-level", "de"], ["debug"]],
    [["plan", "--config", "my"], ["my file.yml"]],
    [["plan", "--config", "x.yml", "--js"], ["--json"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["schema", "expl"], ["explain"]],
    [["explain", ""], ["ingress.example.com"]],
    [["explain", "x"], []],
    [["explain", "--json", "ing"], ["ingress.example.com"]],
    [["explain", "-c", "other.yml", ""], ["other.example.com"]],
    [["explain", "--config", "other.yml", "--json", ""], ["other.example.com"]],
    [["explain", "--config", "=", "other.yml", ""], ["other.example.com"]],
    [["explain", "-c", "my\\ file.yml", ""], ["spaced.example.com"]],
    [["explain", "-c", "~/other.yml", ""], ["other.example.com"]],
    [["explain", "-c", "missing.yml", ""], []],
    [["explain", "-c", "oth"], ["other.yml"]],
    [["pin", "--ingress", ""], ["ingress.example.com"]],
    [["pin", "--ingress", "="], ["ingress.example.com"]],
    [["pin", "--ingress", "=", "in"], ["ingress.example.com"]],
    [["events", "-c", "other.yml", "--endpoint", "fi"], ["fibre"]],
    [["drain", "cab"], ["cable"]],
    [["simulate", "fl"], ["flapping"]],
    [["simulate", "--seed", "2", "both"], ["both-down"]],
    [["simulate", "my"], ["my file.yml"]],
  ];
  for (const [words, expected] of cases) {
    test(`ccs ${words.join(" ")}⇥`, async (t) => {
      const found = await offered(t, ...words);
      if (found !== undefined) assert.deepEqual(found, expected);
    });
  }

  test("offers every command of the help", async (t) => {
    const found = await offered(t, "");
    if (found === undefined) return;
    const { stdout } = await runCcs(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: \[| {2}).*$/gm)].flatMap(([, name]) => name ?? []);
    assert.ok(commands.length > 8, stdout);
    assert.deepEqual(
      commands.filter((name) => name !== "help" && !found.includes(name)),
      [],
    );
  });

  test("expands nothing that a name has in it", async (t) => {
    const bash = requireProgram(t, "bash");
    if (bash === undefined) return;
    const script = await scriptFor("bash");
    const line = `source '${script}'; _ccs_names endpoint ''; printf '%s\\n' "\${COMPREPLY[@]}"; ls`;
    const stdout = await shell(bash, ["--norc"], line);
    assert.match(stdout, /^cable\n\\\$\\\(touch\\ expanded\\\)\\ line$/m);
    assert.doesNotMatch(stdout, /^expanded$/m);
  });
});

test("completion in fish", async (t) => {
  const fish = requireProgram(t, "fish");
  if (fish === undefined) return;
  const script = await scriptFor("fish");
  const offered = async (typed: string): Promise<readonly string[]> => {
    const stdout = await shell(fish, ["--no-config"], `source '${script}'; complete --do-complete='${typed}'`);
    return stdout.split("\n").flatMap((line) => /^[^\t]+/.exec(line)?.[0] ?? []);
  };
  assert.deepEqual(await offered("ccs ex"), ["explain"]);
  assert.deepEqual(await offered("ccs run --o"), ["--once"]);
  assert.deepEqual(await offered("ccs run --log-level de"), ["debug"]);
  assert.deepEqual(await offered("ccs explain "), ["ingress.example.com"]);
  assert.deepEqual(await offered("ccs explain -c other.yml "), ["other.example.com"]);
  assert.deepEqual(await offered("ccs explain --config=other.yml "), ["other.example.com"]);
  assert.deepEqual(await offered("ccs explain -c missing.yml "), []);
  assert.deepEqual(await offered("ccs simulate fl"), ["flapping"]);
  assert.deepEqual(await offered("ccs explain -c oth"), ["other.yml"]);
  assert.deepEqual((await offered("ccs completion ")).toSorted(), ["bash", "fish", "zsh"]);
});

test("completion in zsh", async (t) => {
  const zsh = requireProgram(t, "zsh");
  if (zsh === undefined) return;
  const script = await scriptFor("zsh");
  // zsh completes at a prompt only, so what the script asks of zsh is looked at instead.
  const offered = async (...words: readonly string[]): Promise<string> => {
    const all = ["ccs", ...words].map((word) => `'${word}'`).join(" ");
    const line = `compdef() { :; }; _arguments() { print -rl -- "$@" "config: $config"; }; _describe() { print -rl -- "\${(P@)2}"; }
      source '${script}'; words=(${all}); CURRENT=${words.length + 1}; _ccs`;
    return shell(zsh, ["-f"], line);
  };
  assert.match(await offered("ex"), /^explain:explain the configuration/m);
  const run = await offered("run", "--o");
  assert.match(run, /^--once\[one full round of checks, apply, exit\\: for cron\]$/m);
  assert.match(run, /^\(-c --config\)--config\[.*\]:file:_files$/m);
  assert.match(run, /^--log-level\[.*\]:value:\(.* debug .*\)$/m);
  assert.match(await offered("explain", "-c", "~/my\\ file.yml", ""), /^config: --config \/.*\/my file\.yml$/m);
  assert.match(await offered("explain", "--config=other.yml", ""), /^config: --config other\.yml$/m);
  assert.match(await offered("explain", "-c", ""), /^config: $/m);
  assert.match(await offered("simulate", ""), /^::value:\{compadd -- failover .*; _files\}$/m);
  const pin = await offered("pin", "--i");
  assert.match(pin, /--names ingress \$config 2>/);
  assert.match(pin, /--ingress\[.*\]:ingress:\{compadd -- .*ccs completion --names ingress/m);
  assert.match(
    await offered("events", "--e"),
    /--endpoint\[.*\]:endpoint:\{compadd -- .*ccs completion --names endpoint/m,
  );
  assert.match(await offered("explain", ""), /^::ingress:\{compadd -- .*ccs completion --names ingress/m);
});

describe("ccs completion", { concurrency: 2 }, () => {
  test("without a shell: 64, and which ones there are", async () => {
    const { code, stdout, stderr } = await runCcs(["completion"]);
    assert.deepEqual([code, stdout], [64, ""]);
    assert.match(stderr, /ccs completion bash, or ccs completion zsh, or ccs completion fish/);
  });

  test("for a shell that it does not know: 64", async () => {
    const { code } = await runCcs(["completion", "tcsh"]);
    assert.equal(code, 64);
  });
});
