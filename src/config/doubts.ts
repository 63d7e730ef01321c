// Values that are valid but probably a mistake: they are warnings, since they may be intended.
import type { EndpointSettings, IngressSettings } from "../core/model.ts";
import { durationSyntax, hourMs, minuteMs, dayMs } from "../core/units.ts";
import type { Report } from "./format/problem.ts";

/** A value as it stands in the file. */
type TextOf = (path: string) => string | undefined;

/**
 * Durations that are usually minutes: a number without a unit means seconds, and less than 60 is probably a mistake.
 */
const slowKeys = ["hold_up", "mix_wait", "reconcile_interval"] as const;

const longestSticky = dayMs;
const longestInterval = 10 * minuteMs;

/** Warns of durations in what is hardly the right unit. */
export function warnOfDoubts(ingresses: readonly IngressSettings[], textOf: TextOf, warn: Report): void {
  for (const [index, ingress] of ingresses.entries()) {
    const path = `ingresses[${index}]`;
    for (const key of slowKeys) warnOfBareNumber(`${path}.${key}`, textOf, warn);
    for (const [at, endpoint] of ingress.endpoints.entries()) {
      const place = `${path}.endpoints[${at}]`;
      warnOfBareNumber(`${place}.sticky`, textOf, warn);
      warnOfLongTimes(endpoint, place, warn);
    }
  }
}

function warnOfBareNumber(path: string, textOf: TextOf, warn: Report): void {
  const text = textOf(path)?.trim() ?? "";
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds === 0 || seconds * 1_000 >= minuteMs) return;
  warn(path, `${text} without a unit means ${text} seconds: write ${text}m for minutes, or ${text}s if it is meant`);
}

function warnOfLongTimes({ name, stickyMs = 0, check }: EndpointSettings, path: string, warn: Report): void {
  if (stickyMs > longestSticky) {
    const what = `${name} stays published for ${durationSyntax(stickyMs)} after each return to a better endpoint`;
    warn(`${path}.sticky`, `${what}: is that the unit you mean? Ten minutes, 10m, are usual`);
  }
  if (check !== undefined && check.intervalMs > longestInterval) {
    const what = `with one check in ${durationSyntax(check.intervalMs)}, an outage is noticed that much later`;
    warn(`${path}.check.interval`, `${what}: is that the unit you mean? 15s is usual`);
  }
  if (check !== undefined && check.timeoutMs >= hourMs / 6) {
    const what = `a check that hangs fails only after ${durationSyntax(check.timeoutMs)}`;
    warn(`${path}.check.timeout`, `${what}: is that the unit you mean? 5s is usual`);
  }
}
