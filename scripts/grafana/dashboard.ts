// The Grafana dashboard, as code: `npm run docs` writes deploy/grafana/ccs.json from it.
// The form is the one that every Grafana since version 9 can import.
/* oxlint-disable typescript/no-deprecated -- what the library has in its place is read by Grafana 12 and later only */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from "@grafana/grafana-foundation-sdk/dashboard";
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { chosen, datasource, ofIngress } from "./panels.ts";
import { addCloudflare, addDaemon, addEndpoints, addNow, addRecords } from "./rows.ts";

export function dashboard(): Dashboard {
  const builder = new DashboardBuilder("Cloudflare CNAME Switcher")
    .uid("cloudflare-cname-switcher")
    .description("Which endpoint is active, which are up, and how ccs is doing. Explained in docs/alerts.md of ccs.")
    .tags(["ccs", "dns", "failover"])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(choice("instance", "Daemon", "label_values(ccs_build_info, instance)"))
    .withVariable(choice("ingress", "Ingress", `label_values(ccs_ingress_in_sync{${chosen}}, ingress)`))
    .annotation(
      new AnnotationQueryBuilder()
        .name("Switches")
        .enable(true)
        .iconColor("blue")
        .datasource(datasource)
        .expr(`sum by (ingress, reason) (increase(ccs_switches_total{${ofIngress}}[1m])) > 0`)
        .step("60s")
        .titleFormat("{{ingress}}: {{reason}}"),
    );
  addNow(builder);
  addEndpoints(builder);
  addRecords(builder);
  addCloudflare(builder);
  addDaemon(builder);
  const built = builder.build();
  // The library gives none to panels, and one to all rows.
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}

function choice(name: string, label: string, query: string): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(datasource)
      .query({ query, refId: name })
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- this is no array
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue(".*")
      .current({ text: "All", value: "$__all" })
  );
}
