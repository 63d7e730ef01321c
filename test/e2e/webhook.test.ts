// Messages that the real daemon sends to a webhook, beside Telegram and alone; and what doctor and init make of one.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { z } from "zod";
import { outputs } from "../../src/cli/outputs.ts";
import { startWebhookReceiver } from "../../src/emulation/channels/webhook.ts";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { runCcs } from "../support/built-program.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { closedAuthority } from "../support/ports.ts";
import { temporaryFolder } from "../support/state-folder.ts";
import { configOf, telegramOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

const key = Buffer.from("0123456789abcdef0123456789abcdef");
const secret = `whsec_${key.toString("base64")}`;

/** The world's configuration with these channels in place of its own; its own Telegram is the first with `withTelegram`. */
function withChannels(
  world: World,
  channels: readonly object[],
  { withTelegram = false } = {},
): (folder: string) => string {
  return configOf(world, (file) => {
    Object.assign(file, { notify: [...(withTelegram ? [telegramOf(file)] : []), ...channels] });
  });
}

async function examine(config: (folder: string) => string, t: TestContext, ...args: readonly string[]) {
  const folder = temporaryFolder(t);
  const path = join(folder, "config.yml");
  writeFileSync(path, config(folder), { mode: 0o600 });
  const { stdout, stderr } = await runCcs(["doctor", "--json", "--config", path, ...args]);
  assert.equal(stderr, "");
  assert.doesNotMatch(stdout, /CANARY|whsec_|MDEyMzQ1/);
  return outputs.doctor.parse(JSON.parse(stdout)).sections;
}

describe("a webhook", { concurrency: 2 }, () => {
  test("gets every message that Telegram gets, signed, and once, also after it was down", async () => {
    await using world = await startWorld();
    await using receiver = await startWebhookReceiver({ key });
    receiver.faults.next({ kind: "status", status: 503, headers: { "retry-after": "0" } });
    const channel = {
      kind: "webhook",
      url: `${receiver.url}/hook?k=CANARY-url`,
      secret,
      headers: { "X-Team": "CANARY-head" },
    };
    await using daemon = startDaemon({ config: withChannels(world, [channel], { withTelegram: true }) });
    await untilBothUp(daemon);
    await world.cable.server.behave({ kind: "refuse" });
    await eventually("the failover to be told", () => receiver.taken.some(({ headline }) => isSwitch(headline)));
    await eventually("Telegram too", () => world.telegram.messages.length >= receiver.taken.length);
    const [started, switched] = receiver.taken;
    assert.match(String(started?.["headline"]), /^Started: ingress\.example\.com points to cable/);
    assert.equal(switched?.["ingress"], "ingress.example.com");
    const told = z.array(z.looseObject({ kind: z.string(), active: z.array(z.string()) })).parse(switched?.["facts"]);
    assert.deepEqual(
      told.map(({ kind, active }) => [kind, active]),
      [["switched", ["mobile"]]],
    );
    const ids = receiver.taken.map(({ id }) => id);
    assert.deepEqual(new Set(ids).size, ids.length);
    assert.deepEqual(
      receiver.taken.map(({ headline }) => headline),
      world.telegram.messages.slice(0, ids.length).map(({ plainText }) => plainText.split("\n")[0]),
    );
    const sent = (outcome: string): Promise<number | undefined> =>
      daemon.metric(`ccs_notifications_total{channel="webhook",outcome="${outcome}"}`);
    assert.ok(((await sent("sent")) ?? 0) >= 2);
    assert.equal(await sent("retried"), 1);
    assert.doesNotMatch(daemon.output, /CANARY|whsec_|MDEyMzQ1/);
  });

  test("doctor says whether its receiver answers, and sends a test only when asked to", async (t) => {
    await using world = await startWorld();
    await using receiver = await startWebhookReceiver({ key });
    const config = withChannels(world, [
      { kind: "webhook", url: receiver.url, secret },
      { kind: "webhook", name: "ops", url: `http://${await closedAuthority()}/CANARY` },
    ]);
    const sections = await examine(config, t);
    const of = (title: string) =>
      sections.find((section) => section.title === title)?.findings.map(({ level, subject }) => [level, subject]);
    assert.deepEqual(of("Webhook"), [
      ["ok", "receiver"],
      ["ok", "signature"],
    ]);
    assert.deepEqual(of("Webhook (ops)"), [
      ["wrong", "receiver"],
      ["ok", "signature"],
    ]);
    assert.equal(receiver.taken.length, 0);
    await examine(config, t, "--send-test");
    const [{ facts } = {}] = receiver.taken;
    assert.deepEqual(
      (facts as readonly { readonly kind: string }[]).map(({ kind }) => kind),
      ["test"],
    );
  });
});

function isSwitch(headline: unknown): boolean {
  return String(headline).startsWith("ingress.example.com now points to mobile");
}
