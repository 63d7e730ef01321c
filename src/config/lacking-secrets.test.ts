// Commands that work offline load a file from elsewhere, whose secrets are not on this machine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { channelKinds } from "../channels/registry.ts";
import { loadConfig, type LoadResult } from "./load.ts";

const rest = `
ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com }] }]
`;

function load(text: string, mayLackSecrets: boolean): LoadResult {
  return loadConfig({ path: "/nowhere/config.yml", text: text + rest, env: { HOME: "/nowhere" }, mayLackSecrets });
}

const cases: Readonly<Record<string, string>> = {
  "tokens in variables": 'cloudflare: { token: "${A}" }\nhttp: { token: "${B}" }',
  "tokens in files that are not here": "cloudflare: { token_file: /run/a }\nhttp: { token_file: ./b }",
  "the folder of the files in a variable": 'cloudflare: { token_file: "${CREDENTIALS_DIRECTORY}/cloudflare-token" }',
  "a chat in a variable": 'cloudflare: { token: T }\nnotify: [{ kind: telegram, token: "${A}", chat_id: "${B}" }]',
  "the section of before": "cloudflare: { token: T }\nnotify: { telegram: { token_file: /run/a, chat_id: 1 } }",
  "all of a webhook":
    'cloudflare: { token: T }\nnotify: [{ kind: webhook, url: "${A}", secret: "${B}", headers: { Authorization: "Bearer ${C}" } }]',
};

for (const [what, text] of Object.entries(cases)) {
  test(`secrets may be missing where nothing is sent: ${what}`, () => {
    const loaded = load(text, true);
    assert.equal(loaded.kind, "ok", JSON.stringify(loaded));
    assert.equal(load(text, false).kind, "invalid");
  });
}

test("what is no secret may not be missing", () => {
  const text = 'cloudflare: { token: T, api_url: "${A}" }';
  assert.equal(load(text, true).kind, "invalid");
});

test("a secret that is here is used, and has to be right", () => {
  const text = "cloudflare: { token: T }\nnotify: [{ kind: telegram, token: T, chat_id: no chat }]";
  assert.equal(load(text, true).kind, "invalid");
});

test("the secrets of every kind of channel may be missing", () => {
  for (const { kind, secrets, init } of channelKinds) {
    for (const key of Object.keys(secrets)) {
      const others = init.example.keys.flatMap((each) => ("yaml" in each ? [`${each.key}: ${each.yaml}`] : []));
      const entry = [`kind: ${kind}`, `${key}: "\${MISSING}"`, ...others].join(", ");
      const text = `cloudflare: { token: T }\nnotify: [{ ${entry} }]`;
      assert.equal(load(text, true).kind, "ok", `${kind}.${key}`);
    }
  }
});
