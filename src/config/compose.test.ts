// What `ccs init` writes is what the loader reads: every answer comes back as it was given.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { httpOf } from "../../test/support/checks.ts";
import { telegramIn } from "../../test/support/channels.ts";
import { readFromDisk } from "../runtime/node/read-file.ts";
import { test } from "node:test";
import fc from "fast-check";
import { temporaryFolder } from "../../test/support/state-folder.ts";
import type { EndpointSettings, IngressSettings, Target } from "../core/model.ts";
import { parseDurationMs } from "../core/units.ts";
import { parseIp } from "../lib/ip.ts";
import { composedTelegram } from "../channels/telegram/init.ts";
import { composedHttp } from "../checks/http/init.ts";
import { composeConfig, exampleComposition, type Composition } from "./compose.ts";
import { loadConfig } from "./load.ts";

function load(composition: Composition, env: Record<string, string> = {}): ReturnType<typeof loadConfig> {
  return loadConfig({ path: "config.yml", text: composeConfig(composition), env, readFile: readFromDisk });
}

test("the example loads, given its variables", () => {
  const loaded = load(exampleComposition, { CLOUDFLARE_API_TOKEN: "token", TELEGRAM_TOKEN: "123:abc" });
  assert.ok(loaded.kind === "ok");
  assert.deepEqual(loaded.warnings, []);
  assert.deepEqual(
    loaded.config.ingresses.map(({ record, endpoints }) => [record, endpoints.map(({ name }) => name)]),
    [["ingress.example.com", ["cable", "mobile"]]],
  );
});

test("without its variables the example says which ones are missing", () => {
  const loaded = load(exampleComposition);
  assert.ok(loaded.kind === "invalid");
  const text = loaded.problems.map(({ message }) => message).join("\n");
  assert.match(text, /CLOUDFLARE_API_TOKEN/);
  assert.match(text, /TELEGRAM_TOKEN/);
});

test("a token in a file of its own is read from there", (t) => {
  const path = join(temporaryFolder(t), "cloudflare token");
  writeFileSync(path, "from-the-file\n", { mode: 0o600 });
  const { channels: _, ...rest } = exampleComposition;
  const loaded = load({ ...rest, token: { kind: "file", path } });
  assert.ok(loaded.kind === "ok", JSON.stringify(loaded));
  assert.equal(loaded.config.cloudflare.token.reveal(), "from-the-file");
});

test("a file without extras has no lines for them", () => {
  const { channels: _, ...rest } = exampleComposition;
  const text = composeConfig({ ...rest, endpoints: [{ name: "vps", target: "192.0.2.1" }] });
  assert.doesNotMatch(text, /telegram|sticky|allow_private|zone:|check:$/m);
  assert.ok(
    text.split("\n").every((line) => line.length <= 130),
    text,
  );
});

/** Texts with all that YAML, our variables and comments could trip over. */
const odd = fc.oneof(
  fc.constantFrom(
    "on",
    "1e3",
    "0x10",
    "null",
    "a: b",
    "# no",
    "- x",
    "${HOME}",
    "$${X}",
    "'",
    '"',
    "{a}",
    "[b]",
    "&c",
    "*d",
    "ä€",
  ),
  fc.string({ minLength: 1, maxLength: 30 }),
);
const nameText = odd.filter((text) => /^[^\p{C}\p{Z}]+$/u.test(text) && text.length <= 100);
const token = fc.stringMatching(/^[\x21-\x7e]{1,50}$/);
const telegramTokenText = fc.stringMatching(/^\d{1,10}:[\w-]{1,40}$/);

const endpoints = fc.uniqueArray(nameText, { minLength: 1, maxLength: 4 }).chain((names) =>
  fc.tuple(
    ...names.map((name, index) =>
      fc.record(
        {
          name: fc.constant(name),
          target: fc.constantFrom(`host-${index}.example.com`, `192.0.2.${index + 1}`, `2001:db8::${index + 1}`),
          check: fc
            .record({
              url: fc.constantFrom("https://a.example.com/x?y=1&z=%20", "http://[2001:db8::1]:8080/"),
              contains: fc.oneof(fc.constant(""), odd),
            })
            .map(composedHttp),
          sticky: fc.constantFrom("10m", "1h", "90s"),
        },
        { requiredKeys: ["name", "target"] },
      ),
    ),
  ),
);

const compositions: fc.Arbitrary<Composition> = fc.record(
  {
    token: token.map((value) => ({ kind: "literal" as const, value })),
    record: fc.constantFrom("ingress.example.com", "_ingress.example.com"),
    zone: fc.record({ id: fc.constantFrom("0".repeat(32), "12345678901234567890123456789012"), name: odd }),
    allowPrivate: fc.boolean(),
    endpoints,
    channels: fc
      .tuple(telegramTokenText, fc.constantFrom("123456", "-1001234567890", "@channel"))
      .map(([value, chatId]) => [composedTelegram({ kind: "literal", value }, chatId)]),
  },
  { requiredKeys: ["token", "record", "allowPrivate", "endpoints"] },
);

test("every answer comes back as it was given", () => {
  fc.assert(
    fc.property(compositions, (composition) => {
      const loaded = load(composition);
      assert.ok(loaded.kind === "ok", `${JSON.stringify(loaded)}\n${composeConfig(composition)}`);
      const ingress: IngressSettings | undefined = loaded.config.ingresses[0];
      assert.ok(ingress !== undefined);
      const secret = (written: Composition["token"]): string => (written.kind === "literal" ? written.value : "");
      assert.equal(loaded.config.cloudflare.token.reveal(), secret(composition.token));
      assert.equal(ingress.record, composition.record);
      assert.equal(ingress.zone, composition.zone?.id);
      assert.equal(ingress.allowPrivate, composition.allowPrivate);
      const [channel] = composition.channels ?? [];
      const keys = new Map(channel?.keys.map((each) => [each.key, "secret" in each ? secret(each.secret) : each.yaml]));
      const telegram = telegramIn(loaded.config);
      assert.equal(telegram?.token.reveal(), keys.get("token"));
      assert.equal(telegram && String(telegram.chatId), keys.get("chat_id")?.replaceAll('"', ""));
      for (const [index, asked] of composition.endpoints.entries()) {
        const endpoint: EndpointSettings | undefined = ingress.endpoints[index];
        assert.ok(endpoint !== undefined);
        const target: Target = endpoint.target;
        assert.equal(endpoint.name, asked.name);
        assert.equal(
          target.kind === "host" ? target.host : target.addresses[0]?.text,
          parseIp(asked.target)?.text ?? asked.target,
        );
        assert.equal(httpOf(endpoint.check)?.contains ?? "", asked.check?.answers["contains"] ?? "");
        assert.equal(httpOf(endpoint.check)?.url, asked.check?.answers["url"]);
        assert.equal(endpoint.stickyMs, asked.sticky === undefined ? undefined : parseDurationMs(asked.sticky));
      }
    }),
  );
});
