// Answers what readers ask about what happened, on a thread of its own: the thread that decides neither reads for them
// nor waits. The thread begins with the first question and ends a while after the last one.
import type { Worker } from "node:worker_threads";
import type { Clock } from "../../lib/clock.ts";
import type { ArchiveSources } from "../../assembly/ports.ts";
import { messageOf } from "../../lib/text.ts";
import { type JournalEntry, isAskedFor } from "../../core/history.ts";
import type { Archive, ArchiveAnswer, ArchiveQuestion, Unwritten } from "../../web/api/archive.ts";
import { historyKinds } from "../../web/api/history.ts";
import type { ThreadQuestion, ThreadOutcome, ThreadAnswer } from "./archive-thread.ts";
import { startArchiveThread } from "./own-files.ts";
import { SharedAnswers } from "./shared-answers.ts";

export interface ThreadArchivePorts extends ArchiveSources {
  /** That of the machine: threads know no other. */
  readonly clock: Clock;
  /** How long an answer is good for anyone who asks the same; a second by default. */
  readonly shareMs?: number;
  /** Starts the thread; the program's own by default. */
  readonly startThread?: () => Worker;
}

/** So many questions may wait, and this many of them from one client. */
const mostWaiting = 64;
const mostOfOneClient = 32;

/** An answer takes milliseconds; with this the drive is stuck. */
const patienceMs = 10_000;
const endPatienceMs = 1_000;
const idleMs = 60_000;

/** A thread that ends more often than this, within a minute, is left alone for the rest of it. */
const mostStarts = 5;
const startsMemoryMs = 60_000;

/** This much of what is not written goes with a question: it is copied, and only a disk that fails lets it grow. */
const mostUnwritten = 1_000;

/** Enough for the largest answer many times over. */
const mostHeapMegabytes = 128;

interface Job {
  readonly id: number;
  readonly client: string;
  readonly question: ArchiveQuestion;
  readonly settle: (answer: ArchiveAnswer) => void;
  tries: number;
}

export class ThreadArchive implements Archive, AsyncDisposable {
  readonly #ports: ThreadArchivePorts;
  readonly #shared: SharedAnswers;
  readonly #waiting: Job[] = [];
  #current: { readonly job: Job; readonly cancelDeadline: () => void } | undefined;
  #thread: Worker | undefined;
  #cancelIdle: (() => void) | undefined;
  /** When clients that ask for more were last served, counted in questions of the thread. */
  readonly #servedAt = new Map<string, number>();
  #startedMs: readonly number[] = [];
  #lastId = 0;
  #damageHeardMs = -Infinity;
  #isInTrouble = false;
  #isClosed = false;
  /** How many questions the thread was asked. */
  questions = 0;

  constructor(ports: ThreadArchivePorts) {
    this.#ports = ports;
    this.#shared = new SharedAnswers(ports.clock, ports.shareMs);
  }

  get isThreadRunning(): boolean {
    return this.#thread !== undefined;
  }

  ask(question: ArchiveQuestion, client: string): Promise<ArchiveAnswer> {
    const key = `${this.#ports.newestId()} ${this.#ports.store.readingPlace.generation} ${keyOf(question)}`;
    return this.#shared.get(key, () => this.#enqueue(question, client));
  }

