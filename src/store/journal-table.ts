// What happened, as rows that are only ever added, and dropped when they are old or too many.
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";

/** A fact and when it happened. */
export interface JournalEntry {
  /** Grows with time; never given twice while the file lasts. */
  readonly id: number;
  /** By the wall clock of that moment. */
  readonly atWallMs: number;
  /** The same moment on the monotonic clock that other times inside the fact are of. */
  readonly atMs: number;
  readonly fact: JournaledFact;
}

/** One of the core's facts, possibly in the words of an older version. */
export type JournaledFact = Readonly<Record<string, unknown>> & { readonly kind: string; readonly ingress?: string };

/** How many entries one question may fetch. */
export const mostEntries = 1_000;

/** A longer fact is journalled without its details. */
const longestJson = 32 * 1_024;

/** Upkeep drops no more than this at once, so that it never takes long. */
const mostDropped = 5_000;

const factSchema = z.looseObject({ kind: z.string(), ingress: z.string().exactOptional() });
const rowSchema = z.object({ id: z.int(), at_wall_ms: z.int(), at_ms: z.number(), json: z.string() });

export class JournalTable {
  readonly #add;
  readonly #before;
  readonly #since;
  readonly #ends;
  readonly #firstFrom;
  readonly #drop;

  constructor(database: DatabaseSync) {
    const columns = "id, at_wall_ms, at_ms, json";
    this.#add = database.prepare(
      "INSERT OR REPLACE INTO journal (id, at_wall_ms, at_ms, kind, ingress, json) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#before = database.prepare(`SELECT ${columns} FROM journal WHERE id < ? ORDER BY id DESC LIMIT ?`);
    this.#since = database.prepare(`SELECT ${columns} FROM journal WHERE id > ? ORDER BY id LIMIT ?`);
    this.#ends = database.prepare(
      "SELECT (SELECT min(id) FROM journal) AS first, (SELECT max(id) FROM journal) AS last",
    );
    this.#firstFrom = database.prepare("SELECT id FROM journal WHERE at_wall_ms >= ? ORDER BY id LIMIT 1");
    this.#drop = database.prepare("DELETE FROM journal WHERE id < ?");
  }

  add({ id, atWallMs, atMs, fact }: JournalEntry): void {
    const whole = JSON.stringify(fact);
    const { kind, ingress } = fact;
    const json =
      whole.length <= longestJson ? whole : JSON.stringify({ kind, ...(ingress !== undefined && { ingress }) });
    this.#add.run(id, Math.round(atWallMs), atMs, kind, ingress ?? null, json);
  }

  /** The newest entries before `id`, newest first. */
  before(id: number, limit: number): readonly JournalEntry[] {
    return this.#before.all(id, limit).flatMap(readRow);
  }

  /** The oldest entries after `id`, oldest first. */
  since(id: number, limit: number): readonly JournalEntry[] {
    return this.#since.all(id, limit).flatMap(readRow);
  }

  /** The id of the newest entry; 0 without any. */
  newestId(): number {
    return Number(this.#ends.get()?.["last"] ?? 0);
  }

  /** Drops the oldest entries beyond `most`, and those from before `sinceWallMs`: a few thousand at a time, never the newest. */
  trim(most: number, sinceWallMs: number): void {
    const { first, last } = this.#ends.get() ?? {};
    if (typeof first !== "number" || typeof last !== "number") return;
    const recent = Number(this.#firstFrom.get(Math.round(sinceWallMs))?.["id"] ?? last);
    const keepFrom = Math.max(recent, last - most + 1);
    this.#drop.run(Math.min(keepFrom, first + mostDropped, last));
  }
}

/** Rows that make no sense are passed over. */
function readRow(row: Readonly<Record<string, unknown>>): readonly JournalEntry[] {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) return [];
  const { id, at_wall_ms: atWallMs, at_ms: atMs, json } = parsed.data;
  const fact = factOf(json);
  return fact === undefined ? [] : [{ id, atWallMs, atMs, fact }];
}

function factOf(json: string): JournaledFact | undefined {
  try {
    return factSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
