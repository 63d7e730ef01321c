// What happened, as rows that are only ever added, and dropped when they are old or too many.
import type { DatabaseSync } from "node:sqlite";
import {
  concernsAll,
  endpointOf,
  type JournalEntry,
  type JournaledFact,
  type JournalQuery,
  type KindQuery,
} from "../core/history.ts";
import { asArrays } from "./rows.ts";

/** How many entries one question may fetch. */
export const mostEntries = 1_000;

/** A longer fact is journalled without its details. */
const longestJson = 32 * 1_024;

/** Upkeep drops no more than this at once, so that it never takes long. */
const mostDropped = 5_000;

export class JournalTable {
  readonly #add;
  readonly #before;
  readonly #ofIngress;
  readonly #ofEndpoint;
  readonly #ofKind;
  readonly #oldest;
  readonly #since;
  readonly #all;
  readonly #ends;
  readonly #firstFrom;
  readonly #drop;

  constructor(database: DatabaseSync) {
    const columns = "id, at_wall_ms, at_ms, json";
    this.#add = database.prepare(
      "INSERT OR REPLACE INTO journal (id, at_wall_ms, at_ms, kind, ingress, endpoint, json) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#before = asArrays(database.prepare(`SELECT ${columns} FROM journal WHERE id < ? ORDER BY id DESC LIMIT ?`));
    this.#ofIngress = asArrays(
      database.prepare(`SELECT ${columns} FROM journal WHERE ingress = ? AND id < ? ORDER BY id DESC LIMIT ?`),
    );
    // Two short walks along an index: one over both conditions would read all that happened to the ingress.
    const [ofEndpoint, ofAll] = ["endpoint = ?2", `endpoint IS NULL AND kind = '${concernsAll}'`].map(
      (which) => `SELECT id FROM journal WHERE ingress = ?1 AND ${which} AND id < ?3 ORDER BY id DESC LIMIT ?4`,
    );
    this.#ofEndpoint = asArrays(
      database.prepare(
        `SELECT ${columns} FROM journal WHERE id IN
         (SELECT id FROM (${ofEndpoint}) UNION ALL SELECT id FROM (${ofAll})) ORDER BY id DESC LIMIT ?4`,
      ),
    );
    this.#ofKind = asArrays(
      database.prepare(
        `SELECT ${columns} FROM journal
         WHERE kind = ? AND ingress = ? AND endpoint IS ? AND id < ? ORDER BY id DESC LIMIT ?`,
      ),
    );
    this.#oldest = asArrays(database.prepare(`SELECT ${columns} FROM journal ORDER BY id LIMIT 1`));
    this.#since = asArrays(database.prepare(`SELECT ${columns} FROM journal WHERE id > ? ORDER BY id LIMIT ?`));
    this.#all = asArrays(database.prepare(`SELECT ${columns} FROM journal ORDER BY id`));
    this.#ends = database.prepare(
      "SELECT (SELECT min(id) FROM journal) AS first, (SELECT max(id) FROM journal) AS last",
    );
    this.#firstFrom = database.prepare("SELECT id FROM journal WHERE at_wall_ms >= ? ORDER BY id LIMIT 1");
    this.#drop = database.prepare("DELETE FROM journal WHERE id < ?");
  }

  add({ id, atWallMs, atMs, fact }: JournalEntry): void {
    const whole = JSON.stringify(fact);
    const { kind, ingress } = fact;
    const json = whole.length <= longestJson ? whole : JSON.stringify({ kind, ingress });
    this.#add.run(id, Math.round(atWallMs), atMs, kind, ingress ?? null, endpointOf(fact) ?? null, json);
  }

  /** The newest entries, newest first. */
  query({ beforeId = Number.MAX_SAFE_INTEGER, limit, ingress, endpoint }: JournalQuery): readonly JournalEntry[] {
    if (ingress === undefined) return entriesOf(this.#before.all(beforeId, limit));
    if (endpoint === undefined) return entriesOf(this.#ofIngress.all(ingress, beforeId, limit));
    return entriesOf(this.#ofEndpoint.all(ingress, endpoint, beforeId, limit));
  }

  /** The newest entries of one kind, newest first; without an endpoint, those about the ingress as a whole. */
  ofKind({ kind, ingress, endpoint, beforeId = Number.MAX_SAFE_INTEGER, limit }: KindQuery): readonly JournalEntry[] {
    return entriesOf(this.#ofKind.all(kind, ingress, endpoint ?? null, beforeId, limit));
  }

  oldest(): JournalEntry | undefined {
    return entriesOf(this.#oldest.all())[0];
  }

  /** The oldest entries after `id`, oldest first. */
  since(id: number, limit: number): readonly JournalEntry[] {
    return entriesOf(this.#since.all(id, limit));
  }

  /** All entries, oldest first. */
  all(): readonly JournalEntry[] {
    const entries: JournalEntry[] = [];
    for (const row of this.#all.iterate()) entries.push(...entriesOf([row]));
    return entries;
  }

  /** The id of the newest entry; 0 without any. */
  newestId(): number {
    return Number(this.#ends.get()?.["last"] ?? 0);
  }

  /**
   * Drops the oldest entries beyond `most`, and those from before `sinceWallMs`: a few thousand at a time, never the
   * newest.
   */
  trim(most: number, sinceWallMs: number): void {
    const { first, last } = this.#ends.get() ?? {};
    if (typeof first !== "number" || typeof last !== "number") return;
    const recent = Number(this.#firstFrom.get(Math.round(sinceWallMs))?.["id"] ?? last);
    const keepFrom = Math.max(recent, last - most + 1);
    this.#drop.run(Math.min(keepFrom, first + mostDropped, last));
  }
}

/** The new name of an endpoint that a fact tells of, in a list of one; none for other facts. */
export function renameOf({ kind, ingress, from, to }: JournaledFact): { ingress: string; from: string; to: string }[] {
  const isRename = kind === "endpoint-renamed" && typeof from === "string" && typeof to === "string";
  return isRename && ingress !== undefined ? [{ ingress, from, to }] : [];
}

/** Rows that are not valid are passed over. They are many: a schema would take as long as reading them does. */
function entriesOf(rows: unknown): readonly JournalEntry[] {
  return (rows as unknown[][]).flatMap(([id, atWallMs, atMs, json]) => {
    const fact = typeof json === "string" ? factOf(json) : undefined;
    if (typeof id !== "number" || typeof atWallMs !== "number" || typeof atMs !== "number") return [];
    return fact === undefined ? [] : [{ id, atWallMs, atMs, fact }];
  });
}

function factOf(json: string): JournaledFact | undefined {
  try {
    const fact: unknown = JSON.parse(json);
    return isFact(fact) ? fact : undefined;
  } catch {
    return undefined;
  }
}

function isFact(value: unknown): value is JournaledFact {
  if (typeof value !== "object" || value === null || !("kind" in value) || typeof value.kind !== "string") return false;
  return !("ingress" in value) || typeof value.ingress === "string";
}
