// What loads and is warned of, since a person hardly means it; and what looks like it and is left alone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "./load.ts";

/** The warnings on a file with one endpoint, without their places. */
function warningsOf(endpoint: string, ingress = ""): readonly string[] {
  const text = `cloudflare: { token: T }
ingresses: [{ record: a.example.com, ${ingress}, endpoints: [{ name: b, ${endpoint} }] }]
`.replace(", ,", ",");
  const loaded = loadConfig({ path: "config.yml", text, env: { TIMES: "10" } });
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  return loaded.warnings.map(({ path, message }) => `${path.replace("ingresses[0].", "")}: ${message}`);
}

const host = "target: b.example.com";

test("a number without a unit where minutes are usual is warned of", () => {
  assert.deepEqual(warningsOf(`${host}, sticky: 10`), [
    "endpoints[0].sticky: 10 without a unit means 10 seconds: write 10m for minutes, or 10s if it is meant",
  ]);
  for (const [key, value] of [
    ["hold_up", "2"],
    ["mix_wait", "5"],
    ["reconcile_interval", "5.5"],
    ["hold_up", '"2"'],
  ] as const) {
    const [warning, ...more] = warningsOf(host, `${key}: ${value}`);
    assert.match(warning ?? "", new RegExp(`^${key}: .* without a unit means`));
    assert.deepEqual(more, []);
  }
  for (const [endpoint, ingress] of [
    [`${host}, sticky: 10s`, "hold_up: 5s"],
    [`${host}, sticky: 0`, "mix_wait: 0"],
    [`${host}, sticky: 600`, "reconcile_interval: 60"],
    [`${host}, sticky: "$\{TIMES}"`.replace("\\", ""), "hold_up: 90"],
    [`${host}, ttl: 300, check: { url: "https://b.example.com/", interval: 10, timeout: 5 }`, ""],
  ] as const)
    assert.deepEqual(warningsOf(endpoint, ingress), [], endpoint);
});

test("times that are far too long are warned of, with what is usual", () => {
  const check = (keys: string): string => `${host}, check: { url: "https://b.example.com/", ${keys} }`;
  for (const [endpoint, warning] of [
    [`${host}, sticky: 10d`, /^endpoints\[0\]\.sticky: b stays published for 10d .* 10m, are usual$/],
    [check("interval: 15m"), /^endpoints\[0\]\.check\.interval: with one check in 15m, .* 15s is usual$/],
    [check("timeout: 30m"), /^endpoints\[0\]\.check\.timeout: .*30m: .* 5s is usual$/],
  ] as const) {
    assert.match(warningsOf(endpoint).join("\n"), warning);
  }
  assert.deepEqual(warningsOf(`${host}, sticky: 24h`), []);
  assert.deepEqual(warningsOf(check("interval: 10m, timeout: 1m")), []);
});

test("an address in the URL of a check that is not the endpoint's is warned of: the connection goes elsewhere", () => {
  const checked = (target: string, url: string): string => `target: ${target}, check: { url: "${url}" }`;
  for (const [target, url, whom] of [
    ["8.8.8.8", "https://192.168.1.1/healthz", "8.8.8.8"],
    ["8.8.8.8", "http://localhost/", "8.8.8.8"],
    ["8.8.8.8", "http://9.9.9.9/", "8.8.8.8"],
    ["[8.8.8.8, 9.9.9.9]", "http://[fd00::1]:8080/", "8.8.8.8, 9.9.9.9"],
    ["b.example.com", "http://10.0.0.1/", "b.example.com"],
    ["b.example.com", "http://localhost:8080/", "b.example.com"],
  ] as const) {
    const [warning, ...more] = warningsOf(checked(target, url));
    const { hostname } = new URL(url);
    assert.equal(
      warning,
      `endpoints[0].check.url: ccs does not connect to ${hostname} but to the target, ${whom}, and only asks it for that ` +
        "name: write the host name under which the page is served there",
    );
    assert.deepEqual(more, []);
  }
  for (const [target, url] of [
    ["8.8.8.8", "https://8.8.8.8/healthz"],
    ["8.8.8.8", "https://www.example.com/"],
    ["[8.8.8.8, 9.9.9.9]", "https://9.9.9.9/"],
    ["b.example.com", "https://8.8.8.8/"],
    ["b.example.com", "https://nas.home.arpa/"],
    ['"2001:4860:4860::8888"', "https://[2001:4860:4860:0::8888]/"],
  ] as const)
    assert.deepEqual(warningsOf(checked(target, url)), [], url);
  assert.deepEqual(warningsOf(checked("b.example.com", "http://127.0.0.1:8080/"), "allow_private: true"), []);
});
