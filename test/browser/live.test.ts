// The dashboard in a real browser, over the built daemon: it shows what happens without being reloaded, says honestly when
// the daemon is gone, and comes back by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { openBrowser, openDashboard } from "../support/browser.ts";
import { programOfVersion } from "../support/built-program.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";
import { ownFolder } from "../support/world-daemon.ts";

test("a first start, before anything is known, is told as such, and filled in as it becomes known", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld({ records: [] });
  await Promise.all([world.cable, world.mobile].map(({ server }) => server.behave({ kind: "hang" })));
  await using daemon = startDaemon({ config: configOf(world, undefined, { timeout: "20s" }) });
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.untilShown("ingress.example.com", "h2");
  await dashboard.untilShown("Starting");
  await dashboard.untilShown("unknown", ".endpoints");
  await dashboard.untilShown("No endpoint is selected yet");
  await dashboard.untilShown("Nothing to show yet", ".served");
  await dashboard.untilShown("There is no record at this name.", ".published");

  await Promise.all([world.cable, world.mobile].map(({ server }) => server.behave({ kind: "ok" })));
  // Connections that hang go on hanging: a restart of the checks is what a person would do.
  daemon.rewriteConfig((text) => text.replaceAll("timeout: 20s", "timeout: 2s"));
  await dashboard.untilShown("primary.example.com", ".published");
  await dashboard.untilShown("all is well");
  // All is well once who serves is known; of the other one that may take a moment more.
  await dashboard.page.getByText("Starting").waitFor({ state: "detached" });
  await dashboard.assertClean();
});

test("a failover and the return are seen without a reload", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world, undefined, { sticky: "2s" }) });
  const dashboard = await openDashboard(browser, daemon);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  await page.evaluate("document.body.dataset.same = 'yes'");

  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown("failed over");
  await dashboard.untilShown("secondary.example.com", ".published");
  await dashboard.untilShown("Visible", ".published");
  await dashboard.untilShown("down", ".endpoints");
  await page.locator(".node.is-primary .node-name", { hasText: /^mobile$/ }).waitFor();
  await page.locator(".node.is-broken .node-name", { hasText: /^cable$/ }).waitFor();
  await dashboard.untilShown(/cable is down/, ".journal");
  await eventually("the title", async () => (await page.title()) === "mobile – ingress.example.com (failed over)");
  // Whoever does not see the page hears of it.
  await eventually("words for a screen reader", async () => {
    return (await page.getByRole("status").first().textContent()) !== "";
  });

  await page.getByRole("button", { name: /^cable/ }).click();
  await dashboard.untilShown("Address", ".endpoint-details section");
  await dashboard.untilShown("failed", ".endpoint-details");
  await world.cable.server.behave({ kind: "ok" });
  await page.locator(".node.is-sticky", { hasText: "mobile" }).waitFor();
  await dashboard.untilShown(/mobile is no longer published/, ".next");
  await dashboard.untilShown("all is well");
  await page.locator(".lane", { hasText: "mobile" }).locator(".stretch.primary").first().waitFor();
  assert.equal(await page.evaluate("document.body.dataset.same"), "yes");
  await dashboard.assertClean();
});

test("the journal has what happened while its first page was on its way, and a page that failed is asked for again", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  const { promise: hasHappened, resolve: goOn } = Promise.withResolvers<void>();
  let asked = 0;
  const dashboard = await openDashboard(browser, daemon, {}, async (page) => {
    await page.route("**/api/v1/events?*", async (route) => {
      asked += 1;
      if (asked === 1) return route.fulfill({ status: 503, json: { error: "busy", hint: "try again" } });
      const answer = await route.fetch();
      await hasHappened;
      await route.fulfill({ response: answer });
    });
  });
  await dashboard.untilShown("busy", ".journal");
  await eventually("the journal to be asked for again", () => asked > 1);
  await dashboard.untilShown("all is well");
  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown("failed over");
  goOn();
  await dashboard.untilShown(/cable is down/, ".journal");
});

/** A configuration whose daemon listens anywhere at first, and later ones at the same address. */
function configAtOnePlace(world: World): { config: (folder: string) => string; stayAt: (url: string) => void } {
  let listen = "127.0.0.1:0";
  const config = configOf(world, (file) => {
    file.http.listen = listen;
  });
  return { config, stayAt: (url) => void (listen = new URL(url).host) };
}

