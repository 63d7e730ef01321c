// Waiting for the change of a zone that something brings about, and how long it took to come.
import assert from "node:assert/strict";
import type { Commit } from "../../src/emulation/cloudflare/store.ts";
import type { CloudflareServer } from "../../src/emulation/cloudflare/server.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { patienceMs } from "./eventually.ts";

export interface Change {
  readonly commit: Commit;
  /** From the action to the commit. */
  readonly tookMs: number;
}

/** Does something, and waits for the next change over the API, of the zone of this name when told, at other names than a mix's. */
export async function commitAfter(
  where: { readonly cloudflare: CloudflareServer; readonly daemon: DaemonProcess; readonly zone?: string },
  action: () => Promise<unknown> | void = () => {},
): Promise<Change> {
  const { cloudflare, daemon, zone } = where;
  const isMeant = (commit: Commit): boolean =>
    commit.by === "api" && (zone ?? commit.zone.name) === commit.zone.name && !isOfMix(commit);
  const next = cloudflare.nextCommit(isMeant, patienceMs);
  const startedMs = performance.now();
  await action();
  const commit = await next;
  if (commit === undefined) assert.fail(`the zone was never changed\n${daemon.tail}`);
  return { commit, tookMs: commit.atMs - startedMs };
}

/** Whether it changed nothing but the name of a mix. */
export function isOfMix({ zone, before }: Commit): boolean {
  const changed = [
    ...zone.records.filter((record) => before?.records.includes(record) !== true),
    ...(before?.records ?? []).filter((record) => !zone.records.includes(record)),
  ];
  return changed.length > 0 && changed.every(({ name }) => /^mix\.|^[^.]+-mix\./.test(name));
}

/** The same, in less than the two seconds that a failover or a reload may take. */
export async function commitInTimeAfter(...args: Parameters<typeof commitAfter>): Promise<Change> {
  const change = await commitAfter(...args);
  assert.ok(change.tookMs < 2_000, `it took ${change.tookMs} ms\n${args[0].daemon.tail}`);
  return change;
}
