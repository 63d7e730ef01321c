// Who served for how long.

/** Adds up how long each set of endpoints was what the record named, in the order of their first time. */
export function servedTimes(
  served: readonly { readonly atMs: number; readonly endpoints: readonly string[] }[],
  endMs: number,
): readonly { readonly endpoints: readonly string[]; readonly ms: number }[] {
  const times = new Map<string, { endpoints: readonly string[]; ms: number }>();
  for (const [index, { atMs, endpoints }] of served.entries()) {
    const key = endpoints.join("\n");
    const time = times.get(key) ?? { endpoints, ms: 0 };
    const untilMs = Math.min(endMs, served[index + 1]?.atMs ?? endMs);
    time.ms += Math.max(0, Math.round(untilMs) - Math.round(atMs));
    times.set(key, time);
  }
  return [...times.values()];
}