  /** Ends the thread. What is still asked is not answered. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const thread = this.#thread;
    this.#endThread();
    this.#current?.cancelDeadline();
    const left = this.#current === undefined ? this.#waiting : [this.#current.job, ...this.#waiting];
    this.#current = undefined;
    for (const { settle } of left.splice(0)) settle(unavailable("the daemon is shutting down"));
    this.#waiting.length = 0;
    // In the middle of reading from a drive that hangs it cannot end, and others have to write yet.
    await Promise.race([
      thread?.terminate(),
      new Promise<void>((resolve) => this.#ports.clock.setTimer(endPatienceMs, resolve)),
    ]);
  }

  #enqueue(question: ArchiveQuestion, client: string): Promise<ArchiveAnswer> {
    const jobs = this.#current === undefined ? this.#waiting : [this.#current.job, ...this.#waiting];
    const ofClient = jobs.filter((job) => job.client === client).length;
    if (this.#isClosed) return Promise.resolve(unavailable("the daemon is shutting down"));
    if (jobs.length >= mostWaiting || ofClient >= mostOfOneClient) {
      return Promise.resolve(unavailable("too many requests at once"));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((settle) => {
      this.#waiting.push({ id, client, question, settle, tries: 0 });
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    const job = this.#takeNext();
    if (job === undefined) return this.#rest();
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    const thread = this.#thread ?? this.#startThread();
    if (thread === undefined) return this.#finish(job, this.#troubled("its reader thread cannot be started right now"));
    const { clock, store } = this.#ports;
    const cancelDeadline = clock.setTimer(patienceMs, () => {
      this.#endThread();
      this.#finish(job, this.#troubled(`it took longer than ${patienceMs / 1_000} s`));
    });
    this.#current = { job, cancelDeadline };
    job.tries += 1;
    this.questions += 1;
    const { id, question } = job;
    const asked: ThreadQuestion = { id, place: store.readingPlace, question, unwritten: this.#unwrittenFor(question) };
    thread.postMessage(asked, []);
  }

  /** Clients take turns, so that one that asks for much delays no other one by more than an answer or two. */
  #takeNext(): Job | undefined {
    const turnOf = ({ client, tries }: Job): number => (tries > 0 ? -1 : (this.#servedAt.get(client) ?? 0));
    const [next] = this.#waiting.toSorted((a, b) => turnOf(a) - turnOf(b));
    if (next === undefined) return undefined;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#servedAt.delete(next.client);
    if (this.#waiting.some(({ client }) => client === next.client)) this.#servedAt.set(next.client, this.questions + 1);
    return next;
  }

  #rest(): void {
    if (this.#thread === undefined) return;
    this.#cancelIdle ??= this.#ports.clock.setTimer(idleMs, () => this.#endThread());
  }

  #hear(thread: Worker, { id, ...outcome }: ThreadAnswer): void {
    const job = this.#current?.job;
    if (this.#thread !== thread || job?.id !== id) return;
    this.#finish(job, this.#answerOf(job, outcome));
  }

  /** `undefined`: worth another try. */
  #answerOf(job: Job, outcome: ThreadOutcome): ArchiveAnswer | undefined {
    switch (outcome.kind) {
      case "document":
        if (this.#isInTrouble) this.#ports.onTrouble("The history can be read again.");
        this.#isInTrouble = false;
        return outcome;
      case "failed": {
        const why = outcome.isDamaged ? this.#afterDamage(outcome.why) : outcome.why;
        return why === undefined && job.tries === 1 ? undefined : this.#troubled(why ?? outcome.why);
      }
      case "bug":
        this.#ports.onBug(outcome.error);
        return unavailable("an internal error; see the log");
      default:
        return outcome satisfies never;
    }
  }

  /** The store looks through the whole file, so that it is not told too often. */
  #afterDamage(why: string): string | undefined {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - this.#damageHeardMs < startsMemoryMs) return why;
    this.#damageHeardMs = nowMs;
    try {
      return this.#ports.store.hearOfDamage(why);
    } catch (error) {
      this.#ports.onBug(error);
      return why;
    }
  }

  #died(thread: Worker, why: string): void {
    if (this.#thread !== thread) return;
    this.#endThread();
    const job = this.#current?.job;
    if (job !== undefined) this.#finish(job, job.tries > 1 ? this.#troubled(why) : undefined);
  }

  /** Continues with the next question, or with the same one when it has no answer yet. */
  #finish(job: Job, answer: ArchiveAnswer | undefined): void {
    this.#current?.cancelDeadline();
    this.#current = undefined;
    if (answer === undefined) this.#waiting.unshift(job);
    else job.settle(answer);
    this.#next();
  }

  #troubled(why: string): ArchiveAnswer {
    if (!this.#isInTrouble) this.#ports.onTrouble(`The history cannot be read: ${why}. Decisions do not depend on it.`);
    this.#isInTrouble = true;
    return unavailable(why);
  }

  #startThread(): Worker | undefined {
    const nowMs = this.#ports.clock.nowMs();
    this.#startedMs = this.#startedMs.filter((startedMs) => startedMs > nowMs - startsMemoryMs);
    if (this.#startedMs.length >= mostStarts) return undefined;
    this.#startedMs = [...this.#startedMs, nowMs];
    let thread: Worker;
    try {
      thread = (this.#ports.startThread ?? startThread)();
    } catch {
      // The system has no room for one more.
      return undefined;
    }
    // No question keeps the process alive.
    thread.unref();
    thread.on("message", (told: ThreadAnswer) => this.#hear(thread, told));
    thread.on("error", (error) => this.#died(thread, messageOf(error)));
    thread.on("exit", () => this.#died(thread, "its reader thread ended"));
    this.#thread = thread;
    return thread;
  }

  #endThread(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = undefined;
    void this.#thread?.terminate();
    this.#thread = undefined;
  }

  #unwrittenFor(question: ArchiveQuestion): Unwritten {
    const all = this.#ports.unwritten();
    return { entries: all.filter(isWantedFor(question)).slice(-mostUnwritten), fromId: all[0]?.id ?? Infinity };
  }
}

/** No secret of the environment is of use to it. */
export function startThread(): Worker {
  return startArchiveThread({ env: {}, resourceLimits: { maxOldGenerationSizeMb: mostHeapMegabytes } });
}

function isWantedFor(question: ArchiveQuestion): (entry: JournalEntry) => boolean {
  if (question.kind === "events") {
    const { before = Infinity, ...about } = question;
    return ({ id, fact }) => id < before && isAskedFor(fact, about);
  }
  return ({ fact }) => historyKinds.has(fact.kind) && fact.ingress === question.ingress;
}

/** What two questions have in common that have the same answer, for a while. */
function keyOf(question: ArchiveQuestion): string {
  if (question.kind === "events") return JSON.stringify(question);
  const { kind, ingress, range, withSeries, endpoints } = question;
  return JSON.stringify([kind, ingress, range, withSeries, endpoints.map(({ name }) => name)]);
}

function unavailable(why: string): ArchiveAnswer {
  return { kind: "unavailable", why };
}
