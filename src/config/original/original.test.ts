// The original's own file runs unchanged, with its defaults for what it leaves out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { httpOf, httpTask } from "../../../test/support/checks.ts";
import { telegramIn } from "../../../test/support/channels.ts";
import { test } from "node:test";
import { loadConfig } from "../load.ts";
import { formatProblem } from "../format/problem.ts";

const sample = readFileSync(join(import.meta.dirname, "../../../examples/original.yml"), "utf8");

function load(text: string, env: Readonly<Record<string, string>> = { HOME: "/h" }) {
  const result = loadConfig({ path: "config.yml", text, env });
  assert.deepEqual(result.kind === "ok" ? [] : result.problems.map(formatProblem), []);
  assert.equal(result.kind, "ok");
  return { ...result, warnings: result.warnings.map(formatProblem) };
}

const small = (endpoints: string): string => `record: a.example.com
endpoints:
${endpoints}
cloudflare: { token: T, zone_id: Z }
`;

const endpointsOf = (text: string) => load(text).config.ingresses[0]?.endpoints ?? [];

test("the sample file becomes one ingress with all that it says", () => {
  const { config, format, warnings } = load(sample);
  assert.equal(format, "original");
  assert.deepEqual(warnings, []);
  assert.equal(config.cloudflare.token.reveal(), "TOKEN");
  const check = {
    what: httpTask({ url: "https://primary.example.com/health", contains: "OK" }),
    intervalMs: 10_000,
    fastIntervalMs: 2_000,
    timeoutMs: 5_000,
    rise: 3,
    fall: 3,
  };
  assert.deepEqual(config.ingresses, [
    {
      id: "_ingress.example.com",
      record: "_ingress.example.com",
      zone: "0123456789abcdef0123456789abcdef",
      publish: "auto",
      holdUpMs: 60_000,
      reconcileIntervalMs: 300_000,
      allowPrivate: false,
      mix: { record: "_ingress-mix.example.com", waitMs: 60_000 },
      endpoints: [
        {
          name: "Primary",
          target: { kind: "host", host: "primary.example.com" },
          priority: 1,
          ttl: 60,
          resolvers: ["1.1.1.1:53"],
          check,
        },
        {
          name: "Secondary",
          target: { kind: "host", host: "secondary.example.com" },
          priority: 2,
          ttl: 60,
          stickyMs: 600_000,
          resolvers: ["1.1.1.1:53"],
          check: { ...check, what: httpTask({ url: "https://secondary.example.com/health", contains: "OK" }) },
        },
      ],
    },
  ]);
  assert.equal(telegramIn(config)?.token.reveal(), "123:abc");
  assert.equal(telegramIn(config)?.chatId, 123456);
  assert.equal(telegramIn(config)?.initialSilenceMs, 10_000);
  assert.deepEqual(config.http, { host: "127.0.0.1", port: 3000 });
});

test("the environment of the original works with it", () => {
  const { config } = load(sample, {
    CCS_CLOUDFLARE_API_URL: "http://127.0.0.1:1/v4",
    CCS_TELEGRAM_API_URL: "http://127.0.0.1:2",
    BIND_ADDRESS: "0.0.0.0:3",
    CCS_STATE_DIR: "/state",
    CCS_ALLOW_PRIVATE: "true",
  });
  assert.equal(config.cloudflare.apiUrl, "http://127.0.0.1:1/v4");
  assert.equal(telegramIn(config)?.apiUrl, "http://127.0.0.1:2");
  assert.deepEqual(config.http, { host: "0.0.0.0", port: 3 });
  assert.equal(config.stateDir, "/state");
  assert.equal(config.ingresses[0]?.allowPrivate, true);
});

test("what it leaves out has the original's defaults, and ours where it has no key", () => {
  const [bare, checked] = endpointsOf(
    small(
      "  - dns: { record: b.example.com }\n  - dns: { record: c.example.com }\n    monitoring: { uri: http://c.example.com/ }",
    ),
  );
  assert.deepEqual(bare, {
    name: "b.example.com",
    target: { kind: "host", host: "b.example.com" },
    priority: 0,
    ttl: 60,
    resolvers: ["1.1.1.1:53", "1.0.0.1:53", "[2606:4700:4700::1111]:53", "[2606:4700:4700::1001]:53"],
  });
  assert.deepEqual(checked?.check, {
    what: httpTask({ url: "http://c.example.com/" }),
    intervalMs: 15_000,
    fastIntervalMs: 2_000,
    timeoutMs: 5_000,
    rise: 3,
    fall: 3,
  });
});

