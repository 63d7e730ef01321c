// A message to people, before it is put into the form of a channel; and where messages wait until they are delivered.

/** What people should miss last when a queue overflows. */
export type Importance = "low" | "normal" | "high";

/** Clean text: plain, emphasised, verbatim (names and record contents), or the words of another machine. */
export type Span = string | { readonly strong: string } | { readonly code: string } | { readonly foreign: string };
export type Line = readonly Span[];

/** Plain JSON, so that it can be stored until it is delivered. */
export interface Message {
  /** Unique. Shown to people, so that a message delivered twice is recognised. */
  readonly id: string;
  readonly importance: Importance;
  /** When it happened, milliseconds since 1970 by the wall clock of that moment. */
  readonly atWallMs: number;
  /** IANA name of the zone in which its times are told; UTC where it is missing. */
  readonly timeZone?: string;
  /** What happened, in one line of clean text. */
  readonly headline: string;
  readonly details: readonly Line[];
  /** What it tells of, for programs; several in a summary. Missing where an earlier version stored it. */
  readonly facts?: readonly ToldFact[];
}

/** What a message tells of, without words. */
export interface ToldFact {
  /** `switched`, `endpoint`, `outage-began`: docs/webhook.md lists them. */
  readonly kind: string;
  /** ISO 8601, in UTC. */
  readonly time: string;
  /** The record that it is about. */
  readonly ingress?: string;
  /** The endpoints that the record names then, the primary first. */
  readonly active?: readonly string[];
  readonly endpoint?: string;
  /** Of the endpoint: `up`, `degraded`, `down`. */
  readonly status?: string;
}

/** Where messages wait. A message is durable once `append` has returned. Throws when the storage fails. */
export interface OutboxStore {
  append(channel: string, message: Message): void;
  /** Forgets messages by id; unknown ids are fine. */
  remove(channel: string, ids: readonly string[]): void;
  /** What waits, oldest first. */
  list(channel: string): readonly Message[];
}
