// What Prometheus makes of the real daemon: during a failover, and then in one trouble after another, each alert's expression
// gives a series where it must and none where it must not; so do the queries of the dashboard and of docs/metrics.md.
import assert from "node:assert/strict";
import { readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { expressionsOf } from "../../../scripts/grafana/expressions.ts";
import { ownMetrics } from "../../../scripts/metrics-page.ts";
import { startWorld, type World } from "../../../src/emulation/world.ts";
import { createAuthority } from "../../support/certificates.ts";
import { startDaemon, type DaemonProcess } from "../../support/daemon-process.ts";
import { eventually } from "../../support/eventually.ts";
import { requireProgram } from "../../support/programs.ts";
import { startPrometheus, type Answer, type Prometheus } from "../../support/prometheus.ts";
import { configOf, partsOf } from "../../support/world-config.ts";
import { untilBothUp } from "../../support/world-daemon.ts";

const root = join(import.meta.dirname, "../../..");
const dayMs = 86_400_000;

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const { groups } = parse(readFileSync(join(root, "deploy/prometheus/ccs.rules.yml"), "utf8")) as {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);

/** What only an unusual trouble brings about; their metrics must be there all the same. */
const notBroughtAbout = ["CcsNotVisible", "CcsInternalErrors"];

/** Of the queries in docs/metrics.md, those that ask for a trouble which a failover is not. */
const asksForTrouble = [
  "ccs_endpoint_degraded",
  "ccs_ingress_in_sync",
  "ccs_ingress_standoff",
  "ccs_ingress_visible",
  "ccs_overrides_active",
  "ccs_cloudflare_request_duration_seconds",
  "ccs_notifications_total",
  "ccs_monitor_blind",
  "ccs_config_last_reload_success",
  "ccs_state_kept",
  "ccs_notifications_queued",
  "ccs_internal_errors_total",
];

test("Prometheus sees a failover and every trouble as the alerts, the dashboard and the pages say", async (t) => {
  const program = requireProgram(t, "prometheus");
  if (program === undefined) return;
  const authority = await createAuthority();
  const names = ["primary.example.com", "secondary.example.com"];
  const certificate = (days: number) => authority.issue({ names, notAfter: new Date(Date.now() + days * dayMs) });
  await using world = await startWorld({ tls: await certificate(60) });
  world.cable.server.certify(await certificate(5));
  await using daemon = startDaemon({ config: configWithTls(world, authority.ca) });
  await untilBothUp(daemon);
  const { url = "" } = await daemon.untilLogged(/^listening on /);
  await using prometheus = await startPrometheus(program, new URL(url).host);
  const scene = new Scene(prometheus, daemon);

  // All is well, but for cable's certificate.
  await scene.until("the first scrape", "ccs_endpoint_up == 1");
  await scene.onlyFires({ CcsCertificateExpiring: { endpoint: "cable" } });

  // The failover.
  await world.cable.server.behave({ kind: "refuse" });
  await scene.until("mobile is active", 'ccs_endpoint_selected{role="primary",endpoint="mobile"} == 1');
  await scene.until("the name servers show it", "ccs_switch_visible_seconds_count > 0");
  await scene.onlyFires({ CcsCertificateExpiring: { endpoint: "cable" }, CcsEndpointDown: { endpoint: "cable" } });
  const dashboard = readFileSync(join(root, "deploy/grafana/ccs.json"), "utf8");
  for (const { where, expr } of expressionsOf(dashboard, "1m")) await scene.until(`the dashboard's ${where}`, expr);
  for (const { name, query } of ownMetrics()) {
    if (!asksForTrouble.includes(name)) await scene.until(`the example of ${name}`, query);
    else await prometheus.query(query);
  }
  for (const alert of notBroughtAbout) {
    const [metric = ""] = /ccs_\w+/.exec(exprOf(alert)) ?? [];
    await scene.until(`what ${alert} looks at`, metric);
  }

  // Another program overwrites the record, and then no longer.
  const stop = world.cloudflare.onCommit(({ by }) => {
    if (by === "api") overwrite(world);
  });
  overwrite(world);
  await scene.fires("CcsRepairPaused", { ingress: "ingress.example.com" });
  stop();
  daemon.send("SIGHUP");
  await scene.ends("CcsRepairPaused");

  // Cloudflare takes no writes.
  await world.cable.server.behave({ kind: "ok" });
  await scene.until("cable is active", 'ccs_endpoint_selected{role="primary",endpoint="cable"} == 1');
  world.cloudflare.faults.always({ kind: "unavailable" }, ({ path }) => path.endsWith("/batch"));
  await world.cable.server.behave({ kind: "refuse" });
  await scene.fires("CcsOutOfSync", { ingress: "ingress.example.com" });
  const refused = ownMetrics().find(({ name }) => name === "ccs_cloudflare_request_duration_seconds")?.query ?? "";
  await scene.until("what Cloudflare refused", refused);
  world.cloudflare.faults.clear();
  await scene.ends("CcsOutOfSync");
  await world.cable.server.behave({ kind: "ok" });
  await scene.ends("CcsEndpointDown");

  // Telegram does not answer, and a mistake in the configuration has to be told.
  world.telegram.faults.always({ kind: "hang" });
  daemon.rewriteConfig((text) => text.replace("priority: 10", "priority: high"));
  await scene.fires("CcsConfigRejected", {});
  await scene.fires("CcsMessagesStuck", { channel: "telegram" });
  world.telegram.faults.always({ kind: "refused", status: 403, description: "Forbidden: bot was blocked by the user" });
  daemon.rewriteConfig((text) => text.replace("priority: high", "priority: 10"));
  await scene.ends("CcsConfigRejected");
  world.telegram.faults.always({ kind: "refused", status: 400, description: "Bad Request: message is too long" });
  daemon.send("SIGHUP");

  // The folder of the state cannot be used.
  const state = join(daemon.folder, "state");
  rmSync(state, { recursive: true });
  symlinkSync("state", state);
  await scene.fires("CcsStateNotKept", {});
  rmSync(state);
  await scene.ends("CcsStateNotKept");

  // Everything is gone at once, and so is the reference host: it is the monitor that is offline.
  const all = [world.cable.server, world.mobile.server, world.anchor];
  await Promise.all(all.map((server) => server.behave({ kind: "refuse" })));
  await scene.fires("CcsMonitorOffline", { family: "ipv4" });
  // The reference host answers, and the endpoints do not.
  await world.anchor.behave({ kind: "ok" });
  await scene.fires("CcsAllEndpointsDown", { ingress: "ingress.example.com" });
  await scene.ends("CcsMonitorOffline");
  await scene.fires("CcsMessagesLost", { channel: "telegram", outcome: "refused" });

  await daemon.stop();
  await scene.fires("CcsDaemonAbsent", { job: "ccs" });
  assert.deepEqual(
    scene.seen.toSorted(),
    rules
      .map(({ alert }) => alert)
      .filter(isBroughtAbout)
      .toSorted(),
  );
});

class Scene {
  readonly #prometheus: Prometheus;
  readonly #daemon: DaemonProcess;
  readonly #seen = new Set<string>();

  constructor(prometheus: Prometheus, daemon: DaemonProcess) {
    this.#prometheus = prometheus;
    this.#daemon = daemon;
  }

  /** The alerts whose expression gave a series. */
  get seen(): readonly string[] {
    return [...this.#seen];
  }

  /** Waits until an expression gives series, numbers all of them. */
  async until(what: string, expr: string): Promise<void> {
    await this.#eventually(`${what}: ${expr}`, async () => {
      const answers = await this.#prometheus.query(expr);
      return answers.length > 0 && answers.every(({ value }) => !Number.isNaN(value));
    });
  }

  /** Waits until the alert's expression gives a series with these labels. */
  async fires(alert: string, labels: Answer["metric"]): Promise<void> {
    await this.#eventually(`${alert} fires`, async () =>
      (await this.#answersOf(alert)).some((each) => has(each, labels)),
    );
    this.#seen.add(alert);
  }

  async ends(alert: string): Promise<void> {
    await this.#eventually(`${alert} ends`, async () => (await this.#answersOf(alert)).length === 0);
  }

  /** These, each with one series, and no other. */
  async onlyFires(expected: Readonly<Record<string, Answer["metric"]>>): Promise<void> {
    for (const [alert, labels] of Object.entries(expected)) await this.fires(alert, labels);
    for (const { alert } of rules) {
      const answers = await this.#answersOf(alert);
      assert.equal(answers.length, alert in expected ? 1 : 0, `${alert}: ${JSON.stringify(answers)}`);
    }
  }

  #answersOf(alert: string): Promise<readonly Answer[]> {
    return this.#prometheus.query(exprOf(alert));
  }

  #eventually(what: string, look: () => Promise<boolean>): Promise<boolean> {
    return eventually(what, look, { timeoutMs: 60_000, explain: () => `\n${this.#daemon.tail}` });
  }
}

function isBroughtAbout(alert: string): boolean {
  return !notBroughtAbout.includes(alert);
}

function exprOf(alert: string): string {
  return rules.find((rule) => rule.alert === alert)?.expr ?? assert.fail(alert);
}

function has({ metric }: Answer, labels: Answer["metric"]): boolean {
  return Object.entries(labels).every(([name, value]) => metric[name] === value);
}

function overwrite(world: World): void {
  for (const { id } of world.records) world.cloudflare.hand.edit(id, { content: "elsewhere.example.org" });
}

function configWithTls(world: World, ca: string): (folder: string) => string {
  return (folder) => {
    writeFileSync(join(folder, "ca.pem"), ca);
    const make = configOf(world, (config) => {
      config.anchors = [`127.0.0.1:${world.anchor.port}`];
      const { ingress, cable, mobile } = partsOf(config);
      // More often would use up the calls that the daemon allows itself.
      ingress.reconcile_interval = "5s";
      for (const { check } of [cable, mobile]) {
        assert.ok(check !== undefined);
        check.url = check.url.replace("http:", "https:");
        check.ca_file = "ca.pem";
      }
    });
    return make(folder);
  };
}
