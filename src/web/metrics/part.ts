// A part of the metrics: those of one ingress, or of one of its endpoints, for a Prometheus that asks for no more.
import { findIngress } from "../../core/find.ts";
import { endpointNamed } from "../../core/members.ts";
import type { State } from "../../core/model.ts";
import { startOfSeries, type Metric } from "./exposition.ts";

export interface MetricsPart {
  /** Its id. */
  readonly ingress: string;
  /** Its name in the ingress; `undefined` for all that there is of the ingress. */
  readonly endpoint: string | undefined;
}

/** Why there is no such part, for the person who asked; `undefined` if there is. */
export function missingPart(state: State, { ingress, endpoint }: MetricsPart): string | undefined {
  const found = findIngress(state, ingress);
  if (found === undefined) return `there is no ingress ${ingress}`;
  if (endpoint === undefined || endpointNamed(found, endpoint) !== undefined) return undefined;
  return `${ingress} has no endpoint ${endpoint}`;
}

/** The state as if there were nothing else, so that gauges are computed of no more. */
export function stateOfPart(state: State, { ingress, endpoint }: MetricsPart): State {
  const found = findIngress(state, ingress);
  if (found === undefined) return { ...state, ingresses: [] };
  const endpoints = found.endpoints.filter(({ settings }) => endpoint === undefined || settings.name === endpoint);
  return { ...state, ingresses: [{ ...found, endpoints }] };
}

/** Whether a metric says anything of the part. */
export function isOfPart({ labels }: Metric, { endpoint }: MetricsPart): boolean {
  return labels[0] === "ingress" && (endpoint === undefined || labels[1] === "endpoint");
}

/** What the rows of the part begin with. */
export function startOfPart({ name }: Metric, { ingress, endpoint }: MetricsPart): string {
  return endpoint === undefined
    ? startOfSeries(name, ["ingress"], [ingress])
    : startOfSeries(name, ["ingress", "endpoint"], [ingress, endpoint]);
}
