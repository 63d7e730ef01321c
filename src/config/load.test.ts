// What right files become, what the environment has to say, and what is read from files of their own.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { httpOf, httpTask } from "../../test/support/checks.ts";
import { telegramIn } from "../../test/support/channels.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { test } from "node:test";
import { createAuthority } from "../../test/support/certificates.ts";
import { channelKinds } from "../channels/registry.ts";
import type { Config } from "./config.ts";
import { standIns } from "./format/secrets.ts";
import { stateDirOf } from "./state-dir.ts";
import { loadConfig, type LoadResult } from "./load.ts";
import { formatProblem } from "./format/problem.ts";

const examples = join(import.meta.dirname, "../../examples");
/** Every kind of channel is in the example with every key. */
const secretsOfChannels = channelKinds.flatMap(({ secrets }) =>
  Object.values(secrets).map(({ variable, schema }) => [
    variable,
    standIns.find((text) => schema.safeParse(text).success),
  ]),
);
const environment = {
  ...(Object.fromEntries(secretsOfChannels) as Record<string, string>),
  HOME: "/home/ada",
  CLOUDFLARE_API_TOKEN: "cf-token",
  TELEGRAM_TOKEN: "1:tg-token",
  WEBHOOK_SECRET: "whsec_c2VjcmV0",
};

type Loaded = Extract<LoadResult, { kind: "ok" }>;

function loaded(result: LoadResult): Loaded {
  const problems = result.kind === "ok" ? [] : result.problems.map(formatProblem);
  assert.deepEqual(problems, []);
  assert.equal(result.kind, "ok");
  return result;
}

function load(text: string | Uint8Array, env: Readonly<Record<string, string>> = environment): Loaded {
  return loaded(loadConfig({ path: "config.yml", text, env }));
}

const head = "cloudflare: { token: T }\ningresses:\n  - record: a.example.com\n";
const withEndpoint = (keys: string): string => `${head}    endpoints: [{ target: b.example.com, ${keys} }]\n`;
const whole = withEndpoint("");

const endpointOf = ({ config }: Loaded) => {
  const endpoint = config.ingresses[0]?.endpoints[0];
  assert.ok(endpoint);
  return endpoint;
};
const checkOf = (result: Loaded) => {
  const { check } = endpointOf(result);
  assert.ok(check);
  return check;
};
const withCheck = (keys: string): string => withEndpoint(`check: { url: "https://c.example.com/", ${keys} }`);

/** Two of each family, so that a machine with either can ask two. */
const defaultResolvers = ["1.1.1.1:53", "1.0.0.1:53", "[2606:4700:4700::1111]:53", "[2606:4700:4700::1001]:53"];

test("the first example becomes the whole configuration, defaults filled in", () => {
  const path = join(examples, "config.yml");
  const result = loaded(loadConfig({ path, env: environment, readFile: readFromDisk }));
  const check = {
    what: httpTask({ url: "https://primary.example.com/healthz", contains: "OK" }),
    intervalMs: 15_000,
    fastIntervalMs: 2_000,
    timeoutMs: 5_000,
    rise: 3,
    fall: 3,
  };
  const { token, apiUrl } = result.config.cloudflare;
  assert.equal(token.reveal(), "cf-token");
  assert.equal(apiUrl, "https://api.cloudflare.com/client/v4");
  assert.equal("nameservers" in result.config.cloudflare, false);
  assert.deepEqual(result.config.ingresses, [
    {
      id: "ingress.example.com",
      record: "ingress.example.com",
      publish: "auto",
      holdUpMs: 60_000,
      reconcileIntervalMs: 300_000,
      allowPrivate: false,
      mix: { record: "ingress-mix.example.com", waitMs: 60_000 },
      endpoints: [
        {
          name: "cable",
          target: { kind: "host", host: "primary.example.com" },
          priority: 10,
          ttl: 60,
          resolvers: defaultResolvers,
          check,
        },
        {
          name: "mobile",
          target: { kind: "host", host: "secondary.example.com" },
          priority: 20,
          ttl: 300,
          stickyMs: 600_000,
          resolvers: defaultResolvers,
          check: { ...check, what: httpTask({ url: "https://secondary.example.com/healthz", contains: "OK" }) },
        },
      ],
    },
  ]);
  const telegram = telegramIn(result.config);
  assert.equal(telegram?.token.reveal(), "1:tg-token");
  assert.equal(telegram?.chatId, 123456);
  assert.equal(telegram?.apiUrl, "https://api.telegram.org");
  assert.equal(telegram?.initialSilenceMs, undefined);
  assert.deepEqual(result.config.http, { host: "127.0.0.1", port: 3000 });
  assert.equal(result.config.stateDir, "/home/ada/.local/state/cloudflare-cname-switcher");
  assert.deepEqual(result.config.anchors, [
    "1.1.1.1:443",
    "8.8.8.8:443",
    "9.9.9.9:443",
    "[2606:4700:4700::1111]:443",
    "[2001:4860:4860::8888]:443",
    "[2620:fe::fe]:443",
  ]);
  assert.equal(result.format, "current");
  assert.deepEqual(result.warnings, []);
  assert.deepEqual(result.watchedFiles, [path]);
});

