import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import {
  IngressWorld,
  endpointSettings,
  ingressSettings,
  publishedRecord,
} from "../../../test/support/ingress-world.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Observation } from "../../core/model.ts";
import { Metrics } from "./metrics.ts";
import type { MetricsPart } from "./part.ts";
import { requireProgram } from "../../../test/support/programs.ts";

const record = "ingress.example.com";
const cable = endpointSettings("cable");
const mobile = endpointSettings("mobile", { priority: 20, ttl: 300, stickyMs: 600_000 });
const { check: _, ...unchecked } = endpointSettings("last", { priority: 30 });
const wallMs = Date.UTC(2026, 0, 1);

/** A world and the metrics that listen to it. */
class MeasuredWorld extends IngressWorld {
  readonly metrics: Metrics;
  readonly queued = new Map<string, number>();

  constructor(options: { withProcess?: boolean; cloudBudget?: () => number; isStateKept?: () => boolean } = {}) {
    let metrics: Metrics | undefined;
    super((turn) => metrics?.hear(turn));
    this.metrics = metrics = new Metrics({
      state: () => this.state,
      clock: new VirtualClock({ wallMs }),
      build: { version: "1.2.3", node: "v26.0.0" },
      queuedNotifications: () => this.queued,
      ...options,
    });
  }

  async samples(): Promise<ReadonlyMap<string, number>> {
    return samplesOf(await this.text());
  }

  async text(): Promise<string> {
    return new TextDecoder().decode((await this.metrics.render()).body);
  }

  /** The samples of one metric, by their labels. */
  async of(name: string): Promise<Record<string, number>> {
    const own = [...(await this.samples())].filter(([key]) => key === name || key.startsWith(`${name}{`));
    return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length), value]));
  }
}

function startedWorld(): MeasuredWorld {
  const world = new MeasuredWorld();
  world.settle(ingressSettings(record, [cable, mobile, unchecked]));
  return world;
}

