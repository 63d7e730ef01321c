// The Debian package as it is released, judged by Debian's own checker, and made twice with the same bytes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildDeb } from "../../../scripts/deb.ts";
import { architectures, buildExecutable } from "../../../scripts/sea.ts";
import { artifactOnce } from "../../support/artifacts.ts";
import { requireProgram } from "../../support/programs.ts";

const architecture = architectures.find((each) => process.platform === "linux" && each === process.arch);
const skip = architecture === undefined && "there is no executable for this machine";

test("lintian finds neither an error nor a warning, and the same sources make the same bytes", { skip }, async (t) => {
  if (architecture === undefined || requireProgram(t, "lintian") === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-lintian-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const executable = await artifactOnce("executable", (each) => buildExecutable(architecture, each));
  const paths = await Promise.all(
    ["one", "other"].map((name) => buildDeb({ architecture, executable, folder: join(folder, name) })),
  );
  const [one = "", other] = paths.map((path) => createHash("sha256").update(readFileSync(path)).digest("hex"));
  assert.equal(other, one);
  t.diagnostic(`${readFileSync(paths[0] ?? "").byteLength} bytes`);
  // Whatever user runs it.
  const args = ["--allow-root", "--fail-on", "error,warning", "--tag-display-limit", "0", paths[0] ?? ""];
  const { status, stdout, stderr } = spawnSync("lintian", args, { encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});
