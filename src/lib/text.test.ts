import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../test/support/any-character.ts";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { messageOf, plain, shellWord } from "./text.ts";

const table: readonly (readonly [what: string, text: string, plainText: string])[] = [
  ["terminal escapes", "\u001B[31mred\u001B[0m \u001B]0;title\u0007", "[31mred [0m ]0;title"],
  ["their one-byte forms", "a\u009B2Jb\u0090c", "a 2Jb c"],
  ["line breaks of all kinds", "a\r\nb\u0085c\u2028d\u2029e\vf\fg", "a b c d e f g"],
  ["direction marks and overrides", "a\u202Eb\u202Dc\u2066d\u2069e\u200Ef\u061Cg", "a b c d e f g"],
  ["marks that cannot be seen", "a\u200Bb\u00ADc\uFEFFd\u2060e", "a b c d e"],
  ["tags", "a\u{E0041}b", "a b"],
  ["halves of characters", "a\uD800b", "a b"],
  ["NUL, backspace, delete", "a\u0000b\bc\u007Fd", "a b c d"],
  ["nothing in ordinary text", "Zürich 東京 😀 <b>&\"'\\", "Zürich 東京 😀 <b>&\"'\\"],
];

for (const [what, text, expected] of table) {
  test(`takes ${what} out`, () => assert.equal(plain(text), expected));
}

test("cuts what is too long, never through a character", () => {
  assert.equal(plain("abcdef", 4), "abc…");
  assert.equal(plain("ab😀def", 4), "ab…");
  assert.equal(plain("abcd", 4), "abcd");
});

test("whatever comes in: one visible line within its length, and plain already", () => {
  const unit = fc.oneof(
    fc.constantFrom("\u001B", "\u202E", "\n", " ", "\uD83D", "\uDE00", "\u0301"),
    fc.string({ unit: anyCharacter, maxLength: 20 }),
  );
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 30 }).map((parts) => parts.join("")),
      fc.integer({ min: 2, max: 80 }),
      (text, mostLength) => {
        const line = plain(text, mostLength);
        assert.ok(line.length <= mostLength);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        assert.equal(plain(line, mostLength), line);
      },
    ),
    { numRuns: propertyRuns(200) },
  );
});

test("anything that is thrown has words", () => {
  assert.equal(messageOf(new Error("no\u001B[2J")), "no [2J");
  assert.equal(messageOf("as it is"), "as it is");
  assert.equal(messageOf(undefined), "undefined");
});

test("a path is one word to a shell, however it is called", () => {
  const paths = ["/etc/ccs/config.yml", "my config.yml", "it's", "a$HOME`id`\\", "ü", "a;b&c", "*"];
  const output = execFileSync("sh", ["-c", `printf '%s\n' ${paths.map(shellWord).join(" ")}`], { encoding: "utf8" });
  assert.deepEqual(output.trimEnd().split("\n"), paths);
  assert.equal(shellWord("/etc/ccs/config.yml"), "/etc/ccs/config.yml");
});
