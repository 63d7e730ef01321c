// The page of the demo in a real browser: its buttons break and mend the world, and what comes of it is seen in the same
// window, without a reload.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import type { Browser, Locator } from "playwright-core";
import { openBrowser, DashboardPage } from "../support/browser.ts";
import { spawnCcs } from "../support/built-program.ts";

test("cable breaks by a button and is mended by another: the failover and the return are seen, and the story waits", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const demo = await openDemo(t, browser);
  const { page } = demo;
  await takeOver(demo);
  await page.evaluate("document.body.dataset.same = 'yes'");
  await buttonOf(demo, "cable", "refuses").click();
  await demo.untilShown("failed over");
  await demo.untilShown("secondary.example.com", ".published");
  await demo.untilShown(/CNAME secondary\.example\.com \(TTL 5 min\): visible \S+ m?s after cable broke\.$/, ".demo");
  assert.equal(await buttonOf(demo, "cable", "refuses").getAttribute("aria-pressed"), "true");
  await demo.assertAccessible("a broken cable");
  await buttonOf(demo, "cable", "works").click();
  await demo.untilShown(/mobile is no longer published/, ".next");
  await demo.untilShown("all is well");
  await demo.untilShown("primary.example.com", ".published");
  assert.equal(await page.evaluate("document.body.dataset.same"), "yes");

  await page.getByRole("button", { name: /^mobile/ }).click();
  assert.ok(await page.getByRole("button", { name: "Pin…" }).isEnabled(), "the token need not be entered");
  await demo.assertClean();
  await page.getByRole("button", { name: "Repair everything, play the story" }).click();
  await demo.untilShown(/Story \d\/4/, ".demo");
  // Where the daemon starts afresh for the story, the browser complains of what it could not load, and of nothing else.
  assert.deepEqual(
    demo.complaints.filter((text) => !text.startsWith("Failed to load resource: net::ERR_")),
    [],
  );
  assert.deepEqual(demo.foreignRequests, []);
});

test("what is not an endpoint's fault is seen to move nothing: a cut connection, Cloudflare, an edit by hand", async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  const demo = await openDemo(t, browser, { width: 390, height: 844 });
  const { page } = demo;
  await takeOver(demo);
  await buttonOf(demo, "elsewhere", /Cut/).click();
  await demo.untilShown("This machine appears to be offline (IPv4)");
  await demo.untilShown("primary.example.com", ".published");
  await demo.assertAccessible("cut off");
  await buttonOf(demo, "elsewhere", /Cut/).click();
  await page.locator(".banner", { hasText: "appears to be offline" }).waitFor({ state: "detached" });

  await buttonOf(demo, "elsewhere", /Cloudflare/).click();
  await buttonOf(demo, "cable", "hangs").click();
  await demo.untilShown("Out of sync. It should say:", ".published");
  await buttonOf(demo, "elsewhere", /Cloudflare/).click();
  await demo.untilShown("failed over");

  await buttonOf(demo, "elsewhere", /Edit/).click();
  await demo.untilShown(
    /CNAME secondary\.example\.com \(TTL 5 min\): visible \S+ m?s after the edit by hand\.$/,
    ".demo",
  );
  await demo.assertClean();
});

/** The page of a `ccs demo` of its own, which ends with the test. */
async function openDemo(
  t: TestContext,
  browser: Browser,
  viewport = { width: 1_280, height: 900 },
): Promise<DashboardPage> {
  const child = spawnCcs(["demo"]);
  t.after(async () => {
    const closed = once(child, "close");
    child.kill("SIGINT");
    await closed;
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const found = /^Dashboard: (\S+)\/$/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("close", (code) => reject(new Error(`the demo ended with ${code}`)));
  });
  const context = await browser.newContext({ viewport });
  const page = new DashboardPage(await context.newPage(), url);
  await page.page.goto(`${url}/`);
  return page;
}

/** Stops the story, wherever it is, with everything in order. */
async function takeOver(demo: DashboardPage): Promise<void> {
  await buttonOf(demo, "cable", "works").click();
  await demo.untilShown("You are in control", ".demo");
  await demo.untilShown("all is well");
}

function buttonOf({ page }: DashboardPage, group: string, name: string | RegExp): Locator {
  return page.getByRole("group", { name: group, exact: true }).getByRole("button", { name });
}
