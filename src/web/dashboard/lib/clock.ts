// The one file that looks at the reader's clock. Moments of the daemon are compared with the daemon's own clock, as far
// as its last answer told it: a reader's clock that is wrong makes no countdown wrong.
import { useEffect, useState } from "preact/hooks";

let aheadMs = 0;

/** Milliseconds since 1970 by the reader's clock. */
export function readerNowMs(): number {
  return Date.now();
}

/** Tells what the daemon's clock said just now. */
export function setDaemonTime(wallMs: number): void {
  aheadMs = readerNowMs() - wallMs;
}

/** Milliseconds since 1970 by the daemon's clock. */
export function daemonNowMs(): number {
  return readerNowMs() - aheadMs;
}

/** Calls `work` once after `delayMs`; what it returns calls that off. */
export function later(delayMs: number, work: () => void): () => void {
  const timer = setTimeout(work, delayMs);
  return () => clearTimeout(timer);
}

/** A signal that gives up after `afterMs`. */
export function deadline(afterMs: number): AbortSignal {
  return AbortSignal.timeout(afterMs);
}

type Tick = () => void;
const ticks = new Set<Tick>();
let timer: ReturnType<typeof setInterval> | undefined;

function onTick(tick: Tick): () => void {
  ticks.add(tick);
  timer ??= setInterval(() => {
    for (const each of ticks) each();
  }, 1_000);
  return () => {
    ticks.delete(tick);
    if (ticks.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** A value that depends on the time. The component renders again only in those seconds in which it changes. */
export function useTicking<T extends string | number | boolean>(compute: () => T): T {
  const [, redraw] = useState<T>(compute);
  useEffect(() => onTick(() => redraw(compute())));
  return compute();
}
