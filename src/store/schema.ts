// The tables, and how a file of an older version becomes one of the present.
import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "./transaction.ts";
import { StoreError } from "./trouble.ts";

/** Marks a SQLite file as ours: "CCS1". */
export const applicationId = 0x43_43_53_31;

/**
 * Step n leads from version n to version n + 1. A step that was released never changes; the next one is added below.
 */
export const migrations: readonly string[] = [
  `
  -- What survives a restart, one row for each ingress. The checksum is the CRC-32 of the JSON.
  CREATE TABLE saved (
    ingress TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Messages that wait, in the order of seq.
  CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    id TEXT NOT NULL,
    json TEXT NOT NULL,
    UNIQUE (channel, id)
  ) STRICT;

  -- What happened. Other times inside the JSON are monotonic, as at_ms is.
  CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    at_wall_ms INTEGER NOT NULL,
    at_ms REAL NOT NULL,
    kind TEXT NOT NULL,
    ingress TEXT,
    json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    ingress TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    address TEXT NOT NULL,
    UNIQUE (ingress, endpoint, address)
  ) STRICT;

  -- Checks rolled up over minutes (span 1) and hours (span 60). start_minute counts minutes since 1970. Milliseconds
  -- are of the checks that were ok; latencies is how they are distributed, from which p50 and p95 follow.
  CREATE TABLE checks (
    series INTEGER NOT NULL,
    span INTEGER NOT NULL,
    start_minute INTEGER NOT NULL,
    count INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    inconclusive INTEGER NOT NULL,
    p50_ms REAL,
    p95_ms REAL,
    max_ms REAL,
    latencies BLOB NOT NULL,
    PRIMARY KEY (series, span, start_minute)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX checks_by_age ON checks (span, start_minute);
  `,
  `
  -- What happened to one ingress or endpoint is found without reading what happened to all others.
  ALTER TABLE journal ADD COLUMN endpoint TEXT;
  CREATE INDEX journal_by_ingress ON journal (ingress, id);
  CREATE INDEX journal_by_kind ON journal (kind, ingress, endpoint, id);
  `,
  `
  -- What concerns an endpoint is found without reading what concerns its ingress.
  CREATE INDEX journal_by_endpoint ON journal (ingress, endpoint, id);

  -- Of many addresses the newest are found without reading the others.
  ALTER TABLE series ADD COLUMN newest_minute INTEGER NOT NULL DEFAULT 0;
  UPDATE series SET newest_minute = coalesce((SELECT max(start_minute) FROM checks WHERE series = id AND span = 1),
    (SELECT max(start_minute) FROM checks WHERE series = id AND span = 60), 0);
  CREATE INDEX series_by_age ON series (ingress, endpoint, newest_minute);
  CREATE INDEX series_by_newest ON series (newest_minute);

  -- When checks of any address of an endpoint proved something: for each hour, counted since 1970, one bit for each minute,
  -- the lowest for its first. No bit is set where only the hour is known.
  CREATE TABLE proven (
    ingress TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    hour INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    PRIMARY KEY (ingress, endpoint, hour)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX proven_by_age ON proven (hour);
  INSERT INTO proven
    SELECT ingress, endpoint, start_minute / 60, sum(DISTINCT 1 << (start_minute % 60))
    FROM checks JOIN series ON series = id WHERE span = 1 AND count > inconclusive GROUP BY 1, 2, 3;
  INSERT OR IGNORE INTO proven
    SELECT DISTINCT ingress, endpoint, start_minute / 60, 0
    FROM checks JOIN series ON series = id WHERE span = 60 AND count > inconclusive;
  `,
];

/**
 * Brings the file to the present version, step by step, each step whole or not at all. Throws `StoreError` for a
 * version below any that there was: counting up from there would take minutes in which nothing else happens.
 */
export function migrate(database: DatabaseSync, steps: readonly string[] = migrations): void {
  if (versionOf(database) < 0) throw new StoreError("odd", nonsenseVersion);
  for (let version = versionOf(database); version < steps.length; version += 1) {
    inTransaction(database, "FULL", () => {
      database.exec(steps[version] ?? "");
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version + 1}`);
    });
  }
}

/** What to say about our own file with a version that no ccs ever wrote. */
export const nonsenseVersion = "its version is not valid";

/** The version of the file; 0 for one without tables. A damaged file may say any number, negative ones too. */
export function versionOf(database: DatabaseSync): number {
  return numberOf(database, "user_version");
}

/** Whether the file is empty, ours, or another program's. */
export function ownerOf(database: DatabaseSync): "nobody" | "us" | "others" {
  if (numberOf(database, "application_id") === applicationId) return "us";
  const { tables } = database.prepare("SELECT count(*) AS tables FROM sqlite_schema").get() ?? {};
  return tables === 0 && versionOf(database) === 0 ? "nobody" : "others";
}

function numberOf(database: DatabaseSync, pragma: "user_version" | "application_id"): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma]);
}
