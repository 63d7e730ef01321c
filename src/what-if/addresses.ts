// Which addresses an endpoint had, and when: as far as they were checked.
import type { Seen } from "./reconstruct.ts";

/** From this time on the endpoint had these addresses. */
export interface AddressEvent {
  readonly atWallMs: number;
  readonly addresses: readonly string[];
}

/** An address that is not checked for this long, while others are, is gone. */
const goneMs = 10 * 60_000;

/** Every change of the addresses; the first event is at the first observation. */
export function addressEvents(seen: readonly Seen[]): readonly AddressEvent[] {
  const newestMs = new Map<string, number>();
  const events: AddressEvent[] = [];
  for (const { address, atWallMs } of seen) {
    const before = newestMs.size;
    const isNew = !newestMs.has(address);
    newestMs.set(address, atWallMs);
    for (const [other, lastMs] of newestMs) if (atWallMs - lastMs > goneMs) newestMs.delete(other);
    if (!isNew && newestMs.size === before) continue;
    events.push({ atWallMs, addresses: [...newestMs.keys()] });
  }
  const [first] = events;
  if (first === undefined) return [];
  // All that came at once belong to the beginning.
  const early = events.filter(({ atWallMs }) => atWallMs - first.atWallMs < goneMs);
  const most = early.reduce((a, b) => (b.addresses.length > a.addresses.length ? b : a));
  return [{ ...first, addresses: most.addresses }, ...events.slice(events.indexOf(most) + 1)];
}
