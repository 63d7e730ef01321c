// What the doctor says about one thing: how it is, and what to do.

/** `unknown`: it could not be found out, which by itself is no fault. */
export type Level = "ok" | "warning" | "wrong" | "unknown";

export interface Finding {
  readonly level: Level;
  /** What was looked at, in a few words. */
  readonly subject: string;
  /** What is so. */
  readonly detail: string;
  /** What to do now; missing where there is nothing to do. */
  readonly remedy?: string;
}

export function ok(subject: string, detail: string): Finding {
  return { level: "ok", subject, detail };
}

export function warning(subject: string, detail: string, remedy?: string): Finding {
  return { level: "warning", subject, detail, ...(remedy !== undefined && { remedy }) };
}

export function wrong(subject: string, detail: string, remedy?: string): Finding {
  return { level: "wrong", subject, detail, ...(remedy !== undefined && { remedy }) };
}

export function unknown(subject: string, detail: string, remedy?: string): Finding {
  return { level: "unknown", subject, detail, ...(remedy !== undefined && { remedy }) };
}

/** Why there was no answer: the codes of a name that could not be looked up mean nothing to most people. */
export function plainly(detail: string): string {
  const code = /\b(?:EAI_AGAIN|ENOTFOUND)\b/.exec(detail)?.[0];
  return code === undefined ? detail : `this machine could not look its name up (${code})`;
}
