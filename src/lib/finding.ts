// What the doctor says about one thing: how it is, and what to do.
import { plainly } from "./plainly.ts";

/** `unknown`: it could not be found out, which by itself is no fault. */
export type Level = "ok" | "warning" | "wrong" | "unknown";

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a few words. */
  readonly subject: string;
  /** What is so. */
  readonly detail: string;
  /** What to do now; `undefined` where there is nothing to do. */
  readonly remedy: string | undefined;
}

export function ok(subject: string, detail: string): Finding {
  return finding("ok", subject, detail, undefined);
}

export function warning(subject: string, detail: string, remedy?: string): Finding {
  return finding("warning", subject, detail, remedy);
}

export function wrong(subject: string, detail: string, remedy?: string): Finding {
  return finding("wrong", subject, detail, remedy);
}

export function unknown(subject: string, detail: string, remedy?: string): Finding {
  return finding("unknown", subject, detail, remedy);
}

function finding(level: Level, subject: string, detail: string, remedy: string | undefined): Finding {
  return { level, subject, detail: plainly(detail), remedy };
}
