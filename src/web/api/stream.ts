// The live stream: server-sent events to many clients. A client is sent the whole status once, and what changed from
// then on. Each update is put into words once and shared by all; a client that does not read misses updates of the
// status, then is cut off. Nothing here waits for anybody.
import type { ServerResponse } from "node:http";
import type { Clock } from "../../lib/clock.ts";
import { differenceBetween } from "../../lib/difference.ts";
import { eventDocument, type EventWords } from "./events.ts";
import type { EarlierJournal, JournalEntry } from "../../core/history.ts";
import { RecentEntries } from "./recent-entries.ts";
import type { Reset } from "./schema/events.ts";
import type { Status } from "./schema/status.ts";

export interface StreamPorts {
  readonly clock: Clock;
  readonly status: () => Status;
  readonly earlier: EarlierJournal;
  readonly words: EventWords;
  /** Is told about internal errors. */
  readonly onBug: (error: unknown) => void;
}

/** So many clients are served at once. */
export const mostClients = 200;

/** At most two a second when something changed that is worth telling, one a second when it is only numbers. */
const statusEveryMs = 500;
const numbersEveryMs = 1_000;
/** What numbers alone may take of a client's connection: where they are many, they come less often. */
const numbersBytesPerSecond = 1_500;
const heartbeatMs = 15_000;
/** After the making of a status, so many times as long has to pass before the next one. */
const restFactor = 4;

/** A client with more than this unread, or that reads nothing for this long, is cut off. */
const mostUnread = 512 * 1_024;
const longestStuckMs = 30_000;

interface StreamClient {
  readonly outgoing: ServerResponse;
  /** Who it counts for. */
  readonly name: string;
  /** Since when it has not read all it was sent. */
  stuckSinceMs: number | undefined;
  /** It missed an update of the status, and gets what it missed once it has read on. */
  isBehind: boolean;
  /** The status that it was sent last. */
  seen: Status | undefined;
}

/** A status, and what is sent of it. */
interface SentStatus {
  readonly status: Status;
  readonly atMs: number;
  readonly tookMs: number;
  /** To those who have none. */
  whole: Buffer | undefined;
  /** To those who have another one; empty where that says the same. */
  readonly changes: Map<Status, Buffer>;
}

export class Stream implements Disposable {
  readonly #ports: StreamPorts;
  readonly #clients = new Set<StreamClient>();
  readonly #recent: RecentEntries;
  /** In the form that is sent: many who come back together missed the same. */
  readonly #chunks = new WeakMap<JournalEntry, Buffer>();
  #newest: SentStatus | undefined;
  /** How much the last change of the status was. */
  #changedBytes = 0;
  #isOutdated = true;
  #cancelStatus: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  #cancelHeartbeat: (() => void) | undefined;
  #isClosed = false;
  /** How often anything was put into words: once for all clients. */
  wordings = 0;

  constructor(ports: StreamPorts) {
    this.#ports = ports;
    this.#recent = new RecentEntries(ports.earlier);
  }

  get clients(): number {
    return this.#clients.size;
  }

