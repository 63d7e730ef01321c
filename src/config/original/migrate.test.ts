// The original's file in the present format says the same, and no secret is in it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { telegramIn } from "../../../test/support/channels.ts";
import { test } from "node:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { parseIp } from "../../lib/ip.ts";
import { loadConfig, type LoadResult } from "../load.ts";
import { migrate } from "./migrate.ts";
import { formatProblem } from "../format/problem.ts";

const sample = readFileSync(join(import.meta.dirname, "../../../examples/original.yml"), "utf8");

function migrated(text: string): { readonly text: string; readonly warnings: readonly string[] } {
  const result = migrate("config.yml", text);
  assert.deepEqual(result.kind === "ok" ? [] : result.problems.map(formatProblem), [], text);
  assert.equal(result.kind, "ok");
  return { text: result.text, warnings: result.warnings.map(formatProblem) };
}

function refused(text: string): readonly string[] {
  const result = migrate("config.yml", text);
  assert.equal(result.kind, "invalid");
  return result.problems.map(formatProblem);
}

test("the sample file in the present format", () => {
  const { text, warnings } = migrated(sample);
  assert.deepEqual(warnings, []);
  assert.equal(
    text,
    `# Migrated from the original's format by \`ccs migrate\`. Keys that are not here have their defaults.

cloudflare:
  # The token itself is not printed. Set CLOUDFLARE_API_TOKEN, or put the token into a file and name the file with token_file.
  token: \${CLOUDFLARE_API_TOKEN}

ingresses:
  - record: _ingress.example.com
    zone: 0123456789abcdef0123456789abcdef
    # The words of the original: dns.record is target, alias is name, weight is priority, sticky_duration is sticky.
    # monitoring is check, and in it uri is url, confidence is rise, marker is contains, and retry counts for fall.
    endpoints:
      - name: Primary
        target: primary.example.com
        priority: 1
        ttl: 1m
        resolvers: ["1.1.1.1:53"]
        check:
          url: https://primary.example.com/health
          interval: 10s
          timeout: 5s
          rise: 3
          fall: 3
          contains: OK
      - name: Secondary
        target: secondary.example.com
        priority: 2
        ttl: 1m
        sticky: 10m
        resolvers: ["1.1.1.1:53"]
        check:
          url: https://secondary.example.com/health
          interval: 10s
          timeout: 5s
          rise: 3
          fall: 3
          contains: OK

notify:
  - kind: telegram
    # The token itself is not printed. Set TELEGRAM_TOKEN, or put the token into a file and name the file with token_file.
    token: \${TELEGRAM_TOKEN}
    chat_id: 123456
    initial_silence: 10s
`,
  );
});

test("variables stay as they are written, those of tokens too", () => {
  const text = `record: a.example.com
endpoints:
  - dns: { record: b.example.com }
    alias: "\${LINE:-cable} $\${x}"
    monitoring: { uri: "https://\${LINE}.example.com/\${LINE}" }
cloudflare: { token: "\${MY_TOKEN}", zone_id: "\${MY_ZONE}" }
`;
  const result = migrated(text).text;
  assert.match(result, /^ {2}token: \$\{MY_TOKEN\}$/m);
  assert.match(result, /^ {4}zone: "\$\{MY_ZONE\}"$/m);
  const env = { MY_TOKEN: "T", MY_ZONE: "0".repeat(32), LINE: "dsl" };
  assert.deepEqual(
    shape(loadConfig({ path: "c.yml", text: result, env })),
    shape(loadConfig({ path: "c.yml", text, env })),
  );
});

test("a variable where a number is needed must be written out first", () => {
  const text = sample.replace("weight: 1", "weight: ${WEIGHT}");
  assert.deepEqual(refused(text), [
    "config.yml:9:13 endpoints[0].weight: expected a whole number from 0 to 255, got a variable: its value is needed here: write it out",
  ]);
});

test("a zone id that is none is left out and told", () => {
  const { text, warnings } = migrated(sample.replace("0123456789abcdef0123456789abcdef", "my-zone"));
  assert.equal(text.includes("my-zone"), false);
  assert.deepEqual(warnings, [
    "config.yml:15:38 cloudflare.zone_id: expected 32 hex digits: omitted, the zone will be found by its name",
  ]);
});