test("a journal that begins anew takes the place of the one that was shown", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const { config, stayAt } = configAtOnePlace(world);
  await using first = startDaemon({ config });
  const dashboard = await openDashboard(browser, first);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown(/written: CNAME secondary/, ".journal");
  stayAt(dashboard.url);
  await first.stop();
  await dashboard.untilShown("No connection to the daemon");
  // In a folder of its own: what the first one kept is gone, and events are counted from the start again.
  await using second = startDaemon({ config });
  await second.untilLogged(/^listening on /);
  await page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 1_000 })
    .catch(() => undefined);
  await page.locator("main:not(.is-stale)").waitFor();
  await dashboard.untilShown(/found: CNAME secondary/, ".journal");
  await eventually("the old journal to go", async () => !(await dashboard.text(".journal")).includes("written: CNAME"));
  const shown = await page.locator(".event-text").allInnerTexts();
  assert.equal(shown.filter((text) => text === "configuration applied").length, 1, shown.join("\n"));
});

test("when the daemon ends, the page says since when, goes on when it is back, and tells of a newer version", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const { config, stayAt } = configAtOnePlace(world);
  await using first = startDaemon({ config });
  const dashboard = await openDashboard(browser, first);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  stayAt(dashboard.url);
  await first.stop();
  await dashboard.untilShown("No connection to the daemon");
  await dashboard.untilShown(/Trying again/);
  await eventually("the title", async () => (await page.title()) === "No connection");
  // What was known stays to be seen, as of the past.
  await page.locator("main.is-stale").waitFor();
  await dashboard.untilShown("primary.example.com", ".published");
  await dashboard.assertAccessible("without a connection");

  await using second = startDaemon({ config, program: programOfVersion("99.1.2", ownFolder(t)) });
  await second.untilLogged(/^listening on /);
  await page
    .getByRole("button", { name: "Try now" })
    .click({ timeout: 1_000 })
    .catch(() => undefined);
  await page.locator("main:not(.is-stale)").waitFor();
  await dashboard.untilShown("live", ".top");
  await dashboard.untilShown("all is well");
  await world.cable.server.behave({ kind: "refuse" });
  await dashboard.untilShown("failed over");

  await dashboard.untilShown(/^It is now version 99\.1\.2, and this page is from version \d+\.\d+\.\d+\.$/, ".banner");
  await dashboard.assertAccessible("after an update");
  await page.locator(".banner").getByRole("button", { name: "Reload" }).click();
  await dashboard.untilShown(/^Version 99\.1\.2/, "footer");
  await dashboard.untilShown("failed over");
  assert.equal(await page.getByText("The daemon was updated").count(), 0);
  // The browser itself complains of what it could not load, and of nothing else.
  assert.deepEqual(
    dashboard.complaints.filter((text) => !text.startsWith("Failed to load resource: net::ERR_")),
    [],
  );
  assert.deepEqual(dashboard.foreignRequests, []);
});

test("names and errors from outside are text, whatever is in them", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const evil = `<img src=x onerror="document.title='owned'">`;
  await using daemon = startDaemon({
    config: configOf(world, (file) => {
      const { cable, mobile } = partsOf(file);
      cable.name = evil;
      if (mobile.check !== undefined) mobile.check.contains = `<script>document.title='owned'</script>`;
      mobile.name = `${"mobile ".repeat(8)}</li></ul>`;
    }),
  });
  const dashboard = await openDashboard(browser, daemon, { viewport: { width: 360, height: 740 } });
  const { page } = dashboard;
  await dashboard.untilShown(/<img src=x/, ".endpoints");
  await dashboard.untilShown(/<script>document/, ".endpoints");
  await page.getByRole("button", { name: /^<img/ }).click();
  await dashboard.untilShown("Target", ".endpoint-details");
  await dashboard.untilShown(/<img src=x/, ".journal");
  assert.equal(await page.locator("img, script:not([src])").count(), 0);
  assert.doesNotMatch(await page.title(), /^owned$/);
  await dashboard.assertClean();
});

test("a check over TCP is shown by its port", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const { port } = world.cable.server;
  await using daemon = startDaemon({
    config: configOf(world, (file) => Object.assign(partsOf(file).cable, { check: { kind: "tcp", port, rise: 1 } })),
  });
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.page.getByRole("button", { name: /^cable/ }).click();
  await dashboard.untilShown(new RegExp(`TCP port ${port} every 15 s`), ".endpoint-details");
  await dashboard.assertClean();
});
