// Which addresses of an endpoint are used: those that mean something to the world, and so many of each family.
import type { Address, IngressSettings } from "../model.ts";
import { families, familyNames } from "../words.ts";

/** More addresses of one family of an endpoint than this are neither probed nor published. */
const mostAddresses = 16;

/** Whether an address of this scope may be probed and published. */
export function isPermitted(scope: Address["scope"], allowPrivate: IngressSettings["allowPrivate"]): boolean {
  return scope === "public" || (scope === "private" && allowPrivate);
}

/** At most this many of each family, those that are in use already before all others. The order stays. */
export function withinLimit<Item extends Address>(
  items: readonly Item[],
  isInUse: (item: Item) => boolean = () => true,
): readonly Item[] {
  const kept = new Set(
    families.flatMap((family) => {
      const ofFamily = items.filter((item) => item.family === family);
      if (ofFamily.length <= mostAddresses) return ofFamily;
      const inUse = ofFamily.filter(isInUse);
      return [...inUse, ...ofFamily.filter((item) => !isInUse(item))].slice(0, mostAddresses);
    }),
  );
  return items.filter((item) => kept.has(item));
}

/** What was left out of an answer, for people: `16 of 40 IPv4 addresses are used`; `undefined` when nothing was. */
export function leftOutWords(answer: readonly Address[]): string | undefined {
  const parts = families.flatMap((family) => {
    const { length } = answer.filter((address) => address.family === family);
    return length > mostAddresses ? [`${mostAddresses} of ${length} ${familyNames[family]} addresses`] : [];
  });
  return parts.length === 0 ? undefined : `${parts.join(" and ")} are used`;
}
