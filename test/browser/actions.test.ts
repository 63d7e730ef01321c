// What a reader of the dashboard can do: pin, drain and resume, with the token of the configuration and after a question in
// plain words; and what the page says when that is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld, type World } from "../../src/emulation/world.ts";
import { openBrowser, openDashboard, type DashboardPage } from "../support/browser.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";
import { contents } from "../support/world-daemon.ts";

const token = "a-token-of-the-tests";

test("with the token: pin, resume and drain, each after a question in plain words", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startGuarded(world);
  const dashboard = await openDashboard(browser, daemon);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  await page.getByRole("button", { name: /^mobile/ }).click();
  const details = page.locator(".endpoint-details");
  for (const name of ["Pin…", "Drain…", "Drill…"]) {
    assert.ok(await details.getByRole("button", { name }).isDisabled(), `${name} before the token`);
  }
  await details.getByRole("button", { name: "Enter the token to act" }).click();
  await giveToken(dashboard, token);

  await details.getByRole("button", { name: "Pin…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Only mobile will be used for ingress.example.com for 1 hour").waitFor();
  await dialog.getByLabel("For how long").selectOption({ label: "15 minutes" });
  await dialog.getByText("for 15 minutes, whether it is up or down").waitFor();
  await dashboard.assertAccessible("a question");
  assert.deepEqual(contents(world), ["primary.example.com"], "nothing happens before the answer");
  await dialog.getByRole("button", { name: "Pin it" }).click();
  await dialog.getByText("Done.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await eventually("mobile serves", () => contents(world).join() === "secondary.example.com");
  await dashboard.untilShown(/is pinned; ends/, ".overrides");
  await dashboard.untilShown("pinned", ".pill");

  await page.getByRole("button", { name: "Resume all…" }).click();
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("Done.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await eventually("cable serves alone", () => contents(world).join() === "primary.example.com");

  await details.getByRole("button", { name: "Drain…" }).click();
  await dialog.getByText("It is not active now, so nothing changes at once.").waitFor();
  await dialog.getByRole("button", { name: "Drain it" }).click();
  await dialog.getByText("Done.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dashboard.untilShown(/is drained; ends/, ".overrides");
  await assertKept(dashboard, daemon);
  await dashboard.assertClean();
});

test("a drill moves the traffic away, and its report is in the journal when it is over", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startGuarded(world);
  const dashboard = await openDashboard(browser, daemon);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  await page.getByRole("button", { name: "Enter token" }).click();
  await giveToken(dashboard, token);
  await page.getByRole("button", { name: /^cable/ }).click();
  await world.mobile.server.behave({ kind: "refuse" });
  await dashboard.untilShown("down", ".endpoints");
  await page.getByRole("button", { name: "Drill…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("No other endpoint can take over from cable now: mobile is down.").waitFor();
  assert.ok(await dialog.getByRole("button", { name: "Start the drill" }).isDisabled());
  await dashboard.assertAccessible("a drill that cannot be");
  // The question follows what happens meanwhile.
  await world.mobile.server.behave({ kind: "ok" });
  await dialog.getByText("It is active now: mobile takes over at once.").waitFor();
  await dialog.getByRole("button", { name: "Start the drill" }).click();
  await dialog.getByText("Done.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await eventually("mobile serves", () => contents(world).join() === "secondary.example.com");
  await dashboard.untilShown("in a drill", ".picture");
  await page.getByRole("button", { name: "Resume all…" }).click();
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("Done.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dashboard.untilShown(/^drill of cable: /, ".journal");
  await dashboard.untilShown("all is well");
  await dashboard.assertClean();
});

test("what is refused is not done, and the page says why: a wrong token, an endpoint that has left, too many tries", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startGuarded(world);
  const dashboard = await openDashboard(browser, daemon);
  const { page } = dashboard;
  await dashboard.untilShown("all is well");
  await page.getByRole("button", { name: "Enter token" }).click();
  await dashboard.assertAccessible("the question for the token");
  await giveToken(dashboard, "not-the-token");
  await page.getByRole("button", { name: /^mobile/ }).click();
  await page.getByRole("button", { name: "Pin…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Pin it" }).click();
  await dialog.getByText("Not done: the token is wrong.").waitFor();
  await dialog.getByText("Enter http.token from its configuration again.").waitFor();
  await dashboard.assertAccessible("a refusal");
  await dialog.getByRole("button", { name: "Enter the token again" }).click();
  await giveToken(dashboard, token);
  await page.getByRole("button", { name: "Pin…" }).click();
  assert.equal(await dialog.getByText("Not done").count(), 0);

  daemon.rewriteConfig((text) => text.replace("name: mobile", "name: fibre"));
  await dashboard.untilShown("fibre", ".endpoints");
  await dialog.getByRole("button", { name: "Pin it" }).click();
  await dialog.getByText("Not done: ingress.example.com has no endpoint mobile.").waitFor();
  await dialog.getByText("Known names: cable, fibre.").waitFor();

  // The same address as the browser's.
  const headers = { authorization: "Bearer guessed", "content-type": "application/json" };
  const guess = (): Promise<Response> =>
    fetch(`${dashboard.url}/api/v1/resume`, { method: "POST", headers, body: "{}" });
  await eventually("nobody may try any more", async () => {
    const response = await guess();
    await response.body?.cancel();
    return response.status === 429;
  });
  // Whoever has the right token goes on.
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^fibre/ }).click();
  await page.getByRole("button", { name: "Drain…" }).click();
  await dialog.getByRole("button", { name: "Drain it" }).click();
  await dialog.getByText("Done.").waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  assert.deepEqual(contents(world), ["primary.example.com"]);

  // Whoever has not is told so, and may enter another one.
  await page.reload();
  await dashboard.untilShown("fibre", ".endpoints");
  await page.getByRole("button", { name: "Enter token" }).click();
  await giveToken(dashboard, "not-the-token");
  await page.getByRole("button", { name: "Resume all…" }).click();
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("Not done: too many wrong tokens.").waitFor();
  await dialog.getByText(/^Try again in \d+ s\.$/).waitFor();
  await dashboard.assertAccessible("another refusal");
  await dialog.getByRole("button", { name: "Enter the token again" }).click();
  await giveToken(dashboard, token);
  await page.getByRole("button", { name: "Resume all…" }).click();
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("Done.").waitFor();
  // The browser itself complains of each refusal.
  assert.deepEqual(
    dashboard.complaints,
    ["401 (Unauthorized)", "404 (Not Found)", "429 (Too Many Requests)"].map(
      (status) => `Failed to load resource: the server responded with a status of ${status}`,
    ),
  );
});

test("without a token in the configuration the page offers nothing, and says how to change that", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  const dashboard = await openDashboard(browser, daemon);
  await dashboard.untilShown("all is well");
  await dashboard.page.getByRole("button", { name: /^mobile/ }).click();
  await dashboard.untilShown(/set http\.token in the configuration/, ".endpoint-details");
  for (const name of [/token/i, "Pin…", "Drain…"]) {
    assert.equal(await dashboard.page.getByRole("button", { name }).count(), 0);
  }
  await dashboard.assertClean();
});

function startGuarded(world: World): DaemonProcess {
  return startDaemon({
    config: configOf(
      world,
      (file) => {
        file.http.token = token;
      },
      { sticky: "1s" },
    ),
  });
}

async function giveToken({ page }: DashboardPage, text: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Enter the token" });
  await dialog.getByLabel("Token").fill(text);
  await dialog.getByRole("button", { name: "Use it" }).click();
  await dialog.waitFor({ state: "detached" });
}

/** The token is in the memory of the page, and nowhere else. */
async function assertKept({ page }: DashboardPage, daemon: DaemonProcess): Promise<void> {
  const places = await page.evaluate<string>(
    "JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, document.body.innerHTML])",
  );
  assert.ok(!places.includes(token));
  assert.ok(!daemon.output.includes(token));
}
