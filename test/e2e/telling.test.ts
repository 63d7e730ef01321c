// What people and programs hear of a failover: Telegram messages, metrics, readiness; and what is not claimed while the
// daemon cannot see.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { commitInTimeAfter } from "../support/commits.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { closedAuthority } from "../support/ports.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

describe("telling", { concurrency: 4 }, () => {
  test("start, failover, return and end of the mix are four messages with all that belongs to them", async () => {
    await using world = await startWorld();
    const { cable, mobile, telegram } = world;
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    await cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    await cable.server.behave({ kind: "ok" });
    // Meanwhile the mix is prepared, so that news of cable may come first.
    const moves = (): readonly string[] =>
      telegram.messages.flatMap(({ plainText }) => (/^\S+: cable is up again/.test(plainText) ? [] : [plainText]));
    await eventually("four messages", () => moves().length >= 4);

    const [started, failover, mix, end] = moves();
    assert.match(started ?? "", /^Started: ingress\.example\.com points to cable\n/);
    assertTells(failover, [
      /^ingress\.example\.com now points to mobile \(was cable\)\n/,
      /Why: cable was down: connection refused/,
      /cable: down since .*connection refused/,
      /mobile: up since /,
      /Published now: CNAME secondary\.example\.com \(TTL 5 min\)/,
      /Published before: CNAME primary\.example\.com \(TTL 1 min\)/,
      /confirmed by Cloudflare/,
    ]);
    assertTells(mix, [
      /^ingress\.example\.com now points to cable and mobile \(was mobile\)\n/,
      /Why: cable was up and has higher priority than mobile/,
      /mobile: up since .*also published until /,
      new RegExp(`Published now: A ${cable.address}, A ${mobile.address} \\(TTL 1 min\\)`),
    ]);
    assertTells(end, [
      /^ingress\.example\.com now points to cable \(was cable and mobile\)\n/,
      /Published now: CNAME primary\.example\.com \(TTL 1 min\)/,
    ]);
    // All of it in markup that Telegram takes: the emulator refuses any other, and then the bare text is sent.
    assert.ok(telegram.messages.every(({ parseMode }) => parseMode === "HTML"));
    assert.equal(telegram.calls.length, telegram.messages.length);
    assert.equal(moves().length, 4);
  });

  test("times are told in the configured zone, which a reload may change", async () => {
    await using world = await startWorld();
    const config = configOf(world, (file) => {
      file.timezone = "Asia/Kolkata";
    });
    await using daemon = startDaemon({ config });
    await untilTold(world, /^Started[^]* (?:IST|GMT\+5:30) · \w+$/);
    daemon.rewriteConfig((text) => text.replace("Asia/Kolkata", "America/New_York"));
    await daemon.untilLogged(/^configuration applied/, { count: 2 });
    await world.cable.server.behave({ kind: "refuse" });
    await untilTold(world, /now points to mobile[^]* E[SD]T · \w+$/);
  });

  test("names that look like markup arrive as they are", async () => {
    await using world = await startWorld();
    const name = `<b>cable & "co" </i>`;
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        partsOf(config).cable.name = name;
      }),
    });
    await untilTold(world, /^Started/);
    assert.equal(world.telegram.calls.length, 1);
    const [message] = world.telegram.messages;
    assert.equal(message?.plainText.includes(`${name}: up since`), true, message?.plainText);
    await daemon.stop();
  });

  test("messages wait for a Telegram that fails or is busy, and come once and in order", async () => {
    await using world = await startWorld();
    const { faults, messages } = world.telegram;
    faults.next({ kind: "server-error" });
    faults.next({ kind: "rate-limited", retryAfterSeconds: 1 });
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        delete partsOf(config).mobile.sticky;
      }),
    });
    await untilBothUp(daemon);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    await eventually("both messages", () => messages.length >= 2);
    assert.deepEqual(
      messages.map(({ plainText }) => plainText.split("\n")[0]),
      ["Started: ingress.example.com points to cable", "ingress.example.com now points to mobile (was cable)"],
    );
    assert.equal(faults.waiting, 0);
    assert.equal(await daemon.metric('ccs_notifications_total{channel="telegram",outcome="sent"}'), 2);
    assert.equal(await daemon.metric('ccs_notifications_total{channel="telegram",outcome="retried"}'), 2);
    assert.equal(await daemon.metric('ccs_notifications_queued{channel="telegram"}'), 0);
  });

  test("a Telegram that never answers delays no failover", async () => {
    await using world = await startWorld();
    world.telegram.faults.always({ kind: "hang" });
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    await eventually("a message that hangs", () => world.telegram.calls.length > 0);
    const place = { cloudflare: world.cloudflare, daemon };
    await commitInTimeAfter(place, () => world.cable.server.behave({ kind: "refuse" }));
  });

  test("metrics and readiness follow a failover", async () => {
    await using world = await startWorld();
    // Not ready before the records are known.
    world.cloudflare.faults.next({ kind: "delay", beforeCommitMs: 2_000 });
    await using daemon = startDaemon({ config: configOf(world) });
    const early = await daemon.get("/readyz");
    assert.equal(early.status, 503);
    assert.match(early.text, /its records are not known yet/);
    assert.equal((await daemon.get("/healthz")).status, 200);
    await untilBothUp(daemon);
    await daemon.untilLogged(/^found: /);
    assert.equal((await daemon.get("/readyz")).status, 200);

    const of = (labels: string): string => `{ingress="ingress.example.com",${labels}}`;
    const primary = (endpoint: string): Promise<number | undefined> =>
      daemon.metric(`ccs_endpoint_selected${of(`endpoint="${endpoint}",role="primary"`)}`);
    assert.deepEqual([await primary("cable"), await primary("mobile")], [1, 0]);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^written: CNAME secondary/);
    assert.deepEqual([await primary("cable"), await primary("mobile")], [0, 1]);
    assert.equal(await daemon.metric(`ccs_endpoint_up${of('endpoint="cable"')}`), 0);
    assert.equal(await daemon.metric(`ccs_switches_total${of('reason="failover"')}`), 1);
    assert.equal(await daemon.metric('ccs_ingress_in_sync{ingress="ingress.example.com"}'), 1);
    assert.equal(
      await daemon.metric(`ccs_ingress_record_info${of('type="CNAME",content="secondary.example.com"')}`),
      1,
    );
    const writes = 'ccs_cloudflare_request_duration_seconds_count{operation="batch",outcome="ok"}';
    assert.equal(await daemon.metric(writes), 1);
    assert.equal((await daemon.get("/readyz")).status, 200);
  });

  test("when nobody is up the record stays, people are told, and it moves once somebody is", async () => {
    await using world = await startWorld();
    await using daemon = startDaemon({ config: configOf(world) });
    await untilBothUp(daemon);
    await world.mobile.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^mobile is down/);
    await world.cable.server.behave({ kind: "refuse" });
    await daemon.untilLogged(/^all endpoints are down, the record stays/);
    await untilTold(world, /all endpoints are down/);
    assert.equal(world.cloudflare.counts.writes, 0);
    await world.mobile.server.behave({ kind: "ok" });
    await eventually("the failover", () => world.records[0]?.content === world.mobile.host);
    assert.equal(world.cloudflare.counts.writes, 1);
  });

  test("when everything is gone at once, the anchors too, nothing is claimed and nothing is written", async () => {
    await using world = await startWorld();
    // A port that refuses: the anchor of a monitor that is cut off.
    const anchor = await closedAuthority();
    await using daemon = startDaemon({
      config: configOf(world, (config) => {
        config.anchors = [anchor];
      }),
    });
    await untilBothUp(daemon);
    await Promise.all([world.cable, world.mobile].map(({ server }) => server.behave({ kind: "refuse" })));
    await daemon.until("it knows that it cannot see", async () => {
      return (await daemon.metric('ccs_monitor_blind{family="ipv4"}')) === 1;
    });
    assert.equal(daemon.logged(/ is down/).length, 0);
    assert.equal(world.cloudflare.counts.writes, 0);
    assert.equal(await daemon.metric('ccs_endpoint_up{ingress="ingress.example.com",endpoint="cable"}'), 1);

    await world.mobile.server.behave({ kind: "ok" });
    await daemon.untilLogged(/^cable is down/);
    await eventually("the failover", () => world.records[0]?.content === world.mobile.host);
    assert.equal(await daemon.metric('ccs_monitor_blind{family="ipv4"}'), 0);
    assert.equal(world.cloudflare.counts.writes, 1);
  });
});

async function untilTold({ telegram }: World, pattern: RegExp): Promise<void> {
  await eventually(
    `a message like ${pattern}`,
    () => telegram.messages.some(({ plainText }) => pattern.test(plainText)),
    {
      explain: () => `\n${telegram.messages.map(({ plainText }) => plainText).join("\n")}`,
    },
  );
}

function assertTells(message: string | undefined, patterns: readonly RegExp[]): void {
  for (const pattern of patterns) assert.match(message ?? "", pattern);
}
