// What readers ask is answered on a thread of its own, whatever becomes of the thread or of the file; and the thread
// that decides runs no query for them.
import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, StatementSync, type SQLInputValue } from "node:sqlite";
import { describe, test, type TestContext } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { ApiSite, record } from "../../../test/support/api-site.ts";
import { eventually, patienceMs } from "../../../test/support/eventually.ts";
import { propertyRuns } from "../../../test/support/property-runs.ts";
import { opened, temporaryFolder } from "../../../test/support/state-folder.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { JournalEntry } from "../../core/history.ts";
import { HistoryReader } from "../../store/reader.ts";
import { openMemoryStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import type { ArchiveAnswer, EventsQuestion, HistoryQuestion } from "../../web/api/archive.ts";
import type { Events } from "../../web/api/schema/events.ts";
import { startThread, ThreadArchive } from "./archive.ts";

const page: EventsQuestion = { kind: "events", limit: 50, records: [] };

function entry(id: number, fact: JournalEntry["fact"] = { kind: "standoff-ended", ingress: record }): JournalEntry {
  return { id, atWallMs: 1_000 * id, atMs: id, fact };
}

interface Set {
  readonly archive: ThreadArchive;
  readonly clock: VirtualClock;
  readonly threads: Worker[];
  readonly troubles: string[];
  readonly bugs: unknown[];
  /** What is not written yet. */
  unwritten: JournalEntry[];
}

interface OtherThreads {
  /** Starts the first thread, or the first ones, in place of the program's own. */
  readonly first: () => Worker;
  /** So many times; once unless given. */
  readonly times?: number;
}

function archiveOf(t: TestContext, store: Store, other?: OtherThreads): Set {
  const clock = new VirtualClock();
  let started = 0;
  const set: Omit<Set, "archive"> = { clock, threads: [], troubles: [], bugs: [], unwritten: [] };
  const archive = new ThreadArchive({
    clock,
    store,
    unwritten: () => set.unwritten,
    newestId: () => set.unwritten.at(-1)?.id ?? store.newestEntryId(),
    onTrouble: (message) => void set.troubles.push(message),
    onBug: (error) => void set.bugs.push(error),
    startThread: () => {
      started += 1;
      const thread = other !== undefined && started <= (other.times ?? 1) ? other.first() : startThread();
      set.threads.push(thread);
      return thread;
    },
  });
  t.after(() => archive[Symbol.asyncDispose]());
  return Object.assign(set, { archive });
}

/**
 * As on a drive that hangs: it is within SQLite, where nothing can end it, for three seconds. It waits for a lock
 * there.
 */
function startStuckThread(t: TestContext): Worker {
  const program = `
    const { DatabaseSync } = require("node:sqlite");
    const { parentPort, workerData: path } = require("node:worker_threads");
    const [holder, other] = [new DatabaseSync(path), new DatabaseSync(path, { timeout: 3_000 })];
    holder.exec("BEGIN EXCLUSIVE");
    parentPort.on("message", () => {
      parentPort.postMessage({ id: -1 });
      other.exec("BEGIN EXCLUSIVE");
    });`;
  return new Worker(program, { eval: true, workerData: join(temporaryFolder(t), "locked.db") });
}

function noThread(): Worker {
  throw new Error("ERR_WORKER_INIT_FAILED");
}

function memoryStore(t: TestContext, entries = 0): Store {
  const store = openMemoryStore({ clock: new VirtualClock(), onWarning: (message) => assert.fail(message) });
  t.after(() => store[Symbol.dispose]());
  store.record({ entries: Array.from({ length: entries }, (_, index) => entry(index + 1)), checks: [] });
  return store;
}

function idsOf(answer: ArchiveAnswer): readonly number[] {
  assert.equal(answer.kind, "document", JSON.stringify(answer));
  return pageOf(answer).events.map(({ id }) => id);
}

function pageOf(answer: ArchiveAnswer): Events {
  if (answer.kind !== "document") assert.fail(answer.why);
  return JSON.parse(new TextDecoder().decode(answer.json)) as Events;
}

type Method = (this: StatementSync, ...parameters: SQLInputValue[]) => unknown;

const methods = ["all", "get", "iterate", "run"] as const;

/** Is told about every statement that this thread runs, until the end of the test. */
function onStatements(
  t: TestContext,
  hear: (statement: StatementSync, parameters: readonly SQLInputValue[]) => void,
): void {
  for (const name of methods) {
    const original = StatementSync.prototype[name] as Method;
    const heard: Method = function (...parameters) {
      hear(this, parameters);
      return original.apply(this, parameters);
    };
    t.mock.method(StatementSync.prototype, name, heard as never);
  }
}

describe("the thread that decides", () => {
  test("runs no query for any reader, with a file or in memory", async (t) => {
    using kept = opened(temporaryFolder(t));
    const queries: string[] = [];
    onStatements(t, ({ sourceSQL }) => void queries.push(sourceSQL));
    for (const store of [kept.store, undefined]) {
      // On a clock on which nothing is due: what is not written yet stays so.
      await using site = await ApiSite.start({ clock: new VirtualClock(), ...(store && { store }) });
      site.settle();
      site.recorder.flush();
      // What is not written yet is part of the answers.
      site.world.observe("cable", "timeout");
      assert.ok(site.recorder.waiting.length > 0);
      const paths = [
        "status",
        "events",
        "events?limit=1",
        "events?before=3",
        `events?ingress=${record}`,
        "events?endpoint=cable&limit=200",
        ...["1h", "24h", "7d", "30d"].flatMap((range) => [
          `history?range=${range}`,
          `history?endpoint=cable&range=${range}`,
        ]),
        "openapi.json",
      ].map((path) => `/api/v1/${path}`);
      queries.length = 0;
      for (const path of [...paths, "/metrics", "/readyz", "/healthz", "/"]) {
        const { status, text } = await site.get(path);
        assert.ok(status === 200 || path === "/readyz", `${path}: ${text}`);
      }
      for (const lastEventId of ["0", "1", "3", "99"]) {
        using reader = await site.stream({ "last-event-id": lastEventId });
        await eventually("the stream begins", () => reader.of("status").length > 0);
      }
      assert.deepEqual(queries, []);
      assert.ok(site.archive.questions > 10);
      site.store.journal({ limit: 1 });
      assert.equal(queries.length, 1, "they are counted");
    }
  });
});

describe("the thread that reads", () => {
  test("begins with the first question and ends a minute after the last one", async (t) => {
    const { archive, clock, threads } = archiveOf(t, memoryStore(t, 3));
    assert.equal(archive.isThreadRunning, false);
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [3, 2, 1]);
    await clock.advance(50_000);
    assert.deepEqual(idsOf(await archive.ask({ ...page, before: 3 }, "a")), [2, 1]);
    await clock.advance(50_000);
    assert.equal(archive.isThreadRunning, true);
    await clock.advance(10_000);
    assert.equal(archive.isThreadRunning, false);
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [3, 2, 1]);
    assert.equal(threads.length, 2);
  });

  test("is asked once by many who want the same, and again after a second or when something has happened", async (t) => {
    const store = memoryStore(t, 3);
    const { archive, clock } = archiveOf(t, store);
    const answers = await Promise.all(Array.from({ length: 200 }, (_, index) => archive.ask(page, `client ${index}`)));
    assert.equal(archive.questions, 1);
    for (const answer of answers) assert.deepEqual(idsOf(answer), [3, 2, 1]);
    await clock.advance(900);
    await archive.ask(page, "a");
    assert.equal(archive.questions, 1);
    store.record({ entries: [entry(4)], checks: [] });
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [4, 3, 2, 1]);
    await clock.advance(1_100);
    await archive.ask(page, "a");
    assert.equal(archive.questions, 3);
  });

  test("is asked only so much at once, by one client and by all", async (t) => {
    const { archive } = archiveOf(t, memoryStore(t, 3));
    const askedBy = (client: string, from: number, count: number): Promise<ArchiveAnswer>[] =>
      Array.from({ length: count }, (_, index) => archive.ask({ ...page, before: 1_000 + from + index }, client));
    const ofOne = askedBy("greedy", 0, 100);
    const ofOthers = ["a", "b", "c", "d"].flatMap((client, index) => askedBy(client, 1_000 * (index + 1), 5));
    const kinds = async (answers: Promise<ArchiveAnswer>[]): Promise<number> =>
      (await Promise.all(answers)).filter(({ kind }) => kind === "document").length;
    assert.equal(await kinds(ofOthers), 20);
    assert.equal(await kinds(ofOne), 32);
    const many = Array.from({ length: 100 }, (_, index) =>
      archive.ask({ ...page, before: 90_000 + index }, `c${index}`),
    );
    assert.equal(await kinds(many), 64);
    assert.deepEqual(idsOf(await archive.ask({ ...page, before: 2 }, "greedy")), [1]);
  });

  test("serves clients in turn, whoever asked for more before", async (t) => {
    const { archive } = archiveOf(t, memoryStore(t, 3));
    const order: string[] = [];
    const ask = (client: string, before: number): Promise<unknown> =>
      archive.ask({ ...page, before }, client).then(() => order.push(client));
    const asked = ["greedy", "greedier"].flatMap((client, at) =>
      Array.from({ length: 20 }, (_, index) => ask(client, 100 + 100 * at + index)),
    );
    await asked[0];
    asked.push(ask("modest", 50), ask("other", 51));
    await Promise.all(asked);
    assert.ok(order.indexOf("modest") < 5 && order.indexOf("other") < 5, order.join());
    const half = order.slice(0, 22).filter((client) => client === "greedy").length;
    assert.ok(half >= 8 && half <= 12, order.join());
  });

  test("that dies is started anew, and its question asked once more", async (t) => {
    const { archive, threads, troubles } = archiveOf(t, memoryStore(t, 3));
    await archive.ask(page, "a");
    const answer = archive.ask({ ...page, limit: 2 }, "a");
    await threads[0]?.terminate();
    assert.deepEqual(idsOf(await answer), [3, 2]);
    assert.equal(threads.length, 2);
    assert.deepEqual(troubles, []);
  });

  test("that dies again and again is left alone for a while, which is told once", async (t) => {
    const { archive, clock, threads, troubles } = archiveOf(t, memoryStore(t, 3));
    const asked = async (before: number): Promise<ArchiveAnswer> => {
      const answer = archive.ask({ ...page, before }, "a");
      while (threads.length > 0) await threads.pop()?.terminate();
      return answer;
    };
    let answer: ArchiveAnswer | undefined;
    for (let tries = 0; tries < 8; tries += 1) {
      answer = await Promise.race([asked(100 + tries), archive.ask({ ...page, before: 200 + tries }, "b")]);
      for (const thread of threads.splice(0)) await thread.terminate();
      await new Promise(setImmediate);
    }
    answer = await archive.ask({ ...page, before: 300 }, "a");
    assert.deepEqual(answer, { kind: "unavailable", why: "its reader thread cannot be started right now" });
    assert.equal(troubles.length, 1, troubles.join("\n"));
    await clock.advance(60_000);
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [3, 2, 1]);
    assert.equal(troubles.at(-1), "The history can be read again.");
  });

  test("that hangs is given up after ten seconds, and another one answers what is asked next", async (t) => {
    const { archive, clock, threads, troubles } = archiveOf(t, memoryStore(t, 3), { first: () => startStuckThread(t) });
    const hanging = archive.ask(page, "a");
    const waiting = archive.ask({ ...page, limit: 2 }, "b");
    await clock.advance(9_999);
    assert.equal(threads.length, 1);
    await clock.advance(1);
    assert.deepEqual(await hanging, { kind: "unavailable", why: "it took longer than 10 s" });
    assert.deepEqual(idsOf(await waiting), [3, 2]);
    assert.deepEqual(troubles, [
      "The history cannot be read: it took longer than 10 s. Decisions do not depend on it.",
      "The history can be read again.",
    ]);
  });

  test("that hangs holds up the end for no more than a second, and what is asked then hears of it", async (t) => {
    const { archive, clock, threads } = archiveOf(t, memoryStore(t, 3), { first: () => startStuckThread(t) });
    const asked = archive.ask(page, "a");
    let isGone = false;
    threads[0]?.on("exit", () => (isGone = true));
    // It has begun by then.
    await once(threads[0] ?? assert.fail(), "message");
    const end = archive[Symbol.asyncDispose]();
    assert.deepEqual(await asked, { kind: "unavailable", why: "the daemon is shutting down" });
    await clock.advance(1_000);
    await end;
    assert.equal(isGone, false);
    assert.deepEqual(await archive.ask(page, "b"), { kind: "unavailable", why: "the daemon is shutting down" });
  });

  test("that cannot be started, or whose file is missing, is no more than an answer that there is none", async (t) => {
    for (const first of [noThread, (): Worker => new Worker("/nowhere/archive.js")]) {
      const { archive, clock, troubles, bugs } = archiveOf(t, memoryStore(t, 3), { first, times: 5 });
      for (let question = 0; question < 5; question += 1) {
        const answer = await archive.ask({ ...page, before: 100 + question }, "a");
        assert.equal(answer.kind, "unavailable");
      }
      assert.equal(troubles.length, 1, troubles.join("\n"));
      await clock.advance(60_000);
      assert.deepEqual(idsOf(await archive.ask(page, "a")), [3, 2, 1]);
      assert.deepEqual(bugs, []);
    }
  });

  test("a question is an internal error only for whoever asked it", async (t) => {
    const { archive, bugs } = archiveOf(t, memoryStore(t, 3));
    const nonsense = { kind: "history", ingress: record, range: "1h" } as unknown as HistoryQuestion;
    const odd = await archive.ask({ ...nonsense, endpoints: [{ name: "cable" }] } as unknown as HistoryQuestion, "a");
    assert.equal(odd.kind, "unavailable");
    assert.equal(bugs.length, 1);
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [3, 2, 1]);
  });
});

