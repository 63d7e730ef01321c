// Questions about what happened, and who answers them: never the thread that decides. What an answer needs besides the
// store goes with its question, as plain data.
import type { Now } from "./dates.ts";
import type { JournalEntry } from "../../core/history.ts";
import type { AddressSeries, HistoryRange } from "./schema/history.ts";

/** A page of the journal: entries before an id, about an ingress, or what concerns an endpoint of it. */
export interface EventsQuestion {
  readonly kind: "events";
  readonly before?: number | undefined;
  readonly limit: number;
  /** Its id. */
  readonly ingress?: string | undefined;
  readonly endpoint?: string | undefined;
  /** Ids and records of the ingresses that are not called by their record. */
  readonly records: readonly (readonly [id: string, record: string])[];
}

/** What happened to an ingress and its endpoints. */
export interface HistoryQuestion {
  readonly kind: "history";
  /** Its id. */
  readonly ingress: string;
  /** What the answer calls it. */
  readonly record: string;
  readonly range: HistoryRange;
  /** With the checks of each address as series. */
  readonly withSeries: boolean;
  readonly endpoints: readonly EndpointAsked[];
  readonly now: Now;
}

export interface EndpointAsked {
  readonly name: string;
  /** Since when it has not been down, milliseconds since 1970; missing while it is. */
  readonly upSinceMs: number | undefined;
  /** The addresses that are known now, with their newest checks. */
  readonly addresses: readonly { readonly text: string; readonly recent: AddressSeries["recent"] }[];
}

export type ArchiveQuestion = EventsQuestion | HistoryQuestion;

/** What the store does not have yet. */
export interface Unwritten {
  /** The newest of what concerns the question, oldest first. */
  readonly entries: readonly JournalEntry[];
  /** Every entry from this id on is unwritten, or newer than the question. */
  readonly fromId: number;
}

export type ArchiveAnswer =
  /** A document as JSON. */
  | { readonly kind: "document"; readonly json: Uint8Array<ArrayBuffer> }
  /** There is none now. `why` is for people. */
  | { readonly kind: "unavailable"; readonly why: string };

/** Where what happened is kept. */
export interface Archive {
  /**
   * Answers in the order of asking; many who ask the same at once, or soon after each other, get the same. Never
   * rejects.
   */
  ask(question: ArchiveQuestion, client: string): Promise<ArchiveAnswer>;
}
