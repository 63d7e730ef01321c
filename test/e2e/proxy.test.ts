// A machine that reaches the net only through an HTTP proxy: calls to Cloudflare and to channels go through it, and nothing else
// does.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { channelKinds } from "../../src/channels/registry.ts";
import { outputs } from "../../src/cli/outputs.ts";
import { listenTcp } from "../../src/emulation/listen.ts";
import { startWorld } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { configOf } from "../support/world-config.ts";

const folder = mkdtempSync(join(tmpdir(), "ccs-proxy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

test("calls to Cloudflare and to channels go through the proxy when Node is told so; checks never do; the doctor says which", async () => {
  await using world = await startWorld();
  const config = join(folder, "config.yml");
  writeFileSync(config, configOf(world)(folder), { mode: 0o600 });
  const passed: string[] = [];
  const tunnels = createServer();
  tunnels.on("connect", (asked, client: Socket) => {
    const target = asked.url ?? "";
    passed.push(target);
    const [host, port] = target.split(":");
    const onward = connect({ host: host ?? "", port: Number(port) }, () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      client.pipe(onward).pipe(client);
    });
    for (const [one, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  });
  await using proxy = await listenTcp(tunnels);
  const aboutProxy = async (env: Record<string, string>): Promise<readonly string[]> => {
    const { stdout } = await runCcs(["doctor", "--json", "--config", config], { env });
    const findings = outputs.doctor.parse(JSON.parse(stdout)).sections.flatMap((section) => section.findings);
    const about = findings.filter(({ subject }) => subject === "proxy");
    for (const { title } of channelKinds) for (const { detail } of about) assert.match(detail, new RegExp(title));
    return about.map(({ level }) => level);
  };
  const environment = { HTTP_PROXY: `http://${proxy.authority}` };

  assert.deepEqual(await aboutProxy({}), []);
  assert.deepEqual(await aboutProxy(environment), ["warning"]);
  assert.equal(passed.length, 0);

  assert.deepEqual(await aboutProxy({ ...environment, NODE_USE_ENV_PROXY: "1" }), ["ok"]);
  const services = [world.cloudflare.url, world.telegram.url].map((url) => new URL(url).host);
  assert.deepEqual([...new Set(passed)].toSorted(), services.toSorted());
});