test("the example with every key loads, and every key is in it", () => {
  const { config, warnings } = loaded(
    loadConfig({ path: join(examples, "full.yml"), env: environment, readFile: readFromDisk }),
  );
  assert.deepEqual(warnings, []);
  const [first, second] = config.ingresses;
  assert.deepEqual(httpOf(first?.endpoints[0]?.check)?.status, [
    [200, 299],
    [301, 302],
    [401, 401],
  ]);
  assert.deepEqual(first?.endpoints[2], {
    name: "server in the cellar",
    target: {
      kind: "addresses",
      addresses: [
        { text: "203.0.113.7", family: "ipv4", scope: "public" },
        { text: "2001:db8::7", family: "ipv6", scope: "public" },
      ],
    },
    priority: 30,
    ttl: "auto",
    resolvers: defaultResolvers,
  });
  assert.equal(first?.proxied, false);
  assert.deepEqual(first?.endpoints[0]?.resolvers, ["1.1.1.1:53", "9.9.9.9:53", "[2606:4700:4700::1111]:53"]);
  assert.equal(second?.publish, "addresses");
  assert.equal(second?.endpoints[0]?.name, "vpn-a.example.net");
  assert.deepEqual(config.cloudflare.nameservers, ["173.245.58.100:53", "[2606:4700:50::adf5:3a64]:53"]);
  assert.equal(config.http.token, undefined, "a token in an example would be everybody's");
  assert.equal(telegramIn(config)?.initialSilenceMs, 30_000);
  assert.equal(config.stateDir, "/var/lib/cloudflare-cname-switcher");
});

test("variables stand between braces without quotes, as they do everywhere", () => {
  const text = `${whole}notify: { telegram: { token: \${TELEGRAM_TOKEN}, chat_id: \${CHAT:-7}, api_url: \${URL:-http://127.0.0.1:1/a,b} } }`;
  const telegram = telegramIn(load(text).config);
  assert.equal(telegram?.token.reveal(), "1:tg-token");
  assert.equal(telegram?.chatId, 7);
  assert.equal(telegram?.apiUrl, "http://127.0.0.1:1/a,b");
});

test("variables fill parts of values, have defaults, and can be written as they are", () => {
  const name = (text: string, env: Record<string, string> = {}): string =>
    endpointOf(load(withEndpoint(`name: ${text}`), env)).name;
  assert.equal(name("${A}-${B}", { A: "x", B: "y" }), "x-y");
  assert.equal(name("${A:-cable}"), "cable");
  assert.equal(name("${A:-cable}", { A: "" }), "cable");
  assert.equal(name("'${A:-a, [b]}'"), "a, [b]");
  assert.equal(name("a$${A}b$c"), "a${A}b$c");
  assert.equal(name("${A}", { A: "${B}", B: "never" }), "${B}");
});

test("what a variable holds never changes the shape of the file", () => {
  const name = `x, sticky: 5m }`;
  const endpoint = endpointOf(load(withEndpoint("name: ${NAME}"), { NAME: name }));
  assert.equal(endpoint.name, name);
  assert.equal("stickyMs" in endpoint, false);
});

