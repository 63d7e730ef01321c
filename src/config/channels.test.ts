// `notify` as a list of channels of any kind, and as the section that files had before.
import assert from "node:assert/strict";
import { test } from "node:test";
import { channelKinds } from "../channels/registry.ts";
import type { WebhookSettings } from "../channels/webhook/settings.ts";
import { telegramIn } from "../../test/support/channels.ts";
import { formatProblem } from "./format/problem.ts";
import { loadConfig, type LoadResult } from "./load.ts";

const rest = `cloudflare: { token: T }
ingresses: [{ record: a.example.com, endpoints: [{ target: b.example.com }] }]
`;

function load(notify: string, env: Readonly<Record<string, string>> = {}): LoadResult {
  const readFile = (path: string): Uint8Array => (path === "/run/bot" ? Buffer.from("1:from-file\n") : Buffer.from(""));
  return loadConfig({ path: "config.yml", text: `${rest}notify:${notify}\n`, env: { HOME: "/h", ...env }, readFile });
}

function channels(notify: string, env?: Readonly<Record<string, string>>) {
  const result = load(notify, env);
  assert.ok(result.kind === "ok", JSON.stringify(result));
  return result.config.notify;
}

function problems(notify: string): readonly string[] {
  const result = load(notify);
  return result.kind === "ok" ? [] : result.problems.map(formatProblem);
}

test("a list of one channel is the same as the section", () => {
  const keys = 'token: "1:a", chat_id: 7, api_url: "http://127.0.0.1:1", initial_silence: 30s';
  assert.deepEqual(channels(` [{ kind: telegram, ${keys} }]`), channels(` { telegram: { ${keys} } }`));
  assert.deepEqual(channels(" []"), channels(" {}"));
});

test("a second channel of a kind has a name, a silence and a secret of its own", () => {
  const found = channels(`
  - { kind: telegram, token: "1:a", chat_id: 7 }
  - { kind: telegram, name: ops, token_file: /run/bot, chat_id: -8, initial_silence: 1m }`);
  assert.deepEqual(
    found.map(({ kind, name, initialSilenceMs }) => [kind, name, initialSilenceMs]),
    [
      ["telegram", "telegram", undefined],
      ["telegram", "ops", 60_000],
    ],
  );
  const [, ops] = found as readonly { readonly settings: { readonly token?: { reveal(): string } } }[];
  assert.equal(ops?.settings.token?.reveal(), "1:from-file");
});

test("the environment and variables hold for every channel, the kind's own name included", () => {
  const found = channels(' [{ kind: "${KIND}", token: "${TOKEN}", chat_id: 7 }]', {
    KIND: "telegram",
    TOKEN: "1:a",
    CCS_TELEGRAM_API_URL: "http://127.0.0.1:9",
  });
  assert.equal(telegramIn({ notify: found })?.apiUrl, "http://127.0.0.1:9");
});

test("mistakes are told at their place in the list", () => {
  const kinds = channelKinds.map(({ kind }) => kind).join(", ");
  assert.deepEqual(problems(' [{ token: "1:a", chat_id: 7 }]'), [
    `config.yml:3:10 notify[0].kind: missing, expected one of ${kinds}`,
  ]);
  assert.deepEqual(problems(" [{ kind: telegrm, chat_id: 7 }]"), [
    `config.yml:3:18 notify[0].kind: expected one of ${kinds}, got "telegrm"`,
  ]);
  assert.deepEqual(problems(" [telegram]"), ["config.yml:3:10 notify[0]: expected a channel, got text"]);
  assert.deepEqual(problems(" telegram"), ["config.yml:3:9 notify: expected a list of channels, got text"]);
  assert.deepEqual(problems(" [{ kind: telegram, chat_id: 0, colour: red }]"), [
    "config.yml:3:10 notify[0].token: missing, expected token or token_file",
    'config.yml:3:37 notify[0].chat_id: expected a chat id: a whole number, or "@channelname" in quotes, got a number',
    "config.yml:3:40 notify[0].colour: unknown key: the keys here are kind, name, token, token_file, chat_id, api_url, initial_silence",
  ]);
});

