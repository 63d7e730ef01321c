import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted } from "./terminal.ts";

test("what is wider than the terminal is broken at spaces, and continues further in", () => {
  assert.equal(fitted("short", 20), "short");
  assert.equal(fitted("one two three four five", undefined), "one two three four five");
  assert.equal(fitted("one two three four five", 14), "one two three\n  four five");
  assert.equal(fitted("  one two three four", 12), "  one two\n    three\n    four");
  assert.equal(fitted("a word-that-is-wider-than-all", 10), "a\n  word-that-is-wider-than-all");
});

test("a number stays with its unit", () => {
  assert.equal(fitted("Primary and Secondary 10 min", 25), "Primary and Secondary\n  10 min");
});

test("what is in columns continues in its column", () => {
  assert.equal(fitted("  -c  one two three", 12), "  -c  one\n      two\n      three");
  assert.equal(fitted("12:00:00  cable  down since noon", 24), "12:00:00  cable  down\n  since noon");
});

test("colours do not count, and are kept", () => {
  assert.equal(fitted("\u001B[31mone two three\u001B[39m", 8), "\u001B[31mone two\n  three\u001B[39m");
});
