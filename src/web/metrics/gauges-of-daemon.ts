// What is known of the daemon itself, as gauges.
import { countedElsewhere, gauge } from "./exposition.ts";
import type { Metric } from "./exposition.ts";

export interface DaemonSources {
  readonly build: { readonly version: string; readonly node: string };
  /** How many messages wait, by channel. */
  readonly queuedNotifications: () => ReadonlyMap<string, number>;
  /** Calls to Cloudflare that could be made at once. */
  readonly cloudBudget?: () => number;
  /** Internal errors since the start. */
  readonly internalErrors?: () => number;
  /** Whether all that must survive a restart would survive one now. */
  readonly isStateKept?: () => boolean;
}

export interface ReloadTime {
  /** When a configuration was last loaded or rejected, milliseconds since 1970. */
  readonly lastReloadWallMs: () => number | undefined;
}

export function daemonMetrics(sources: DaemonSources & ReloadTime): readonly Metric[] {
  const { build, queuedNotifications, cloudBudget, lastReloadWallMs } = sources;
  const { internalErrors = () => 0, isStateKept } = sources;
  return [
    gauge(
      {
        name: "ccs_build_info",
        labels: ["version", "node"],
        help: "The running version of ccs and of Node.js; always 1.",
        query: "count by (version) (ccs_build_info)",
      },
      () => [[[build.version, build.node], 1]],
    ),
    gauge(
      {
        name: "ccs_monitor_blind",
        labels: ["family"],
        help: "Whether this machine appears to be offline over IPv4 or IPv6. Failover is suspended while it does.",
        query: "ccs_monitor_blind == 1",
      },
      ({ connection }) => [
        [["ipv4"], Number(connection.ipv4.blindSinceMs !== undefined)],
        [["ipv6"], Number(connection.ipv6.blindSinceMs !== undefined)],
      ],
    ),
    gauge(
      {
        name: "ccs_config_last_reload_success",
        labels: [],
        help: "Whether the latest configuration is in force: 0 if it was rejected and the previous one stays in force.",
        query: "ccs_config_last_reload_success == 0",
      },
      ({ generation, rejectedConfig }) => [[[], Number(generation > 0 && rejectedConfig === undefined)]],
    ),
    gauge(
      {
        name: "ccs_config_last_reload_timestamp_seconds",
        labels: [],
        help: "When a configuration was last loaded or rejected, in seconds since 1970.",
        query: "time() - ccs_config_last_reload_timestamp_seconds",
      },
      () => {
        const wallMs = lastReloadWallMs();
        return wallMs === undefined ? [] : [[[], wallMs / 1_000]];
      },
    ),
    gauge(
      {
        name: "ccs_state_kept",
        labels: [],
        help: "Whether decisions, overrides, history and unsent messages would all survive a restart now: 0 while they are in memory only.",
        query: "ccs_state_kept == 0",
      },
      () => (isStateKept === undefined ? [] : [[[], Number(isStateKept())]]),
    ),
    gauge(
      {
        name: "ccs_notifications_queued",
        labels: ["channel"],
        help: "Messages waiting to be delivered.",
        query: "min_over_time(ccs_notifications_queued[15m]) > 0",
      },
      function* () {
        for (const [channel, count] of queuedNotifications()) yield [[channel], count];
      },
    ),
    gauge(
      {
        name: "ccs_cloudflare_budget_remaining",
        labels: [],
        help: "How many calls to the Cloudflare API could be made at once, within the limit that the daemon sets itself.",
        query: "min_over_time(ccs_cloudflare_budget_remaining[1h])",
      },
      () => (cloudBudget === undefined ? [] : [[[], cloudBudget()]]),
    ),
    countedElsewhere(
      {
        name: "ccs_internal_errors_total",
        labels: [],
        help: "Internal errors of ccs. Each kind is logged; please report them.",
        query: "increase(ccs_internal_errors_total[1h]) > 0",
      },
      internalErrors,
    ),
  ];
}
