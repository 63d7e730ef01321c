// Values that are valid but probably a mistake: they are warnings, since they may be intended. The core finds what the
// settings tell; whether a number has a unit, only the file tells.
import { oddTimesOf, type OddTime } from "../core/advice/odd-times.ts";
import type { IngressSettings } from "../core/model.ts";
import { durationSyntax, minuteMs } from "../core/units.ts";
import type { Report } from "./format/problem.ts";

/** A value as it stands in the file. */
type TextOf = (path: string) => string | undefined;

/**
 * Durations that are usually minutes: a number without a unit means seconds, and less than 60 is probably a mistake.
 */
const slowKeys = ["hold_up", "mix_wait", "reconcile_interval"] as const;

/** Warns of durations in what is hardly the right unit. */
export function warnOfDoubts(ingresses: readonly IngressSettings[], textOf: TextOf, warn: Report): void {
  for (const [index, ingress] of ingresses.entries()) {
    const path = `ingresses[${index}]`;
    for (const key of slowKeys) warnOfBareNumber(`${path}.${key}`, textOf, warn);
    for (const [at, endpoint] of ingress.endpoints.entries()) {
      const place = `${path}.endpoints[${at}]`;
      warnOfBareNumber(`${place}.sticky`, textOf, warn);
      for (const odd of oddTimesOf(endpoint)) {
        const { key, what, usual } = wordOdd(odd);
        warn(`${place}.${key}`, `${what}: is that the unit you mean? ${usual}`);
      }
    }
  }
}

function warnOfBareNumber(path: string, textOf: TextOf, warn: Report): void {
  const text = textOf(path)?.trim() ?? "";
  const seconds = /^\d{1,6}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
  if (seconds === 0 || seconds * 1_000 >= minuteMs) return;
  warn(path, `${text} without a unit means ${text} seconds: write ${text}m for minutes, or ${text}s if it is meant`);
}

/** Where it is in the file of an endpoint, and how it is told. */
function wordOdd(odd: OddTime): { readonly key: string; readonly what: string; readonly usual: string } {
  const length = durationSyntax(odd.lengthMs);
  switch (odd.kind) {
    case "long-sticky": {
      const what = `${odd.endpoint} stays published for ${length} after each return to a better endpoint`;
      return { key: "sticky", what, usual: "Ten minutes, 10m, are usual" };
    }
    case "long-interval": {
      const what = `with one check in ${length}, an outage is noticed that much later`;
      return { key: "check.interval", what, usual: "15s is usual" };
    }
    case "long-timeout": {
      const what = `a check that hangs fails only after ${length}`;
      return { key: "check.timeout", what, usual: "5s is usual" };
    }
    default:
      return odd satisfies never;
  }
}
