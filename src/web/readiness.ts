// Whether the daemon knows enough to do its work: configuration loaded, records known, first verdicts in.
import type { IngressState, State } from "../core/model.ts";
import { plain } from "../lib/text.ts";

/** What is still missing, in plain words; empty when the daemon is ready. */
export function missingForReady({ generation, ingresses }: State): readonly string[] {
  if (generation === 0) return ["no configuration is loaded yet"];
  return ingresses.flatMap(missingOf);
}

function missingOf({ settings, published, cloudProblem, endpoints }: IngressState): string[] {
  const because = cloudProblem === undefined ? "" : `: ${plain(cloudProblem.message)}`;
  return [
    ...(published === undefined ? [`${settings.record}: its records are not known yet${because}`] : []),
    ...endpoints
      .filter(({ health }) => health.verdict === "unknown")
      .map(
        ({ settings: { name }, health }) => `${settings.record}: ${plain(name)} has no verdict yet (${health.reason})`,
      ),
  ];
}