test("a variable may hold a number, a truth value or a duration", () => {
  const env = { N: "7", B: "true", D: "90", T: "5m" };
  const check = checkOf(load(withCheck("rise: ${N}, interval: ${D}, timeout: ${T}"), env));
  assert.deepEqual([check.rise, check.intervalMs, check.timeoutMs], [7, 90_000, 300_000]);
  assert.equal(load(`${whole}    proxied: \${B}\n`, env).config.ingresses[0]?.proxied, true);
  const numeric = checkOf(load(withCheck("contains: ${N}"), env));
  assert.equal(httpOf(numeric)?.contains, "7");
});

test("durations are text with a unit, or seconds", () => {
  for (const [written, ms] of [
    ["400ms", 400],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["1d", 86_400_000],
    ["30", 30_000],
    ["0.5", 500],
    ['"30"', 30_000],
    ["1.5s", 1_500],
  ] as const) {
    assert.equal(checkOf(load(withCheck(`interval: ${written}`))).intervalMs, ms, written);
  }
});

test("fast_interval is two seconds, but never longer than a shorter interval", () => {
  assert.equal(checkOf(load(withCheck("interval: 10s"))).fastIntervalMs, 2_000);
  assert.equal(checkOf(load(withCheck("interval: 400ms"))).fastIntervalMs, 400);
  assert.equal(checkOf(load(withCheck("interval: 400ms, fast_interval: 100ms"))).fastIntervalMs, 100);
});

test("status codes are numbers, classes, ranges, or a list of these", () => {
  const status = (written: string) => httpOf(checkOf(load(withCheck(`status: ${written}`))))?.status;
  assert.deepEqual(status("204"), [[204, 204]]);
  assert.deepEqual(status('"204"'), [[204, 204]]);
  assert.deepEqual(status("2xx"), [[200, 299]]);
  assert.deepEqual(status("2XX"), [[200, 299]]);
  assert.deepEqual(status("200-399"), [[200, 399]]);
  assert.deepEqual(status("[200, 401-403]"), [
    [200, 200],
    [401, 403],
  ]);
});

test("names come out in one form, however they are written", () => {
  const record = (written: string): string =>
    load(`cloudflare: { token: T }\ningresses: [{ record: "${written}", endpoints: [{ target: 192.0.2.1 }] }]`).config
      .ingresses[0]?.record ?? "";
  assert.equal(record("Ingress.EXAMPLE.com."), "ingress.example.com");
  assert.equal(record("_ingress._tcp.example.com"), "_ingress._tcp.example.com");
  assert.equal(record("bücher.example"), "xn--bcher-kva.example");
  assert.equal(record("例え。テスト"), "xn--r8jz45g.xn--zckzah");
  assert.equal(record(`${"x".repeat(63)}.example.com`), `${"x".repeat(63)}.example.com`);
});

test("a target is a host name, an address, or a list of addresses", () => {
  const target = (written: string) =>
    endpointOf(load(`${head}    endpoints: [{ target: ${written} }]\n    allow_private: true\n`));
  assert.deepEqual(target("B.Example.com").target, { kind: "host", host: "b.example.com" });
  const loopback = { text: "127.0.0.1", family: "ipv4", scope: "private" };
  assert.deepEqual(target("127.0.0.1").target, { kind: "addresses", addresses: [loopback] });
  assert.deepEqual(target("[127.0.0.1]").target, { kind: "addresses", addresses: [loopback] });
  assert.equal(target('["2001:DB8::1", 127.0.0.1]').name, "2001:db8::1");
  assert.equal(target("B.Example.com").name, "b.example.com");
});

test("a record may point at the record of another ingress", () => {
  const { config } = load(`${whole}  - { record: b.example.com, endpoints: [{ target: c.example.net }] }\n`);
  assert.deepEqual(
    config.ingresses.map(({ record }) => record),
    ["a.example.com", "b.example.com"],
  );
});

