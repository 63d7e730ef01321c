// Entries of the journal as documents: in plain words, and as data with dates in place of monotonic times.
import { endpointOf, isKnownFact, type Journal, type JournalEntry, type JournaledFact } from "../../core/history.ts";
import type { Fact } from "../../core/model.ts";
import { plain } from "../../lib/text.ts";
import type { EventsQuestion } from "./archive.ts";
import { dateOf, isoOf, type Now } from "./dates.ts";
import type { EventDocument, Events } from "./schema/events.ts";

/** A fact as a sentence, and how much it matters: `error` and `warn` are worth a person's attention. */
export interface FactWords {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
}

/** Puts a fact of this version into words; may throw on one of an older version. */
export type WordFact = (fact: Fact) => FactWords;

/** How events are told. */
export interface EventWords {
  readonly word: WordFact;
  /** The record of the ingress of this id. */
  readonly recordOf: (id: string) => string;
}

/** A page of the journal. */
export function eventsOf(journal: Pick<Journal, "entries">, question: EventsQuestion, word: WordFact): Events {
  const { before, limit, ingress, endpoint } = question;
  const records = new Map(question.records);
  const words: EventWords = { word, recordOf: (id) => records.get(id) ?? id };
  const entries = journal.entries({ limit, beforeId: before, ingress, endpoint });
  const last = entries.at(-1);
  return {
    events: entries.map((entry) => eventDocument(entry, words)),
    before: entries.length === limit ? last?.id : undefined,
  };
}

export function eventDocument(entry: JournalEntry, { word, recordOf }: EventWords): EventDocument {
  const { id, atWallMs, atMs } = entry;
  const fact = named(entry.fact, recordOf);
  const { level, text } = wordsOf(fact, word);
  const endpoint = endpointOf(fact);
  return {
    id,
    at: isoOf(atWallMs),
    kind: fact.kind,
    importance: level === "error" || level === "warn" ? "high" : level === "info" ? "normal" : "low",
    ingress: fact.ingress,
    endpoint: endpoint === undefined ? undefined : plain(endpoint),
    text: plain(text, 1_000),
    fact: dated(fact, { nowMs: atMs, wallMs: atWallMs }) as Record<string, unknown>,
  };
}

/** The fact with its ingress as people know it. */
function named(fact: JournaledFact, recordOf: EventWords["recordOf"]): JournaledFact {
  return fact.ingress === undefined ? fact : { ...fact, ingress: recordOf(fact.ingress) };
}

function wordsOf(fact: JournaledFact, word: WordFact): FactWords {
  try {
    const words = isKnownFact(fact) ? word(fact) : undefined;
    if (typeof words?.text === "string") return words;
  } catch {
    // It does not say what facts of its kind say in this version.
  }
  return { level: "info", text: fact.kind.replaceAll("-", " ") };
}

/** Monotonic times in facts, by the names that they have there. All others that end in `Ms` are lengths of time. */
const momentKeys: ReadonlySet<string> = new Set([
  "untilMs",
  "sinceMs",
  "atMs",
  "writtenAtMs",
  "startedMs",
  "endedMs",
  "decidedMs",
  "committedMs",
  "visibleMs",
]);

/** `value` with dates in place of monotonic times: `untilMs` becomes `until`. Text is made fit to be shown. */
function dated(value: unknown, now: Now): unknown {
  if (typeof value === "string") return plain(value, 1_000);
  if (Array.isArray(value)) return value.map((item) => dated(item, now));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) =>
      momentKeys.has(key) && typeof item === "number"
        ? [key.replace(/(At)?Ms$/, ""), dateOf(item, now)]
        : [key, dated(item, now)],
    ),
  );
}