test("null means missing, wherever it stands", () => {
  const text = `record: a.example.com
endpoints:
  - dns: { record: b.example.com, ttl: null, resolver: null, retry: ~ }
    monitoring: null
    alias:
    sticky_duration: null
    weight: null
cloudflare: { token: T, zone_id: Z }
telegram: null
`;
  assert.deepEqual(endpointsOf(text), endpointsOf(small("  - dns: { record: b.example.com }")));
  assert.equal(telegramIn(load(text).config), undefined);
});

test("a TTL of 0 is 60, and the largest of the original fits", () => {
  const ttl = (value: number) => endpointsOf(small(`  - dns: { record: b.example.com, ttl: ${value} }`))[0]?.ttl;
  assert.equal(ttl(0), 60);
  assert.equal(ttl(60), 60);
  assert.equal(ttl(65_535), 65_535);
});

test("retries of a check become failures in a row, never fewer than three", () => {
  const fall = (retry: number) =>
    endpointsOf(
      small(`  - { dns: { record: b.example.com }, monitoring: { uri: "http://b.example.com", retry: ${retry} } }`),
    )[0]?.check?.fall;
  assert.equal(fall(0), 3);
  assert.equal(fall(2), 3);
  assert.equal(fall(3), 4);
  assert.equal(fall(255), 256);
});

test("text that looks like a number needs no quotes", () => {
  const [endpoint] = endpointsOf(
    small(
      `  - { dns: { record: b.example.com }, alias: 1, monitoring: { uri: "http://b.example.com", marker: 0x10 } }`,
    ),
  );
  assert.equal(endpoint?.name, "1");
  assert.equal(httpOf(endpoint?.check)?.contains, "0x10");
  const text = small("  - dns: { record: b.example.com }").replace(
    "zone_id: Z",
    "zone_id: 12345678901234567890123456789012",
  );
  assert.equal(load(text).config.ingresses[0]?.zone, "12345678901234567890123456789012");
});

test("an empty marker looks for nothing, an empty alias is none", () => {
  const [endpoint] = endpointsOf(
    small(`  - { dns: { record: b.example.com }, alias: "", monitoring: { uri: "http://b.example.com", marker: "" } }`),
  );
  assert.equal(endpoint?.name, "b.example.com");
  assert.equal(httpOf(endpoint?.check)?.contains, undefined);
});

test("unknown keys only warn, with their place", () => {
  const { warnings } = load(`${small("  - { dns: { record: b.example.com, tll: 60 }, colour: green }")}version: 2\n`);
  assert.deepEqual(warnings, [
    "config.yml:3:37 endpoints[0].dns.tll: unknown key, did you mean ttl?",
    "config.yml:3:48 endpoints[0].colour: unknown key: the keys here are dns, monitoring, alias, sticky_duration, weight",
    "config.yml:5:1 version: unknown key: the keys here are record, endpoints, cloudflare, telegram",
  ]);
});

test("two endpoints of one name are told apart, and that is told", () => {
  const { config, warnings } = load(
    small(`  - { dns: { record: b.example.com }, alias: line }
  - { dns: { record: c.example.com }, alias: line }
  - { dns: { record: c.example.com }, alias: line }`),
  );
  const names = config.ingresses[0]?.endpoints.map(({ name }) => name);
  assert.deepEqual(names, ["line", "line (c.example.com)", "line (c.example.com, 2)"]);
  assert.deepEqual(warnings, [
    'config.yml:4:46 endpoints[1].alias: another endpoint has this name: this one is now called "line (c.example.com)"',
    'config.yml:5:46 endpoints[2].alias: another endpoint has this name: this one is now called "line (c.example.com, 2)"',
  ]);
});

test("a name with signs that cannot be shown loses them", () => {
  const [endpoint] = endpointsOf(small(`  - { dns: { record: b.example.com }, alias: "a\\tb\\e[31m" }`));
  assert.equal(endpoint?.name, "a b [31m");
});

test("any text is a zone id", () => {
  assert.equal(load(small("  - dns: { record: b.example.com }")).config.ingresses[0]?.zone, "Z");
});

test("variables are read there as well", () => {
  const text = small("  - dns: { record: b.example.com }").replace("token: T", "token: ${CF}");
  assert.equal(load(text, { CF: "from-environment" }).config.cloudflare.token.reveal(), "from-environment");
});
