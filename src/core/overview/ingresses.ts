// The ingresses of a state, and their overview beside them: whoever changes the one changes the other here.
import { findIngress } from "../find.ts";
import type { IngressState, State } from "../model.ts";
import { changedPlaces, overviewOf, withIngressAt } from "./overview.ts";

/** One ingress that a turn changed. */
export interface IngressChange {
  /** `undefined` for one that was not configured before. */
  readonly before: IngressState | undefined;
  readonly after: IngressState;
}

/** The part of the state that holds these ingresses. */
export function listed(ingresses: readonly IngressState[]): Pick<State, "ingresses" | "overview"> {
  return { ingresses, overview: overviewOf(ingresses) };
}

/** The state after a change of the ingresses at these places; the same object when each stayed what it was. */
export function withIngresses(
  state: State,
  places: readonly number[],
  change: (ingress: IngressState) => IngressState,
): State {
  let { overview } = state;
  let changed: IngressState[] | undefined;
  for (const place of places) {
    const ingress = state.ingresses[place];
    const next = ingress && change(ingress);
    if (next === undefined || next === ingress) continue;
    changed ??= [...state.ingresses];
    changed[place] = next;
    overview = withIngressAt(overview, place, next);
  }
  return changed === undefined ? state : { ...state, ingresses: changed, overview };
}

/** The configured ingresses that are not what they were, in the order of the configuration. */
export function changesBetween(before: State, after: State): readonly IngressChange[] {
  return changedPlaces(before.overview, after.overview).flatMap((place): IngressChange[] => {
    const ingress = after.ingresses[place];
    const old = ingress && findIngress(before, ingress.settings.id);
    return ingress === undefined || old === ingress ? [] : [{ before: old, after: ingress }];
  });
}
