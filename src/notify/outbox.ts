// Delivers the messages of one channel: in order, at least once, with retries for days. What waits is in a store first,
// so that a crash loses nothing that was promised.
import { backoffMs } from "../lib/backoff.ts";
import type { Clock, Random } from "../lib/clock.ts";
import { messageOf } from "../lib/text.ts";
import type { Channel, Delivery } from "../channels/channel.ts";
import type { Importance, Message, OutboxStore } from "../core/message.ts";
import { droppedLine, lateLine } from "./wording-queue.ts";

/**
 * What became of an attempt, also a metric label. `sent` and `refused` end a message; `retried` means another attempt
 * later; `dropped` means lost to a full queue.
 */
export type Outcome = "sent" | "retried" | "refused" | "dropped";
export const outcomes: readonly Outcome[] = ["sent", "retried", "refused", "dropped"];

export interface OutboxPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: OutboxStore;
  /** Is told about every attempt; `detail` is plain text without secrets. */
  readonly onOutcome: (outcome: Outcome, message: Message, detail: string) => void;
  /** Is told about trouble with the store. */
  readonly onBug: (error: unknown) => void;
  /** One message for many that were held back. */
  readonly summarise: (messages: readonly Message[]) => Message;
}

export interface OutboxOptions {
  readonly channelName: string;
  /** Until this monotonic time messages are held; then they are delivered as one. */
  readonly silentUntilMs?: number;
  /** More messages than this do not wait. */
  readonly capacity?: number;
}

const retryBounds = { firstMs: 1_000, mostMs: 5 * 60_000 };
/** Where only a person can help, asking more often does not help. */
const barredPauseMs = 5 * 60_000;
/** However long the other side says. */
const longestPauseMs = 24 * 60 * 60_000;
/** A refusal that may be a passing fault of the service is believed when it was repeated so often. */
const mostDoubtfulRefusals = 4;
/** Older messages say when they happened. */
const lateAfterMs = 30_000;

export class Outbox implements AsyncDisposable {
  readonly #ports: OutboxPorts;
  readonly #name: string;
  readonly #capacity: number;
  readonly #queue: Message[];
  readonly #closing = new AbortController();
  readonly #idleWaiters = new Set<() => void>();
  #channel: Channel;
  #silentUntilMs: number | undefined;
  #notBeforeMs = -Infinity;
  #isToldToWait = false;
  #attempts = 0;
  #refusals = 0;
  #dropped = 0;
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(channel: Channel, options: OutboxOptions, ports: OutboxPorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.#name = options.channelName;
    this.#capacity = options.capacity ?? 1_000;
    this.#silentUntilMs = options.silentUntilMs;
    this.#queue = [...(this.#withStore((store) => store.list(this.#name)) ?? [])];
    this.#pump();
  }

  /** How many messages wait. */
  get queued(): number {
    return this.#queue.length;
  }