describe("the file", () => {
  test("that turns out damaged is replaced, and the question asked again", async (t) => {
    const folder = temporaryFolder(t);
    using kept = opened(folder);
    const { store, warnings } = kept;
    store.record({ entries: Array.from({ length: 2_000 }, (_, index) => entry(index + 1)), checks: [] });
    store.record({ entries: [entry(2_001)], checks: [] });
    const path = join(folder, "ccs.db");
    const { archive } = archiveOf(t, store);
    // Both the file and its log, from their second page on.
    for (const name of [path, `${path}-wal`]) {
      const file = openSync(name, "r+");
      writeSync(file, Buffer.alloc(Math.max(0, statSync(name).size - 8_192), 0x55), 0, undefined, 8_192);
      closeSync(file);
    }
    const answer = await archive.ask({ ...page, before: 1_000 }, "a");
    assert.deepEqual(idsOf(answer), []);
    assert.equal(warnings.length, 1, warnings.join("\n"));
    assert.match(warnings[0] ?? "", /ccs\.db is not a valid state file .* a new one was started/);
    store.record({ entries: [entry(2_002)], checks: [] });
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [2_002]);
  });

  test("that is gone, or another one by now, is told, and nothing of another one is shown", async (t) => {
    const [folder, other] = [temporaryFolder(t), temporaryFolder(t)];
    using kept = opened(folder);
    kept.store.record({ entries: [entry(1)], checks: [] });
    const { archive, clock, troubles } = archiveOf(t, kept.store);
    assert.deepEqual(idsOf(await archive.ask(page, "a")), [1]);
    // The connection is there until the thread ends.
    await clock.advance(60_000);
    for (const end of ["", "-wal"]) renameSync(join(folder, `ccs.db${end}`), join(folder, `moved.db${end}`));
    const gone = await archive.ask(page, "a");
    assert.equal(gone.kind, "unavailable");
    assert.match(gone.kind === "unavailable" ? gone.why : "", /unable to open|was removed or replaced/);
    assert.equal(troubles.length, 1);
    {
      using foreign = new DatabaseSync(join(other, "foreign.db"));
      foreign.exec("CREATE TABLE journal (id, at_wall_ms, at_ms, json)");
    }
    renameSync(join(other, "foreign.db"), join(folder, "ccs.db"));
    await clock.advance(60_000);
    const replaced = await archive.ask({ ...page, limit: 9 }, "a");
    assert.match(replaced.kind === "unavailable" ? replaced.why : "", /was removed or replaced: restart ccs/);
  });

  test("may be written as fast as it can be while it is read", async (t) => {
    using kept = opened(temporaryFolder(t));
    const { archive } = archiveOf(t, kept.store);
    let id = 0;
    let answers = 0;
    const deadlineMs = performance.now() + patienceMs;
    const isOver = (): boolean => answers >= 100 || performance.now() > deadlineMs;
    const reading = (async () => {
      while (!isOver()) {
        const ids = idsOf(await archive.ask({ ...page, before: id + 1 }, "a"));
        assert.ok(ids.every((found, index) => index === 0 || found === (ids[index - 1] ?? 0) - 1));
        answers += 1;
      }
    })();
    while (!isOver()) {
      kept.store.record({ entries: Array.from({ length: 20 }, () => entry((id += 1))), checks: [] });
      await new Promise(setImmediate);
    }
    await reading;
    assert.ok(answers >= 100, `${answers} answers`);
    assert.deepEqual(kept.warnings, []);
  });
});

