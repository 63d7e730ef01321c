// What happened, read from a thread beside the one that writes it: by a connection of its own, which can change nothing
// and which nothing waits for.
import { DatabaseSync } from "node:sqlite";
import { ChecksTable } from "./checks-table.ts";
import type { JournalEntry, JournalQuery, KindQuery, Rollup, RollupQuery } from "../core/history.ts";
import { quickCheck } from "./home.ts";
import { JournalTable, mostEntries } from "./journal-table.ts";
import { applicationId, migrations } from "./schema.ts";
import { StoreError, troubleOf } from "./trouble.ts";

export class HistoryReader implements Disposable {
  readonly #database: DatabaseSync;
  readonly #journal: JournalTable;
  readonly #checks: ChecksTable;

  /** `location`: that of a store of this process. Throws where none of our files can be read there. */
  constructor(location: string) {
    this.#database = new DatabaseSync(location, { readOnly: true });
    try {
      // Where the database is in memory its threads share more than the data: without this they would wait for each
      // other.
      this.#database.exec("PRAGMA read_uncommitted = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
      this.#assertOurs();
      this.#journal = new JournalTable(this.#database);
      this.#checks = new ChecksTable(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  entries(query: JournalQuery): readonly JournalEntry[] {
    return this.#journal.query({ ...query, limit: Math.min(query.limit, mostEntries) });
  }

  entriesOf(query: KindQuery): readonly JournalEntry[] {
    return this.#journal.ofKind({ ...query, limit: Math.min(query.limit, mostEntries) });
  }

  oldest(): JournalEntry | undefined {
    return this.#journal.oldest();
  }

  rollups(query: RollupQuery): readonly Rollup[] {
    return this.#checks.query(query);
  }

  coveredStarts(query: RollupQuery): readonly number[] {
    return this.#checks.coveredStarts(query);
  }

  /** Whether an error in reading comes from a damaged file. In case of doubt the whole file is checked. */
  isDamaged(error: unknown): boolean {
    const trouble = troubleOf(error);
    return (trouble === "torn" || trouble === "foreign" || trouble === "odd") && quickCheck(this.#database) !== "ok";
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #assertOurs(): void {
    for (const [pragma, expected] of [
      ["application_id", applicationId],
      ["user_version", migrations.length],
    ] as const) {
      const found = this.#database.prepare(`PRAGMA ${pragma}`).get()?.[pragma];
      if (found !== expected) throw new StoreError("foreign", "another program wrote there");
    }
  }
}
