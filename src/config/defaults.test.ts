// What endpoints take over from `defaults`, and what is said of it when it is wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSettings } from "../core/model.ts";
import { formatProblem } from "./format/problem.ts";
import { loadConfig } from "./load.ts";

function load(defaults: string, ...endpoints: readonly string[]) {
  const text = [
    "cloudflare: { token: 0123456789abcdef0123456789abcdef }",
    "ingresses:",
    "  - record: a.example.com",
    "    endpoints:",
    ...endpoints.map((endpoint, index) => `      - { name: e${index}, target: e${index}.example.net, ${endpoint} }`),
    ...(defaults === "" ? [] : [`defaults: ${defaults}`]),
    "state_dir: state",
  ];
  return loadConfig({ path: "config.yml", text: text.join("\n"), env: { TTL: "7m" } });
}

function endpointsOf(defaults: string, ...endpoints: readonly string[]): readonly EndpointSettings[] {
  const result = load(defaults, ...endpoints);
  assert.deepEqual(result.kind === "invalid" ? result.problems.map(formatProblem) : [], []);
  assert.ok(result.kind === "ok");
  return result.config.ingresses.flatMap((ingress) => ingress.endpoints);
}

function problems(defaults: string, ...endpoints: readonly string[]): readonly string[] {
  const result = load(defaults, ...endpoints);
  return (result.kind === "invalid" ? result.problems : result.warnings).map(formatProblem);
}

test("an endpoint takes over what it lacks, and its own keys win", () => {
  const [one, two] = endpointsOf(
    "{ ttl: '${TTL}', sticky: 10m, resolvers: [9.9.9.9] }",
    "priority: 1",
    "ttl: auto, sticky: 0s, resolvers: [8.8.8.8, 8.8.4.4]",
  );
  assert.deepEqual(
    { ttl: one?.ttl, sticky: one?.stickyMs, resolvers: one?.resolvers },
    {
      ttl: 420,
      sticky: 600_000,
      resolvers: ["9.9.9.9:53"],
    },
  );
  assert.deepEqual(
    { ttl: two?.ttl, sticky: two?.stickyMs, resolvers: two?.resolvers },
    {
      ttl: "auto",
      sticky: undefined,
      resolvers: ["8.8.8.8:53", "8.8.4.4:53"],
    },
  );
});

test("without defaults, or with an empty section, all is as in each endpoint", () => {
  const endpoint = 'check: { url: "http://e.example/" }';
  assert.deepEqual(endpointsOf("{}", endpoint), endpointsOf("", endpoint));
  assert.deepEqual(endpointsOf("{ check: {} }", endpoint), endpointsOf("", endpoint));
});

test("a check is taken over key by key, and only by an endpoint with a check", () => {
  const [one, two, none] = endpointsOf(
    '{ check: { url: "http://all.example/", interval: 30s, fast_interval: 5s, rise: 2, contains: OK } }',
    'check: { url: "http://own.example/", rise: 4 }',
    "check: {}",
    "priority: 9",
  );
  assert.partialDeepStrictEqual(one?.check, {
    what: { kind: "http", url: "http://own.example/", contains: "OK" },
    intervalMs: 30_000,
    fastIntervalMs: 5_000,
    rise: 4,
    fall: 3,
  });
  assert.partialDeepStrictEqual(two?.check, { what: { url: "http://all.example/" }, rise: 2 });
  assert.equal(none?.check, undefined);
});

test("a check of the kind of the defaults needs no kind, and another kind takes over what all kinds have", () => {
  const [tcp, http, said] = endpointsOf(
    "{ check: { kind: tcp, port: 25, expect: '220 ', timeout: 3s } }",
    "check: {}",
    'check: { kind: http, url: "http://e.example/" }',
    "check: { kind: tcp, port: 26 }",
  );
  assert.partialDeepStrictEqual(tcp?.check, { what: { kind: "tcp", port: 25, expect: "220 " }, timeoutMs: 3_000 });
  assert.deepEqual(http?.check?.what, endpointsOf("", 'check: { url: "http://e.example/" }')[0]?.check?.what);
  assert.equal(http?.check?.timeoutMs, 3_000);
  assert.partialDeepStrictEqual(said?.check, { what: { kind: "tcp", port: 26, expect: "220 " } });
  const [other] = endpointsOf("{ check: { contains: OK, rise: 2 } }", "check: { kind: tcp, port: 25 }");
  assert.partialDeepStrictEqual(other?.check, { what: { kind: "tcp", expect: undefined }, rise: 2 });
});

test("a key of the wrong kind is told, and so is what is missing all the same", () => {
  assert.deepEqual(problems("{ check: { kind: tcp, port: 25 } }", 'check: { url: "http://e.example/" }'), [
    "config.yml:5:54 ingresses[0].endpoints[0].check.url: unknown key, it belongs to kind: http, and this is kind: tcp",
  ]);
  assert.deepEqual(problems("{ check: { rise: 2 } }", "check: {}"), [
    "config.yml:5:52 ingresses[0].endpoints[0].check.url: missing, expected an http:// or https:// URL",
  ]);
});

test("a mistake in the defaults is told once, however many take it over", () => {
  const check = 'check: { url: "http://e.example/" }';
  assert.deepEqual(problems("{ ttl: 5s, check: { rise: 0, colour: red }, weight: 1 }", check, check, "priority: 2"), [
    'config.yml:8:18 defaults.ttl: expected a TTL from 60s to 24h, or auto, got "5s"',
    "config.yml:8:37 defaults.check.rise: expected a whole number from 1 to 1000, got the number 0",
    "config.yml:8:40 defaults.check.colour: unknown key: the keys here are url, interval, fast_interval, timeout, rise, fall, status, contains, ca_file",
    "config.yml:8:55 defaults.weight: unknown key: the keys here are ttl, sticky, resolvers, check",
  ]);
  assert.deepEqual(problems("{ check: { interval: 1s, fast_interval: 2s } }", check, check), [
    "config.yml:7:51 defaults.check.fast_interval: expected at most the interval of 1s, got 2s, for ingresses[0].endpoints[0].check.fast_interval",
  ]);
  assert.deepEqual(problems("[]", check), [
    "config.yml:6:11 defaults: expected a section with keys of endpoints, got an empty list: it takes one value, not a list",
  ]);
});

test("what is unwise in the defaults is warned of once", () => {
  const check = 'check: { url: "http://e.example/" }';
  const [warning, ...others] = problems("{ check: { timeout: 50m } }", check, check, check);
  assert.match(warning ?? "", /^config.yml:8:31 defaults.check.timeout: a check that hangs fails only after 50m/);
  assert.deepEqual(others, []);
});
