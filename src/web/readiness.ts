// Whether the daemon knows enough to do its work: configuration loaded, records known, first verdicts in.
import type { EndpointState, IngressState, State } from "../core/model.ts";
import { plain } from "../lib/text.ts";

/** What is still missing, in plain words; empty when the daemon is ready. */
export function missingForReady({ generation, ingresses, connection }: State): readonly string[] {
  if (generation === 0) return ["no configuration is loaded yet"];
  return ingresses.flatMap((ingress) => missingOf(ingress, connection));
}

function missingOf(
  { settings, published, cloudProblem, endpoints }: IngressState,
  connection: State["connection"],
): string[] {
  const because = cloudProblem === undefined ? "" : `: ${plain(cloudProblem.message)}`;
  return [
    ...(published === undefined ? [`${settings.record}: its records are not known yet${because}`] : []),
    ...endpoints
      .filter((endpoint) => endpoint.health.verdict === "unknown" && !isBeyondReach(endpoint, connection))
      .map(
        ({ settings: { name }, health: { reason } }) =>
          `${settings.record}: ${plain(name)} has not been checked yet${/not probed yet/.test(reason) ? "" : ` (${reason})`}`,
      ),
  ];
}

/** Whether no verdict is to be expected: this machine has no route to it, though its own connection works. */
function isBeyondReach({ addresses }: EndpointState, connection: State["connection"]): boolean {
  return (
    addresses.length > 0 &&
    addresses.every(({ isUncheckable, family }) => isUncheckable && connection[family].blindSinceMs === undefined)
  );
}
