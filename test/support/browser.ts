// A real Chromium for tests of the dashboard. Whatever a page must never do is noted while it is open: errors on its
// console, and requests to anybody but the daemon.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, type TestContext } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { launchChromium } from "./chromium.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { requireProgram } from "./programs.ts";

/** Long enough for a busy machine; every wait ends as soon as it can. */
const patienceMs = 30_000;

let shared: Promise<Browser> | undefined;
after(async () => (await shared)?.close());

/**
 * The Chromium of this test file, which takes longer to start than most tests to run; what the test opens in it ends with
 * the test. `undefined` where there is none: the test is then marked as skipped.
 */
export async function openBrowser(t: TestContext): Promise<Browser | undefined> {
  const executablePath = requireProgram(t, "chromium");
  if (executablePath === undefined) return undefined;
  const browser = await (shared ??= launchChromium(executablePath));
  t.after(() => Promise.all(browser.contexts().map((context) => context.close())));
  return browser;
}

/** A page of the dashboard, and what it did that it must not. */
export class DashboardPage {
  readonly page: Page;
  readonly url: string;
  /** Errors and warnings on the console, and what was thrown. */
  readonly complaints: string[] = [];
  readonly foreignRequests: string[] = [];

  constructor(page: Page, url: string) {
    this.page = page;
    this.url = url;
    page.setDefaultTimeout(patienceMs);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.stack ?? error.message));
    page.on("dialog", (dialog) => {
      this.complaints.push(`a dialog of the browser: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) this.foreignRequests.push(request.url());
    });
  }

  /** Waits until the page shows this text, whatever it is in. */
  async untilShown(text: string | RegExp, within = "body"): Promise<void> {
    const found = this.page.locator(within).getByText(text).locator("visible=true").first();
    await found.waitFor({ state: "visible" });
  }

  /** The text of the page, as a reader sees it. */
  text(within = "body"): Promise<string> {
    return this.page.locator(within).innerText();
  }

  async assertClean(): Promise<void> {
    assert.deepEqual(this.complaints, []);
    assert.deepEqual(this.foreignRequests, []);
    await this.assertNotTooWide();
  }

  /** Nothing reaches beyond the right edge. */
  async assertNotTooWide(): Promise<void> {
    const root = "document.documentElement";
    const [whole, visible] = await this.page.evaluate<[number, number]>(`[${root}.scrollWidth, ${root}.clientWidth]`);
    assert.ok(whole <= visible, `the page is ${whole} pixels wide, and ${visible} are seen`);
  }

  /** No finding of axe, and nothing about contrast that it could not decide. */
  async assertAccessible(where: string): Promise<void> {
    // What is scrolled beneath the top cannot be judged.
    await this.page.evaluate("scrollTo(0, 0)");
    await this.page.evaluate(axeSource);
    const { violations, incomplete } = (await this.page.evaluate("axe.run()")) as AxeResults;
    const undecided = incomplete.filter(({ id }) => id === "color-contrast");
    const findings = [...violations, ...undecided].map(
      ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join("\n  ")}`,
    );
    assert.deepEqual(findings, [], where);
  }
}

interface AxeFinding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

interface AxeResults {
  readonly violations: readonly AxeFinding[];
  readonly incomplete: readonly AxeFinding[];
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Opens the dashboard of a daemon. */
export async function openDashboard(
  browser: Browser,
  daemon: DaemonProcess,
  options: BrowserContextOptions = {},
  /** Called before the page asks for anything. */
  prepare?: (page: Page) => Promise<void>,
): Promise<DashboardPage> {
  const { url } = await daemon.untilLogged(/^listening on /);
  assert.ok(url !== undefined);
  const context = await browser.newContext({ viewport: { width: 1_280, height: 900 }, ...options });
  const dashboard = new DashboardPage(await context.newPage(), url);
  await prepare?.(dashboard.page);
  await dashboard.page.goto(`${url}/`);
  return dashboard;
}
