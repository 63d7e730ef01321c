// Whatever is in the file: loading never throws, every problem has its words, and none holds a secret.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { isScalar, parseDocument, visit } from "yaml";
import { anyCharacter } from "../../test/support/any-character.ts";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { share } from "../../test/support/share.ts";
import { loadConfig, type LoadResult } from "./load.ts";
import { migrate } from "./original/migrate.ts";
import { formatProblem } from "./format/problem.ts";

const examples = ["config.yml", "full.yml", "original.yml"].map((name) =>
  readFileSync(join(import.meta.dirname, "../../examples", name), "utf8"),
);

// As long and as mixed as the real ones.
const canary = "cAnArY7Xk2Lq9Zt4Wm8Rb3Np6Vs1Yd5Hj0Fg";
const env = {
  HOME: "/h",
  CLOUDFLARE_API_TOKEN: canary,
  TELEGRAM_TOKEN: `123456:${canary}`,
  CCS_HTTP_TOKEN: canary,
  WEBHOOK_SECRET: canary,
};
const readFile = (path: string): Uint8Array => {
  if (path.includes("absent")) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  return Buffer.from(path.includes("odd") ? `two ${canary} words` : `${canary}\n`);
};

function load(text: string | Uint8Array): LoadResult {
  return loadConfig({ path: "config.yml", text, env, readFile });
}

function checkWords(result: LoadResult, text?: string | Uint8Array): void {
  // Every way of ending a line that YAML or an editor knows.
  const lines =
    text === undefined
      ? Infinity
      : Buffer.from(text)
          .toString("latin1")
          .split(/\r\n|\n|\r/).length;
  const problems = result.kind === "ok" ? result.warnings : result.problems;
  if (result.kind === "invalid") assert.ok(problems.length > 0);
  for (const problem of problems) {
    const line = formatProblem(problem);
    assert.doesNotMatch(line, /undefined|\[object|NaN|Invalid input|Error:|\n/, line);
    assert.ok(problem.message.length < 500, line);
    assert.ok((problem.line ?? 1) >= 1 && (problem.column ?? 1) >= 1, line);
    assert.ok((problem.line ?? 1) <= lines, `${line}, though there are only ${lines} lines`);
    for (let start = 0; start + 12 <= canary.length; start += 4) {
      assert.equal(line.includes(canary.slice(start, start + 12)), false, line);
    }
  }
}

const words =
  "cloudflare ingresses record endpoints target check url token token_file ca_file notify telegram chat_id http listen dns " +
  "monitoring uri alias zone status resolvers ~ null true 1 -1 1.5 .inf a.example.com 10.0.0.1 [::1]:53 5m 2xx << é " +
  "https://c.example.com/ https://u:p@c.example.com ${HOME} ${CLOUDFLARE_API_TOKEN} ${NO_SUCH} ${ $${ /run/odd /run/absent";
const signs = [
  ": ",
  ":",
  "\n",
  "\n  ",
  "\n    ",
  "\n- ",
  "- ",
  "  - ",
  "{ ",
  " }",
  "[",
  "]",
  ", ",
  '"',
  "'",
  "|\n ",
  ">\n ",
];
const traps = [
  "? ",
  "&a ",
  "*a",
  "!t ",
  "# ",
  "---\n",
  "...\n",
  "%YAML 1.1\n",
  "\t",
  "\r\n",
  canary,
  "\u{FEFF}",
  "\u0000",
];
const pieces = fc.constantFrom(...words.split(" "), ...signs, ...traps);

const mosaic = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(""));

/**
 * A good file with a few pieces put in, or a few characters cut out, and secrets in plain where its variables stood.
 */
const damaged = fc
  .tuple(
    fc.constantFrom(...examples),
    fc.boolean(),
    fc.array(fc.tuple(share, fc.nat(12), fc.option(pieces)), { maxLength: 4 }),
  )
  .map(([example, isPlain, damages]) => {
    let text = isPlain ? example.replaceAll(/\$\{[^}]*\}/g, canary).replace("TOKEN,", `${canary},`) : example;
    for (const [where, length, piece] of damages) {
      const at = Math.floor(where * text.length);
      text = text.slice(0, at) + (piece ?? "") + text.slice(at + (piece === null ? length : 0));
    }
    return text;
  });

test("arbitrary bytes", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.string({ unit: anyCharacter }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, (file) => checkWords(load(file), file)),
    { numRuns: propertyRuns(300) },
  );
});

test("pieces of YAML in any order", () => {
  let invalid = 0;
  fc.assert(
    fc.property(mosaic, (text) => {
      const result = load(text);
      checkWords(result, text);
      if (result.kind === "invalid") invalid++;
    }),
    { numRuns: propertyRuns(800) },
  );
  assert.ok(invalid > 0);
});