/** Reads the text format by its grammar (https://prometheus.io/docs/instrumenting/exposition_formats/), strictly. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  const helps = new Set<string>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment !== null) {
      const [, kind, name = "", rest = ""] = comment;
      assert.ok(kind === "HELP" ? !helps.has(name) : !types.has(name), `${name} is described twice`);
      if (kind === "HELP") helps.add(name);
      else types.set(name, rest);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(line);
    assert.ok(sample !== null, `not in the text format: ${line}`);
    const [, name = "", labels = "", value = ""] = sample;
    const family = name.replace(/_(bucket|sum|count)$/, "");
    const type = types.get(name) ?? types.get(family);
    assert.ok(type !== undefined && (helps.has(name) || helps.has(family)), `${name} has no type or help`);
    assert.equal(type === "counter", name.endsWith("_total"), `only counters, and all of them, end in _total: ${name}`);
    assert.ok(!samples.has(name + labels), `${name}${labels} is there twice`);
    samples.set(name + labels, value === "NaN" ? NaN : Number(value));
  }
  return samples;
}

test("shows health, selection, addresses and records of a world at work", async () => {
  const world = startedWorld();
  assert.deepEqual(await world.of("ccs_endpoint_up"), {
    '{ingress="ingress.example.com",endpoint="cable"}': 1,
    '{ingress="ingress.example.com",endpoint="mobile"}': 1,
    '{ingress="ingress.example.com",endpoint="last"}': 1,
  });
  assert.deepEqual(await world.of("ccs_endpoint_selected"), {
    '{ingress="ingress.example.com",endpoint="cable",role="primary"}': 1,
    '{ingress="ingress.example.com",endpoint="mobile",role="primary"}': 0,
    '{ingress="ingress.example.com",endpoint="mobile",role="sticky"}': 0,
    '{ingress="ingress.example.com",endpoint="last",role="primary"}': 0,
  });
  assert.deepEqual(await world.of("ccs_endpoint_address_info"), {
    '{ingress="ingress.example.com",endpoint="cable",family="ipv4",address="192.0.2.1"}': 1,
    '{ingress="ingress.example.com",endpoint="mobile",family="ipv4",address="192.0.2.2"}': 1,
    '{ingress="ingress.example.com",endpoint="last",family="ipv4",address="192.0.2.3"}': 1,
  });
  assert.deepEqual(await world.of("ccs_ingress_record_info"), {
    '{ingress="ingress.example.com",type="CNAME",content="cable.example.com"}': 1,
  });
  assert.deepEqual(await world.of("ccs_ingress_in_sync"), { '{ingress="ingress.example.com"}': 1 });
  assert.deepEqual(await world.of("ccs_build_info"), { '{version="1.2.3",node="v26.0.0"}': 1 });
});

test("shows an endpoint of which one family is down, as long as that is so", async () => {
  const world = new MeasuredWorld();
  world.start(ingressSettings(record, [cable]));
  world.resolve("cable", ["192.0.2.1", "2001:db8::1"]);
  world.observe("cable", "ok");
  assert.deepEqual(await world.of("ccs_endpoint_degraded"), {});
  for (let times = 0; times < 2; times += 1) {
    world.pass(100);
    world.probe("cable", "192.0.2.1", "ok");
    world.probe("cable", "2001:db8::1", "timeout");
  }
  assert.deepEqual(await world.of("ccs_endpoint_degraded"), { '{ingress="ingress.example.com",endpoint="cable"}': 1 });
  world.observe("cable", "ok");
  assert.deepEqual(await world.of("ccs_endpoint_degraded"), {});
});

test("follows a failover that Cloudflare does not take", async () => {
  const world = startedWorld();
  world.cloud = "silent";
  world.observe("cable", "timeout");
  assert.equal((await world.of("ccs_endpoint_up"))['{ingress="ingress.example.com",endpoint="cable"}'], 0);
  assert.deepEqual(await world.of("ccs_ingress_in_sync"), { '{ingress="ingress.example.com"}': 0 });
  assert.deepEqual(await world.of("ccs_ingress_record_info"), {
    '{ingress="ingress.example.com",type="CNAME",content="cable.example.com"}': 1,
  });
  world.write();
  assert.deepEqual(await world.of("ccs_ingress_in_sync"), { '{ingress="ingress.example.com"}': 1 });
  assert.deepEqual(await world.of("ccs_ingress_record_info"), {
    '{ingress="ingress.example.com",type="CNAME",content="mobile.example.com"}': 1,
  });
});

test("is in sync while nobody is up: nothing is asked of the records then", async () => {
  const world = startedWorld();
  world.start(ingressSettings(record, [cable, mobile]));
  world.observe("mobile", "timeout");
  world.observe("cable", "timeout");
  assert.deepEqual(await world.of("ccs_ingress_in_sync"), { '{ingress="ingress.example.com"}': 1 });
});

test("tells when the monitor's own connection is in doubt", async () => {
  const world = startedWorld();
  assert.deepEqual(await world.of("ccs_monitor_blind"), { '{family="ipv4"}': 0, '{family="ipv6"}': 0 });
  world.anchors = "silent";
  world.observe("cable", "timeout");
  world.observe("mobile", "timeout");
  world.pass(2_000);
  assert.deepEqual(await world.of("ccs_monitor_blind"), { '{family="ipv4"}': 1, '{family="ipv6"}': 0 });
});

test("counts checks by result, from 0 on, for endpoints that have checks", async () => {
  const world = new MeasuredWorld();
  world.start(ingressSettings(record, [cable, unchecked]));
  const of = (endpoint: string, result: string): string =>
    `{ingress="ingress.example.com",endpoint="${endpoint}",result="${result}"}`;
  const zero = { [of("cable", "ok")]: 0, [of("cable", "failed")]: 0, [of("cable", "inconclusive")]: 0 };
  assert.deepEqual(await world.of("ccs_checks_total"), zero);
  world.resolveAll();
  world.observe("cable", "ok", 3);
  world.observe("cable", "timeout", 2);
  assert.deepEqual(await world.of("ccs_checks_total"), { ...zero, [of("cable", "ok")]: 3, [of("cable", "failed")]: 2 });
});

test("does not count the report of a check that was changed meanwhile", async () => {
  const world = new MeasuredWorld();
  world.start(ingressSettings(record, [cable]));
  const observation: Observation = { kind: "ok", startedMs: 0, endedMs: 1, vantage: "local", phases: {}, detail: "" };
  const report = { kind: "probed", ingress: record, endpoint: "cable", address: "192.0.2.1", observation } as const;
  world.dispatch({ ...report, revision: world.endpoint("cable").revision + 1 });
  world.dispatch({ ...report, endpoint: "gone", revision: 0 });
  world.dispatch({ ...report, ingress: "gone.example.com", revision: 0 });
  const counts = Object.values(await world.of("ccs_checks_total"));
  assert.deepEqual(counts, [0, 0, 0]);
});

test("measures the phases of probes, and shows those of the newest", async () => {
  const world = new MeasuredWorld();
  world.start(ingressSettings(record, [cable]));
  world.resolveAll();
  for (const connect of [2, 30]) {
    const endedMs = world.nowMs + connect;
    const observation: Observation = {
      kind: "ok",
      startedMs: world.nowMs,
      endedMs,
      vantage: "local",
      phases: { resolve: 1, connect, tls: 3, processing: 40 },
      detail: "",
      certificateEndsWallMs: wallMs + 5_000,
    };
    const { revision } = world.endpoint("cable");
    world.dispatch({ kind: "probed", ingress: record, endpoint: "cable", revision, address: "192.0.2.1", observation });
  }
  assert.deepEqual(await world.of("ccs_check_last_duration_seconds"), {
    '{ingress="ingress.example.com",endpoint="cable",phase="connect"}': 0.03,
    '{ingress="ingress.example.com",endpoint="cable",phase="tls"}': 0.003,
    '{ingress="ingress.example.com",endpoint="cable",phase="processing"}': 0.04,
  });
  assert.deepEqual(await world.of("ccs_check_duration_seconds_count"), {
    '{phase="resolve"}': 2,
    '{phase="connect"}': 2,
    '{phase="tls"}': 2,
    '{phase="processing"}': 2,
  });
  const sums = await world.of("ccs_check_duration_seconds_sum");
  assert.ok(Math.abs((sums['{phase="connect"}'] ?? 0) - 0.032) < 1e-9);
  const buckets = await world.of("ccs_check_duration_seconds_bucket");
  const ofConnect = Object.entries(buckets).filter(([key]) => key.includes("connect"));
  // 2 ms and 30 ms, and every bucket counts those below it too.
  assert.deepEqual(
    ofConnect.map(([key, count]) => [/le="(.+)"/.exec(key)?.[1], count]),
    [
      ["0.01", 1],
      ["0.05", 2],
      ["0.25", 2],
      ["1", 2],
      ["5", 2],
      ["+Inf", 2],
    ],
  );
  assert.deepEqual(await world.of("ccs_certificate_expiry_timestamp_seconds"), {
    '{ingress="ingress.example.com",endpoint="cable"}': (wallMs + 5_000) / 1_000,
  });
});

test("counts switches by reason, its own from 0 on; adoption and the end of a mix are none", async () => {
  const world = startedWorld();
  const of = (reason: string): string => `{ingress="ingress.example.com",reason="${reason}"}`;
  const zero = { [of("failover")]: 0, [of("return")]: 0 };
  assert.deepEqual(await world.of("ccs_switches_total"), zero);
  world.observe("cable", "timeout");
  world.pass(10_000);
  world.observe("cable", "ok");
  world.pass(61_000);
  world.observe("mobile", "ok", 1);
  world.observe("cable", "ok", 1);
  assert.deepEqual(world.ingress().selection?.sticky.length, 1);
  world.pass(601_000);
  assert.deepEqual(world.ingress().selection?.sticky.length, 0);
  assert.deepEqual(await world.of("ccs_switches_total"), { ...zero, [of("failover")]: 1, [of("return")]: 1 });
  const untilMs = world.nowMs + 60_000;
  world.dispatch({ kind: "override-set", ingress: record, override: { kind: "drain", endpoint: "cable", untilMs } });
  assert.equal((await world.of("ccs_switches_total"))[of("drain")], 1);
});

test("measures how long writes took to be visible, and shows whether the newest is", async () => {
  const world = startedWorld();
  world.edge = "scripted";
  const of = `{ingress="${record}"}`;
  assert.equal((await world.samples()).get("ccs_switch_visible_seconds_count"), 0, "from 0 on");
  world.observe("cable", "timeout");
  assert.deepEqual(await world.of("ccs_ingress_visible"), {});
  world.pass(60_000);
  world.verify("wrong", "says something else");
  assert.deepEqual(await world.of("ccs_ingress_visible"), { [of]: 0 });
  assert.equal((await world.samples()).get("ccs_switch_visible_seconds_count"), 0);
  world.pass(30_000);
  world.verify("visible", "2 servers agree");
  assert.deepEqual(await world.of("ccs_ingress_visible"), { [of]: 1 });
  assert.equal((await world.samples()).get("ccs_switch_visible_seconds_count"), 1);
  assert.equal((await world.samples()).get("ccs_switch_visible_seconds_sum"), 90);
});

test("shows overrides, and repair that is paused", async () => {
  const world = startedWorld();
  const of = (kind: string): string => `{ingress="${record}",kind="${kind}"}`;
  const untilMs = world.nowMs + 60_000;
  world.dispatch({ kind: "override-set", ingress: record, override: { kind: "drain", endpoint: "mobile", untilMs } });
  assert.deepEqual(await world.of("ccs_overrides_active"), { [of("drain")]: 1 });
  world.pass(60_000);
  assert.deepEqual(await world.of("ccs_overrides_active"), {});
  assert.deepEqual(await world.of("ccs_ingress_standoff"), { [`{ingress="${record}"}`]: 0 });
  world.read([publishedRecord("A", "203.0.113.9")]);
  world.read([publishedRecord("A", "203.0.113.9")]);
  assert.deepEqual(await world.of("ccs_ingress_standoff"), { [`{ingress="${record}"}`]: 1 });
  assert.deepEqual(
    await world.of("ccs_ingress_in_sync"),
    { [`{ingress="${record}"}`]: 0 },
    "a pause does not make it right",
  );
});

test("shows the calls that are left, where they are counted", async () => {
  assert.deepEqual(await startedWorld().of("ccs_cloudflare_budget_remaining"), {});
  const world = new MeasuredWorld({ cloudBudget: () => 37 });
  assert.deepEqual(await world.of("ccs_cloudflare_budget_remaining"), { "": 37 });
});

test("drops the series of what is no longer configured", async () => {
  const world = startedWorld();
  world.observe("mobile", "timeout", 1);
  const gone = "gone.example.com";
  world.start(ingressSettings(gone, [endpointSettings("lost")]));
  world.resolveAll();
  world.observe("lost", "ok");
  const observation = {
    kind: "ok",
    startedMs: 0,
    endedMs: 1,
    vantage: "local",
    phases: { connect: 1 },
    detail: "",
  } as const;
  const { revision } = world.endpoint("lost");
  world.dispatch({ kind: "probed", ingress: gone, endpoint: "lost", revision, address: "192.0.2.1", observation });
  assert.ok([...(await world.samples()).keys()].some((key) => /ccs_checks_total.*lost/.test(key)));
  world.start(ingressSettings(record, [cable]));
  const keys = [...(await world.samples()).keys()];
  assert.ok(keys.some((key) => key.includes(record)));
  assert.deepEqual(
    keys.filter((key) => key.includes(gone) || key.includes("mobile") || key.includes("lost")),
    [],
  );
});

test("tells whether the state is kept, where there is any to keep", async () => {
  assert.deepEqual(await startedWorld().of("ccs_state_kept"), {});
  let isKept = true;
  const world = new MeasuredWorld({ isStateKept: () => isKept });
  assert.deepEqual(await world.of("ccs_state_kept"), { "": 1 });
  isKept = false;
  assert.deepEqual(await world.of("ccs_state_kept"), { "": 0 });
});

test("tells whether the newest configuration is in force, and since when", async () => {
  const world = new MeasuredWorld();
  assert.deepEqual(await world.of("ccs_config_last_reload_success"), { "": 0 });
  world.start(ingressSettings(record, [cable]));
  assert.deepEqual(await world.of("ccs_config_last_reload_success"), { "": 1 });
  assert.deepEqual(await world.of("ccs_config_last_reload_timestamp_seconds"), { "": wallMs / 1_000 });
  world.dispatch({ kind: "config-rejected", problems: ["config.yml:1:1 no"] });
  assert.deepEqual(await world.of("ccs_config_last_reload_success"), { "": 0 });
  world.start(ingressSettings(record, [cable]));
  assert.deepEqual(await world.of("ccs_config_last_reload_success"), { "": 1 });
});

test("counts messages and requests to Cloudflare, from 0 on", async () => {
  const world = startedWorld();
  const { metrics } = world;
  metrics.expectNotifications(["telegram"], ["sent", "retried"]);
  metrics.expectCloudRequests(["list"]);
  world.queued.set("telegram", 3);
  assert.deepEqual(await world.of("ccs_notifications_total"), {
    '{channel="telegram",outcome="sent"}': 0,
    '{channel="telegram",outcome="retried"}': 0,
  });
  assert.deepEqual(await world.of("ccs_notifications_queued"), { '{channel="telegram"}': 3 });
  const requests = "ccs_cloudflare_request_duration_seconds_count";
  assert.deepEqual(await world.of(requests), { '{operation="list",outcome="ok"}': 0 });
  metrics.countNotification("telegram", "sent");
  metrics.countCloudRequest({ operation: "list", outcome: "ok", durationMs: 120 });
  metrics.expectNotifications(["telegram"], ["sent"]);
  assert.equal((await world.of("ccs_notifications_total"))['{channel="telegram",outcome="sent"}'], 1);
  assert.deepEqual(await world.of(requests), { '{operation="list",outcome="ok"}': 1 });
});

test("says nothing of an endpoint before its first verdict", async () => {
  const world = new MeasuredWorld();
  world.start(ingressSettings(record, [cable]));
  assert.deepEqual(await world.of("ccs_endpoint_up"), {});
  assert.deepEqual(await world.of("ccs_ingress_in_sync"), { '{ingress="ingress.example.com"}': 0 });
});

test("names with quotes, backslashes and line breaks stay label values", async () => {
  const world = new MeasuredWorld();
  const name = 'a "quoted" \\ name\nccs_endpoint_up{forged="yes"} 1 <b>';
  world.start(ingressSettings(record, [endpointSettings(name)]));
  world.resolveAll();
  world.observe(name, "ok");
  const samples = await world.samples();
  const keys = [...samples.keys()].filter((key) => key.startsWith("ccs_endpoint_up"));
  assert.deepEqual(keys, [
    String.raw`ccs_endpoint_up{ingress="ingress.example.com",endpoint="a \"quoted\" \\ name\nccs_endpoint_up{forged=\"yes\"} 1 <b>"}`,
  ]);
});

test("a part is what is said of one ingress, or of one endpoint of it, and is the same as in the whole", async () => {
  const world = startedWorld();
  const other = "ingress.example.com-not.example.com";
  world.start(ingressSettings(record, [cable, mobile]), ingressSettings(other, [cable, mobile]));
  world.resolveAll();
  world.observe("cable", "ok");
  const rowsOf = async (part?: MetricsPart): Promise<readonly string[]> => {
    const { body } = await world.metrics.render(part);
    return Buffer.from(body)
      .toString()
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
  };
  const whole = await rowsOf();
  const ofIngress = whole.filter((row) => row.includes(`{ingress="${record}"`));
  assert.ok(ofIngress.length > 10);
  assert.deepEqual(await rowsOf({ ingress: record, endpoint: undefined }), ofIngress);
  const ofCable = ofIngress.filter((row) => row.includes(',endpoint="cable"'));
  assert.ok(ofCable.length > 4);
  assert.deepEqual(await rowsOf({ ingress: record, endpoint: "cable" }), ofCable);
  assert.deepEqual(await rowsOf({ ingress: "other.example.com", endpoint: undefined }), []);
});

test("metrics of the process are there when asked for", async () => {
  const world = new MeasuredWorld({ withProcess: true });
  const samples = await world.samples();
  assert.ok((samples.get("process_resident_memory_bytes") ?? 0) > 1e6);
  const lags = [...samples.keys()].filter((key) => key.includes("eventloop"));
  assert.deepEqual(lags, ["nodejs_eventloop_lag_seconds"], "those of the monitor cost a hundred wake-ups a second");
});

test("Prometheus' own checker finds nothing to say", async (context) => {
  const promtool = requireProgram(context, "promtool");
  if (promtool === undefined) return;
  const world = new MeasuredWorld({ withProcess: true });
  world.start(ingressSettings(record, [cable, mobile, unchecked]));
  world.read([publishedRecord("CNAME", "cable.example.com")]);
  world.resolveAll();
  world.observe("cable", "ok");
  world.metrics.expectNotifications(["telegram"], ["sent"]);
  world.metrics.countCloudRequest({ operation: "list", outcome: "ok", durationMs: 120 });
  const body = await world.text();
  const { status, stdout, stderr } = spawnSync(promtool, ["check", "metrics"], { input: body, encoding: "utf8" });
  assert.equal(stdout + stderr, "");
  assert.equal(status, 0);
});
