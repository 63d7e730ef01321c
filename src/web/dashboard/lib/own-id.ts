// Ids that one element refers to another by.
import { useState } from "preact/hooks";

let last = 0;

/**
 * An id that no other element of the page has. Preact's own `useId` counts by the place in the tree, and gives the same
 * one twice when parts of the tree are rendered at different times.
 */
export function useOwnId(): string {
  const [id] = useState(() => `own-${(last += 1)}`);
  return id;
}
