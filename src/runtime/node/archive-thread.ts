// The thread that answers questions about what happened: one at a time, from a connection of its own. What `archive.ts`
// starts.
import { platform, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { messageOf } from "../../lib/text.ts";
import { HistoryReader } from "../../store/reader.ts";
import type { ReadingPlace } from "../../store/store.ts";
import { troubleOf } from "../../store/trouble.ts";
import type { ArchiveQuestion, Unwritten } from "../../web/api/archive.ts";
import { eventsOf } from "../../web/api/events.ts";
import { historyOf } from "../../web/api/history.ts";
import { wordFact } from "../../assembly/fact-words.ts";
import { LiveHistory } from "../../assembly/live-history.ts";

/** What the thread is asked. */
export interface ThreadQuestion {
  readonly id: number;
  readonly place: ReadingPlace;
  readonly question: ArchiveQuestion;
  readonly unwritten: Unwritten;
}

/** What it says. */
export type ThreadAnswer = { readonly id: number } & ThreadOutcome;

export type ThreadOutcome =
  | { readonly kind: "document"; readonly json: Uint8Array<ArrayBuffer> }
  /** The file cannot be read now, or not at all. */
  | { readonly kind: "failed"; readonly isDamaged: boolean; readonly why: string }
  | { readonly kind: "bug"; readonly error: unknown };

/** Readers wait a little longer for their answers, so that the loop does not wait (Linux counts it for each thread). */
const niceness = 5;

let open: { readonly generation: number; readonly reader: HistoryReader } | undefined;

/** Answers a question. Never throws. */
export function answer({ place, question, unwritten }: Omit<ThreadQuestion, "id">): ThreadOutcome {
  try {
    const reader = readerAt(place);
    const journal = new LiveHistory(reader, unwritten);
    const document =
      question.kind === "events"
        ? eventsOf(journal, question, wordFact)
        : historyOf({ journal, rollups: reader }, question);
    return { kind: "document", json: new TextEncoder().encode(JSON.stringify(document)) };
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble === undefined) return { kind: "bug", error };
    const isDamaged = open?.reader.isDamaged(error) ?? (trouble === "torn" || trouble === "foreign");
    return { kind: "failed", isDamaged, why: messageOf(error) };
  }
}

function readerAt({ location, generation }: ReadingPlace): HistoryReader {
  if (open?.generation === generation) return open.reader;
  close();
  const reader = new HistoryReader(location);
  open = { generation, reader };
  return reader;
}

function close(): void {
  open?.reader[Symbol.dispose]();
  open = undefined;
}

if (parentPort !== null) {
  const port = parentPort;
  beNice();
  port.on("message", ({ id, ...asked }: ThreadQuestion) => {
    const outcome = answer(asked);
    // Whatever it was, the next question finds a fresh connection.
    if (outcome.kind !== "document") close();
    port.postMessage(
      { id, ...outcome } satisfies ThreadAnswer,
      outcome.kind === "document" ? [outcome.json.buffer] : [],
    );
  });
}

function beNice(): void {
  try {
    if (platform() === "linux") setPriority(niceness);
  } catch {
    // A system that does not allow it is as good as one that does not know it.
  }
}
