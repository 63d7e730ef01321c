// How many examples a property is tried with: few in the ordinary tests, as many as CCS_PROPERTY_RUNS says for a long hunt.

/** The number from the environment, else `usual`. */
export function propertyRuns(usual: number): number {
  const told = process.env["CCS_PROPERTY_RUNS"];
  return told === undefined ? usual : Number(told);
}