test("each name is there once", () => {
  const one = '{ kind: telegram, token: "1:a", chat_id: 7 }';
  assert.deepEqual(problems(` [${one}, ${one}]`), [
    "config.yml:3:64 notify[1].kind: expected each name once, got the name of notify[0]: give it its own name",
  ]);
  const named = '{ kind: telegram, name: telegram, token: "1:a", chat_id: 7 }';
  assert.deepEqual(problems(` [${one}, ${named}]`), [
    "config.yml:3:80 notify[1].name: expected each name once, got the name of notify[0]: give it its own name",
  ]);
});

test("a token that travels unencrypted is warned of where it is", () => {
  const result = load(' [{ kind: telegram, token: "1:a", chat_id: 7, api_url: "http://bot.example" }]');
  assert.ok(result.kind === "ok");
  assert.deepEqual(
    result.warnings.map(({ path }) => path),
    ["notify[0].api_url"],
  );
});

test("a webhook has a URL, headers and a secret, which may be in a file", () => {
  const [channel] = channels(
    `
  - kind: webhook
    url: "https://hooks.example.com/a?b=\${TOKEN}#c"
    headers: { Authorization: "Bearer \${TOKEN}" }
    secret_file: /run/bot`,
    { TOKEN: "t0" },
  );
  const settings = channel?.settings as WebhookSettings;
  assert.equal(settings.url, "https://hooks.example.com/a?b=t0");
  assert.equal(settings.headers["Authorization"]?.reveal(), "Bearer t0");
  assert.equal(settings.secret?.reveal(), "1:from-file");
});

test("what is wrong with a webhook is told without what may be secret", () => {
  const wrong = (keys: string): readonly string[] =>
    problems(` [{ kind: webhook, ${keys} }]`).map((each) => each.replace(/^\S+ /, ""));
  const url = 'url: "https://h.example/"';
  assert.deepEqual(wrong('url: "ftp://CANARY/"'), [
    "notify[0].url: expected an http:// or https:// URL, got text (not shown): only http and https can be used",
  ]);
  assert.deepEqual(wrong(""), ["notify[0].url: missing, expected an http:// or https:// URL"]);
  assert.deepEqual(wrong(`${url}, secret: whsec_CANARY!`), [
    "notify[0].secret: expected a secret such as whsec_… or any text without spaces, got text (not shown): what follows whsec_ is not base64",
  ]);
  assert.deepEqual(wrong(`${url}, secret: a, secret_file: b`), [
    "notify[0].secret_file: expected secret or secret_file, got both: remove one of them",
  ]);
  assert.deepEqual(wrong(`${url}, headers: { "CANARY x": y }`), [
    "notify[0].headers: expected the name of a header such as Authorization, got a key (not shown)",
  ]);
  assert.deepEqual(wrong(`${url}, headers: { Host: y }`), [
    "notify[0].headers: expected the name of a header such as Authorization, got a key (not shown): ccs sets this one itself",
  ]);
  assert.deepEqual(wrong(`${url}, headers: { X-A: "CANARY\\n" }`), []);
  assert.deepEqual(wrong(`${url}, headers: { X-A: "CAN\\nARY" }`), [
    "notify[0].headers.X-A: expected the value of a header, got text (not shown): it contains an unusual character",
  ]);
  assert.deepEqual(wrong(`${url}, headers: [a]`), ["notify[0].headers: expected a section of headers, got a list"]);
});

test("a webhook over plain http is warned of, unless it stays on this machine", () => {
  const warned = (url: string): readonly string[] => {
    const result = load(` [{ kind: webhook, url: "${url}" }]`);
    return result.kind === "ok" ? result.warnings.map(({ path }) => path) : assert.fail();
  };
  assert.deepEqual(warned("http://hooks.example/"), ["notify[0].url"]);
  assert.deepEqual(warned("http://127.0.0.1:8080/"), []);
});
