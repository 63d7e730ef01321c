// The dashboard of 250 ingresses with 1,000 endpoints: what is in trouble comes first, and anything else is found.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startWorld } from "../../src/emulation/world.ts";
import { openBrowser, openDashboard } from "../support/browser.ts";
import { startDaemon } from "../support/daemon-process.ts";
import { eventually } from "../support/eventually.ts";
import { configOf, partsOf } from "../support/world-config.ts";

const ingressCount = 250;
/** For people who look at the pictures. */
const folder = process.env["CCS_PICTURES"];

/** How each ingress on the page is, from the top. */
const shownTones = `[...document.querySelectorAll(".ingress-head .pill")].map(({ className }) => /tone-([a-z]+)/.exec(className)[1])`;

test("1,000 endpoints: those in trouble come first, and any other is found", { timeout: 240_000 }, async (t) => {
  const browser = await openBrowser(t);
  if (browser === undefined) return;
  await using world = await startWorld();
  const config = configOf(
    world,
    (file) => {
      const { ingress, cable, mobile } = partsOf(file);
      const of = (index: number) => ({
        ...structuredClone(ingress),
        record: `customer-${index}.example.com`,
        // One that answers nobody is in trouble; and one is called as no other is.
        endpoints: ["a", "b", "c", "d"].map((name, at) => ({
          ...structuredClone(index === 200 ? cable : mobile),
          name: index === 150 && at === 3 ? "lighthouse" : `line-${name}`,
          priority: at,
        })),
      });
      file.ingresses = Array.from({ length: ingressCount }, (_, index) => of(index));
    },
    { interval: "20s", fastInterval: "1s", timeout: "5s" },
  );
  await world.cable.server.behave({ kind: "refuse" });
  await using daemon = startDaemon({ config });
  if (folder !== undefined) await daemon.untilLogged(/^ready/).catch(() => undefined);
  for (const [colorScheme, width] of [
    ["light", 1_280],
    ["dark", 360],
  ] as const) {
    const dashboard = await openDashboard(browser, daemon, { colorScheme, viewport: { width, height: 800 } });
    const { page } = dashboard;
    page.setDefaultTimeout(90_000);
    const records = () => page.locator(".ingress h2").allInnerTexts();
    await page.getByRole("searchbox").fill("customer-200");
    await dashboard.untilShown("all endpoints are down", ".ingress");
    await page.getByRole("searchbox").fill("");
    // Others are in trouble besides it: the emulated zone takes 200 records, and is asked for 250.
    await eventually("what is in trouble comes first", async () => {
      const tones = await page.evaluate<readonly string[]>(shownTones);
      const weights = tones.map((tone) => ["bad", "warn", "quiet", "ok"].indexOf(tone));
      return weights[0] === 0 && weights.every((weight, index) => weight >= (weights[index - 1] ?? 0));
    });
    await dashboard.untilShown(`${ingressCount} ingresses`, ".finder");
    assert.equal((await records()).length, 40);
    if (folder !== undefined) await page.screenshot({ path: join(folder, `many-${colorScheme}-${width}.png`) });

    await page.getByRole("button", { name: /^Show 40 more of 250/ }).click();
    assert.equal((await records()).length, 80);
    await page.getByRole("searchbox", { name: "Find an ingress" }).fill("LIGHThouse");
    await dashboard.untilShown(`1 of ${ingressCount} ingresses`, ".finder");
    assert.deepEqual(
      (await records()).map((each) => each.trim()),
      ["customer-150.example.com"],
    );
    await page.getByRole("button", { name: /customer-150/ }).click();
    await dashboard.untilShown("lighthouse", ".endpoints");
    await dashboard.assertAccessible(`${colorScheme} ${width}`);
    if (folder !== undefined) await page.screenshot({ path: join(folder, `found-${colorScheme}-${width}.png`) });
    await page.getByRole("searchbox").fill("nothing has this name");
    await dashboard.untilShown(`none of ${ingressCount} ingresses`, ".finder");
    await page.getByRole("searchbox").fill("");
    await page.getByRole("checkbox", { name: /need attention/ }).check();
    await page.getByRole("searchbox").fill("customer-200");
    await dashboard.untilShown("all endpoints are down", ".ingress");
    await dashboard.assertClean();
    await page.context().close();
  }
});
