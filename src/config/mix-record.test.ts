// The second name of an ingress: what it is by default, what it cannot be, and who is told about that.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load.ts";
import { formatProblem } from "./format/problem.ts";

const endpoints =
  "    endpoints: [{ name: cable, target: a.example.org, priority: 1 }, { name: mobile, target: b.example.org, priority: 2, sticky: 5m }]\n";

/** Ingresses, one for each set of keys, in the order of the file. */
function load(ingresses: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const list = ingresses.map((keys) => `  - ${keys.replaceAll("; ", "\n    ")}\n${endpoints}`).join("");
  const text = `cloudflare: { token: T }\ningresses:\n${list}`;
  return loadConfig({ path: "config.yml", text, env: { HOME: "/home/ada", ...env } });
}

function namesOf(...ingresses: readonly string[]): readonly (string | undefined)[] {
  const result = load(ingresses);
  assert.ok(result.kind === "ok", JSON.stringify(result));
  return result.config.ingresses.map(({ mix }) => mix?.record);
}

function warningsOf(...ingresses: readonly string[]): readonly string[] {
  const result = load(ingresses);
  assert.ok(result.kind === "ok", JSON.stringify(result));
  return result.warnings.map(formatProblem);
}

function problemsOf(...ingresses: readonly string[]): readonly string[] {
  const result = load(ingresses);
  return result.kind === "ok" ? [] : result.problems.map(formatProblem);
}

const label = "a".repeat(60);

test("the default is the first label with -mix, and mix at the zone's own name", () => {
  assert.deepEqual(namesOf("record: ingress.example.com"), ["ingress-mix.example.com"]);
  assert.deepEqual(namesOf("record: _in.a.b.example.com"), ["_in-mix.a.b.example.com"]);
  assert.deepEqual(namesOf("record: example.com"), ["mix.example.com"]);
  // Which names are zones is not known from a name of three labels alone.
  assert.deepEqual(namesOf("record: example.co.uk; zone: example.co.uk"), ["mix.example.co.uk"]);
  assert.deepEqual(namesOf("record: ingress.example.com; mix_record: both.example.com"), ["both.example.com"]);
});

test("a default that cannot be means that there is no mix, which is told with its place", () => {
  const remedy = "; set mix_record to an unused name in the same zone";
  const why = "there is no mix while the record is a CNAME, so sticky has no effect then: ";
  assert.deepEqual(namesOf(`record: ${label}.example.com`), [undefined]);
  assert.deepEqual(warningsOf(`record: ${label}.example.com`), [
    `config.yml:3:5 ingresses[0].mix_record: ${why}${label}-mix.example.com would be too long for the name of its mix${remedy}`,
  ]);
  const both = ["record: in.example.com", "record: in-mix.example.com"];
  assert.deepEqual(namesOf(...both), [undefined, "in-mix-mix.example.com"]);
  assert.match(
    warningsOf(...both)[0] ?? "",
    /in-mix\.example\.com would be the name of its mix, but is already a record or a target;/,
  );
  const given = ["record: in.example.com", "record: other.example.com; mix_record: in-mix.example.com"];
  assert.deepEqual(namesOf(...given), [undefined, "in-mix.example.com"]);
});

test("nothing is told where no mix is asked for", () => {
  assert.deepEqual(warningsOf(`record: ${label}.example.com; proxied: true`), []);
  assert.deepEqual(warningsOf(`record: ${label}.example.com; publish: addresses`), []);
  assert.deepEqual(warningsOf("record: in.example.com"), []);
});

test("a name that is given and cannot be is a mistake", () => {
  const used = "expected an unused name, got";
  for (const name of ["in.example.com", "a.example.org"]) {
    const [problem] = problemsOf(`record: in.example.com; mix_record: ${name}`);
    assert.equal(problem, `config.yml:4:17 ingresses[0].mix_record: ${used} "${name}", a record or a target`);
  }
  const [ofOther] = problemsOf("record: in.example.com; mix_record: other.example.com", "record: other.example.com");
  assert.match(ofOther ?? "", /ingresses\[0\]\.mix_record: expected an unused name/);
  const twice = [
    "record: in.example.com; mix_record: m.example.com",
    "record: on.example.com; mix_record: m.example.com",
  ];
  assert.match(
    problemsOf(...twice)[0] ?? "",
    /ingresses\[1\]\.mix_record: expected each mix_record once, got the one of ingresses\[0\]/,
  );
  for (const keys of [
    "record: in.example.com; mix_record: m.example.net",
    "record: in.a.example.com; zone: a.example.com; mix_record: m.example.com",
  ]) {
    assert.match(problemsOf(keys)[0] ?? "", /mix_record: expected a name in the zone of the record, got "m\.example\./);
  }
});

test("how long a new mix is waited for: the file's word, and the environment's before it", () => {
  const waits = (keys: string, env: Readonly<Record<string, string>> = {}): readonly (number | undefined)[] => {
    const result = load([keys], env);
    assert.ok(result.kind === "ok");
    return result.config.ingresses.map(({ mix }) => mix?.waitMs);
  };
  assert.deepEqual(waits("record: in.example.com"), [60_000]);
  assert.deepEqual(waits("record: in.example.com; mix_wait: 5s"), [5_000]);
  assert.deepEqual(waits("record: in.example.com; mix_wait: 5s", { CCS_MIX_WAIT: "0s" }), [0]);
  const wrong = load(["record: in.example.com"], { CCS_MIX_WAIT: "soon" });
  assert.ok(wrong.kind !== "ok" && wrong.problems.some(({ path }) => path === "CCS_MIX_WAIT"));
});
