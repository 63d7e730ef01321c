// What a way of reaching people must be able to do. Each kind of channel is a folder beside this file.
import type { Message } from "../core/message.ts";

/** Delivers messages. It renders them for where they go; retries, order and durability are the outbox's. */
export interface Channel {
  /** Tries once, within a deadline of its own. Never rejects. Secrets never appear in what it returns. */
  send(message: Message, signal: AbortSignal): Promise<Delivery>;
}

/** What became of one attempt. `detail` is for the log: plain, short, without secrets. */
export type Delivery =
  | { readonly kind: "delivered"; readonly detail?: string }
  /** Passing trouble; `afterMs` is how long to wait, where the other side says it. */
  | { readonly kind: "later"; readonly afterMs?: number | undefined; readonly detail: string }
  /** The channel itself is barred (token, chat, rights) until a person acts. Nothing is wrong with the message. */
  | { readonly kind: "barred"; readonly detail: string }
  /** This message will not be taken. Some services refuse for passing reasons too: then it is not certain. */
  | { readonly kind: "refused"; readonly isCertain: boolean; readonly detail: string };