test("good files with some damage", () => {
  const seen = { ok: 0, invalid: 0 };
  fc.assert(
    fc.property(damaged, (text) => {
      const result = load(text);
      checkWords(result, text);
      seen[result.kind]++;
      const migrated = migrate("config.yml", text);
      if (migrated.kind !== "ok") return;
      // Only the original takes any text for the id of a zone, and what a variable stands for is not known.
      if (/^ *zone: .*\$\{/m.test(migrated.text)) return;
      // A variable stays one, whatever it stands for.
      if (result.kind === "ok" || !text.includes("${")) assert.equal(load(migrated.text).kind, "ok");
    }),
    { numRuns: propertyRuns(600) },
  );
  // Both must be common, or the property looks at one side only.
  assert.ok(seen.ok > 30 && seen.invalid > 30, JSON.stringify(seen));
});

const hugeNumbers = "9".repeat(400);
const numbers = [
  hugeNumbers,
  `-${hugeNumbers}`,
  `0.${hugeNumbers}`,
  "1e999",
  "-1e999",
  "1e-999",
  ".nan",
  "-.inf",
  "0x7fffffffffffffff",
  "0o777",
  "9007199254740993",
  "-0",
  "1_000",
  `${hugeNumbers}s`,
  `${"1".repeat(15)}d`,
  "0.0000001ms",
];

test("numbers beyond all measure, in the place of any value", () => {
  const seen = { ok: 0, invalid: 0 };
  const example = (examples[1] ?? "").replaceAll(/^ *#.*\n/gm, "");
  const places = scalarsIn(example);
  for (const [from, to] of places) {
    for (const number of numbers) {
      const text = example.slice(0, from) + number + example.slice(to);
      const result = load(text);
      checkWords(result, text);
      seen[result.kind]++;
      // Nothing infinite, nothing that is no number, gets any further.
      if (result.kind === "ok") assert.doesNotMatch(JSON.stringify(result.config), /:null|e\+/);
    }
  }
  assert.ok(seen.ok > 0 && seen.invalid > 30, JSON.stringify(seen));
});

test("structures nested too deeply, of any kind, are one mistake", () => {
  const layers = fc.constantFrom(["[", "]"], ["{a: ", "}"], ["[{a: ", "}]"], ["- ", ""], ["? ", ""], ["a:\n", ""]);
  fc.assert(
    fc.property(
      layers,
      fc.integer({ min: 41, max: 12_000 }),
      fc.boolean(),
      ([open = "", close = ""], depth, isClosed) => {
        const isBlock = open === "a:\n";
        const levels = isBlock ? Math.min(depth, 300) : depth;
        const nested = isBlock
          ? Array.from({ length: levels }, (_, level) => " ".repeat(level) + open).join("")
          : open.repeat(levels) + (isClosed ? close.repeat(levels) : "");
        const text = `cloudflare: { token: T }\ningresses:\n${nested.replaceAll(/^/gm, "  ")}`.slice(0, 64 * 1_024);
        const result = load(text);
        checkWords(result, text);
        assert.equal(result.kind, "invalid");
      },
    ),
    { numRuns: propertyRuns(12), endOnFailure: true },
  );
});

test("a quarter of the largest file keeps the processor for a moment only, however it is made", () => {
  // The slowest of many that were tried: the parser and the search for variables go over the rest again and again.
  for (const [begin, pattern] of [
    ["", "]"],
    ["[", "${A:-"],
    ["a: &x [*x, ", ","],
  ] as const) {
    const text = begin + pattern.repeat((16 * 1_024) / pattern.length);
    const before = process.cpuUsage();
    checkWords(load(text), text);
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < 3e6, `${begin}${pattern} took ${(user + system) / 1e6} s`);
  }
});

/** Where the keys and values stand. */
function scalarsIn(text: string): readonly (readonly [from: number, to: number])[] {
  const ranges: [number, number][] = [];
  visit(parseDocument(text), (_, node) => {
    if (isScalar(node) && node.range) ranges.push([node.range[0], node.range[1]]);
  });
  return ranges;
}

test("a secret in any place of a file, instead of any key or value", () => {
  const disguises = [
    canary,
    `"${canary}"`,
    `"x" ${canary}`,
    `${canary}: x`,
    `{ ${canary} }`,
    `{${canary}:x}`,
    `[ ${canary} ]`,
    `!${canary} x`,
    `*${canary}`,
    `&${canary} x`,
    `@${canary}`,
    `"\\${canary}"`,
    `https://u:${canary}@c.example.com/`,
    `https://c.example.com:x/?key=${canary}`,
    `${canary}.example.com:1`,
    "${CLOUDFLARE_API_TOKEN}",
    "x ${TELEGRAM_TOKEN}",
    "/run/odd",
  ];
  let invalid = 0;
  let count = 0;
  for (const example of examples.filter((text) => text.length < 2_000)) {
    // Without comments, so that what is put in never ends up in one.
    const text = example.replaceAll(/^#.*\n/gm, "").replaceAll(/\$\{(\w+)\}/g, "T");
    for (const [from, to] of scalarsIn(text)) {
      for (const disguise of disguises) {
        const result = load(text.slice(0, from) + disguise + text.slice(to));
        checkWords(result);
        count++;
        if (result.kind === "invalid") invalid++;
      }
    }
  }
  assert.ok(count > 1_000 && invalid > count / 2, `${invalid} of ${count}`);
});

test("a secret in the environment is not repeated where it is wrong", () => {
  for (const name of [
    "CCS_CLOUDFLARE_API_URL",
    "CCS_TELEGRAM_API_URL",
    "BIND_ADDRESS",
    "CCS_ALLOW_PRIVATE",
    "CCS_ANCHORS",
  ]) {
    for (const value of [canary, `http://u:${canary}@127.0.0.1/`, `http://127.0.0.1/?${canary}`, `${canary}:port`]) {
      const result = loadConfig({
        path: "config.yml",
        text: examples[0] ?? "",
        env: { ...env, [name]: value },
        readFile,
      });
      assert.equal(result.kind, "invalid", `${name}=${value}`);
      checkWords(result);
    }
  }
});

test("a file for a secret that holds more than that is not repeated", () => {
  const result = load((examples[0] ?? "").replace("token: ${CLOUDFLARE_API_TOKEN}", "token_file: /run/odd"));
  assert.equal(result.kind, "invalid");
  checkWords(result);
});
