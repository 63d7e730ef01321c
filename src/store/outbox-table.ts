// Messages that wait to be sent, as rows, in the order in which they were appended.
import type { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import type { Message, Span } from "../core/message.ts";

/** A message that waits, as text. */
export interface OutboxRow {
  readonly channel: string;
  readonly id: string;
  readonly json: string;
}

const spanSchema: z.ZodType<Span> = z.union([
  z.string(),
  z.looseObject({ strong: z.string() }),
  z.looseObject({ code: z.string() }),
  z.looseObject({ foreign: z.string() }),
]);

const factSchema = z.looseObject({
  kind: z.string(),
  time: z.string(),
  ingress: z.string().exactOptional(),
  active: z.array(z.string()).exactOptional(),
  endpoint: z.string().exactOptional(),
  status: z.string().exactOptional(),
});

/** What else a message holds is kept too: a later version may have written it. */
const messageSchema: z.ZodType<Message> = z.looseObject({
  id: z.string(),
  importance: z.enum(["low", "normal", "high"]),
  atWallMs: z.number().min(0).max(8.64e15),
  timeZone: z.string().exactOptional(),
  headline: z.string(),
  details: z.array(z.array(spanSchema)),
  facts: z.array(factSchema).exactOptional(),
});

export class OutboxTable {
  readonly #append;
  readonly #remove;
  readonly #removeAll;
  readonly #list;

  constructor(database: DatabaseSync) {
    this.#append = database.prepare(
      "INSERT INTO outbox (channel, id, json) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET json = excluded.json",
    );
    this.#remove = database.prepare("DELETE FROM outbox WHERE channel = ? AND id = ?");
    this.#removeAll = database.prepare("DELETE FROM outbox");
    this.#list = database.prepare("SELECT channel, id, json FROM outbox ORDER BY seq");
  }

  append({ channel, id, json }: OutboxRow): void {
    this.#append.run(channel, id, json);
  }

  remove(channel: string, id: string): void {
    this.#remove.run(channel, id);
  }

  /** Makes the table say just this. Call it in a transaction. */
  replace(rows: readonly OutboxRow[]): void {
    this.#removeAll.run();
    for (const row of rows) this.append(row);
  }

  /** What waits, oldest first. */
  list(): readonly OutboxRow[] {
    return this.#list.all().map((row) => ({
      channel: String(row["channel"]),
      id: String(row["id"]),
      json: String(row["json"]),
    }));
  }
}

/** The message of a row; `undefined` when it is not valid. */
export function messageOfRow({ json }: OutboxRow): Message | undefined {
  try {
    return messageSchema.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