  get unreadBytes(): number {
    return [...this.#clients].reduce((sum, { outgoing }) => sum + outgoing.writableLength, 0);
  }

  /**
   * Whether one more of this name can be served. While there are too many, the name with the most gives up its newest
   * for one that has fewer.
   */
  makeRoomFor(name: string): boolean {
    if (this.#clients.size < mostClients) return true;
    const byName = Map.groupBy(this.#clients, (client) => client.name);
    const [most = []] = [...byName.values()].toSorted((a, b) => b.length - a.length);
    const newest = most.at(-1);
    if (newest === undefined || most.length <= (byName.get(name)?.length ?? 0) + 1) return false;
    this.#cutOff(newest);
    return true;
  }

  /** Serves one more client of this name, whose headers are already sent. */
  open(outgoing: ServerResponse, name: string, lastEventId: number | undefined): void {
    const client: StreamClient = { outgoing, name, stuckSinceMs: undefined, isBehind: false, seen: undefined };
    this.#clients.add(client);
    outgoing.once("close", () => this.#forget(client));
    outgoing.on("error", () => this.#forget(client));
    outgoing.on("drain", () => this.#catchUp(client));
    outgoing.write("retry: 2000\n\n");
    if (lastEventId !== undefined) this.#send(client, this.#missed(lastEventId));
    this.#sendStatus(client, this.#fresh());
    this.#cancelHeartbeat ??= this.#ports.clock.setTimer(heartbeatMs, () => this.#heartbeat());
  }

  /** The state has changed; `isNews` if in a way worth telling. */
  stateChanged(isNews: boolean): void {
    this.#isOutdated = true;
    if (this.#clients.size === 0 || this.#isClosed) return;
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const { atMs: lastMs, tookMs } = this.#newest ?? { atMs: -Infinity, tookMs: 0 };
    const numbersMs = Math.max(numbersEveryMs, (this.#changedBytes * 1_000) / numbersBytesPerSecond);
    const everyMs = Math.max(isNews ? statusEveryMs : numbersMs, restFactor * tookMs);
    const dueMs = Math.max(nowMs, lastMs + everyMs);
    if (this.#cancelStatus !== undefined && this.#cancelStatus.dueMs <= dueMs) return;
    this.#cancelStatus?.cancel();
    // Never at once: what is in the middle of deciding goes on first.
    const cancel = clock.setTimer(Math.max(10, dueMs - nowMs), () => this.#broadcastStatus());
    this.#cancelStatus = { dueMs, cancel };
  }

  /** Something happened. */
  tell(entry: JournalEntry): void {
    this.#recent.add(entry);
    if (this.#clients.size === 0) return;
    const chunk = this.#eventChunk(entry);
    for (const client of this.#clients) this.#send(client, chunk);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#cancelStatus?.cancel();
    this.#cancelHeartbeat?.();
    for (const { outgoing } of this.#clients) outgoing.destroy();
    this.#clients.clear();
  }

  #broadcastStatus(): void {
    this.#cancelStatus = undefined;
    if (this.#clients.size === 0) return;
    try {
      const newest = this.#renewed();
      for (const client of this.#clients) this.#sendStatus(client, newest);
    } catch (error) {
      this.#ports.onBug(error);
    }
  }

  #fresh(): SentStatus {
    const nowMs = this.#ports.clock.nowMs();
    const known = this.#newest;
    // Nothing has changed since, or what has will be told in a moment.
    const isGood = !this.#isOutdated || this.#cancelStatus !== undefined;
    if (known === undefined) return this.#renewed();
    const ageMs = nowMs - known.atMs;
    if (isGood && ageMs < statusEveryMs) return known;
    if (ageMs >= restFactor * known.tookMs) return this.#renewed();
    // Too costly for everybody who comes and goes: a newer one follows.
    this.stateChanged(false);
    return known;
  }

  #renewed(): SentStatus {
    this.wordings += 1;
    this.#isOutdated = false;
    const { clock } = this.#ports;
    const startedMs = clock.nowMs();
    const before = this.#newest;
    const status = this.#ports.status();
    const changes = new Map<Status, Buffer>();
    if (before !== undefined) changes.set(before.status, changesChunk(before.status, status));
    const atMs = clock.nowMs();
    this.#changedBytes = before === undefined ? 0 : (changes.get(before.status)?.length ?? 0);
    this.#newest = { status, atMs, tookMs: atMs - startedMs, whole: undefined, changes };
    return this.#newest;
  }

  #sendStatus(client: StreamClient, newest: SentStatus): void {
    // What it misses need not wait in a queue for a client that does not read.
    client.isBehind = client.outgoing.writableNeedDrain;
    if (client.isBehind) return;
    const chunk = chunkFor(client.seen, newest);
    client.seen = newest.status;
    if (chunk.length > 0) this.#send(client, chunk);
  }

  #catchUp(client: StreamClient): void {
    client.stuckSinceMs = undefined;
    if (client.isBehind && this.#newest !== undefined) this.#sendStatus(client, this.#newest);
  }

  #send(client: StreamClient, chunk: Buffer): void {
    const { outgoing } = client;
    if (outgoing.destroyed || outgoing.writableEnded) return this.#forget(client);
    if (outgoing.writableLength > mostUnread) return this.#cutOff(client);
    if (!outgoing.write(chunk)) client.stuckSinceMs ??= this.#ports.clock.nowMs();
  }

  /** What happened since an event, or that it was too much to be told. */
  #missed(lastEventId: number): Buffer {
    const entries = this.#recent.since(lastEventId);
    if (entries === undefined) {
      const newest = this.#recent.newestId;
      const reason = lastEventId > newest ? "the journal was restarted" : "too much has happened since";
      const reset: Reset = { reason, newest };
      return Buffer.from(`event: reset\nid: ${newest}\ndata: ${JSON.stringify(reset)}\n\n`);
    }
    return Buffer.concat(entries.map((entry) => this.#eventChunk(entry)));
  }

  #eventChunk(entry: JournalEntry): Buffer {
    const known = this.#chunks.get(entry);
    if (known !== undefined) return known;
    this.wordings += 1;
    const document = eventDocument(entry, this.#ports.words);
    const chunk = Buffer.from(`event: event\nid: ${entry.id}\ndata: ${JSON.stringify(document)}\n\n`);
    this.#chunks.set(entry, chunk);
    return chunk;
  }

  #heartbeat(): void {
    this.#cancelHeartbeat = undefined;
    if (this.#clients.size === 0 || this.#isClosed) return;
    const nowMs = this.#ports.clock.nowMs();
    const alive = Buffer.from(": alive\n\n");
    for (const client of this.#clients) {
      if (client.stuckSinceMs !== undefined && nowMs - client.stuckSinceMs >= longestStuckMs) this.#cutOff(client);
      else this.#send(client, alive);
    }
    this.#cancelHeartbeat = this.#ports.clock.setTimer(heartbeatMs, () => this.#heartbeat());
  }

  #cutOff(client: StreamClient): void {
    this.#forget(client);
    // What it has not read is not worth waiting for.
    client.outgoing.socket?.destroy();
    client.outgoing.destroy();
  }

  #forget(client: StreamClient): void {
    this.#clients.delete(client);
  }
}

/** What one who has seen a status is sent, made once for all who have seen the same. */
function chunkFor(seen: Status | undefined, newest: SentStatus): Buffer {
  if (seen === undefined) {
    newest.whole ??= Buffer.from(`event: status\ndata: ${JSON.stringify(newest.status)}\n\n`);
    return newest.whole;
  }
  const known = newest.changes.get(seen);
  if (known !== undefined) return known;
  const chunk = changesChunk(seen, newest.status);
  newest.changes.set(seen, chunk);
  return chunk;
}

function changesChunk(before: Status, after: Status): Buffer {
  const difference = differenceBetween(before, after);
  return Buffer.from(difference === undefined ? "" : `event: changes\ndata: ${JSON.stringify(difference)}\n\n`);
}
