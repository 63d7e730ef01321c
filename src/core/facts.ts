import type { Fact, State } from "./model.ts";
export function factsBetween(_before: State, _after: State): readonly Fact[] {
  return [];
}
