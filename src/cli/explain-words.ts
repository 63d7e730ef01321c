// The words of `ccs explain`: sums as people write them, endpoints in one sentence, and what to do about each pitfall.
import type { CheckOutlook, EndpointOutlook, Sum, TermKind } from "../core/advice/explain.ts";
import type { Pitfall } from "../core/advice/pitfalls.ts";
import { formatDuration } from "../core/units.ts";
import { familyNames, ttlText } from "../core/words.ts";

const termNames: Record<TermKind, string> = {
  interval: "interval",
  "half-interval": "interval",
  timeout: "timeout",
  "fast-interval": "fast_interval",
  proof: "cross-check",
  "api-call": "call to Cloudflare",
  "hold-up": "hold_up",
};

/** `10s interval + 3 × 5s timeout + …`, to be broken before a plus sign only. */
export function arithmetic({ terms }: Sum): string {
  const parts = terms.map(({ kind, times, eachMs }) => {
    const [factor, each] = kind === "half-interval" ? ["½", eachMs * 2] : [String(times), eachMs];
    const text = `${formatDuration(each)} ${termNames[kind]}`;
    return unbroken(factor === "1" ? text : `${factor} × ${text}`);
  });
  return parts.join(` +${noBreak}`);
}

const noBreak = "\u00A0";

function unbroken(text: string): string {
  return text.replaceAll(" ", noBreak);
}

/** The length of a TTL alone. */
export function ttlLength(ttlSeconds: number): string {
  return formatDuration(ttlSeconds * 1_000);
}

export function endpointText({
  target,
  priority,
  ttlSeconds,
  isTtlAutomatic,
  stickyMs,
  check,
}: EndpointOutlook): string {
  const ttl = isTtlAutomatic ? `automatic TTL (${ttlLength(ttlSeconds)})` : ttlText(ttlSeconds);
  const sticky = stickyMs === undefined ? [] : [`sticky ${formatDuration(stickyMs)}`];
  const unchecked = check === undefined ? ["not checked: assumed up"] : [];
  return [target, `priority ${priority}`, ttl, ...sticky, ...unchecked].join(", ");
}

export function brownOutText({ fall, rise, brownOut: { failures, oksToForgive } }: CheckOutlook): string {
  return (
    `down after ${fall} failure${fall === 1 ? "" : "s in a row"}, or ${failures} without ${oksToForgive} successes in a row between ` +
    `them; up after ${rise} success${rise === 1 ? "" : "es in a row"}`
  );
}

/** `8 640`, with a thin grouping that both worlds can read. */
export function countText(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, " ");
}

/** `2.1 GB`, in steps of a thousand. */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = value < 10 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit] ?? ""}`;
}

/**
 * What it means, and what to do about it. `isMistake`: hardly anybody wants it so. `loosenessOf`: of an endpoint's
 * check.
 */
export function pitfallText(
  pitfall: Pitfall,
  loosenessOf: (endpoint: string) => string,
): { readonly isMistake: boolean; readonly text: string } {
  switch (pitfall.kind) {
    case "alone":
      return mistake(`${pitfall.endpoint} is the only endpoint: no other endpoint can take over. Add a second one.`);
    case "unchecked":
      return pitfall.isFirst
        ? mistake(
            `${pitfall.endpoint} has no check: it is assumed up and stays active, whatever happens. Configure one.`,
          )
        : remark(
            `${pitfall.endpoint} has no check: it is assumed up, and the last resort. ccs cannot notice when it fails.`,
          );
    case "rank":
      return mistake(
        `${pitfall.endpoint} has the better priority number, but ${pitfall.after} still has higher priority: endpoints without a check come last.`,
      );
    case "sticky-below-ttl":
      return mistake(
        `sticky ${formatDuration(pitfall.stickyMs)} of ${pitfall.endpoint} is shorter than its TTL of ${ttlLength(pitfall.ttlSeconds)}: most resolvers never ` +
          "ask while both are published, so it is of no use. Make it at least twice the TTL, or remove it.",
      );
    case "sticky-on-best":
      return remark(
        `sticky of ${pitfall.endpoint} does nothing: it has the highest priority, so the ingress never leaves it for a better one.`,
      );
    case "no-mix": {
      const why =
        pitfall.reason === "proxied"
          ? "a proxied CNAME has no mix"
          : `${pitfall.why ?? "there is no name for a mix"}. Set mix_record to an unused name in the same zone`;
      return remark(`sticky of ${pitfall.endpoints.join(", ")} does nothing: ${why}.`);
    }
    case "long-ttl":
      return remark(
        `the TTL of ${pitfall.endpoint}, ${ttlLength(pitfall.ttlSeconds)}, is far longer than it takes to detect that it is down ` +
          `(${formatDuration(pitfall.detectionMs)}): clients wait for their resolvers rather than for ccs. 60s is the shortest.`,
      );
    case "proxied-ttl":
      return remark(
        `the record is proxied, so Cloudflare sets the TTL; ttl of ${pitfall.endpoints.join(", ")} has no effect.`,
      );
    case "families":
      return mistake(
        `${pitfall.from} has ${familyNames[pitfall.lost]} and ${pitfall.to} does not: clients with only ${familyNames[pitfall.lost]} lose the service while ${pitfall.to} is active.`,
      );
    case "private":
      return mistake(
        `${pitfall.endpoint} has the private address ${pitfall.addresses.join(", ")}: only clients in that network can reach it. allow_private permits it.`,
      );
    case "private-names":
      return remark("allow_private is set: a private address in DNS would be published like any other.");
    case "fall-of-one":
      return mistake(
        `fall is 1 for ${pitfall.endpoint}: a single lost packet counts as an outage. Two or three are safer.`,
      );
    case "no-hold-up":
      return mistake("hold_up is 0: a line that comes and goes changes the record each time. The default is 60s.");
    case "no-marker":
      return remark(`the check of ${pitfall.endpoint} ${loosenessOf(pitfall.endpoint)}.`);
    case "same-target":
      return mistake(`${pitfall.endpoints.join(" and ")} have the same target, ${pitfall.target}: they fail together.`);
    default:
      return pitfall satisfies never;
  }
}

function mistake(text: string): { isMistake: true; text: string } {
  return { isMistake: true, text };
}

function remark(text: string): { isMistake: false; text: string } {
  return { isMistake: false, text };
}
