// The formatter keeps code to 120 columns, and leaves comments alone.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";

const columns = 120;

/** What speaks against a line; an address of the web cannot be broken. */
function isTooLong(line: string): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(line) && line.length > columns && !line.includes("://");
}

test("comments keep to the width of the code", () => {
  const root = new URL("../../", import.meta.url).pathname;
  const wide = globSync("src/**/*.{ts,tsx}", { cwd: root }).flatMap((file) =>
    readFileSync(`${root}${file}`, "utf8")
      .split("\n")
      .flatMap((line, index) => (isTooLong(line) ? [`${file}:${index + 1}`] : [])),
  );
  assert.deepEqual(wide, []);
  assert.ok(isTooLong(`// ${"word ".repeat(30)}`), "nothing would be found");
});
