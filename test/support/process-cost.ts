// What a process of Linux has cost so far, all its threads together, as /proc counts it.
import { readFileSync, readdirSync } from "node:fs";

export interface ProcessCost {
  /** Time on a processor, user and system, milliseconds. Precise to a microsecond. */
  readonly cpuMs: number;
  /** How often the first thread, which runs the loop, has gone to sleep to be woken up later. */
  readonly wakeUps: number;
  /** The same for all threads. */
  readonly wakeUpsOfAll: number;
}

/** Of the threads that run now: what one that has ended took is not in it. */
export function costOf(pid: number): ProcessCost {
  let [cpuMs, wakeUps, wakeUpsOfAll] = [0, 0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const at = `/proc/${pid}/task/${thread}`;
    const [ranNs = ""] = readFileSync(`${at}/schedstat`, "utf8").split(" ");
    const [, sleeps = "0"] = /^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`${at}/status`, "utf8")) ?? [];
    cpuMs += Number(ranNs) / 1e6;
    if (Number(thread) === pid) wakeUps = Number(sleeps);
    wakeUpsOfAll += Number(sleeps);
  }
  return { cpuMs, wakeUps, wakeUpsOfAll };
}

export function costBetween(before: ProcessCost, after: ProcessCost): ProcessCost {
  return {
    cpuMs: after.cpuMs - before.cpuMs,
    wakeUps: after.wakeUps - before.wakeUps,
    wakeUpsOfAll: after.wakeUpsOfAll - before.wakeUpsOfAll,
  };
}
