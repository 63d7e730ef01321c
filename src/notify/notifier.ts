// Listens to the daemon's loop, words what is worth telling, and hands it to the outbox of every channel.
import type { State } from "../core/model.ts";
import type { Clock, Random } from "../lib/clock.ts";
import type { Channel } from "../channels/channel.ts";
import type { Message, OutboxStore, ToldFact } from "../core/message.ts";
import { Narrator } from "./narrator.ts";
import type { Happened } from "./narrator.ts";
import { Outbox } from "./outbox.ts";
import type { Outcome } from "./outbox.ts";
import type { TellingTime } from "./phrases.ts";
import type { Story, Wording } from "./story.ts";
import { toldFact } from "./told-facts.ts";
import { word } from "./wording.ts";
import { summarise } from "./wording-queue.ts";

export interface NotifierPorts {
  readonly clock: Clock;
  readonly random: Random;
  /** IANA name of the zone in which people are told times; asked for each message. Default: UTC. */
  readonly timeZone?: () => string;
  readonly store: OutboxStore;
  /** Is told about every attempt to deliver; `detail` is plain text without secrets. */
  readonly onOutcome: (channelName: string, outcome: Outcome, message: Message, detail: string) => void;
  /** Is told about what should not happen: a bug, a store that fails. */
  readonly onBug: (error: unknown) => void;
}

export interface ChannelSetup {
  /** Names the queue, and is a metric label. */
  readonly name: string;
  readonly channel: Channel;
  /** Messages are held back this long after the start. */
  readonly initialSilenceMs?: number | undefined;
}

/** A summary has those of the newest messages. */
const mostFacts = 100;

/** A listener of the daemon's. Queues live as long as it does; channels can be replaced at any time. */
export class Notifier implements AsyncDisposable {
  readonly #ports: NotifierPorts;
  readonly #narrator = new Narrator();
  readonly #outboxes = new Map<string, Outbox>();
  readonly #startedMs: number;
  #state: State | undefined;
  /** When the timer is due that is running, if one is. */
  #wakeAtMs: number | undefined;
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;
  #lastId = 0;

  constructor(ports: NotifierPorts) {
    this.#ports = ports;
    this.#startedMs = ports.clock.nowMs();
  }

  /** Uses these channels from now on. A channel of a known name keeps its queue; what waits for others stays stored. */
  use(setups: readonly ChannelSetup[]): void {
    for (const { name, channel, initialSilenceMs } of setups) {
      const known = this.#outboxes.get(name);
      if (known === undefined) {
        this.#outboxes.set(name, this.#open(name, channel, initialSilenceMs));
        continue;
      }
      known.endSilenceBy(this.#startedMs + (initialSilenceMs ?? 0));
      known.replaceChannel(channel);
    }
    for (const [name, outbox] of this.#outboxes) {
      if (setups.some((setup) => setup.name === name)) continue;
      this.#outboxes.delete(name);
      outbox[Symbol.asyncDispose]().catch(this.#ports.onBug);
    }
  }

  /** One turn of the loop. */
  hear(turn: Happened): void {
    this.#state = turn.after;
    this.#tell(turn);
    // What could not be sent waits longer and longer; when our own connection works again, that is over.
    if (turn.facts.some(({ kind }) => kind === "blindness-ended"))
      for (const outbox of this.#outboxes.values()) outbox.retry();
    this.#sleep();
  }

  /** Tells what no turn of the loop tells. */
  tell(story: Story): void {
    this.#push([story]);
  }

  /** How many messages wait, by channel. */
  get queued(): ReadonlyMap<string, number> {
    return new Map([...this.#outboxes].map(([name, outbox]) => [name, outbox.queued]));
  }

  /** Tries to deliver all that waits. True when nothing is left, false when `timeoutMs` was too short. */
  async flush(timeoutMs: number): Promise<boolean> {
    this.#push(this.#narrator.release());
    const results = await Promise.all([...this.#outboxes.values()].map((outbox) => outbox.flush(timeoutMs)));
    return results.every(Boolean);
  }

  /** Stops at once; what waits stays in the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await Promise.all([...this.#outboxes.values()].map((outbox) => outbox[Symbol.asyncDispose]()));
  }

  #tell(turn: Happened): void {
    this.#push(this.#narrator.hear(turn));
  }

  #push(stories: readonly Story[]): void {
    // Nearly every turn has none, and what time zone it is takes as long to find out as all else together.
    if (stories.length === 0) return;
    const now = this.#now();
    for (const story of stories) {
      const message = this.#asMessage(word(story, now), [toldFact(story, now.wallMs)], now);
      for (const outbox of this.#outboxes.values()) outbox.push(message);
    }
  }

  /** Some stories are told when nothing happens for long enough. */
  #sleep(): void {
    const wakeAtMs = this.#isClosed ? undefined : this.#narrator.wakeAtMs;
    if (wakeAtMs === this.#wakeAtMs) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#wakeAtMs = wakeAtMs;
    if (wakeAtMs === undefined) return;
    const { clock } = this.#ports;
    this.#cancelTimer = clock.setTimer(wakeAtMs - clock.nowMs(), () => {
      this.#wakeAtMs = undefined;
      const state = this.#state;
      if (state === undefined) return;
      try {
        this.hear({ facts: [], before: state, after: state, changes: [], atMs: clock.nowMs() });
      } catch (error) {
        // The next turn goes on where this one failed.
        this.#ports.onBug(error);
      }
    });
  }

  #open(name: string, channel: Channel, initialSilenceMs: number | undefined): Outbox {
    const { clock, random, store, onOutcome, onBug } = this.#ports;
    const untilMs = this.#startedMs + (initialSilenceMs ?? 0);
    const silence = untilMs > clock.nowMs() ? { silentUntilMs: untilMs } : {};
    // A machine without a clock of its own begins at the same date with each start: no id of a message that waits comes
    // again.
    for (const { id } of store.list(name)) this.#lastId = Math.max(this.#lastId, Number.parseInt(id, 36) || 0);
    return new Outbox(
      channel,
      { channelName: name, ...silence },
      {
        clock,
        random,
        store,
        onBug,
        onOutcome: (outcome, message, detail) => onOutcome(name, outcome, message, detail),
        summarise: (messages) => {
          const facts = messages.flatMap((message) => message.facts ?? []).slice(-mostFacts);
          return this.#asMessage(summarise(messages, this.#now()), facts, this.#now());
        },
      },
    );
  }

  #asMessage(wording: Wording, facts: readonly ToldFact[], { wallMs, timeZone }: TellingTime): Message {
    return {
      ...wording,
      id: this.#nextId(wallMs),
      atWallMs: wallMs,
      facts,
      ...(timeZone !== undefined && { timeZone }),
    };
  }

  /** Unique and sortable, also across restarts. */
  #nextId(wallMs: number): string {
    this.#lastId = Math.max(this.#lastId + 1, Math.floor(wallMs));
    return this.#lastId.toString(36);
  }

  #now(): TellingTime {
    const { clock, timeZone } = this.#ports;
    return { nowMs: clock.nowMs(), wallMs: clock.wallMs(), ...(timeZone && { timeZone: timeZone() }) };
  }
}