test("a zone is a name or an id, and holds the record", () => {
  const zone = (written: string) => load(`${whole}    zone: ${written}\n`).config.ingresses[0]?.zone;
  assert.equal(zone("Example.com."), "example.com");
  assert.equal(zone("a.example.com"), "a.example.com");
  assert.equal(zone("0123456789ABCDEF0123456789abcdef"), "0123456789abcdef0123456789abcdef");
});

test("the address to listen on may be only a host or only a port", () => {
  const listen = (written: string, env = environment) =>
    load(`${whole}http: { listen: ${written} }\n`, env).config.http;
  assert.deepEqual(listen("0.0.0.0:9090"), { host: "0.0.0.0", port: 9090 });
  assert.deepEqual(listen('"[::1]:9090"'), { host: "::1", port: 9090 });
  assert.deepEqual(listen('"[::]"'), { host: "::", port: 3000 });
  assert.deepEqual(listen("9090"), { host: "127.0.0.1", port: 9090 });
  assert.deepEqual(listen('"9090"'), { host: "127.0.0.1", port: 9090 });
  assert.deepEqual(listen("0.0.0.0"), { host: "0.0.0.0", port: 3000 });
  assert.deepEqual(listen("localhost:0"), { host: "localhost", port: 0 });
});

test("further names of the HTTP server are host names, and none unless told", () => {
  const hosts = (written: string) => load(`${whole}http: { ${written} }\n`).config.http.hosts;
  assert.deepEqual(hosts("hosts: [CCS.Example.com, status.example.com.]"), ["ccs.example.com", "status.example.com"]);
  assert.equal(hosts('listen: "9090"'), undefined);
});

test("trusted reverse proxies are addresses and ranges, and there are none by default", () => {
  const proxies = (written: string) => load(`${whole}http: { ${written} }\n`).config.http.trustedProxies;
  assert.deepEqual(proxies('trusted_proxies: [127.0.0.1, 10.0.0.0/8, "2001:DB8:0::/32", "::1"]'), [
    "127.0.0.1",
    "10.0.0.0/8",
    "2001:db8::/32",
    "::1",
  ]);
  assert.equal(proxies('listen: "9090"'), undefined);
});

test("URLs lose their fragment, base URLs their last slash", () => {
  const text = `cloudflare: { token: T, api_url: "http://127.0.0.1:8787/client/v4/" }\n${withCheck("").slice(25)}`;
  assert.equal(load(text).config.cloudflare.apiUrl, "http://127.0.0.1:8787/client/v4");
  const check = (url: string): string | undefined =>
    httpOf(checkOf(load(withEndpoint(`check: { url: "${url}" }`))))?.url;
  assert.equal(check("HTTPS://C.example.com/a?b#c"), "https://c.example.com/a?b");
  assert.equal(check("http://c.example.com/@user"), "http://c.example.com/@user");
  assert.equal(check("http://[2001:db8::1]:8080"), "http://[2001:db8::1]:8080/");
});

test("a chat is a number or the name of a channel", () => {
  const chat = (written: string) =>
    telegramIn(load(`${whole}notify: { telegram: { token: "1:a", chat_id: ${written} } }`).config)?.chatId;
  assert.equal(chat("-1001234567890"), -1001234567890);
  assert.equal(chat('"-100"'), -100);
  assert.equal(chat('"@channelname"'), "@channelname");
});

test("no time is the same as none", () => {
  assert.equal("stickyMs" in endpointOf(load(withEndpoint("sticky: 0s"))), false);
  const text = `${whole}notify: { telegram: { token: "1:a", chat_id: 1, initial_silence: 0 } }`;
  assert.equal(telegramIn(load(text).config)?.initialSilenceMs, undefined);
});

