// The name under which commands are shown is the one under which they work.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { nextSteps } from "./init/way.ts";
import { typedName } from "./typed-name.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-typed-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("started by npm, in a checkout or from a download, commands are shown as npm takes them", () => {
  assert.equal(typedName({}, "/usr/local/bin/ccs"), "ccs");
  assert.equal(typedName({ npm_command: "exec" }, "/home/me/ccs/node_modules/.bin/ccs"), "npx ccs");
  assert.equal(typedName({ npm_command: "run-script" }, "/home/me/ccs/dist/ccs.js"), "npx ccs");
  const fetched = "/home/me/.npm/_npx/0123/node_modules/.bin/ccs";
  assert.equal(typedName({ npm_command: "exec" }, fetched), "npx cloudflare-cname-switcher");
  const linked = join(folder, "_npx/0123/node_modules/.bin/ccs");
  mkdirSync(dirname(linked), { recursive: true });
  symlinkSync(import.meta.filename, linked);
  assert.equal(typedName({ npm_command: "exec" }, linked), "npx ccs", "of a checkout, npm keeps a link");
});

test("what ccs init shows to type next is under that name, and what follows a command is a comment", () => {
  for (const way of ["manual", "service"] as const) {
    const steps = nextSteps(way, { ccs: "npx ccs", file: "config.yml", isUsual: true, variables: [] });
    const ccsSteps = steps.filter((step) => step.includes("ccs "));
    assert.ok(ccsSteps.length >= 3, steps.join("\n"));
    for (const step of ccsSteps.filter((each) => !/install -|cp /.test(each)))
      assert.match(step, /^(?:sudo )?npx ccs [a-z]+(?: install)? +# /);
  }
});
