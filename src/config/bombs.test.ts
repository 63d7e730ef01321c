// Files that would cost more than any configuration. What is counted is the pieces that the parser looks at, which its
// time and memory go by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LineCounter } from "yaml";
import { largestConfigBytes } from "./format/files.ts";
import { parseBounded, usualLimits } from "./format/bounded-parser.ts";
import { formatProblem } from "./format/problem.ts";
import { loadConfig } from "./load.ts";
import { manyEndpoints } from "../../test/support/many-endpoints.ts";

/** As long as a file may be. */
function full(piece: string): string {
  return piece.repeat(Math.floor(largestConfigBytes / piece.length));
}

const deep: Readonly<Record<string, string>> = {
  "lists in lists": full("["),
  "sections in sections": full("{a: "),
  "lists in lists by dashes": full("- "),
  "keys in keys": full("? "),
  "lists in sections by lines": Array.from({ length: 3_000 }, (_, level) => `${" ".repeat(level)}a:\n`).join(""),
};

for (const [name, text] of Object.entries(deep)) {
  test(`nested deeply: ${name}`, () => {
    const { passed, pieces } = parseBounded(text, new LineCounter());
    assert.equal(passed, "levels");
    assert.ok(pieces <= 6 * usualLimits.levels, `${pieces} pieces were looked at`);
  });
}

const wide: Readonly<Record<string, string>> = {
  "a list without end": `anchors: [${full("1,")}`,
  "keys given twice": full("a: 1\n"),
  "empty lines": full("\n"),
  tags: `a: [${full("!a b,")}`,
  anchors: `a: [${full("&a 1,")}`,
  aliases: `a: [&a 1${full(",*a")}`,
};

for (const [name, text] of Object.entries(wide)) {
  test(`more than any configuration holds: ${name}`, () => {
    const limits = { ...usualLimits, pieces: 20_000 };
    assert.deepEqual(parseBounded(text, new LineCounter(), limits), {
      document: undefined,
      passed: "pieces",
      pieces: limits.pieces + 1,
    });
  });
}

test("a file that is too much for the parser says so", () => {
  const result = loadConfig({ path: "config.yml", text: full("[").slice(0, 100_000), env: {} });
  assert.deepEqual(result.kind === "invalid" && result.problems.map(formatProblem), [
    "config.yml:1:1: expected the keys of the configuration, got lists or sections nested too deeply",
  ]);
});

test("a key of a megabyte is one piece", () => {
  const { pieces, document } = parseBounded(`? ${"a".repeat(1_000_000)}\n: 1\n`, new LineCounter());
  assert.ok(document !== undefined && pieces < 20, `${pieces}`);
});

test("two documents are one with a mistake", () => {
  const { document } = parseBounded("a: 1\n---\nb: 2\n", new LineCounter());
  assert.deepEqual(
    document?.errors.map(({ code, pos }) => ({ code, pos })),
    [{ code: "MULTIPLE_DOCS", pos: [5, 14] }],
  );
});

test("10,000 endpoints fit, with room for as many keys again", () => {
  const text = manyEndpoints(10_000);
  const { pieces, passed } = parseBounded(text, new LineCounter());
  assert.equal(passed, undefined);
  assert.ok(pieces * 2 <= usualLimits.pieces, `${pieces} pieces`);
  assert.ok(text.length * 2 <= largestConfigBytes, `${text.length} characters`);
  const result = loadConfig({ path: "config.yml", text, env: {} });
  assert.ok(result.kind === "ok");
  assert.equal(result.config.ingresses.flatMap(({ endpoints }) => endpoints).length, 10_000);
});
