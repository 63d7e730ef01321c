// The one retry policy: how long to wait after a failure.
import { backoffMs, type BackoffBounds } from "../lib/backoff.ts";
import type { Random } from "../lib/clock.ts";
import type { CloudError } from "./provider.ts";

/** Pauses after transient failures, from the start of one attempt to the start of the next. */
export const transientPause = { firstMs: 1_000, mostMs: 30_000 };

/**
 * While a write is due, a pause is no longer than this, or than this share of the time for which there has been
 * trouble: a failover should not wait long once Cloudflare works again, and calls stay few all the same. Several
 * ingresses in which one is due take turns: together they try as often as one.
 */
const duePause = { mostMs: 2_000, share: 1 / 8 };

/** Pause after a failure that only a person can correct. */
const permanentPauseMs = 5 * 60_000;

/** The longest that we let ourselves be told to wait, and how long when Cloudflare does not say. */
const longestWaitMs = 5 * 60_000;

export interface FailedAttempt {
  /** When the attempt began. */
  readonly startedMs: number;
  readonly nowMs: number;
  /** How many there were since all was well, and since when. */
  readonly failures: number;
  readonly failingSinceMs: number;
  /** How many ingresses have failed and something to write, this one among them. 0: it has nothing to write. */
  readonly due: number;
  readonly random: Random;
}

/** When to try again after this failure. */
export function nextAttemptMs(error: CloudError, failure: FailedAttempt): number {
  const { startedMs, nowMs, failures, random } = failure;
  const pauseMs = backoffMs(boundsAfter(failure), failures, random);
  // Time already spent waiting for an answer counts, but the other side is given a breath in any case.
  const soonestMs = Math.max(startedMs + pauseMs, nowMs + backoffMs(transientPause, 1, random));
  switch (error.kind) {
    case "transient":
    case "stale":
      return soonestMs;
    case "rate-limited":
      return Math.max(soonestMs, nowMs + waitAfter(error));
    case "auth":
    case "invalid":
    case "obstacle":
      return nowMs + permanentPauseMs;
    default:
      return error.kind satisfies never;
  }
}

function boundsAfter({ nowMs, failingSinceMs, due }: FailedAttempt): BackoffBounds {
  if (due === 0) return transientPause;
  const { firstMs, mostMs } = transientPause;
  const eachMs = Math.max(duePause.mostMs, (nowMs - failingSinceMs) * duePause.share);
  return { firstMs: Math.min(mostMs, firstMs * due), mostMs: Math.min(mostMs, eachMs * due) };
}

/** How long a refusal for too many requests asks us to wait, within our bounds. */
export function waitAfter({ retryAfterMs }: CloudError): number {
  return Math.min(retryAfterMs ?? longestWaitMs, longestWaitMs);
}
