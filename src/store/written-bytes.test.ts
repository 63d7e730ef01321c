// What the store writes to the disk while nothing but checks happen, counted by the system.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { opened, temporaryFolder } from "../../test/support/state-folder.ts";
import { Tally } from "./tally.ts";

const skip = process.platform !== "linux";
const firstMinute = 29_000_000;

function writtenBytes(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

/** Millions of bytes a day, of so many endpoints in pairs that are checked four times a minute. */
function megabytesADay(t: TestContext, endpoints: number, minutes: number): number {
  using kept = opened(temporaryFolder(t));
  const before = writtenBytes();
  for (let minute = 0; minute < minutes; minute += 1) {
    const checks = Array.from({ length: endpoints }, (_, index) => {
      const tally = new Tally();
      for (let check = 0; check < 4; check += 1) {
        const endedMs = 10 + ((minute * 7 + index * 13 + check * 29) % 100) / 10;
        tally.observe({ kind: "ok", detail: "", vantage: "local", startedMs: 0, endedMs, phases: {} });
      }
      const ingress = `ingress-${index >> 1}.example.com`;
      const endpoint = index % 2 === 0 ? "cable" : "mobile";
      return { ingress, endpoint, address: `192.0.2.${index % 250}`, startMinute: firstMinute + minute, tally };
    });
    kept.store.record({ entries: [], checks });
  }
  return ((writtenBytes() - before) / minutes) * (1_440 / 1e6);
}

/** 30 were counted; with the newest address of an endpoint noted each minute, 48. */
test("two endpoints write less than 36 MB a day", { skip }, (t) => {
  const written = megabytesADay(t, 2, 1_440);
  assert.ok(written < 36, `${written.toFixed(1)} MB`);
});

/** 1,060 were counted; with the newest addresses noted each minute, 1,147. */
test("300 endpoints write less than 1,100 MB a day", { skip }, (t) => {
  const written = megabytesADay(t, 300, 60);
  assert.ok(written < 1_100, `${written.toFixed(0)} MB`);
});