test("what is not of the original's format is refused, with its mistakes", () => {
  assert.deepEqual(refused("ingresses: []\n"), [
    "config.yml: this file is not in the original's format: there is nothing to migrate",
  ]);
  assert.match(refused("general: {}\n")[0] ?? "", /^config\.yml:1:1: this is the oldest form/);
  assert.deepEqual(refused("a: 'b"), ["config.yml:1:4: expected a closing quote for the text that starts here"]);
  assert.deepEqual(refused(sample.replace("ttl: 60", "ttl: 59")), [
    "config.yml:4:46 endpoints[0].dns.ttl: expected a TTL from 60 to 65535 seconds, or 0 for 60, got the number 59",
  ]);
});

// ---------------------------------------------------------------------------------------------------------------
// Any file of the original
// ---------------------------------------------------------------------------------------------------------------

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.oneof({ weight: 3, arbitrary }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });

const host = fc
  .tuple(
    fc.constantFrom("", "_", "x-"),
    fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/),
    fc.constantFrom(".example.com", ".Example.net."),
  )
  .map((parts) => parts.join(""));

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom(
    "",
    "OK",
    "1",
    "true",
    "null",
    "~",
    "a: b",
    "- a",
    "# a",
    "'",
    '"',
    "a\nb",
    " a ",
    "&a",
    "*a",
    "{",
    "@",
    "é\u0301",
    "\u007f",
  ),
);

const endpoint = fc.record({
  dns: fc.record({
    record: fc.oneof(
      host,
      fc.ipV4().filter((ip) => parseIp(ip)?.scope === "public"),
    ),
    ttl: maybe(fc.oneof(fc.constant(0), fc.integer({ min: 60, max: 65_535 }))),
    resolver: maybe(fc.oneof(fc.ipV4(), fc.ipV6())),
    retry: maybe(fc.nat(255)),
  }),
  monitoring: maybe(
    fc.record({
      uri: fc.webUrl({ validSchemes: ["http", "https"], withQueryParameters: true }),
      interval: maybe(fc.integer({ min: 1, max: 86_400 })),
      confidence: maybe(fc.integer({ min: 1, max: 255 })),
      timeout: maybe(fc.integer({ min: 1, max: 3_600 })),
      marker: maybe(text),
      retry: maybe(fc.nat(255)),
    }),
  ),
  alias: maybe(text),
  sticky_duration: maybe(fc.nat(31_536_000)),
  weight: maybe(fc.nat(255)),
});

const original = fc.record({
  record: host.map((name) => `own-${name}`.replace("own-_", "_own")),
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 4 }),
  cloudflare: fc.record({ token: fc.constant("cf-CANARY"), zone_id: fc.stringMatching(/^[0-9a-fA-F]{32}$/) }),
  telegram: maybe(
    fc.record({
      token: fc.constant("1:tg-CANARY"),
      chat_id: fc.oneof(fc.integer({ min: 1 }), fc.integer({ max: -1 })),
      initial_silence: maybe(fc.nat(86_400)),
    }),
  ),
});

function shape(result: LoadResult): unknown {
  assert.deepEqual(result.kind === "ok" ? [] : result.problems.map(formatProblem), []);
  assert.equal(result.kind, "ok");
  const { cloudflare } = result.config;
  return { ...result.config, tokens: [cloudflare.token.reveal(), telegramIn(result.config)?.token.reveal()] };
}

test("the migrated file loads to the same configuration, and holds no secret", () => {
  const env = { HOME: "/h", CLOUDFLARE_API_TOKEN: "cf-CANARY", TELEGRAM_TOKEN: "1:tg-CANARY" };
  const numRuns = propertyRuns(200);
  let switches = 0;
  fc.assert(
    fc.property(original, (file) => {
      const before = stringify(file, { keepUndefined: false });
      const after = migrated(before).text;
      assert.equal(after.includes("CANARY"), false);
      const [old, present] = [before, after].map((each) => loadConfig({ path: "config.yml", text: each, env }));
      assert.ok(old && present);
      assert.equal(old.kind === "ok" && old.format, "original");
      assert.equal(present.kind === "ok" && present.format, "current");
      assert.deepEqual(shape(present), shape(old), after);
      switches++;
    }),
    { numRuns },
  );
  assert.equal(switches, numRuns);
});
