// The daemon under a service manager: what it tells a socket as systemd's is, and that it needs nobody to listen there.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { NotifySocket } from "../support/notify-socket.ts";
import { requireProgram } from "../support/programs.ts";
import { temporaryFolder } from "../support/state-folder.ts";
import { configOf } from "../support/world-config.ts";
import { untilBothUp } from "../support/world-daemon.ts";

test("tells that it has started, which endpoint is active, that it reloads, that its loop turns, and that it ends", async (t) => {
  if (requireProgram(t, "systemd-notify") === undefined || requireProgram(t, "perl") === undefined) return;
  await using listening = await NotifySocket.open(temporaryFolder(t));
  await using world = await startWorld();
  const env = { NOTIFY_SOCKET: listening.path, WATCHDOG_USEC: "4000000" };
  await using daemon = startDaemon({ config: configOf(world), env });
  await untilBothUp(daemon);
  await daemon.until("the status names cable", () =>
    listening.values("STATUS").includes("ingress.example.com: cable is active"),
  );
  assert.equal(listening.messages[0]?.get("READY"), "1");
  await daemon.until("it vouches for its loop twice", () => listening.values("WATCHDOG").length >= 2);

  await world.cable.server.behave({ kind: "refuse" });
  await daemon.until("the status names mobile", () =>
    listening.values("STATUS").includes("ingress.example.com: mobile is active"),
  );
  daemon.send("SIGHUP");
  await daemon.until("the reload is over", () => listening.values("READY").length === 2);
  assert.deepEqual(listening.values("RELOADING"), ["1"]);

  const { code } = await daemon.stop();
  assert.equal(code, 0);
  assert.deepEqual([...(listening.messages.at(-1) ?? [])].slice(0, 2), [
    ["STOPPING", "1"],
    ["STATUS", "ending"],
  ]);
  assert.equal(daemon.log.filter(({ level }) => level === "error").length, 0);
});

test("a service manager that cannot be told is logged once, and changes nothing else", async (t) => {
  await using world = await startWorld();
  // In its place, a program that counts its calls and fails.
  const folder = temporaryFolder(t);
  const programs = join(folder, "bin");
  mkdirSync(programs);
  const program = join(programs, "systemd-notify");
  writeFileSync(program, "#!/bin/sh\necho 'Failed to notify init system: Connection refused' >&2\nexit 1\n");
  chmodSync(program, 0o755);
  const env = { NOTIFY_SOCKET: join(folder, "nobody"), WATCHDOG_USEC: "1000000", PATH: programs };
  await using daemon = startDaemon({ config: configOf(world), env });
  await untilBothUp(daemon);
  await world.cable.server.behave({ kind: "refuse" });
  await daemon.untilLogged(/^written: CNAME secondary\.example\.com/);
  const { code, tookMs } = await daemon.stop();
  assert.equal(code, 0);
  assert.ok(tookMs < 10_000);
  const said = daemon.logged(/service manager/).map(({ level, msg }) => `${level} ${msg}`);
  assert.deepEqual(said, [
    "warn the service manager cannot be told how ccs does: systemd-notify: Failed to notify init system: Connection refused",
  ]);
});

test("without a service manager nothing of the kind is started", async (t) => {
  await using world = await startWorld();
  const folder = temporaryFolder(t);
  const program = join(folder, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho called >> ${folder}/calls\n`);
  chmodSync(program, 0o755);
  await using daemon = startDaemon({ config: configOf(world), env: { PATH: folder, WATCHDOG_USEC: "1000000" } });
  await untilBothUp(daemon);
  assert.equal((await daemon.stop()).code, 0);
  assert.throws(() => chmodSync(join(folder, "calls"), 0o600), { code: "ENOENT" });
});