  /** Takes a message in charge. Returns once it is durable; never throws. */
  push(message: Message): void {
    this.#withStore((store) => store.append(this.#name, message));
    this.#queue.push(message);
    if (this.#queue.length > this.#capacity) this.#dropOne();
    this.#pump();
  }

  /** Delivers through another channel from now on, and tries what waits: the new one may be the remedy, or the same. */
  replaceChannel(channel: Channel): void {
    this.#channel = channel;
    this.retry();
  }

  /** The first silence ends by this time at the latest. */
  endSilenceBy(untilMs: number): void {
    if (this.#silentUntilMs === undefined || this.#silentUntilMs <= untilMs) return;
    this.#silentUntilMs = untilMs;
    this.#pump();
  }

  /** Tries what waits at once: what was in the way may be gone. Where it was told to wait, it continues waiting. */
  retry(): void {
    if (!this.#isToldToWait) this.#resetPatience();
    this.#pump();
  }

  /**
   * Tries to deliver what waits, held messages too. True when nothing is left, false when `timeoutMs` was too short.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#silentUntilMs !== undefined) this.#silentUntilMs = -Infinity;
    if (!this.#isToldToWait) this.#notBeforeMs = -Infinity;
    this.#pump();
    if (this.#queue.length === 0) return true;
    return new Promise((resolve) => {
      const finish = (): void => {
        cancel();
        this.#idleWaiters.delete(finish);
        resolve(this.#queue.length === 0);
      };
      const cancel = this.#ports.clock.setTimer(timeoutMs, finish);
      this.#idleWaiters.add(finish);
    });
  }

  /** Stops at once; what waits stays in the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#cancelTimer?.();
    for (const finish of this.#idleWaiters) finish();
    await this.#sending;
  }

  /** Starts what can be started now, or sleeps until then. */
  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#closing.signal.aborted || this.#sending !== undefined || this.#queue.length === 0) return;
    const waitMs = Math.max(this.#notBeforeMs, this.#silentUntilMs ?? -Infinity) - this.#ports.clock.nowMs();
    if (waitMs > 0) {
      this.#cancelTimer = this.#ports.clock.setTimer(waitMs, () => this.#pump());
      return;
    }
    this.#endSilence();
    const [message] = this.#queue;
    if (message === undefined) return;
    this.#sending = this.#sendAndGoOn(message);
  }

  /** Never rejects. An internal error is waited out like a failure of the channel. */
  async #sendAndGoOn(message: Message): Promise<void> {
    try {
      await this.#send(message);
    } catch (error) {
      this.#ports.onBug(error);
      this.#attempts += 1;
      this.#pause({ kind: "later", detail: "" });
    }
    this.#sending = undefined;
    this.#pump();
  }

  async #send(message: Message): Promise<void> {
    const channel = this.#channel;
    const toldDropped = this.#dropped;
    const delivery = await this.#attempt(channel, message);
    // A shutdown is no answer: the message stays in the store.
    if (this.#closing.signal.aborted && delivery.kind !== "delivered") return;
    this.#attempts += 1;
    if (delivery.kind === "refused") this.#refusals += 1;
    if (delivery.kind === "delivered") {
      this.#dropped -= toldDropped;
      return this.#settle(message, "sent", delivery.detail ?? "");
    }
    const isHopeless = delivery.kind === "refused" && (delivery.isCertain || this.#refusals >= mostDoubtfulRefusals);
    if (isHopeless) return this.#settle(message, "refused", delivery.detail);
    this.#ports.onOutcome("retried", message, delivery.detail);
    // The answer of a channel that was replaced meanwhile says nothing about the new one.
    if (channel === this.#channel) this.#pause(delivery);
  }

  async #attempt(channel: Channel, message: Message): Promise<Delivery> {
    try {
      return await channel.send(this.#prepared(message), this.#closing.signal);
    } catch (error) {
      // A bug of the channel's: it costs an attempt, not the queue.
      this.#ports.onBug(error);
      return { kind: "later", detail: messageOf(error) };
    }
  }

  #prepared(message: Message): Message {
    const isLate = this.#ports.clock.wallMs() - message.atWallMs > lateAfterMs;
    const notes = [...(isLate ? [lateLine(message)] : []), ...(this.#dropped > 0 ? [droppedLine(this.#dropped)] : [])];
    return notes.length === 0 ? message : { ...message, details: [...notes, ...message.details] };
  }

  #pause(delivery: Exclude<Delivery, { kind: "delivered" }>): void {
    const toldMs = delivery.kind === "later" ? delivery.afterMs : undefined;
    const ownMs =
      delivery.kind === "barred" ? barredPauseMs : backoffMs(retryBounds, this.#attempts, this.#ports.random);
    this.#isToldToWait = toldMs !== undefined;
    this.#notBeforeMs = this.#ports.clock.nowMs() + Math.min(longestPauseMs, toldMs ?? ownMs);
  }

  /** The message needs no more attempts. */
  #settle(message: Message, outcome: Outcome, detail: string): void {
    const index = this.#queue.indexOf(message);
    if (index >= 0) this.#queue.splice(index, 1);
    this.#withStore((store) => store.remove(this.#name, [message.id]));
    this.#resetPatience();
    this.#ports.onOutcome(outcome, message, detail);
    if (this.#queue.length === 0) for (const finish of this.#idleWaiters) finish();
  }

  #resetPatience(): void {
    this.#attempts = 0;
    this.#refusals = 0;
    this.#notBeforeMs = -Infinity;
    this.#isToldToWait = false;
  }

  /** The first silence is over: what was held becomes one message. */
  #endSilence(): void {
    if (this.#silentUntilMs === undefined) return;
    this.#silentUntilMs = undefined;
    if (this.#queue.length < 2) return;
    const held = this.#queue.splice(0);
    const summary = this.#ports.summarise(held);
    this.#queue.push(summary);
    // In this order a crash in between tells it twice, and never not at all.
    this.#withStore((store) => store.append(this.#name, summary));
    this.#withStore((store) =>
      store.remove(
        this.#name,
        held.map(({ id }) => id),
      ),
    );
  }

  /** Drops the oldest of the least important messages, but not one that is on its way. */
  #dropOne(): void {
    const candidates = this.#sending === undefined ? this.#queue : this.#queue.slice(1);
    const lowest = Math.min(...candidates.map(({ importance }) => ranks[importance]));
    const victim = candidates.find(({ importance }) => ranks[importance] === lowest);
    if (victim === undefined) return;
    this.#queue.splice(this.#queue.indexOf(victim), 1);
    this.#withStore((store) => store.remove(this.#name, [victim.id]));
    this.#dropped += 1;
    this.#ports.onOutcome("dropped", victim, `more than ${this.#capacity} messages were waiting`);
  }

  /** A store that fails costs durability, never the message. */
  #withStore<Result>(use: (store: OutboxStore) => Result): Result | undefined {
    try {
      return use(this.#ports.store);
    } catch (error) {
      this.#ports.onBug(error);
      return undefined;
    }
  }
}

const ranks: Readonly<Record<Importance, number>> = { low: 0, normal: 1, high: 2 };
