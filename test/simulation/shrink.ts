// Cuts a failing story down: drops faults as long as what is left still breaks the same invariant (delta debugging over the
// list of faults). Every fault has chances of its own, so dropping one leaves the others as they were.
import { simulate } from "./simulate.ts";
import { scenarioOf } from "./scenario.ts";

/** The numbers of the faults that suffice to break `invariant` with this seed. At most `mostRuns` runs. */
export async function shrink(seed: number, invariant: string, mostRuns = 60): Promise<readonly number[]> {
  let kept: readonly number[] = scenarioOf(seed).faults.map((_, index) => index);
  let runs = 0;
  const breaks = async (only: readonly number[]): Promise<boolean> => {
    runs += 1;
    const { violations } = await simulate(seed, { only });
    return violations.some((violation) => violation.invariant === invariant);
  };
  for (let chunk = Math.ceil(kept.length / 2); chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
    for (let from = 0; from < kept.length && runs < mostRuns;) {
      const fewer = kept.filter((_, index) => index < from || index >= from + chunk);
      if (await breaks(fewer)) kept = fewer;
      else from += chunk;
    }
  }
  return kept;
}
