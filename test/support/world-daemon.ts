// What tests of a daemon over the demo's world have in common: its two lines, its records, and a folder that outlives it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { World } from "../../src/emulation/world.ts";
import type { DaemonProcess } from "./daemon-process.ts";

export async function untilBothUp(daemon: DaemonProcess): Promise<void> {
  await daemon.untilLogged(/^cable is up/);
  await daemon.untilLogged(/^mobile is up/);
}

/** What the ingress says at Cloudflare. */
export function contents({ records }: World): readonly string[] {
  return records.map(({ content }) => content);
}

/** A folder that outlives each daemon, and is gone after the test. */
export function ownFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "ccs-e2e-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
