// What the page shows, kept up to date: asks for the status, then listens to the stream, which carries what changes.
// When the daemon cannot be reached it says since when, and tries again with growing pauses.
import type { EventDocument } from "../../api/schema/events.ts";
import type { Status } from "../../api/schema/status.ts";
import { withDifference } from "../../../lib/difference.ts";
import { later, readerNowMs, setDaemonTime } from "../lib/clock.ts";
import { keepEqual } from "../lib/keep.ts";
import { getStatus } from "./api.ts";
import { readStream, type StreamMessage } from "./stream.ts";

export type LiveConnection =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** By the reader's clock. While `retryAtMs` is missing it is being tried. */
  | { readonly kind: "lost"; readonly sinceMs: number; readonly why: string; readonly retryAtMs?: number };

export interface LiveSnapshot {
  readonly connection: LiveConnection;
  /** The newest there is; missing before the first. */
  readonly status?: Status;
  /** Grows with everything that happened: what depends on the past asks again. */
  readonly happened: number;
  /** Grows whenever things may have happened that were not reported. */
  readonly missed: number;
}

/** How often it is asked while no stream was available; while the page is hidden; and beside a stream, to be sure. */
const pollMs = { often: 5_000, seldom: 30_000, rarely: 300_000 } as const;
const retriesMs = [1_000, 2_000, 4_000, 8_000, 15_000] as const;

export class Live {
  #snapshot: LiveSnapshot = { connection: { kind: "connecting" }, happened: 0, missed: 0 };
  readonly #onChange: (snapshot: LiveSnapshot) => void;
  readonly #onEvent: (event: EventDocument) => void;
  #stream: AbortController | undefined;
  /** The newest status of the stream, which its changes are about. */
  #streamed: Status | undefined;
  #failures = 0;
  #isAsking = false;
  #isAskedAgain = false;
  #isStreaming = false;
  #hadStream = false;
  #cancel: () => void = () => undefined;

  constructor(onChange: (snapshot: LiveSnapshot) => void, onEvent: (event: EventDocument) => void) {
    this.#onChange = onChange;
    this.#onEvent = onEvent;
  }

  start(): void {
    addEventListener("online", () => this.refresh());
    document.addEventListener("visibilitychange", () => {
      // A browser opens six connections to a server at most, and every tab in the background would hold one for ever.
      if (document.hidden) this.#stream?.abort();
      else this.refresh();
    });
    this.refresh();
  }

  /** Asks for the status now. */
  refresh(): void {
    this.#cancel();
    void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAskedAgain = this.#isAsking;
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { connection } = this.#snapshot;
    if (connection.kind === "lost") {
      const { sinceMs, why } = connection;
      this.#show({ connection: { kind: "lost", sinceMs, why } });
    }
    const answer = await getStatus();
    this.#isAsking = false;
    if (answer.kind === "ok") this.#take(answer.value);
    else this.#lose(answer.kind === "refused" ? answer.problem.error : answer.detail);
    if (this.#isAskedAgain) this.refresh();
  }

  #take(status: Status): void {
    setDaemonTime(Date.parse(status.at));
    const { connection } = this.#snapshot;
    this.#failures = 0;
    this.#show({
      connection: connection.kind === "live" ? connection : { kind: "live" },
      status: keepEqual(this.#snapshot.status, status),
    });
    if (this.#stream === undefined && !document.hidden) void this.#listen();
    this.#askAfter(document.hidden ? pollMs.seldom : this.#isStreaming ? pollMs.rarely : pollMs.often);
  }

  #lose(why: string): void {
    this.#stream?.abort();
    const { connection } = this.#snapshot;
    const pauseMs = retriesMs[Math.min(this.#failures, retriesMs.length - 1)] ?? pollMs.often;
    this.#failures += 1;
    const nowMs = readerNowMs();
    const sinceMs = connection.kind === "lost" ? connection.sinceMs : nowMs;
    this.#show({ connection: { kind: "lost", sinceMs, why, retryAtMs: nowMs + pauseMs } });
    this.#askAfter(pauseMs);
  }

  /** Listens until the stream ends, and then finds out whether the daemon is still there. */
  async #listen(): Promise<void> {
    const stream = new AbortController();
    this.#stream = stream;
    this.#streamed = undefined;
    await readStream((message) => this.#hear(message), stream.signal);
    const wasStreaming = this.#isStreaming;
    this.#isStreaming = false;
    this.#stream = undefined;
    if (wasStreaming && !stream.signal.aborted) this.refresh();
  }

  #hear({ event, data }: StreamMessage): void {
    // What happened since an earlier stream ended was not told.
    const isMissing = event === "reset" || (this.#hadStream && !this.#isStreaming);
    this.#isStreaming = true;
    this.#hadStream = true;
    if (event === "status") this.#streamed = JSON.parse(data) as Status;
    if (event === "changes") this.#streamed = withDifference(this.#streamed, JSON.parse(data)) as Status;
    if ((event === "status" || event === "changes") && this.#streamed !== undefined) this.#take(this.#streamed);
    const { happened, missed } = this.#snapshot;
    if (isMissing) this.#show({ happened: happened + 1, missed: missed + 1 });
    else if (event === "event") this.#show({ happened: happened + 1 });
    if (event === "event") this.#onEvent(JSON.parse(data) as EventDocument);
  }

  #askAfter(pauseMs: number): void {
    this.#cancel();
    this.#cancel = later(pauseMs, () => this.refresh());
  }

  #show(change: Partial<LiveSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    this.#onChange(this.#snapshot);
  }
}
