// Whether an answer is one of a service that works: by its status first, and by its body only where a text is looked
// for.
import type { HttpTask } from "./settings.ts";

export interface HttpAnswer {
  readonly status: number;
  /** As the header says; `identity` or empty for none. */
  readonly encoding: string;
  /** Whether the body contains the text; `undefined` while it has not been read. */
  readonly hasMarker: boolean | undefined;
}

/** `unread`: it depends on the body. Otherwise the service works, or the reason why it does not. */
export type HttpJudgement = "ok" | "unread" | "status" | "encoding" | "marker";

export function judgeAnswer({ status: accepted, contains }: HttpTask, answer: HttpAnswer): HttpJudgement {
  const { status, encoding, hasMarker } = answer;
  if (!accepted.some(([from, to]) => from <= status && status <= to)) return "status";
  if (contains === undefined) return "ok";
  if (encoding !== "identity" && encoding !== "") return "encoding";
  if (hasMarker === undefined) return "unread";
  return hasMarker ? "ok" : "marker";
}
