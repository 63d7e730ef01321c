// What is believed of each endpoint, as gauges.
import { isServing } from "../../core/evidence/health.ts";
import type { EndpointState, IngressState, Observation, State } from "../../core/model.ts";
import { roleOf } from "../../core/members.ts";
import { gauge } from "./exposition.ts";
import type { Metric } from "./exposition.ts";
import { phaseNames } from "./phases.ts";

interface LabelledEndpoint {
  readonly ingress: IngressState;
  readonly endpoint: EndpointState;
  /** The values of the labels `ingress` and `endpoint`. */
  readonly at: readonly [ingress: string, endpoint: string];
}

/** Few checks look the name up themselves: the time that this takes is known as a distribution only. */
const phasesOfEach = phaseNames.filter((phase) => phase !== "resolve");

export const endpointGauges: readonly Metric[] = [
  gauge(
    {
      name: "ccs_endpoint_up",
      labels: ["ingress", "endpoint"],
      help: "Whether the endpoint is up: 1 up (also suspect), 0 down (also recovering). Absent while that is unknown.",
      query: "ccs_endpoint_up == 0",
    },
    function* (state) {
      for (const { endpoint, at } of placesOf(state)) {
        const { verdict } = endpoint.health;
        if (verdict !== "unknown") yield [at, Number(isServing(verdict))];
      }
    },
  ),
  gauge(
    {
      name: "ccs_endpoint_degraded",
      labels: ["ingress", "endpoint"],
      help: "1 for an endpoint that works over one of IPv4 and IPv6 only, while the other one is down. Absent for all others.",
      query: "ccs_endpoint_degraded",
    },
    function* (state) {
      for (const { endpoint, at } of placesOf(state)) if (endpoint.health.isDegraded) yield [at, 1];
    },
  ),
  gauge(
    {
      name: "ccs_endpoint_selected",
      labels: ["ingress", "endpoint", "role"],
      help: "Whether the endpoint is active: role primary, or role sticky for one that is also published after a failback. The role sticky is absent for endpoints without `sticky`.",
      query: 'ccs_endpoint_selected{role="primary"} == 1',
    },
    function* (state) {
      for (const { ingress, endpoint, at } of placesOf(state)) {
        const role = roleOf(ingress, endpoint.settings.name);
        yield [[...at, "primary"], Number(role === "primary")];
        if (role === "sticky" || endpoint.settings.stickyMs !== undefined)
          yield [[...at, "sticky"], Number(role === "sticky")];
      }
    },
  ),
  gauge(
    {
      name: "ccs_endpoint_address_info",
      labels: ["ingress", "endpoint", "family", "address"],
      help: "The known addresses of the endpoint; always 1.",
      query: "count by (ingress, endpoint, family) (ccs_endpoint_address_info)",
    },
    function* (state) {
      for (const { endpoint, at } of placesOf(state))
        for (const { family, text } of endpoint.addresses) yield [[...at, family, text], 1];
    },
  ),
  gauge(
    {
      name: "ccs_check_last_duration_seconds",
      labels: ["ingress", "endpoint", "phase"],
      help: "How long the phases of the endpoint's newest check took: connect, tls, processing, transfer. A phase that was not reached is absent.",
      query: "quantile_over_time(0.95, (sum by (ingress, endpoint) (ccs_check_last_duration_seconds))[1h:15s])",
    },
    function* (state) {
      for (const { endpoint, at } of placesOf(state)) {
        const phases = newestObservation(endpoint)?.phases ?? {};
        for (const phase of phasesOfEach) {
          const durationMs = phases[phase];
          // To 10 µs: the digits after that say nothing, and are sent each time.
          if (durationMs !== undefined) yield [[...at, phase], Math.round(durationMs * 100) / 100_000];
        }
      }
    },
  ),
  gauge(
    {
      name: "ccs_certificate_expiry_timestamp_seconds",
      labels: ["ingress", "endpoint"],
      help: "When the first of the endpoint's certificates expires, in seconds since 1970. Absent for endpoints without HTTPS, and while none of its addresses shows one.",
      query: "(last_over_time(ccs_certificate_expiry_timestamp_seconds[1h]) - time()) / 86400",
    },
    function* (state) {
      for (const { endpoint, at } of placesOf(state)) {
        let firstMs = Infinity;
        for (const { lastObservation } of endpoint.addresses)
          firstMs = Math.min(firstMs, lastObservation?.certificateEndsWallMs ?? Infinity);
        if (firstMs !== Infinity) yield [at, firstMs / 1_000];
      }
    },
  ),
];

function* placesOf({ ingresses }: State): Iterable<LabelledEndpoint> {
  for (const ingress of ingresses)
    for (const endpoint of ingress.endpoints)
      yield { ingress, endpoint, at: [ingress.settings.id, endpoint.settings.name] };
}

function newestObservation({ addresses }: EndpointState): Observation | undefined {
  let newest: Observation | undefined;
  for (const { lastObservation } of addresses)
    if (lastObservation !== undefined && !(newest !== undefined && newest.endedMs >= lastObservation.endedMs))
      newest = lastObservation;
  return newest;
}
