// The Debian package and the service, on a Debian with nothing but its base system, under a systemd that is its first process:
// installed, started, failed over, hung, upgraded, removed, purged. Its Cloudflare, DNS and endpoints are emulated on loopback.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { buildDeb } from "../../../scripts/deb.ts";
import { architectures, buildExecutable } from "../../../scripts/sea.ts";
import { credentialNames } from "../../../src/cli/service/unit-text.ts";
import { startWorld, type World } from "../../../src/emulation/world.ts";
import { artifactOnce } from "../../support/artifacts.ts";
import { blocksOf, readPages } from "../../support/documents.ts";
import { eventually } from "../../support/eventually.ts";
import { Machine, makeDebian, unpackDebian, whyNoMachine } from "../../support/machine.ts";
import { configOf, type ConfigFile } from "../../support/world-config.ts";
import { contents } from "../../support/world-daemon.ts";

const architecture = architectures.find((each) => process.platform === "linux" && each === process.arch);
const skip = architecture === undefined ? "there is no executable for this machine" : whyNoMachine();
const configPath = "/etc/ccs/config.yml";
const tokenPath = "/etc/ccs/credentials/cloudflare-token";
const active = (endpoint: string): string => `ingress.example.com: ${endpoint} is active`;

interface Stage {
  readonly machine: Machine;
  readonly world: World;
  readonly executable: string;
  readonly folder: string;
}

const stack = new AsyncDisposableStack();
let stage: Stage | undefined;
/** What was on the machine before anything of ours. */
let filesBefore: readonly string[] = [];

before(async () => {
  if (architecture === undefined || skip !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), "ccs-debian-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const executable = await artifactOnce("executable", (each) => buildExecutable(architecture, each));
  const debian = await artifactOnce("debian", async (each) => makeDebian(each));
  const machine = stack.use(await Machine.boot(unpackDebian(debian, join(folder, "root"))));
  const world = stack.use(await startWorld());
  filesBefore = await machine.files();
  stage = { machine, world, executable, folder };
});
after(() => stack.disposeAsync());

function staged(): Stage {
  return stage ?? assert.fail("there is no machine");
}

/** Puts the package of this version there, and installs it by dpkg alone: it finds all that it depends on. */
async function install({ machine, executable, folder }: Stage, version: string): Promise<string> {
  assert.ok(architecture);
  const deb = await buildDeb({ architecture, executable, folder, version, compression: "quick" });
  machine.copy(deb, `/opt/${basename(deb)}`);
  const output = await machine.run("dpkg", "--install", `/opt/${basename(deb)}`);
  rmSync(join(machine.root, "opt", basename(deb)));
  return output;
}

/** A configuration over the world, with its token in a file of root's. */
function configure({ machine, world }: Stage, path = configPath): void {
  const { cloudflare, ingresses, anchors } = parse(configOf(world)("/nowhere")) as ConfigFile;
  const { token: _, ...api } = cloudflare;
  const config = {
    cloudflare: { ...api, token_file: "${CREDENTIALS_DIRECTORY:-credentials}/cloudflare-token" },
    ingresses,
    anchors,
    http: { listen: "127.0.0.1:0" },
  };
  machine.put(tokenPath, `${world.cloudflare.token}\n`, 0o600);
  machine.put(path, stringify(config));
}

