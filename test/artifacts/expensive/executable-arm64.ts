// The single executable for 64-bit ARM, run by an emulator beside the libraries of Debian for that machine: three minutes.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildExecutable } from "../../../scripts/sea.ts";
import { artifactOnce, assertServesDashboard, mostExecutableBytes } from "../../support/artifacts.ts";
import { requireProgram } from "../../support/programs.ts";

const base = mkdtempSync(join(tmpdir(), "ccs-arm64-"));
after(() => rmSync(base, { recursive: true, force: true }));

test("it runs, its demo passes, and it serves the dashboard", async (t) => {
  const emulator = requireProgram(t, "qemu-aarch64-static");
  const mmdebstrap = requireProgram(t, "mmdebstrap");
  if (emulator === undefined || mmdebstrap === undefined) return;
  const executable = await artifactOnce("executable-arm64", (folder) => buildExecutable("arm64", folder));
  const { size } = statSync(executable);
  t.diagnostic(`${size} bytes`);
  assert.ok(size < mostExecutableBytes, `${size} bytes`);
  // The ELF header names the machine: 183 is AArch64.
  assert.equal(execFileSync("od", ["-An", "-tu2", "-j18", "-N2", executable], { encoding: "utf8" }).trim(), "183");
  const libraries = ["--arch=arm64", "--variant=extract", "--include=libc6,libstdc++6,libgcc-s1"];
  execFileSync(mmdebstrap, [...libraries, "bookworm", base], { stdio: "pipe" });
  const command = [emulator, "-L", base, executable];
  const env = { HOME: join(base, "tmp"), PATH: "/usr/bin:/bin" };
  const run = (...args: readonly string[]) => {
    const [program = "", ...rest] = [...command, ...args];
    return spawnSync(program, rest, { encoding: "utf8", env, timeout: 600_000 });
  };
  assert.match(run("--version").stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(run("health").stdout, /^unhealthy: no daemon answers at /);
  const demo = run("demo", "--once");
  assert.equal(demo.status, 0, demo.stdout + demo.stderr);
  await assertServesDashboard([...command, "demo"], env);
});
