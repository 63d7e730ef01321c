// What the dashboard shows, row by row.
/* oxlint-disable typescript/no-deprecated -- what the library has in its place is read by Grafana 12 and later only */
import { RowBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import type { DashboardBuilder } from "@grafana/grafana-foundation-sdk/dashboard";
import { chosen, fallingSteps, graph, ofIngress, risingSteps, stat, table, timeline } from "./panels.ts";
import type { Meaning } from "./panels.ts";

/** Grafana makes this long enough for `rate`. */
const window = "$__rate_interval";

const upOrDown: readonly Meaning[] = [
  { value: 1, text: "up", color: "green" },
  { value: 0, text: "down", color: "red" },
];
const activeOrNot: readonly Meaning[] = [
  { value: 1, text: "active", color: "blue" },
  { value: 0, text: "not active", color: "text" },
];

function yesNo(yes: string, no: string, wrong: Meaning["color"] = "red"): readonly Meaning[] {
  return [
    { value: 1, text: yes, color: "green" },
    { value: 0, text: no, color: wrong },
  ];
}

export function addNow(builder: DashboardBuilder): void {
  const small = { width: 4, height: 4 };
  builder
    .withRow(new RowBuilder("Now"))
    .withPanel(
      stat(
        { title: "Active endpoint", description: "The endpoint that each ingress points to." },
        { width: 8, height: 4 },
        {
          expr: `ccs_endpoint_selected{${ofIngress},role="primary"} == 1`,
          legend: "{{ingress}}: {{endpoint}}",
        },
        { shows: "name", meanings: [{ value: 1, text: "active", color: "blue" }] },
      ),
    )
    .withPanel(
      stat(
        { title: "Endpoints up", description: "The share of all endpoints that are up." },
        small,
        { expr: `avg(ccs_endpoint_up{${ofIngress}})`, legend: "up" },
        { shows: "value", unit: "percentunit", steps: fallingSteps(0.01, 1) },
      ),
    )
    .withPanel(
      stat(
        { title: "Records", description: "Whether all published records are what they should be." },
        small,
        { expr: `min(ccs_ingress_in_sync{${ofIngress}})`, legend: "records" },
        { shows: "value", meanings: yesNo("in sync", "out of sync") },
      ),
    )
    .withPanel(
      stat(
        { title: "Connection", description: "Failover is suspended while the machine of ccs appears to be offline." },
        small,
        { expr: `1 - max(ccs_monitor_blind{${chosen}})`, legend: "connection" },
        { shows: "value", meanings: yesNo("online", "offline", "orange") },
      ),
    )
    .withPanel(
      stat(
        { title: "Switches", description: "How often another endpoint became active, in the time range above." },
        small,
        { expr: `round(sum(increase(ccs_switches_total{${ofIngress}}[$__range])))`, legend: "switches" },
        { shows: "value" },
      ),
    );
}

export function addEndpoints(builder: DashboardBuilder): void {
  const half = { width: 12, height: 8 };
  builder
    .withRow(new RowBuilder("Endpoints"))
    .withPanel(
      timeline(
        { title: "Active", description: "Which endpoint was active when." },
        half,
        {
          expr: `max by (ingress, endpoint) (ccs_endpoint_selected{${ofIngress},role="primary"})`,
          legend: "{{ingress}}: {{endpoint}}",
        },
        activeOrNot,
      ),
    )
    .withPanel(
      timeline(
        { title: "Health", description: "Which endpoint was up when." },
        half,
        { expr: `ccs_endpoint_up{${ofIngress}}`, legend: "{{ingress}}: {{endpoint}}" },
        upOrDown,
      ),
    )
    .withPanel(
      graph(
        { title: "Check duration", description: "How long the newest check of each endpoint took." },
        half,
        [
          {
            expr: `sum by (ingress, endpoint) (ccs_check_last_duration_seconds{${ofIngress}})`,
            legend: "{{ingress}}: {{endpoint}}",
          },
        ],
        "s",
      ),
    )
    .withPanel(
      graph(
        {
          title: "Check duration by phase",
          description: "The mean of all endpoints. Connect: the line. TLS and processing: the server.",
        },
        half,
        [{ expr: `avg by (phase) (ccs_check_last_duration_seconds{${ofIngress}})`, legend: "{{phase}}" }],
        "s",
      ),
    )
    .withPanel(
      graph(
        { title: "Failed checks", description: "The share of checks that failed or were inconclusive." },
        half,
        [
          {
            expr: `sum by (ingress, endpoint) (rate(ccs_checks_total{${ofIngress},result!="ok"}[${window}])) / sum by (ingress, endpoint) (rate(ccs_checks_total{${ofIngress}}[${window}]))`,
            legend: "{{ingress}}: {{endpoint}}",
          },
        ],
        "percentunit",
      ),
    )
    .withPanel(
      stat(
        { title: "Certificates expire in", description: "Of each endpoint that is checked over HTTPS." },
        half,
        {
          expr: `last_over_time(ccs_certificate_expiry_timestamp_seconds{${ofIngress}}[1h]) - time()`,
          legend: "{{ingress}}: {{endpoint}}",
        },
        { shows: "value-and-name", unit: "dtdurations", steps: fallingSteps(3 * 86_400, 14 * 86_400) },
      ),
    );
}

export function addRecords(builder: DashboardBuilder): void {
  builder
    .withRow(new RowBuilder("Records"))
    .withPanel(
      table(
        { title: "Published", description: "The records that Cloudflare publishes at each ingress." },
        { width: 12, height: 7 },
        { expr: `ccs_ingress_record_info{${ofIngress}}`, legend: "" },
        { ingress: "Ingress", type: "Type", content: "Content" },
      ),
    )
    .withPanel(
      table(
        { title: "Addresses", description: "The addresses that each endpoint is known to have." },
        { width: 12, height: 7 },
        { expr: `ccs_endpoint_address_info{${ofIngress}}`, legend: "" },
        { ingress: "Ingress", endpoint: "Endpoint", family: "Family", address: "Address" },
      ),
    );
}

export function addCloudflare(builder: DashboardBuilder): void {
  const third = { width: 8, height: 7 };
  builder
    .withRow(new RowBuilder("Cloudflare"))
    .withPanel(
      graph(
        { title: "Requests", description: "Calls to the Cloudflare API, by operation and outcome." },
        third,
        [
          {
            expr: `sum by (operation, outcome) (rate(ccs_cloudflare_request_duration_seconds_count{${chosen}}[${window}]))`,
            legend: "{{operation}} {{outcome}}",
          },
        ],
        "reqps",
      ),
    )
    .withPanel(
      graph(
        { title: "Request duration", description: "Nine of ten calls to the Cloudflare API took no longer." },
        third,
        [
          {
            expr: `histogram_quantile(0.9, sum by (operation, le) (rate(ccs_cloudflare_request_duration_seconds_bucket{${chosen}}[${window}]))) >= 0`,
            legend: "{{operation}}",
          },
        ],
        "s",
      ),
    )
    .withPanel(
      stat(
        {
          title: "Visible after",
          description: "How long after a write all name servers showed it: the mean over the time range above.",
        },
        third,
        {
          expr: `(sum(increase(ccs_switch_visible_seconds_sum{${chosen}}[$__range])) / sum(increase(ccs_switch_visible_seconds_count{${chosen}}[$__range]))) >= 0`,
          legend: "visible after",
        },
        { shows: "value", unit: "s", steps: risingSteps(10, 60) },
      ),
    );
}

export function addDaemon(builder: DashboardBuilder): void {
  const sixth = { width: 4, height: 4 };
  const third = { width: 8, height: 7 };
  builder
    .withRow(new RowBuilder("ccs"))
    .withPanel(
      stat(
        { title: "Configuration", description: "Whether the newest configuration is in force." },
        sixth,
        { expr: `min(ccs_config_last_reload_success{${chosen}})`, legend: "configuration" },
        { shows: "value", meanings: yesNo("in force", "rejected") },
      ),
    )
    .withPanel(
      stat(
        { title: "State", description: "Whether a restart would find everything." },
        sixth,
        { expr: `min(ccs_state_kept{${chosen}})`, legend: "state" },
        { shows: "value", meanings: yesNo("saved", "in memory only", "orange") },
      ),
    )
    .withPanel(
      stat(
        { title: "Messages waiting", description: "Messages that are not delivered yet." },
        sixth,
        { expr: `sum(ccs_notifications_queued{${chosen}})`, legend: "messages" },
        { shows: "value", steps: risingSteps(1, 10) },
      ),
    )
    .withPanel(
      stat(
        { title: "Overrides", description: "Endpoints that are pinned, drained or in a drill." },
        sixth,
        { expr: `sum(ccs_overrides_active{${ofIngress}}) or vector(0)`, legend: "overrides" },
        { shows: "value", steps: risingSteps(1, 1_000) },
      ),
    )
    .withPanel(
      stat(
        { title: "Internal errors", description: "Since the start. Please report them." },
        sixth,
        { expr: `sum(ccs_internal_errors_total{${chosen}})`, legend: "errors" },
        { shows: "value", steps: risingSteps(1, 10) },
      ),
    )
    .withPanel(
      stat(
        { title: "Version", description: "What runs." },
        sixth,
        { expr: `ccs_build_info{${chosen}}`, legend: "{{version}}" },
        { shows: "name" },
      ),
    )
    .withPanel(
      graph(
        { title: "Messages", description: "Attempts to deliver a message, by outcome." },
        third,
        [
          {
            expr: `sum by (channel, outcome) (rate(ccs_notifications_total{${chosen}}[${window}]))`,
            legend: "{{channel}} {{outcome}}",
          },
        ],
        "cps",
      ),
    )
    .withPanel(
      graph(
        { title: "CPU", description: "The share of one processor core." },
        third,
        [
          {
            expr: `rate(process_cpu_seconds_total{${chosen}}[${window}]) and on (instance, job) ccs_build_info`,
            legend: "{{instance}}",
          },
        ],
        "percentunit",
      ),
    )
    .withPanel(
      graph(
        { title: "Memory", description: "Resident memory of the process." },
        third,
        [
          {
            expr: `process_resident_memory_bytes{${chosen}} and on (instance, job) ccs_build_info`,
            legend: "{{instance}}",
          },
        ],
        "bytes",
      ),
    );
}