test("pages are exact, whatever is written and whatever happens between and during the questions", async (t) => {
  const kinds = ["endpoint-health-changed", "selection-changed", "standoff-began"] as const;
  const step = fc.oneof(
    fc.record({ kind: fc.constant("happens" as const), what: fc.nat(5) }),
    fc.constant({ kind: "written" as const }),
    fc.constant({ kind: "asked" as const }),
  );
  // One thread for all examples, as starting it takes far longer than its answers: each is about an ingress of its own.
  const store = memoryStore(t);
  const set = archiveOf(t, store);
  let newestId = 0;
  let examples = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.constantFrom(undefined, "cable"),
      async (steps, limit, endpoint) => {
        const ingress = `${(examples += 1)}.${record}`;
        set.unwritten = [];
        const happened: JournalEntry[] = [];
        const seen: number[] = [];
        const wantedBelow = (id: number): number[] =>
          happened
            .filter((each) => each.id < id && isAbout(each.fact, endpoint))
            .map((each) => each.id)
            .toReversed();
        let before: number | undefined;
        let expected: number[] | undefined;
        for (const each of steps) {
          if (each.kind === "happens") {
            const about = each.what % 2 === 0 ? { endpoint: "cable" } : each.what === 3 ? { endpoint: "mobile" } : {};
            const kind = kinds[each.what % 3] ?? "standoff-began";
            const fact = { kind, ingress, ...(kind === "selection-changed" ? {} : about) };
            happened.push(entry((newestId += 1), fact));
            set.unwritten = [...set.unwritten, ...happened.slice(-1)];
          } else if (each.kind === "written") {
            store.record({ entries: set.unwritten, checks: [] });
            set.unwritten = [];
          } else {
            const question = { kind: "events", limit, ingress, endpoint, records: [] } as const;
            const answer = set.archive.ask({ ...question, before }, "a");
            expected ??= wantedBelow(Infinity);
            // Written while it is asked: told once.
            store.record({ entries: set.unwritten, checks: [] });
            set.unwritten = [];
            const found = pageOf(await answer);
            seen.push(...found.events.map(({ id }) => id));
            before = found.before;
            assert.deepEqual(seen, expected.slice(0, seen.length));
            if (before !== undefined) continue;
            assert.deepEqual(seen, expected, "the last page is the last");
            break;
          }
        }
      },
    ),
    { numRuns: propertyRuns(60) },
  );
});

