// What the dashboard says while the daemon cannot trust its own connection, and while Cloudflare refuses it: since when,
// and what to do; and that it takes it back when that is over.
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { writes } from "../../src/emulation/cloudflare/faults.ts";
import { startWorld } from "../../src/emulation/world.ts";
import { openBrowser, openDashboard } from "../support/browser.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { closedAuthority } from "../support/ports.ts";
import { requireProgram } from "../support/programs.ts";
import { configOf } from "../support/world-config.ts";

test("while everything is silent it says that the daemon is blind, and that nothing is switched", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const anchor = await closedAuthority();
  await using daemon = startDaemon({
    config: configOf(
      world,
      (config) => {
        config.anchors = [anchor];
      },
      { timeout: "500ms", fall: 3 },
    ),
  });
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.untilShown("all is well");
  const lines = [world.cable.server, world.mobile.server];
  await Promise.all(lines.map((server) => server.behave({ kind: "hang" })));
  await dashboard.untilShown("This machine appears to be offline (IPv4)");
  // That all is well, or that something is wrong at Cloudflare, is more than it knows now.
  await dashboard.untilShown("monitor offline", ".ingress-head");
  await dashboard.untilShown("2 unknown", ".endpoints");
  await dashboard.untilShown(/the monitor is offline; last known to be (up|suspect)/, ".endpoints");
  await dashboard.untilShown("primary.example.com", ".published");
  await dashboard.assertAccessible("blind");
  await Promise.all(lines.map((server) => server.behave({ kind: "ok" })));
  await dashboard.page.locator(".banner", { hasText: "appears to be offline" }).waitFor({ state: "detached" });
  await dashboard.untilShown("all is well");
  await dashboard.assertClean();
});

test("while Cloudflare refuses to write it says why, and what DNS should say instead", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.untilShown("all is well");
  world.cloudflare.faults.always({ kind: "unavailable", status: 503 }, writes);
  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown("The records cannot be written");
  await dashboard.untilShown("Out of sync. It should say:", ".published");
  await dashboard.untilShown("pending", ".picture");
  await dashboard.assertAccessible("out of sync");
  world.cloudflare.faults.clear();
  await dashboard.untilShown("secondary.example.com", ".records");
  await dashboard.untilShown("failed over");
  await dashboard.page.getByText("The records cannot be written").waitFor({ state: "detached" });
  await dashboard.assertClean();
});

test("somebody who keeps undoing the records is told of, and a person may let the repair go on", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const token = "a-token-of-the-tests";
  await using daemon = startDaemon({
    config: configOf(world, (config) => {
      config.http.token = token;
      for (const ingress of config.ingresses) ingress.reconcile_interval = "1s";
    }),
  });
  const dashboard = await openDashboard(browser, daemon);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  const undo = (): void => {
    for (const { id } of world.records) world.cloudflare.hand.edit(id, { content: "elsewhere.example.net" });
  };
  undo();
  await eventually("the repair", () => world.records[0]?.content === "primary.example.com");
  undo();
  await dashboard.untilShown("Another program keeps overwriting the record", ".banner");
  await dashboard.untilShown("elsewhere.example.net", ".published");
  await dashboard.assertAccessible("a standoff");
  await page.getByRole("button", { name: "Enter token" }).first().click();
  await page.getByRole("textbox", { name: "Token" }).fill(token);
  await page.getByRole("button", { name: "Use it" }).click();
  await page
    .getByRole("button", { name: /^Resume/ })
    .first()
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByRole("dialog").getByText("Done.").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
  await eventually("the repair", () => world.records[0]?.content === "primary.example.com");
  await page.locator(".banner", { hasText: "Another program keeps overwriting" }).waitFor({ state: "detached" });
  await dashboard.untilShown("all is well");
  await dashboard.assertClean();
});

test("while the disk takes nothing it says what would be lost, and it keeps working", async (t) => {
  const browser = await openBrowser(t);
  const prlimit = requireProgram(t, "prlimit");
  if (browser === undefined || prlimit === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  // As a full disk does, this fails every write to a file, and spares what is read.
  const limitFiles = async (bytes: string): Promise<void> => {
    await promisify(execFile)(prlimit, ["--pid", String(daemon.pid), `--fsize=${bytes}:unlimited`]);
  };
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.untilShown("all is well");
  await limitFiles("0");
  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown("The state cannot be written");
  await dashboard.untilShown("secondary.example.com", ".records");
  await dashboard.untilShown("failed over");
  await dashboard.assertAccessible("a full disk");
  // With room again, the next decision is written before it is acted on, and all that waited with it.
  await limitFiles("unlimited");
  await world.cable.server.behave({ kind: "ok" });
  await dashboard.page.getByText("The state cannot be written").waitFor({ state: "detached" });
  await dashboard.assertClean();
});
