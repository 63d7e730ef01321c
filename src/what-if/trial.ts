// Another configuration tried out on the recorded past: what it would have done, beside what was done, and how far such
// a replay is to be believed.
import type { IngressSettings } from "../core/model.ts";
import { compare, type ComparedIngress } from "./comparison.ts";
import { readPast, type HistorySource, type Past } from "./past.ts";
import { replay, replayable, unreplayable } from "./replay.ts";

export interface Trial {
  readonly past: Past;
  /** Those that are in both configurations. `notReplayed`: what of the other one could not be tried, for people. */
  readonly ingresses: readonly (ComparedIngress & { readonly notReplayed: readonly string[] })[];
  /**
   * The present configuration, replayed: how many switches were made, how many of them the replay makes `again`, and
   * how many it makes `besides`.
   */
  readonly fidelity: { readonly made: number; readonly again: number; readonly besides: number };
}

/** Tries `other` on what was seen under `present` between two times. */
export function tryOut(
  source: HistorySource,
  present: readonly IngressSettings[],
  other: readonly IngressSettings[],
  range: { fromWallMs: number; toWallMs: number },
): Trial {
  const past = readPast(source, present, range);
  const wanted = other.flatMap((settings) => {
    const recorded = present.find(({ id }) => id === settings.id);
    return recorded === undefined
      ? []
      : [{ settings: replayable(settings, recorded), notReplayed: unreplayable(settings, recorded) }];
  });
  const settings = wanted.map((each) => each.settings);
  const again = compare(past, replay(past, present)).flatMap(({ rows }) => rows);
  return {
    past,
    ingresses: compare(past, replay(past, settings)).map((ingress) => ({
      ...ingress,
      notReplayed: wanted.find((each) => each.settings.id === ingress.id)?.notReplayed ?? [],
    })),
    fidelity: {
      made: again.filter(({ made }) => made !== undefined).length,
      again: again.filter(({ made, would }) => made !== undefined && would !== undefined).length,
      besides: again.filter(({ made }) => made === undefined).length,
    },
  };
}