test("is installed, enabled, and not started before there is a configuration", { skip }, async () => {
  const here = staged();
  const { machine } = here;
  const output = await install(here, "0.1.0");
  assert.match(output, /^ccs needs \/etc\/ccs\/config\.yml before it can start: see \/usr\/share\/doc\//m);
  assert.equal(await machine.unit("UnitFileState"), "enabled");
  assert.equal(await machine.unit("ActiveState"), "inactive");
  assert.equal((await machine.run("systemctl", "--failed", "--no-legend", "--plain")).trim(), "");
  assert.match(await machine.run("ccs", "--version"), /^\d+\.\d+\.\d+$/m);
  assert.match(await machine.run("stat", "--format=%a %U", "/etc/ccs/credentials"), /^700 root$/m);
  await machine.run("systemctl", "start", "ccs");
  assert.equal(await machine.unit("ActiveState"), "inactive");
  assert.equal(await machine.unit("ConditionResult"), "no");
});

test("its example is refused for nothing but the token, which is not there yet", { skip }, async () => {
  const here = staged();
  await here.machine.run("cp", "/usr/share/doc/cloudflare-cname-switcher/examples/config.yml", configPath);
  const { code, output } = await here.machine.try("ccs", "validate");
  assert.equal(code, 78, output);
  assert.match(output, /^\/etc\/ccs\/config\.yml:\d+:\d+ cloudflare\.token_file: [^\n]*there is no such file[^\n]*\n$/);
  rmSync(join(here.machine.root, configPath));
});

test(
  "runs as a user of its own, with the token as a credential, and says which endpoint is active",
  { skip },
  async () => {
    const here = staged();
    const { machine, world } = here;
    configure(here);
    await machine.run("systemctl", "start", "ccs");
    assert.equal(await machine.unit("ActiveState"), "active");
    await machine.untilUnit("StatusText", active("cable"));
    assert.match(
      await machine.run("systemctl", "status", "--no-pager", "ccs"),
      /Status: "ingress\.example\.com: cable is active"/,
    );
    const pid = await machine.unit("MainPID");
    assert.doesNotMatch(await machine.run("stat", "--format=%U", `/proc/${pid}`), /root/);
    assert.match(await machine.run("stat", "--format=%U", "/var/lib/private/ccs"), /^(?!root)/);
    const journal = await machine.run("journalctl", "--unit", "ccs", "--output", "cat", "--no-pager");
    assert.match(journal, /"msg":"listening on http:/);
    assert.ok(!journal.includes(world.cloudflare.token), "no token in the journal");

    await world.cable.server.behave({ kind: "refuse" });
    await machine.untilUnit("StatusText", active("mobile"));
    assert.deepEqual(contents(world), [world.mobile.host]);
  },
);

test("the command line finds it, for root alone", { skip }, async () => {
  const here = staged();
  const { machine } = here;
  assert.match((await machine.try("ccs", "status")).output, /ingress\.example\.com/);
  assert.match(await machine.run("ccs", "health"), /^healthy$/m);
  assert.match(await machine.run("ccs", "service", "status"), /^running: ingress\.example\.com: mobile is active$/m);
  assert.match(await machine.run("ccs", "events"), /mobile/);
  const other = await machine.try("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ccs", "status");
  assert.equal(other.code, 69);
  assert.match(other.output, /only the daemon's own user can use it: try again as that user, or with sudo/);
});

test(
  "a reload is seen through; a configuration with a mistake changes nothing, and the status says so",
  { skip },
  async () => {
    const here = staged();
    const { machine } = here;
    await machine.run("cp", configPath, "/root/config.yml");
    machine.put(configPath, "ingresses: [\n");
    await machine.run("systemctl", "reload", "ccs");
    await machine.untilUnit(
      "StatusText",
      `${active("mobile")}; the new configuration was rejected, the previous one is in force`,
    );
    await machine.untilUnit("ActiveState", "active");
    await machine.run("mv", "/root/config.yml", configPath);
    await machine.run("systemctl", "reload", "ccs");
    await machine.untilUnit("StatusText", active("mobile"));
    await machine.untilUnit("ActiveState", "active");
  },
);

test("one that hangs is started anew by the watchdog, and goes on where it was", { skip }, async () => {
  const here = staged();
  const { machine, world } = here;
  const dropIn = "/etc/systemd/system/ccs.service.d/test.conf";
  machine.put(dropIn, "[Service]\nWatchdogSec=6\n");
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "restart", "ccs");
  await machine.untilUnit("StatusText", active("mobile"));
  // While it turns, it is left alone: several times as long as the watchdog waits.
  const pinged = new Set<string>();
  await eventually(
    "it has told three times that its loop turns",
    async () => pinged.add(await machine.unit("WatchdogTimestampMonotonic")).size > 3,
    { timeoutMs: 60_000 },
  );
  assert.equal(await machine.unit("NRestarts"), "0");
  const pid = await machine.unit("MainPID");
  await machine.run("sh", "-c", `kill -STOP ${pid}`);
  await machine.untilUnit("NRestarts", "1");
  await machine.untilUnit("StatusText", active("mobile"));
  assert.notEqual(await machine.unit("MainPID"), pid);
  assert.match(await machine.journal(), /Watchdog timeout \(limit 6s\)!/);
  assert.deepEqual(contents(world), [world.mobile.host]);
  await machine.run("rm", "-r", "/etc/systemd/system/ccs.service.d");
  await machine.run("systemctl", "daemon-reload");
});

test(
  "an upgrade starts it anew, and changes neither configuration nor record; one that is stopped stays so",
  { skip },
  async () => {
    const here = staged();
    const { machine, world } = here;
    const [pid, config] = [await machine.unit("MainPID"), await machine.run("cat", configPath)];
    const writes = world.cloudflare.requests.filter(({ method }) => method !== "GET").length;
    const output = await install(here, "0.1.1");
    assert.doesNotMatch(output, /configuration file|needs \/etc\/ccs/i);
    assert.equal(await machine.unit("ActiveState"), "active");
    assert.notEqual(await machine.unit("MainPID"), pid);
    await machine.untilUnit("StatusText", active("mobile"));
    assert.equal(await machine.run("cat", configPath), config);
    assert.equal(world.cloudflare.requests.filter(({ method }) => method !== "GET").length, writes);

    await machine.run("systemctl", "stop", "ccs");
    await install(here, "0.1.2");
    assert.equal(await machine.unit("ActiveState"), "inactive");
    await machine.run("systemctl", "start", "ccs");
  },
);

test("reload, restart and backup work as the page about systemd has them", { skip }, async () => {
  const { machine } = staged();
  machine.put("/usr/local/bin/sudo", '#!/bin/sh\nexec "$@"\n', 0o755);
  const blocks = blocksOf(readPages().filter(({ name }) => name === "docs/systemd.md"));
  const typed = async (line: string): Promise<void> => {
    const block = blocks.find(({ language, code }) => language === "sh" && code.includes(line));
    await machine.run("sh", "-ec", `cd /root\n${block?.code ?? assert.fail(`the page has no ${line}`)}`);
  };
  await typed("systemctl reload ccs");
  await typed("systemctl restart ccs");
  const database = "/var/lib/private/ccs/ccs.db";
  await typed("tar --create");
  await machine.run("systemctl", "stop", "ccs");
  await machine.run("rm", database, configPath, tokenPath);
  await typed("tar --extract");
  await machine.untilUnit("StatusText", active("mobile"));
  assert.deepEqual(
    [database, configPath, tokenPath].map((path) => machine.has(path)),
    [true, true, true],
  );
  await machine.run("rm", "/usr/local/bin/sudo", "/root/ccs-backup.tar.gz");
});

test("removed, it ends and leaves configuration, tokens and state; purged, it leaves nothing", { skip }, async () => {
  const here = staged();
  const { machine } = here;
  for (const name of credentialNames) await machine.run("touch", `/etc/ccs/credentials/${name}`);
  await machine.run("dpkg", "--remove", "cloudflare-cname-switcher");
  assert.equal((await machine.try("systemctl", "is-active", "ccs")).output.trim(), "inactive");
  assert.deepEqual(
    [configPath, tokenPath, "/var/lib/private/ccs/ccs.db", "/usr/bin/ccs"].map((path) => machine.has(path)),
    [true, true, true, false],
  );
  await machine.run("dpkg", "--purge", "cloudflare-cname-switcher");
  assert.deepEqual(differences(filesBefore, await machine.files()), []);
  assert.equal((await machine.run("systemctl", "--failed", "--no-legend", "--plain")).trim(), "");
});

test("ccs service installs the service without a package, and removes it without a trace", { skip }, async () => {
  const here = staged();
  const { machine, world, executable } = here;
  await world.cable.server.behave({ kind: "ok" });
  machine.copy(executable, "/usr/local/bin/ccs");
  configure(here);
  const present = await machine.files();
  assert.match(
    await machine.run("ccs", "service", "install", "--yes"),
    /^The service runs, and starts with the machine\./m,
  );
  assert.equal(await machine.unit("UnitFileState"), "enabled");
  await machine.untilUnit("StatusText", active("cable"));
  assert.match(await machine.run("ccs", "service", "status"), /^running: /m);
  assert.match(await machine.run("ccs", "service", "uninstall", "--yes"), /^The service is removed\.$/m);
  assert.equal(
    (await machine.try("ccs", "service", "status")).output.trim(),
    "not installed: sudo ccs service install",
  );
  assert.deepEqual(differences(present, await machine.files()), []);
});

/** What is new on the machine, and what is gone. */
function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  return [
    ...other.filter((path) => !one.includes(path)).map((path) => `+ ${path}`),
    ...one.filter((path) => !other.includes(path)).map((path) => `- ${path}`),
  ];
}
