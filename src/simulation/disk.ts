// What survives the daemon's process: a model of its state on disk. What is written is safe from a kill at once, and from a
// power cut once it was synced; whatever the daemon promises to be durable must be synced when the call returns.
import type { Message } from "../notify/message.ts";
import type { OutboxStore } from "../notify/outbox.ts";

export class Disk {
  #messages = new Map<string, readonly Message[]>();
  /** Hears of every write, before it takes place: a crash may strike here. */
  onWrite: () => void = () => {};
  onAppend: (id: string) => void = () => {};
  onRemove: (ids: readonly string[]) => void = () => {};

  /** The store as one run of the daemon uses it; what a dead process still tries to write never happens. */
  outboxStore(isAlive: () => boolean): OutboxStore {
    const of = (channel: string): readonly Message[] => this.#messages.get(channel) ?? [];
    const write = (channel: string, messages: () => readonly Message[]): boolean => {
      this.onWrite();
      if (!isAlive()) return false;
      this.#messages.set(channel, messages());
      return true;
    };
    return {
      append: (channel, message) => {
        if (write(channel, () => [...of(channel), message])) this.onAppend(message.id);
      },
      remove: (channel, ids) => {
        if (write(channel, () => of(channel).filter(({ id }) => !ids.includes(id)))) this.onRemove(ids);
      },
      list: of,
    };
  }

  /** The file is gone, torn beyond use, or somebody else's: nothing of it can be read. */
  lose(): void {
    this.#messages = new Map();
  }
}
