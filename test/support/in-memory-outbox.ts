// An outbox store that forgets everything with the process.
import type { Message, OutboxStore } from "../../src/core/message.ts";

export function inMemoryStore(): OutboxStore {
  const byChannel = new Map<string, Message[]>();
  const of = (channel: string): Message[] => byChannel.get(channel) ?? [];
  return {
    append: (channel, message) => void byChannel.set(channel, [...of(channel), message]),
    remove: (channel, ids) =>
      void byChannel.set(
        channel,
        of(channel).filter(({ id }) => !ids.includes(id)),
      ),
    list: (channel) => of(channel),
  };
}
