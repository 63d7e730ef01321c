// Which of many ingresses are shown, and in which order.
import type { IngressStatus } from "../../api/schema/status.ts";
import { lookOf, needsAttention } from "./ingress-look.ts";

export interface IngressFilter {
  /** Words that all have to be in its record, its zone, or the names, targets and addresses of its endpoints. */
  readonly text: string;
  readonly isTroubledOnly: boolean;
}

const weights = { bad: 0, warn: 1, quiet: 2, ok: 3 } as const;

/** Those that fit, the ones in trouble first, otherwise in the order that they have. */
export function foundIngresses(
  ingresses: readonly IngressStatus[],
  { text, isTroubledOnly }: IngressFilter,
): readonly IngressStatus[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return ingresses
    .filter((ingress) => !isTroubledOnly || needsAttention(ingress))
    .filter((ingress) => words.length === 0 || hasWords(ingress, words))
    .map((ingress) => ({ ingress, weight: weights[lookOf(ingress).tone] }))
    .toSorted((a, b) => a.weight - b.weight)
    .map(({ ingress }) => ingress);
}

function hasWords({ record, zone, endpoints }: IngressStatus, words: readonly string[]): boolean {
  const texts = endpoints.flatMap(({ name, target, addresses }) => [
    name,
    ...target,
    ...addresses.map(({ address }) => address),
  ]);
  const all = [record, zone ?? "", ...texts].join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}
