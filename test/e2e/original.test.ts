// The original's own file, with its keys and nothing else, and the environment for what it has no key for.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { startCloudflare } from "../../src/emulation/cloudflare/server.ts";
import { startDns, type DnsServer } from "../../src/emulation/dns/server.ts";
import { pickLoopbackAddresses, startEndpoint } from "../../src/emulation/endpoint.ts";
import type { ZoneSource } from "../../src/emulation/dns/zones.ts";
import { startTelegram } from "../../src/emulation/channels/telegram.ts";
import { existsSync } from "node:fs";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";

const record = "_ingress.example.com";

test("the original's file runs unchanged: watches, switches, mixes and tells", async (t) => {
  const [cableAddress = "", mobileAddress = ""] = await pickLoopbackAddresses(2);
  await using cable = await startEndpoint({ host: cableAddress });
  await using mobile = await startEndpoint({ host: mobileAddress });
  await using cloudflare = await startCloudflare({
    zones: [
      {
        name: "example.com",
        records: [
          { type: "A", name: "primary.example.com", content: cableAddress, ttl: 60 },
          { type: "A", name: "secondary.example.com", content: mobileAddress, ttl: 60 },
          { type: "CNAME", name: record, content: "primary.example.com", ttl: 60 },
        ],
      },
    ],
  });
  await using telegram = await startTelegram();
  await using dns = await startDnsOnPort53(t, cloudflare);
  if (dns === undefined) return;

  await using daemon = startDaemon({
    config: `record: ${record}
endpoints:
  - dns:
      record: primary.example.com
      ttl: 60
      resolver: ${dns.address.replace(":53", "")}
      retry: 1
    monitoring:
      uri: http://primary.example.com:${cable.port}/health
      interval: 1
      confidence: 1
      timeout: 2
      marker: OK
      retry: 0
    alias: Primary
    sticky_duration: null
    weight: 1
  - dns:
      record: secondary.example.com
      ttl: 0
      resolver: ${dns.address.replace(":53", "")}
    monitoring:
      uri: http://secondary.example.com:${mobile.port}/health
      interval: 1
      confidence: 1
      marker: OK
    alias: Secondary
    sticky_duration: 600
    weight: 2
cloudflare:
  token: ${cloudflare.token}
  zone_id: ${cloudflare.zone("example.com").id}
telegram:
  token: ${telegram.token}
  chat_id: 123456
  initial_silence: 0
`,
    folderEnv: (folder) => ({
      CCS_CLOUDFLARE_API_URL: cloudflare.url,
      CCS_TELEGRAM_API_URL: telegram.url,
      BIND_ADDRESS: "127.0.0.1:0",
      CCS_STATE_DIR: join(folder, "state"),
      CCS_ALLOW_PRIVATE: "true",
      CCS_ANCHORS: new URL(cloudflare.url).host,
    }),
  });
  await daemon.untilLogged(/^Primary is up/);
  await daemon.untilLogged(/^Secondary is up/);
  assert.deepEqual(daemon.logged(/warning/), []);
  assert.equal(cloudflare.counts.writes, 0);
  assert.equal(cable.newest?.url, "/health");
  assert.equal((await daemon.get("/readyz")).status, 200);

  await cable.behave({ kind: "refuse" });
  await eventually("the failover", () => cloudflare.recordsAt(record)[0]?.content === "secondary.example.com");
  await eventually("a message", () => telegram.messages.some(({ plainText }) => /Secondary/.test(plainText)));
  assert.deepEqual(
    cloudflare.writeRequests.map(({ path, status }) => [path.split("/").at(-1), status]),
    [["batch", 200]],
  );
  // Every question went to the resolver of the file.
  assert.ok(dns.queries.length > 0);
  // Besides the endpoints, the configured resolver is asked for the zone's name servers, to see the write arrive there.
  const known =
    /^(primary|secondary)\.example\.com$|^(\w+\.ns\.cloudflare\.com|_ingress\.example\.com|example\.com|com)$/;
  assert.deepEqual(
    dns.queries.map(({ name }) => name).filter((name) => !known.test(name)),
    [],
  );
  assert.equal((await daemon.stop()).code, 0);
  assert.ok(!existsSync(join(daemon.folder, "cloudflare-cname-switcher")), "nothing is left outside CCS_STATE_DIR");
});

/** The original takes a resolver's address only, so its port is 53. Ports that low take root, as in CI. */
async function startDnsOnPort53(t: TestContext, source: ZoneSource): Promise<DnsServer | undefined> {
  const hosts = Array.from({ length: 5 }, () => `127.53.${randomByte()}.${randomByte()}`);
  let reason = "";
  for (const host of hosts) {
    try {
      return await startDns({ source, host, port: 53 });
    } catch (error) {
      reason = String((error as NodeJS.ErrnoException).code);
    }
  }
  const what = `port 53 of ${hosts[0]} cannot be bound (${reason}): run this as root`;
  assert.notEqual(process.env["CCS_REQUIRE_PROGRAMS"], "1", what);
  t.skip(what);
  return undefined;
}

function randomByte(): number {
  return 1 + Math.floor(Math.random() * 254);
}
