// Checks of the kinds that there are: which one a file means, and what is said about mistakes in it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { httpCheck } from "../../test/support/checks.ts";
import { checkKinds } from "../checks/registry.ts";
import type { CheckSettings } from "../core/model.ts";
import { formatProblem } from "./format/problem.ts";
import { loadConfig } from "./load.ts";

function load(check: string) {
  const text = `cloudflare: { token: T }
ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com, check: ${check} }] }]
`;
  return loadConfig({ path: "config.yml", text, env: { PORT: "587" } });
}

function checkOf(check: string): CheckSettings | undefined {
  const loaded = load(check);
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  assert.deepEqual(loaded.warnings, []);
  return loaded.config.ingresses[0]?.endpoints[0]?.check;
}

function problems(check: string): readonly string[] {
  const loaded = load(check);
  if (loaded.kind === "ok") return [];
  return loaded.problems.map((problem) =>
    formatProblem(problem).replace(/^config\.yml:2:\d+ ingresses\[0\]\.endpoints\[0\]\./, ""),
  );
}

test("without a kind it is http", () => {
  const url = "https://b.example.com/";
  assert.deepEqual(checkOf(`{ url: "${url}" }`), httpCheck({ url }));
  assert.deepEqual(checkOf(`{ kind: http, url: "${url}" }`), httpCheck({ url }));
});

test("a check over TCP has a port, and the rhythm of all checks", () => {
  assert.deepEqual(checkOf("{ kind: tcp, port: 25, interval: 1s, rise: 2 }"), {
    what: { kind: "tcp", port: 25, send: undefined, expect: undefined },
    intervalMs: 1_000,
    fastIntervalMs: 1_000,
    timeoutMs: 5_000,
    rise: 2,
    fall: 3,
  });
  assert.deepEqual(checkOf('{ kind: tcp, port: "${PORT}", send: "EHLO a\\r\\n", expect: "250 " }')?.what, {
    kind: "tcp",
    port: 587,
    send: "EHLO a\r\n",
    expect: "250 ",
  });
});

const kinds = checkKinds.map(({ kind }) => kind).join(", ");

for (const [check, ...said] of [
  ["{ kind: tpc, port: 25 }", `check.kind: expected one of ${kinds}, got "tpc": did you mean tcp?`],
  ["{ kind: icmp }", `check.kind: expected one of ${kinds}, got "icmp"`],
  ["{ kind: 5, port: 25 }", `check.kind: expected one of ${kinds}, got the number 5`],
  ["{ kind: tcp }", "check.port: missing, expected a whole number from 1 to 65535"],
  ["{ kind: tcp, port: 0 }", "check.port: expected a whole number from 1 to 65535, got the number 0"],
  ["{ kind: tcp, port: 65536 }", "check.port: expected a whole number from 1 to 65535, got the number 65536"],
  ['{ kind: tcp, port: "25" }', 'check.port: expected a whole number from 1 to 65535, got "25": remove the quotes'],
  ['{ kind: tcp, port: 25, expect: "" }', "check.expect: expected the text to look for, got empty text"],
  [
    "{ kind: tcp, port: 25, expect: 220 }",
    "check.expect: expected the text to look for, got the number 220: put it in quotes",
  ],
  [
    "{ kind: tcp, port: 25, send: AUTH-PASSWORD }",
    "check.send: expected expect beside send, since otherwise no answer is waited for: add expect, or remove send",
  ],
  [
    "{ kind: tcp, port: 25, expect: a, send: 4711 }",
    "check.send: expected the text to send, got a number: put it in quotes",
  ],
  [
    '{ kind: tcp, port: 25, contains: "220 " }',
    "check.contains: unknown key, it belongs to kind: http, and this is kind: tcp",
  ],
  [
    '{ url: "https://b.example.com/", port: 25 }',
    "check.port: unknown key, it belongs to kind: tcp, and this is kind: http",
  ],
  ["{ kind: tcp, prot: 25 }", "check.prot: unknown key, did you mean port?"],
  [
    "{ kind: tcp, port: 25, colour: red }",
    "check.colour: unknown key: the keys here are kind, port, interval, fast_interval, timeout, rise, fall, send, expect",
  ],
  ["{ kind: tcp, port: 25, fast_interval: 1m }", "check.fast_interval: expected at most the interval of 15s, got 1m"],
  ["[tcp]", "check: expected a section with a url, got a list: it takes one value, not a list"],
] as const) {
  test(`${check} says what is wrong`, () => assert.deepEqual(problems(check), said));
}
