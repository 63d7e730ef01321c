// Waiting for something that another process does: by looking again and again, with a deadline, never for a fixed time.
import { setTimeout as pause } from "node:timers/promises";

/** Far longer than anything takes; only a failing test waits so long. With a defect planted, that is what is expected. */
export const patienceMs = process.env["CCS_PLANTED"] === undefined ? 30_000 : 8_000;

/**
 * Resolves with the first result of `look` that is neither `undefined` nor `false`. Throws after `timeoutMs`, with
 * `what` and whatever `explain` has to say.
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  { timeoutMs = patienceMs, explain = () => "" }: { timeoutMs?: number; explain?: () => string } = {},
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const result = await look();
    if (result !== undefined && result !== false) return result;
    if (performance.now() > deadlineMs) {
      throw new Error(`Waited ${timeoutMs / 1_000} s in vain for: ${what}${explain()}`);
    }
    await pause(20);
  }
}
