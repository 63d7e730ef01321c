// Where messages wait until they are sent. Knows what should be on the disk, so that what a failing disk did not take
// is written later.
import { messageOfRow, type OutboxRow, type OutboxTable } from "./outbox-table.ts";
import type { Message, OutboxStore } from "../core/message.ts";
import { StoreError } from "./trouble.ts";

export interface DurableOutboxPorts {
  /** What the table says. */
  readonly rows: readonly OutboxRow[];
  /** Changes the table, durably. Throws a StoreError when that fails. */
  readonly change: (action: (table: OutboxTable) => void) => void;
  readonly onWarning: (message: string) => void;
}

/** Throws a StoreError when the storage fails; the change is made up for as soon as that is possible. */
export class DurableOutbox implements OutboxStore {
  readonly #ports: DurableOutboxPorts;
  /** What the table should say, by channel and id, in order. */
  readonly #rows = new Map<string, { readonly row: OutboxRow; readonly message: Message }>();
  #isBehind = false;

  constructor(ports: DurableOutboxPorts) {
    this.#ports = ports;
    for (const row of ports.rows) {
      const message = messageOfRow(row);
      if (message !== undefined) this.#rows.set(keyOf(row.channel, row.id), { row, message });
    }
    const dropped = ports.rows.length - this.#rows.size;
    if (dropped === 0) return;
    this.#isBehind = true;
    ports.onWarning(
      `${dropped} unsent ${dropped === 1 ? "message" : "messages"} could not be understood and will not be sent.`,
    );
  }

  /** What waits, as text. */
  get rows(): readonly OutboxRow[] {
    return [...this.#rows.values()].map(({ row }) => row);
  }

  append(channel: string, message: Message): void {
    const row = { channel, id: message.id, json: JSON.stringify(message) };
    this.#rows.set(keyOf(channel, message.id), { row, message });
    this.#change((table) => table.append(row));
  }

  remove(channel: string, ids: readonly string[]): void {
    for (const id of ids) this.#rows.delete(keyOf(channel, id));
    this.#change((table) => {
      for (const id of ids) table.remove(channel, id);
    });
  }

  list(channel: string): readonly Message[] {
    return [...this.#rows.values()].filter(({ row }) => row.channel === channel).map(({ message }) => message);
  }

  /** Makes up for what could not be written, if anything. Returns whether that was possible. */
  catchUp(): boolean {
    try {
      if (this.#isBehind) this.#change(() => undefined);
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return false;
    }
  }

  #change(action: (table: OutboxTable) => void): void {
    const isBehind = this.#isBehind;
    // Until it has succeeded.
    this.#isBehind = true;
    this.#ports.change((table) => (isBehind ? table.replace(this.rows) : action(table)));
    this.#isBehind = false;
  }
}

function keyOf(channel: string, id: string): string {
  return JSON.stringify([channel, id]);
}
