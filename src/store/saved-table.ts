// What survives a restart, as rows: one for each ingress, with a checksum over what it says.
import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { messageOf } from "../lib/text.ts";
import { parseDated, type DatedIngress, type Saved } from "./saved.ts";

export class SavedTable {
  readonly #put;
  readonly #count;
  readonly #keepOnly;
  readonly #list;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare("INSERT OR REPLACE INTO saved (ingress, json, checksum) VALUES (?, ?, ?)");
    this.#count = database.prepare("SELECT count(*) AS count FROM saved");
    this.#keepOnly = database.prepare("DELETE FROM saved WHERE ingress NOT IN (SELECT value FROM json_each(?))");
    this.#list = database.prepare("SELECT ingress, json, checksum FROM saved ORDER BY ingress");
  }

  /**
   * Makes the rows say what is `saved`. What is the very same object in `before`, which they say now, is not written.
   */
  replace(saved: Saved, before: Saved | undefined): void {
    const isWritten = new Set(before?.ingresses);
    for (const ingress of saved.ingresses) {
      if (isWritten.has(ingress)) continue;
      const json = JSON.stringify(ingress);
      this.#put.run(idOf(ingress), json, crc32(json));
    }
    // Each saved ingress has a row by now: as many rows means that there are no others.
    if (this.#count.get()?.["count"] === saved.ingresses.length) return;
    this.#keepOnly.run(JSON.stringify(saved.ingresses.map(idOf)));
  }

  /** What is saved, if anything, and what had to be left out of it, in words. */
  load(): { readonly saved: Saved | undefined; readonly dropped: readonly string[] } {
    const rows = this.#list.all().map(readRow);
    const ingresses = rows.flatMap(({ ingress }) => ingress ?? []);
    return {
      saved: ingresses.length === 0 ? undefined : { ingresses },
      dropped: rows.flatMap(({ dropped }) => dropped),
    };
  }
}

function idOf({ id, record }: DatedIngress): string {
  return id ?? record;
}

function readRow(row: Readonly<Record<string, unknown>>): {
  readonly ingress?: DatedIngress | undefined;
  readonly dropped: readonly string[];
} {
  const name = String(row["ingress"]);
  const json = String(row["json"]);
  if (crc32(json) !== row["checksum"]) return { dropped: [`${name} (wrong checksum)`] };
  try {
    const { ingress, dropped } = parseDated(JSON.parse(json));
    return { ingress, dropped: dropped.map((part) => `${part} of ${name}`) };
  } catch (error) {
    return { dropped: [`${name} (${messageOf(error)})`] };
  }
}
