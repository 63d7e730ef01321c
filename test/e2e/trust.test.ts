// Cloudflare and Telegram are spoken to only when their certificates are right: to anybody else, not a byte of a request
// is sent, and with it no token.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { CloudflareProvider } from "../../src/cloud/cloudflare.ts";
import { CloudError } from "../../src/cloud/provider.ts";
import { systemClock } from "../../src/runtime/node/clock.ts";
import { Secret } from "../../src/lib/secret.ts";
import { Telegram } from "../../src/channels/telegram/channel.ts";
import { freeCall, zoneId } from "../conformance/scripted-api.ts";
import { runCcs } from "../support/built-program.ts";
import { createAuthority, selfSigned, type Credentials } from "../support/certificates.ts";
import { startRawServer, type RawServer } from "../support/raw-server.ts";

const token = "12345:CANARY-7Qq9Zz";
const authority = await createAuthority("Nobody knows us");
const folder = mkdtempSync(join(tmpdir(), "ccs-trust-"));
after(() => rmSync(folder, { recursive: true }));

const dayMs = 86_400_000;
const wrong: Readonly<Record<string, () => Promise<Credentials>>> = {
  "self-signed": () => selfSigned({ names: ["127.0.0.1"] }),
  "of an unknown authority": () => authority.issue({ names: ["127.0.0.1"] }),
  "for another name": () => authority.issue({ names: ["api.cloudflare.com"] }),
  expired: () =>
    authority.issue({
      names: ["127.0.0.1"],
      notBefore: new Date(Date.now() - 9 * dayMs),
      notAfter: new Date(Date.now() - 2 * dayMs),
    }),
};

/** Answers every request as both services would. */
function serve(tls: Credentials): Promise<RawServer> {
  const body = JSON.stringify({ success: true, ok: true, errors: [], messages: [], result: [] });
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  return startRawServer((socket) => socket.end(`${head}\r\n\r\n${body}`), { tls });
}

describe("a certificate that is", () => {
  for (const [what, issue] of Object.entries(wrong)) {
    test(`${what}: Cloudflare is not asked, and nothing is in doubt`, async () => {
      await using server = await serve(await issue());
      const provider = new CloudflareProvider({
        token: new Secret(token),
        apiUrl: `https://127.0.0.1:${server.port}/client/v4`,
        clock: systemClock,
        fetch,
      });
      const known = [{ id: "1", type: "CNAME", content: "a.example.com", ttlSeconds: 60, proxied: false }] as const;
      const patches = [{ ...known[0], content: "b.example.com" }];
      const ingress = { record: "ingress.example.com", zone: zoneId };
      for (const call of [
        () => provider.list(ingress, freeCall()),
        () => provider.apply(ingress, { deletes: [], patches, posts: [] }, known, freeCall()),
      ]) {
        await assert.rejects(call, (error) => {
          assert.ok(error instanceof CloudError);
          assert.deepEqual([error.kind, error.isAmbiguous], ["transient", false]);
          assert.match(error.message, /certificate|altnames/i);
          return true;
        });
      }
      assert.ok(server.accepted > 0);
      assert.equal(server.received, "");
    });

    test(`${what}: Telegram is not told, and the message is kept`, async () => {
      await using server = await serve(await issue());
      const telegram = new Telegram(
        { token: new Secret(token), chatId: 1, apiUrl: `https://127.0.0.1:${server.port}` },
        { fetch, clock: systemClock },
      );
      const message = { id: "1", importance: "high", atWallMs: 0, headline: "a", details: [] } as const;
      const delivery = await telegram.send(message, new AbortController().signal);
      assert.equal(delivery.kind, "later");
      assert.match(delivery.detail ?? "", /certificate|altnames/i);
      assert.ok(server.accepted > 0);
      assert.equal(server.received, "");
    });
  }
});

test("the program verifies even when the environment tells Node not to, and trusts what NODE_EXTRA_CA_CERTS adds", async () => {
  await using server = await serve(await authority.issue({ names: ["127.0.0.1"] }));
  const path = join(folder, "config.yml");
  const extra = join(folder, "ca.pem");
  writeFileSync(extra, authority.ca);
  writeFileSync(
    path,
    `cloudflare: { token: "${token}", api_url: "https://127.0.0.1:${server.port}/client/v4" }
ingresses:
  - record: ingress.example.com
    zone: ${zoneId}
    allow_private: true
    endpoints: [{ target: 127.0.0.1 }]
anchors: []
`,
  );
  const plan = (env: Readonly<Record<string, string>>) => runCcs(["plan", "--config", path], { env });
  const careless = await plan({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
  assert.equal(careless.code, 69, careless.stderr);
  assert.match(careless.stderr, /^NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored: certificates are always verified/);
  assert.ok(server.accepted > 0);
  assert.equal(server.received, "");
  await plan({ NODE_EXTRA_CA_CERTS: extra });
  assert.ok(server.received.includes(`authorization: Bearer ${token}`), "with the authority trusted, it is asked");
});