test("the environment wins over the file", () => {
  const text = `cloudflare: { token: T, api_url: "https://file.example/v4" }
ingresses: [{ record: a.example.com, allow_private: false, endpoints: [{ target: 10.0.0.1 }] }]
notify: { telegram: { token: "1:a", chat_id: 1, api_url: "https://file.example" } }
http: { listen: 127.0.0.1:1 }
state_dir: /from/file
`;
  const { config } = load(text, {
    CCS_CLOUDFLARE_API_URL: "http://127.0.0.1:2/v4/",
    CCS_TELEGRAM_API_URL: "http://127.0.0.1:3",
    BIND_ADDRESS: "[::1]:4",
    CCS_STATE_DIR: "/from/environment",
    CCS_ALLOW_PRIVATE: "1",
    CCS_ANCHORS: "192.0.2.1, [2001:db8::1]:8443,192.0.2.1:443",
  });
  assert.equal(config.cloudflare.apiUrl, "http://127.0.0.1:2/v4");
  assert.equal(telegramIn(config)?.apiUrl, "http://127.0.0.1:3");
  assert.deepEqual(config.http, { host: "::1", port: 4 });
  assert.equal(config.stateDir, "/from/environment");
  assert.equal(config.ingresses[0]?.allowPrivate, true);
  assert.deepEqual(config.anchors, ["192.0.2.1:443", "[2001:db8::1]:8443"]);
});

test("empty variables of the environment count as not set", () => {
  const env = { CCS_CLOUDFLARE_API_URL: "", BIND_ADDRESS: "", CCS_STATE_DIR: "", CCS_ALLOW_PRIVATE: "", HOME: "/h" };
  const { config } = load(whole, env);
  assert.deepEqual(config.http, { host: "127.0.0.1", port: 3000 });
  assert.equal(config.stateDir, "/h/.local/state/cloudflare-cname-switcher");
});

test("state goes where the environment says, else the file, else systemd, else the user's folder", () => {
  const stateDir = (env: Record<string, string>, text = whole): string => load(text, env).config.stateDir;
  const inFile = `${whole}state_dir: /from/file\n`;
  assert.equal(stateDir({ CCS_STATE_DIR: "/a", STATE_DIRECTORY: "/b" }, inFile), "/a");
  assert.equal(stateDir({ STATE_DIRECTORY: "/b" }, inFile), "/from/file");
  assert.equal(stateDir({ STATE_DIRECTORY: "/b:/c", XDG_STATE_HOME: "/x" }), "/b");
  assert.equal(stateDir({ XDG_STATE_HOME: "/x", HOME: "/h" }), "/x/cloudflare-cname-switcher");
  assert.equal(stateDir({ HOME: "/h" }), "/h/.local/state/cloudflare-cname-switcher");
});

test("the configuration of the system's service leads to its state, for every command", () => {
  const path = "/etc/ccs/config.yml";
  const stateDir = (env: Record<string, string>, at = path, more = ""): string =>
    loaded(loadConfig({ path: at, text: `${whole}${more}`, env })).config.stateDir;
  assert.equal(stateDir({ HOME: "/root" }), "/var/lib/ccs");
  assert.equal(stateDir({ HOME: "/root", STATE_DIRECTORY: "/s" }), "/s");
  assert.equal(stateDir({ HOME: "/root", CCS_STATE_DIR: "/c" }), "/c");
  assert.equal(stateDir({ HOME: "/root" }, path, "state_dir: /from/file\n"), "/from/file");
  assert.equal(stateDir({ HOME: "/h" }, "/home/ada/config.yml"), "/h/.local/state/cloudflare-cname-switcher");
  const bytes = new TextEncoder().encode(whole);
  assert.equal(
    stateDirOf(path, { HOME: "/root" }, () => bytes),
    "/var/lib/ccs",
  );
});

test("relative paths begin at the folder of the file", () => {
  const result = loaded(loadConfig({ path: "/etc/ccs/config.yml", text: `${whole}state_dir: state\n`, env: {} }));
  assert.equal(result.config.stateDir, "/etc/ccs/state");
});

test("what a token is sent over in plain is warned of, unless it stays on this machine", () => {
  const warnings = (url: string): readonly string[] =>
    load(whole, { CCS_CLOUDFLARE_API_URL: url }).warnings.map(formatProblem);
  const message = "the token travels unencrypted over http: use https unless the API is on your own network";
  assert.deepEqual(warnings("http://api.example.com"), [`config.yml:1:13 cloudflare.api_url: ${message}`]);
  for (const url of ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "https://api.example.com"]) {
    assert.deepEqual(warnings(url), [], url);
  }
});

