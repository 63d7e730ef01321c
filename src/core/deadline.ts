import type { State } from "./model.ts";
export function nextDeadline(_state: State): number | undefined {
  return undefined;
}
