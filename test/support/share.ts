// A share of something, from 0 to 1, each as likely as any other.
import fc from "fast-check";

const steps = 1_000_000;

/**
 * Not `fc.double`: that draws from all doubles alike, most of which are next to nothing, so that a place in a text would
 * nearly always be one of its two ends.
 */
export const share: fc.Arbitrary<number> = fc.nat(steps).map((number) => number / steps);
