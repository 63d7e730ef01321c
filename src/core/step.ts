import type { Event, State } from "./model.ts";
export const initialState: State = { ingresses: [], generation: 0 };
export function step(state: State, _event: Event, _nowMs: number): State {
  return state;
}