test("a token for changes that could be guessed is warned of, with how to make a better one, and is not shown", () => {
  const warnings = (http: string, files: Readonly<Record<string, string>> = {}): readonly string[] => {
    const readFile = (path: string): Uint8Array => Buffer.from(files[path] ?? assert.fail(path));
    const text = `${whole}http: { ${http} }\n`;
    return loaded(loadConfig({ path: "config.yml", text, env: {}, readFile })).warnings.map(formatProblem);
  };
  const better = "Make a better one with: openssl rand -hex 16";
  for (const [token, weakness] of [
    ["a", "is shorter than 16 characters"],
    ["7Xk2Lq9Zt4Wm8Rb", "is shorter than 16 characters"],
    ["aaaaaaaaaaaaaaaaaaaaaaaa", "has few different characters"],
    ["abcdefgabcdefgabcdefg", "says the same again and again"],
    ["abcdefgabcdefgabcdefga", "says the same again and again"],
    ["Change-Me-to-something-long", "holds a word that is tried first"],
  ] as const) {
    const expected = `config.yml:5:16 http.token: the token could be guessed: it ${weakness}. ${better}`;
    assert.deepEqual(warnings(`token: ${token}`), [expected]);
  }
  for (const token of ["0f1e2d3c4b5a69788796a5b4c3d2e1f0", "correct horse battery staple".replaceAll(" ", "-")]) {
    assert.deepEqual(warnings(`token: ${token}`), []);
  }
  const [inFile] = warnings("token_file: /run/http", { "/run/http": "a\n" });
  assert.match(inFile ?? "", /^config\.yml:5:21 http\.token_file: the token could be guessed: /);
});

test("secrets are read from files, and those are watched", () => {
  const files: Record<string, string> = { "/etc/ccs/cf": " cf\n", "/run/tg": "1:tg\n", "/run/http": "http\r\n" };
  const text = `${whole.replace("token: T", "token_file: cf")}notify: { telegram: { token_file: "\${RUN}/tg", chat_id: 1 } }
http: { token_file: /run/http }
`;
  const readFile = (path: string): Uint8Array => Buffer.from(files[path] ?? assert.fail(path));
  const { config, watchedFiles } = loaded(
    loadConfig({ path: "/etc/ccs/config.yml", text, env: { RUN: "/run" }, readFile }),
  );
  assert.equal(config.cloudflare.token.reveal(), "cf");
  assert.equal(telegramIn(config)?.token.reveal(), "1:tg");
  assert.equal(config.http.token?.reveal(), "http");
  assert.deepEqual(watchedFiles, ["/etc/ccs/config.yml", "/etc/ccs/cf", "/run/tg", "/run/http"]);
});

test("authorities of a check are read from their file: the certificates in it, and nothing else", async () => {
  const [one, two] = [await createAuthority("One"), await createAuthority("Two")];
  const { key } = await one.issue({ names: ["a.example.com"] });
  const files: Record<string, string> = {
    "/etc/ccs/home.pem": `# ours\n${key}\n${one.ca}\r\n${two.ca}\n${one.ca}`.replaceAll("\n", "\r\n"),
  };
  const check = "check: { url: https://c.example.com/, ca_file: home.pem }";
  const text = withEndpoint(`${check} }, { target: c.example.com, ${check}`);
  const read: string[] = [];
  const readFile = (path: string): Uint8Array => {
    read.push(path);
    return Buffer.from(files[path] ?? assert.fail(path));
  };
  const { config, watchedFiles } = loaded(loadConfig({ path: "/etc/ccs/config.yml", text, env: {}, readFile }));
  const [first, second] = config.ingresses[0]?.endpoints.map((endpoint) => httpOf(endpoint.check)?.ca) ?? [];
  assert.deepEqual(
    first?.map((pem) => new X509Certificate(pem).subject),
    ["CN=One", "CN=Two"],
  );
  assert.equal(first, second, "one array for one file, so that its TLS settings are made once");
  assert.equal(JSON.stringify(config).includes("PRIVATE"), false);
  assert.deepEqual(read, ["/etc/ccs/home.pem"]);
  assert.deepEqual(watchedFiles, ["/etc/ccs/config.yml", "/etc/ccs/home.pem"]);
});

