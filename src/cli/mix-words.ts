// The words of `ccs explain` and `ccs plan` for a return through the mix.
import type { MixStep } from "../core/advice/mix-steps.ts";
import { formatDuration } from "../core/units.ts";
import { ttlText } from "../core/words.ts";

/**
 * When, how long that takes, and what it is: `first`, ``, `ingress-mix.example.com gets …`. `addresses` are the records
 * of the mix, where they are known.
 */
export function stepTexts(
  { when, afterMs, record, members = [], content = "", ttlSeconds = 0 }: MixStep,
  addresses: readonly string[] = [],
): readonly [label: string, time: string, text: string] {
  const ttl = ttlText(ttlSeconds);
  const time = formatDuration(afterMs);
  switch (when) {
    case "first": {
      const what = addresses.length > 0 ? addresses.join(", ") : `the addresses of ${members.join(" and ")}`;
      return ["first", "", `${record}: ${what} (${ttl})`];
    }
    case "shown":
      return [
        "then",
        time,
        `${record}: CNAME ${content} (${ttl}), after every name server has shown the mix for that long`,
      ];
    case "end":
      return ["at its end", time, `${record}: CNAME ${content} (${ttl})`];
    case "unused":
      return ["unused", time, `${record}: its records are removed`];
    default:
      return when satisfies never;
  }
}
