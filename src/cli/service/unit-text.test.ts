// The units, judged by systemd's own programs; no systemd runs here. test/artifacts starts them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { requireProgram } from "../../../test/support/programs.ts";
import { temporaryFolder } from "../../../test/support/state-folder.ts";
import { isStartable, systemUnit, unitName, userUnit, type UnitPlaces } from "./unit-text.ts";

const places: UnitPlaces = { program: [process.execPath, "/usr/lib/ccs.js"], config: "/etc/ccs/config.yml" };

function written(t: TestContext, text: string): string {
  const path = join(temporaryFolder(t), unitName);
  writeFileSync(path, text);
  return path;
}

function analyze(...args: readonly string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

test("systemd understands every line of both units", (t) => {
  if (requireProgram(t, "systemd-analyze") === undefined) return;
  for (const [option, text] of [
    ["--system", systemUnit(places, "A test")],
    ["--user", userUnit(places, "A test")],
  ] as const) {
    // What it does not know it only warns of.
    const { status, output } = analyze("verify", option, "--man=no", written(t, text));
    assert.doesNotMatch(output, /ccs\.service:/, output);
    if (option === "--system") assert.equal(status, 0, output);
  }
});

test("a service of the system is exposed by at most 2.0 of 10", (t) => {
  if (requireProgram(t, "systemd-analyze") === undefined) return;
  const path = written(t, systemUnit(places, "A test"));
  const { status, output } = analyze("security", "--offline=true", "--threshold=20", "--no-pager", path);
  assert.equal(status, 0, output);
  assert.match(output, /Overall exposure level for ccs\.service: [01]\.\d /);
});

test("paths with spaces, quotes, percent and dollar signs are one word each, as they are", (t) => {
  if (requireProgram(t, "systemd-analyze") === undefined) return;
  const folder = join(temporaryFolder(t), "a %n $HOME b");
  mkdirSync(folder);
  const program = join(folder, "ccs");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  const config = `/etc/a "b" %n $HOME 'c' \\d/config.yml`;
  const text = systemUnit({ program: [program, "$HOME/ccs.js"], config }, "A test");
  const { output } = analyze("verify", "--system", "--man=no", written(t, text));
  // It says so of a program that is not there, and of words that do not end.
  assert.doesNotMatch(output, /ccs\.service:/, output);
  assert.match(text, /^ConditionPathExists=\/etc\/a "b" %%n \$HOME 'c' \\d\/config\.yml$/m);
  assert.match(
    text,
    /^ExecStart="\/.*\/a %%n \$HOME b\/ccs" \$\$HOME\/ccs\.js run --config "\/etc\/a \\"b\\" %%n \$\$HOME 'c' \\\\d\/config\.yml"$/m,
  );
});

test("a program that systemd would refuse is known", (t) => {
  if (requireProgram(t, "systemd-analyze") === undefined) return;
  for (const [name, isFine] of [
    ["a b", true],
    ["ü$%", true],
    ["a'b", false],
    ['a"b', false],
    ["a\\b", false],
  ] as const) {
    const folder = temporaryFolder(t);
    const program = join(folder, name);
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    const { output } = analyze(
      "verify",
      "--man=no",
      written(t, systemUnit({ ...places, program: [program] }, "A test")),
    );
    assert.equal(!output.includes("ccs.service:"), isFine, `${name}: ${output}`);
    assert.equal(isStartable(program), isFine, name);
  }
});
