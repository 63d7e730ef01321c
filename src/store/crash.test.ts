// A process that is killed at any moment, and a machine that loses its power: what was said to be done is done.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/support/property-runs.ts";
import { opened, storedMessage, temporaryFolder } from "../../test/support/state-folder.ts";
import { batchOf, savedOf } from "../../test/support/store-child.ts";
import type { Store } from "./store.ts";

const rounds = Number(process.env["CCS_CRASH_ROUNDS"] ?? 10);
const numRuns = propertyRuns(60);
const childPath = join(import.meta.dirname, "../../test/support/store-child.ts");

test("kill -9 at any moment: every change that was done is there, and none in part", async (t) => {
  const folder = temporaryFolder(t);
  let first = 1;
  for (let round = 0; round < rounds; round += 1) {
    const said = await killedAfter(folder, first, 1 + Math.floor(Math.random() * 120));
    using kept = opened(folder);
    assert.deepEqual(kept.warnings, []);
    const found = contents(kept.store);
    assert.ok(found.saved >= newest(said, "saved"));
    assert.ok(found.newestEntry >= newest(said, "recorded"));
    assert.equal(found.checks, found.newestEntry, "an entry without its check, or the other way round");
    const appended = newest(said, "appended");
    const removed = newest(said, "removed");
    // The newest few may have been changed without a word. Of the lives before nothing is left.
    for (let id = Math.max(first, removed + 3); id <= appended; id += 1)
      assert.ok(found.messages.includes(id), `lost ${id}`);
    assert.ok(
      found.messages.every((id) => id > removed),
      `${removed} was removed, but there are ${found.messages.join()}`,
    );
    assert.deepEqual(
      found.messages,
      found.messages.toSorted((a, b) => a - b),
    );
    first = Math.max(appended, found.newestEntry, ...found.messages, first) + 1;
    // The next life takes up where this one ended.
    for (let id = found.newestEntry + 1; id < first; id += 1) kept.store.record(batchOf(id));
    kept.store.outboxStore().remove("telegram", found.messages.map(String));
  }
  assert.ok(first > rounds, "nothing ever happened");
});

test("a killed process leaves no lock behind, a living one keeps it", async (t) => {
  const folder = temporaryFolder(t);
  const child = spawnChild(folder, 1);
  await lineOf(child, (line) => line === "opened file");
  const rival = spawnChild(folder, 1);
  await lineOf(rival, (line) => line === "locked");
  await ended(rival);
  await killed(child);
  using kept = opened(folder);
  assert.deepEqual(kept.warnings, []);
});

test("a power cut: whatever part of the log reached the disk, the changes up to some moment are there, whole", (t) => {
  const folder = temporaryFolder(t);
  const copy = temporaryFolder(t);
  const states: { readonly walBytes: number; readonly contents: string }[] = [];
  {
    using kept = opened(folder);
    const mark = (): void => {
      const walBytes = statSync(join(folder, "ccs.db-wal")).size;
      states.push({ walBytes, contents: JSON.stringify(contents(kept.store)) });
    };
    mark();
    for (let number = 1; number <= 40; number += 1) {
      kept.store.outboxStore().append("telegram", storedMessage(String(number)));
      mark();
      kept.store.record(batchOf(number));
      mark();
      kept.store.save(savedOf(number));
      mark();
    }
    for (const name of ["ccs.db", "ccs.db-wal"]) copyFileSync(join(folder, name), join(copy, name));
  }
  const database = readFileSync(join(copy, "ccs.db"));
  const wal = readFileSync(join(copy, "ccs.db-wal"));
  assert.ok(states.length > 100 && new Set(states.map(({ walBytes }) => walBytes)).size > 50, "the log was cut short");
  // The tables were on the disk before anything else.
  const lengthOf = fc.integer({ min: states[0]?.walBytes ?? NaN, max: wal.length });
  const tailOf = fc.constantFrom("cut", "zeros", "noise", "hole");
  const seen = new Set<string>();
  fc.assert(
    fc.property(lengthOf, tailOf, fc.infiniteStream(fc.nat({ max: 255 })), (length, tail, noise) => {
      const target = temporaryFolder(t);
      writeFileSync(join(target, "ccs.db"), database);
      writeFileSync(join(target, "ccs.db-wal"), torn(wal, length, tail, noise));
      using kept = opened(target);
      assert.deepEqual(kept.warnings, []);
      const found = JSON.stringify(contents(kept.store));
      seen.add(found);
      const index = states.findIndex((state) => state.contents === found);
      assert.ok(index >= 0, "a state that never was");
      const reached = states.findLastIndex(({ walBytes }) => walBytes <= length);
      assert.ok(index >= reached, `what had reached the disk is lost: ${index} < ${reached}`);
    }),
    { numRuns },
  );
  assert.ok(seen.size > 10);
});

