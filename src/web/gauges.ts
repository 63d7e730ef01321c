// Gauges that are computed from the state when they are asked for, so that they cannot be out of date and the series of
// what is no longer configured end by themselves.
import { Gauge } from "prom-client";
import type { Registry } from "prom-client";
import { isServing } from "../core/health.ts";
import type { EndpointState, IngressState, Observation, State } from "../core/model.ts";
import { isInSync } from "../core/mix.ts";
import { roleOf } from "../core/selection.ts";
import { phaseNames } from "./phases.ts";

export interface GaugeSources {
  readonly state: () => State;
  readonly build: { readonly version: string; readonly node: string };
  readonly queuedNotifications: () => ReadonlyMap<string, number>;
  /** Calls to Cloudflare that could be made at once. */
  readonly cloudBudget?: () => number;
  /** When a configuration was last loaded or rejected, milliseconds since 1970. */
  readonly lastReloadWallMs: () => number | undefined;
}

/** One series of a gauge. */
type Sample<Label extends string> = readonly [labels: Readonly<Record<Label, string>>, value: number];

/** Registers every gauge. */
export function registerGauges(registry: Registry, sources: GaugeSources): void {
  const { state, build, queuedNotifications, cloudBudget, lastReloadWallMs } = sources;

  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    samples: () => Iterable<Sample<Label>>,
  ): void => {
    const metric = new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [],
      collect() {
        this.reset();
        for (const [labels, value] of samples()) this.set(labels, value);
      },
    });
    registry.registerMetric(metric);
  };

  gauge("ccs_build_info", "The running build; always 1.", ["version", "node"], () => [[build, 1]]);

  gauge(
    "ccs_endpoint_up",
    "Whether the endpoint is believed up: 1 up (also while in doubt), 0 down. Absent before its first verdict.",
    ["ingress", "endpoint"],
    () =>
      eachEndpoint(state(), (labels, { health }) =>
        health.verdict === "unknown" ? [] : [[labels, Number(isServing(health.verdict))]],
      ),
  );
  gauge(
    "ccs_endpoint_degraded",
    "Whether the endpoint serves in one address family while the other is down.",
    ["ingress", "endpoint"],
    () => eachEndpoint(state(), (labels, { health }) => [[labels, Number(health.isDegraded)]]),
  );
  gauge(
    "ccs_endpoint_selected",
    "Whether the endpoint is selected to serve, as primary or as sticky beside it.",
    ["ingress", "endpoint", "role"],
    () =>
      eachEndpoint(state(), (labels, endpoint, ingress) => {
        const present = roleOf(ingress, endpoint.settings.name);
        return (["primary", "sticky"] as const).map((role) => [{ ...labels, role }, Number(role === present)]);
      }),
  );
  gauge(
    "ccs_endpoint_address_info",
    "The addresses that the endpoint is known to have; always 1.",
    ["ingress", "endpoint", "family", "address"],
    () =>
      eachEndpoint(state(), (labels, { addresses }) =>
        addresses.map(({ family, text: address }) => [{ ...labels, family, address }, 1]),
      ),
  );
  gauge(
    "ccs_check_last_duration_seconds",
    "Duration of the phases of the newest probe.",
    ["ingress", "endpoint", "phase"],
    () =>
      eachEndpoint(state(), (labels, endpoint) => {
        const phases = newestObservation(endpoint)?.phases ?? {};
        return phaseNames.flatMap((phase) => {
          const durationMs = phases[phase];
          return durationMs === undefined ? [] : [[{ ...labels, phase }, durationMs / 1_000]];
        });
      }),
  );
  gauge(
    "ccs_certificate_expiry_timestamp_seconds",
    "When the first of the endpoint's certificates ends, as its addresses showed them last.",
    ["ingress", "endpoint"],
    () =>
      eachEndpoint(state(), (labels, { addresses }) => {
        const ends = addresses
          .map(({ lastObservation }) => lastObservation?.certificateEndsWallMs)
          .filter((endMs) => endMs !== undefined);
        return ends.length === 0 ? [] : [[labels, Math.min(...ends) / 1_000]];
      }),
  );

  gauge(
    "ccs_ingress_record_info",
    "The records published at the ingress, as last read or confirmed; always 1.",
    ["ingress", "type", "content"],
    () =>
      eachIngress(state(), (ingress, { published }) =>
        (published?.records ?? []).map(({ type, content }) => [{ ingress, type, content }, 1]),
      ),
  );
  gauge(
    "ccs_ingress_in_sync",
    "Whether the published records are what they should be; 1 also while nothing is asked of them.",
    ["ingress"],
    () => eachIngress(state(), (ingress, whole) => [[{ ingress }, Number(isInSync(whole))]]),
  );

  gauge(
    "ccs_ingress_standoff",
    "Whether somebody keeps undoing the records, so that their repair rests.",
    ["ingress"],
    () => eachIngress(state(), (ingress, { standoff }) => [[{ ingress }, Number(standoff !== undefined)]]),
  );
  gauge(
    "ccs_ingress_visible",
    "Whether the authoritative servers show what was written last: 0 when they show something else. Absent while unknown.",
    ["ingress"],
    () =>
      eachIngress(state(), (ingress, { visibility }) =>
        visibility?.status === "visible" || visibility?.status === "wrong"
          ? [[{ ingress }, Number(visibility.status === "visible")]]
          : [],
      ),
  );
  gauge("ccs_overrides_active", "Endpoints that a person has pinned, drained or drilled.", ["ingress", "kind"], () =>
    eachIngress(state(), (ingress, { overrides }) =>
      (["pin", "drain", "drill"] as const).map((kind) => [
        { ingress, kind },
        overrides.filter((override) => override.kind === kind).length,
      ]),
    ),
  );

  if (cloudBudget !== undefined) {
    gauge(
      "ccs_cloudflare_budget_remaining",
      "Calls that could be made to the Cloudflare API at once, of those that the daemon allows itself.",
      [],
      () => [[{}, cloudBudget()]],
    );
  }
  gauge(
    "ccs_monitor_blind",
    "Whether the monitor's own connection is in doubt, so that failures prove nothing.",
    ["family"],
    () =>
      (["ipv4", "ipv6"] as const).map((family) => [
        { family },
        Number(state().connection[family].blindSinceMs !== undefined),
      ]),
  );
  gauge("ccs_notifications_queued", "Messages that wait to be delivered.", ["channel"], () =>
    [...queuedNotifications()].map(([channel, count]) => [{ channel }, count] as const),
  );
  gauge(
    "ccs_config_last_reload_success",
    "Whether the newest configuration is in force: 0 when it was rejected and the one before goes on.",
    [],
    () => [[{}, Number(state().generation > 0 && state().rejectedConfig === undefined)]],
  );
  gauge("ccs_config_last_reload_timestamp_seconds", "When a configuration was last loaded or rejected.", [], () => {
    const wallMs = lastReloadWallMs();
    return wallMs === undefined ? [] : [[{}, wallMs / 1_000]];
  });
}

function eachIngress<Label extends string>(
  { ingresses }: State,
  samplesOf: (record: string, ingress: IngressState) => readonly Sample<Label>[],
): Sample<Label>[] {
  return ingresses.flatMap((ingress) => samplesOf(ingress.settings.record, ingress));
}

function eachEndpoint<Label extends string>(
  state: State,
  samplesOf: (
    labels: { readonly ingress: string; readonly endpoint: string },
    endpoint: EndpointState,
    ingress: IngressState,
  ) => readonly Sample<Label>[],
): Sample<Label>[] {
  return eachIngress(state, (record, ingress) =>
    ingress.endpoints.flatMap((endpoint) =>
      samplesOf({ ingress: record, endpoint: endpoint.settings.name }, endpoint, ingress),
    ),
  );
}

function newestObservation({ addresses }: EndpointState): Observation | undefined {
  return addresses
    .map(({ lastObservation }) => lastObservation)
    .filter((observation) => observation !== undefined)
    .toSorted((a, b) => b.endedMs - a.endedMs)[0];
}
