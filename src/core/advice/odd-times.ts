// Times of an endpoint that are allowed and yet hardly meant: probably in the wrong unit. As with pitfalls, each says
// what it is and the number behind it; the words are those of the place where it is told.
import type { EndpointSettings } from "../model.ts";
import { dayMs, minuteMs } from "../units.ts";

export type OddTime =
  /** It stays published that long after each return to a better endpoint. */
  | { readonly kind: "long-sticky"; readonly endpoint: string; readonly lengthMs: number }
  /** An outage is noticed that much later. */
  | { readonly kind: "long-interval"; readonly endpoint: string; readonly lengthMs: number }
  /** A check that hangs fails only after that. */
  | { readonly kind: "long-timeout"; readonly endpoint: string; readonly lengthMs: number };

const longestSticky = dayMs;
const longestInterval = 10 * minuteMs;
const longestTimeout = 10 * minuteMs;

/** In the order in which a file has their keys. */
export function oddTimesOf({ name, stickyMs = 0, check }: EndpointSettings): readonly OddTime[] {
  const found: OddTime[] = [];
  if (stickyMs > longestSticky) found.push({ kind: "long-sticky", endpoint: name, lengthMs: stickyMs });
  if (check === undefined) return found;
  const { intervalMs, timeoutMs } = check;
  if (intervalMs > longestInterval) found.push({ kind: "long-interval", endpoint: name, lengthMs: intervalMs });
  if (timeoutMs >= longestTimeout) found.push({ kind: "long-timeout", endpoint: name, lengthMs: timeoutMs });
  return found;
}
