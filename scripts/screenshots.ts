// `npm run screenshots`: takes the pictures of the dashboard in docs/ anew. The daemon of the demo goes through an outage, and
// is looked at in a mix and after a failover. Another folder may be named: `npm run screenshots -- /tmp/pictures`.
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { openStage, type Stage } from "../src/demo/stage.ts";
import { ways } from "../src/demo/ways.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { eventually } from "../test/support/eventually.ts";
import { findProgram } from "../test/support/programs.ts";

const tempo = {
  interval: "400ms",
  fastInterval: "100ms",
  timeout: "1s",
  rise: 2,
  fall: 3,
  holdUp: "2s",
  sticky: "20s",
};

/** What a repository should carry of a picture. */
const mostBytes = 150_000;

const folder = process.argv[2] ?? join(import.meta.dirname, "../docs");
const desk = { viewport: { width: 1_280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 };

const executablePath = findProgram("chromium");
if (executablePath === undefined) throw new Error("chromium is not installed: apt-get install chromium");
mkdirSync(folder, { recursive: true });
await using stage = await openStage(tempo);
await using browser = await launchChromium(executablePath);
const { cable, mobile } = stage.world;

await untilServed("cable alone", ({ primary, sticky }) => primary === cable.name && sticky.length === 0);
await cable.server.behave(ways["503"].behaviour);
await untilServed("mobile", ({ primary }) => primary === mobile.name);
await cable.server.behave(ways.ok.behaviour);
await untilServed("the mix", ({ sticky }) => sticky.length > 0);
await picture("dashboard-dark", { ...desk, colorScheme: "dark" }, /is no longer published/);
await untilServed("cable alone again", ({ sticky }) => sticky.length === 0);
await cable.server.behave(ways.refuse.behaviour);
await untilServed("mobile again", ({ primary }) => primary === mobile.name);
await Promise.all([
  picture("dashboard-light", { ...desk, colorScheme: "light" }, "failed over"),
  picture("dashboard-phone", { ...phone, colorScheme: "light" }, "failed over"),
]);

type Selection = NonNullable<NonNullable<Stage["ingress"]>["selection"]>;

async function untilServed(what: string, isSo: (selection: Selection) => boolean): Promise<void> {
  await eventually(what, () => {
    const { ingress } = stage;
    const isInSync = ingress?.visibility?.status === "visible" || ingress?.visibility === undefined;
    return ingress?.selection !== undefined && isInSync && isSo(ingress.selection);
  });
}

async function picture(name: string, options: BrowserContextOptions, until: string | RegExp): Promise<void> {
  const path = join(folder, `${name}.png`);
  await inPage(options, async (page) => {
    await page.getByText(until).first().waitFor();
    await page.getByRole("button", { name: "1 h", exact: true }).first().click();
    await page.locator(".lane .stretch").first().waitFor();
    await page.evaluate("scrollTo(0, 0)");
    await page.screenshot({ path });
  });
  const { size } = statSync(path);
  console.log(`${path}: ${Math.round(size / 1_000)} kB`);
  if (size > mostBytes)
    throw new Error(`${path} has ${size} bytes, more than ${mostBytes}: make its viewport smaller.`);
}

async function inPage(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(`${stage.httpUrl}/`);
  await look(page);
  await context.close();
}