test("a disk that takes no more is told once, and gets what it missed when it takes more", async (t) => {
  const folder = temporaryFolder(t);
  // A limit of 512 or 1,024 times as many bytes, by shell.
  const child = spawn("sh", ["-c", 'ulimit -f 400; exec "$0" "$@"', process.execPath, childPath, folder, "1"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => killed(child));
  const said: string[] = [];
  await lineOf(child, (line) => said.push(line) > 0 && said.filter((other) => other.startsWith("failed")).length > 20);
  await killed(child);
  const warnings = said.filter((line) => line.startsWith("warning"));
  assert.match(warnings[0] ?? "", /ccs\.db cannot be used now \(disk I\/O error\)\. .* kept in memory/);
  // After that it may work at times, where a change still fits.
  const ends = warnings.filter((line) => line.includes("can be written again")).length;
  assert.ok(warnings.length - ends - ends <= 1, warnings.join("\n"));
  using kept = opened(folder);
  assert.deepEqual(kept.warnings, []);
  const found = contents(kept.store);
  assert.ok(found.saved >= newest(said, "saved") && found.newestEntry >= newest(said, "recorded"));
  assert.equal(found.checks > 0, true);
});

interface Contents {
  readonly saved: number;
  readonly messages: readonly number[];
  readonly newestEntry: number;
  readonly checks: number;
}

function contents(store: Store): Contents {
  const query = {
    ingress: "a.example.com",
    endpoint: "cable",
    fromWallMs: 0,
    toWallMs: 1e15,
    resolution: "hour" as const,
  };
  return {
    saved: store.load()?.ingresses[0]?.savedWallMs ?? 0,
    messages: store
      .outboxStore()
      .list("telegram")
      .map(({ id }) => Number(id)),
    newestEntry: store.newestEntryId(),
    checks: store.rollups(query).reduce((sum, { count }) => sum + count, 0),
  };
}

/** Lets a process work until it has said so many lines, kills it, and gives all that it said. */
async function killedAfter(folder: string, first: number, lines: number): Promise<readonly string[]> {
  const child = spawnChild(folder, first);
  const said: string[] = [];
  const { stdout } = child;
  assert.ok(stdout !== null);
  const reader = createInterface({ input: stdout });
  reader.on("line", (line) => {
    said.push(line);
    if (said.length === lines) child.kill("SIGKILL");
  });
  await once(child, "close");
  assert.equal(said[0], "opened file", said.join("\n"));
  assert.deepEqual(
    said.filter((line) => line.startsWith("failed") || line.startsWith("warning")),
    [],
  );
  return said;
}

/** The highest number of which this was said to be done. */
function newest(said: readonly string[], what: string): number {
  const numbers = said.filter((line) => line.startsWith(`${what} `)).map((line) => Number(line.split(" ")[1]));
  return Math.max(0, ...numbers);
}

function spawnChild(folder: string, first: number): ChildProcess {
  return spawn(process.execPath, [childPath, folder, String(first)], { stdio: ["ignore", "pipe", "inherit"] });
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await ended(child);
}

/** It may have ended before its last words were read. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

/** Resolves at the first line that is wanted; fails when there is none before the end. */
async function lineOf({ stdout }: ChildProcess, isWanted: (line: string) => boolean): Promise<void> {
  assert.ok(stdout !== null);
  const reader = createInterface({ input: stdout });
  await new Promise<void>((resolve, reject) => {
    reader.on("line", (line) => {
      if (isWanted(line)) resolve();
    });
    reader.on("close", () => reject(new Error("it ended without the word that was waited for")));
  });
}

/** A log of which the part after `length` bytes did not arrive, in one of the ways that disks have. */
function torn(wal: Buffer, length: number, tail: string, noise: Iterable<number>): Buffer {
  const damaged = Buffer.from(wal);
  const reach = Math.min(wal.length, length + 512);
  switch (tail) {
    case "cut":
      return damaged.subarray(0, length);
    case "zeros":
      return damaged.fill(0, length);
    case "noise": {
      const bytes = noise[Symbol.iterator]();
      for (let index = length; index < reach; index += 1) damaged[index] = Number(bytes.next().value);
      return damaged.subarray(0, reach);
    }
    default:
      // A sector did not arrive, but what comes after it did.
      return damaged.fill(0, length, reach);
  }
}
