// The dashboard as different readers meet it: in the dark, on a telephone, by keyboard alone, and through a screen reader.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { ingressName, startWorld, type World } from "../../src/emulation/world.ts";
import { openBrowser, openDashboard } from "../support/browser.ts";
import { startDaemon, type DaemonProcess } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf } from "../support/world-config.ts";

// Four pages, each looked at whole.
const patient = { timeout: 180_000 };

test(
  "after a failover, with a refused configuration: no finding of axe, and nothing out of sight",
  patient,
  async (t) => {
    await inTrouble(t, async (browser, daemon) => {
      for (const [colorScheme, width] of [
        ["light", 360],
        ["dark", 360],
        ["dark", 1_280],
        ["light", 2_200],
      ] as const) {
        const dashboard = await openDashboard(browser, daemon, { colorScheme, viewport: { width, height: 800 } });
        const { page } = dashboard;
        await dashboard.untilShown("failed over");
        await dashboard.untilShown("The new configuration was rejected");
        await page.getByRole("button", { name: /^cable/ }).click();
        await page.locator(".chart canvas").waitFor();
        await page.locator("details").evaluateAll("(all) => all.forEach((each) => { each.open = true; })");
        await dashboard.assertAccessible(`${colorScheme} ${width}`);
        const background = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
        assert.equal(background, colorScheme === "dark" ? "rgb(14, 20, 26)" : "rgb(244, 246, 248)");
        await dashboard.assertClean();
        await page.context().close();
      }
    });
  },
);

for (const width of [360, 1_280]) {
  test(`the axis of a chart names each day once, and all of it can be seen: ${width} px`, async (t) => {
    await inTrouble(t, async (browser, daemon) => {
      const options = { viewport: { width, height: 800 }, timezoneId: "UTC" };
      const dashboard = await openDashboard(browser, daemon, options, async (opened) => {
        await opened.addInitScript(noteDrawnText);
        // As shortly after a midnight: the last day begins at the right edge.
        await opened.route("**/api/v1/history?*", async (route) => {
          const response = await route.fetch();
          const history = (await response.json()) as { from: string; until: string };
          const [from, until] = [Date.parse(history.from), Date.parse(history.until)];
          const shiftMs = Math.ceil(until / 86_400_000) * 86_400_000 + 60_000 - until;
          const moved = (atMs: number): string => new Date(atMs + shiftMs).toISOString();
          await route.fulfill({ response, json: { ...history, from: moved(from), until: moved(until) } });
        });
      });
      const { page } = dashboard;
      await dashboard.untilShown("failed over");
      await page.getByRole("button", { name: /^cable/ }).click();
      for (const range of ["7 d", "30 d"]) {
        await page.locator(".chart canvas").waitFor();
        await page.evaluate("drawn.length = 0");
        await page.getByRole("button", { name: range, exact: true }).first().click();
        await eventually("days on the axis", async () => (await drawnDays(page)).length > 0);
        const days = await drawnDays(page);
        const names = days.map(({ text }) => text);
        assert.deepEqual(names, [...new Set(names)]);
        for (const { text, left, right, room } of days) {
          assert.ok(left >= 0 && right <= room, `${text} is at ${left} to ${right} of ${room}`);
        }
        const gaps = days.slice(1).map(({ left }, index) => left - (days[index]?.right ?? 0));
        assert.ok(Math.min(...gaps) > 4, `the labels touch: ${gaps.join(", ")}`);
      }
    });
  });
}

interface DrawnText {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly room: number;
}

/** Notes what is written on canvases, in the page. */
const noteDrawnText = `
  window.drawn = [];
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y, ...rest) {
    const { width } = this.measureText(text);
    const at = this.getTransform().transformPoint(new DOMPoint(x, y)).x;
    const left = this.textAlign === "center" ? at - width / 2 : this.textAlign === "right" ? at - width : at;
    window.drawn.push({ text, left, right: left + width, room: this.canvas.width });
    return fillText.call(this, text, x, y, ...rest);
  };
`;

/** The labels that were drawn last: a chart may draw itself more than once. */
async function drawnDays(page: Page): Promise<readonly DrawnText[]> {
  const drawn = await page.evaluate<DrawnText[]>("drawn");
  const days = drawn.filter(({ text }) => /^[A-Z][a-z]{2} \d{1,2}$/.test(text));
  const first = days[0];
  return first === undefined ? [] : days.slice(days.findLastIndex(({ text }) => text === first.text));
}

test("by keyboard alone an endpoint is opened, and every stop on the way can be seen", async (t) => {
  await inTrouble(t, async (browser, daemon) => {
    const dashboard = await openDashboard(browser, daemon, { reducedMotion: "reduce" });
    const { page } = dashboard;
    await dashboard.untilShown("failed over");
    for (let stop = 0; stop < 30; stop += 1) {
      await page.keyboard.press("Tab");
      const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
      assert.equal(outline, "solid", await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 200)"));
      if (await page.evaluate<boolean>("document.activeElement.matches('.endpoint-line')")) break;
    }
    await page.keyboard.press("Enter");
    await page.locator(".endpoint-details").waitFor();
    const moving = await page.evaluate("document.getAnimations().length");
    assert.equal(moving, 0);
  });
});

/** A browser, and a daemon whose first line died and whose configuration was then broken. */
async function inTrouble(
  t: TestContext,
  look: (browser: Browser, daemon: DaemonProcess) => Promise<void>,
): Promise<void> {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world: World = await startWorld();
  await using daemon = startDaemon({ config: configOf(world) });
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
  await world.cable.server.behave({ kind: "refuse" });
  await daemon.untilLogged(/^written: /);
  daemon.rewriteConfig((text) => text.replace(`record: ${ingressName}`, `record: ${ingressName}\n    colour: blue`));
  await daemon.untilLogged(/^configuration rejected/);
  await look(browser, daemon);
}
