// The results of many checks, added up.
import type { Observation } from "../core/model.ts";
import { Latencies } from "./latencies.ts";

export class Tally {
  count = 0;
  failures = 0;
  inconclusive = 0;
  /** The longest of those that were ok, in milliseconds. */
  maxMs: number | undefined;
  /** Of those that were ok: how long others took says more about timeouts than about the endpoint. */
  readonly latencies = new Latencies();

  observe({ kind, startedMs, endedMs }: Observation): void {
    this.count += 1;
    switch (kind) {
      case "ok": {
        const tookMs = Math.max(0, endedMs - startedMs);
        this.latencies.add(tookMs);
        this.maxMs = Math.max(tookMs, this.maxMs ?? 0);
        return;
      }
      case "failed":
        this.failures += 1;
        return;
      case "inconclusive":
        this.inconclusive += 1;
        return;
      default:
        kind satisfies never;
    }
  }

  add(other: Tally): void {
    this.count += other.count;
    this.failures += other.failures;
    this.inconclusive += other.inconclusive;
    this.latencies.merge(other.latencies);
    if (other.maxMs !== undefined) this.maxMs = Math.max(other.maxMs, this.maxMs ?? 0);
  }

  /** Within 2 % or 0.1 ms, and never above the longest. `undefined` without any ok. */
  quantileMs(share: number): number | undefined {
    const valueMs = this.latencies.quantileMs(share);
    return valueMs === undefined ? undefined : Math.min(valueMs, this.maxMs ?? Infinity);
  }
}
