// Every relative link in the documentation leads to a file that is there.
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../..");

test("links between documents and files lead somewhere", () => {
  const broken: string[] = [];
  let count = 0;
  for (const name of globSync(["*.md", "docs/**/*.md", "deploy/**/*.md"], { cwd: root })) {
    const text = readFileSync(join(root, name), "utf8");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      count += 1;
      if (!existsSync(join(root, dirname(name), target))) broken.push(`${name}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 20, `${count}`);
});