test("a byte order mark, Windows line ends and JSON are all the same", () => {
  const expected = shape(load(whole).config);
  assert.deepEqual(shape(load(`\u{FEFF}${whole}`).config), expected);
  assert.deepEqual(shape(load(whole.replaceAll("\n", "\r\n")).config), expected);
  const json = {
    cloudflare: { token: "T" },
    ingresses: [{ record: "a.example.com", endpoints: [{ target: "b.example.com" }] }],
  };
  assert.deepEqual(shape(load(JSON.stringify(json)).config), expected);
});

function shape(config: Config): unknown {
  return { ...config, token: config.cloudflare.token.reveal() };
}

test("a secret prints as three stars, however the configuration is printed", () => {
  const { config } = loaded(
    loadConfig({ path: join(examples, "config.yml"), env: environment, readFile: readFromDisk }),
  );
  const printed = JSON.stringify(config);
  assert.equal(printed.includes("cf-token") || printed.includes("tg-token"), false);
  assert.equal(printed.match(/"token":"\*\*\*"/g)?.length, 2);
});

test("files that cannot be read say why, each in one line", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "ccs-load-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const says = (name: string): readonly string[] => {
    const result = loadConfig({ path: join(folder, name), env: {}, readFile: readFromDisk });
    assert.equal(result.kind, "invalid");
    return result.problems.map((problem) => formatProblem({ ...problem, file: name }));
  };
  const cannot = "the configuration cannot be read";
  assert.deepEqual(says("absent.yml"), [`absent.yml: ${cannot}: there is no such file`]);
  mkdirSync(join(folder, "folder.yml"));
  assert.deepEqual(says("folder.yml"), [`folder.yml: ${cannot}: it is a folder: name the file in it`]);
  assert.deepEqual(says("folder.yml/absent.yml"), [`folder.yml/absent.yml: ${cannot}: there is no such file`]);
  symlinkSync("moved/away.yml", join(folder, "link.yml"));
  const dangling = "it is a link to moved/away.yml, which does not exist";
  assert.deepEqual(says("link.yml"), [`link.yml: ${cannot}: ${dangling}`]);
  writeFileSync(join(folder, "latin.yml"), Buffer.from("a: b\nname: caf\xe9\n", "latin1"));
  assert.deepEqual(says("latin.yml"), [`latin.yml:2:10: ${cannot}: it is not UTF-8 text: save it as UTF-8`]);
  writeFileSync(join(folder, "large.yml"), "#".repeat(8 * 1_024 * 1_024 + 1));
  assert.deepEqual(says("large.yml"), [`large.yml: ${cannot}: it is larger than 8 MB: is it the right file?`]);
  writeFileSync(join(folder, "full.yml"), whole.padEnd(8 * 1_024 * 1_024));
  assert.equal(loadConfig({ path: join(folder, "full.yml"), env: {}, readFile: readFromDisk }).kind, "ok");
  assert.deepEqual(says("a\0b.yml"), [`a\0b.yml: ${cannot}: its name is not valid`]);
});

test("a file that this user may not read says so", () => {
  const readFile = (): never => {
    throw Object.assign(new Error("EACCES: permission denied, open '/etc/x'"), { code: "EACCES" });
  };
  const result = loadConfig({ path: "config.yml", env: {}, readFile });
  assert.deepEqual(result.kind === "invalid" && result.problems.map(formatProblem), [
    "config.yml: the configuration cannot be read: this user may not read it: check its owner and its permissions",
  ]);
});

test("after a hundred mistakes only their number is told", () => {
  const text = `${whole}${Array.from({ length: 150 }, (_, index) => `key${index}: 1\n`).join("")}`;
  const result = loadConfig({ path: "config.yml", text, env: {} });
  assert.equal(result.kind, "invalid");
  assert.equal(result.problems.length, 101);
  assert.equal(
    formatProblem(result.problems[100] ?? assert.fail()),
    "config.yml: and 50 more mistakes: correct these first",
  );
});