function isAbout(fact: JournalEntry["fact"], endpoint: string | undefined): boolean {
  return endpoint === undefined || fact["endpoint"] === endpoint || fact.kind === "selection-changed";
}

describe("what a question costs does not depend on what else is kept", () => {
  test("no question walks through a table, or sorts what it finds, in place of going along an index", (t) => {
    const store = memoryStore(t);
    const plans: string[] = [];
    using database = new DatabaseSync(store.readingPlace.location);
    onStatements(t, ({ sourceSQL }, parameters) => {
      if (sourceSQL.startsWith("EXPLAIN")) return;
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sourceSQL}`).all(...parameters);
      plans.push(...plan.map(({ detail }) => String(detail)));
    });
    store.journal({ limit: 9 });
    store.journal({ limit: 9, ingress: record, beforeId: 7 });
    store.journal({ limit: 9, ingress: record, endpoint: "cable" });
    store.journalOf({ kind: "endpoint-health-changed", ingress: record, endpoint: "cable", limit: 9 });
    store.journalOf({ kind: "selection-changed", ingress: record, limit: 9 });
    const addresses = { known: ["192.0.2.1"], newest: 24 };
    const query = { ingress: record, endpoint: "cable", fromWallMs: 0, toWallMs: 1e12, addresses };
    for (const resolution of ["minute", "hour"] as const) {
      store.rollups({ ...query, resolution });
      store.coveredStarts({ ...query, resolution });
    }
    assert.ok(plans.length > 8);
    const scans = plans.filter(
      (detail) => /SCAN(?! \(subquery|.*CONSTANT)/.test(detail) && !/^SCAN journal$/.test(detail),
    );
    assert.deepEqual(scans, []);
  });

  test("a page about a quiet endpoint takes as long in a full journal as in a short one", (t) => {
    const [short = 0, full = 0] = [2_000, 100_000].map((length) => {
      const store = memoryStore(t);
      using database = new DatabaseSync(store.readingPlace.location);
      // All that happened to the quiet one was long ago.
      database.exec(`
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${length})
        INSERT INTO journal (id, at_wall_ms, at_ms, kind, ingress, endpoint, json)
          SELECT i, i, i, 'endpoint-health-changed', '${record}', iif(i <= 20, 'quiet', 'busy'), '{"kind":"x"}' FROM n`);
      using reader = new HistoryReader(store.readingPlace.location);
      const ask = (): number => {
        const startedMs = performance.now();
        const found = reader.entries({ ingress: record, endpoint: "quiet", limit: 100 });
        assert.equal(found.length, 20);
        return performance.now() - startedMs;
      };
      return Math.min(...Array.from({ length: 15 }, ask));
    });
    assert.ok(full < 3 * short, `${full} ms in a full journal, ${short} ms in a short one`);
  });

  test("an endpoint with 50,000 past addresses is answered from the newest of them", (t) => {
    const store = memoryStore(t);
    using database = new DatabaseSync(store.readingPlace.location);
    database.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
      INSERT INTO series (id, ingress, endpoint, address, newest_minute)
        SELECT i, '${record}', 'cable', 'address-' || i, i FROM n;
      INSERT INTO checks SELECT id, 60, newest_minute / 60 * 60, 1, 0, 0, 20, 20, 20, x'' FROM series`);
    let statements = 0;
    onStatements(t, () => (statements += 1));
    const addresses = { known: ["address-7"], newest: 24 };
    const range = { fromWallMs: 0, toWallMs: 50_001 * 60_000, resolution: "hour" as const };
    const found = new Set(
      store.rollups({ ingress: record, endpoint: "cable", ...range, addresses }).map((row) => row.address),
    );
    assert.equal(found.size, 25);
    assert.ok(found.has("address-7") && found.has("address-50000") && found.has("address-49977"));
    assert.ok(statements < 30, `${statements} statements`);
  });
});
