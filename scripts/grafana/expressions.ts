// The PromQL in the dashboard's file, as Grafana would send it: for checks against a real Prometheus.

/** One expression and where it is. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

interface DashboardFile {
  readonly panels: readonly PanelFile[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
}

interface PanelFile {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

/** All of them, with everything chosen at the top, and `windowText` for the windows that depend on what is looked at. */
export function expressionsOf(json: string, windowText: string): readonly Expression[] {
  const { panels, annotations } = JSON.parse(json) as DashboardFile;
  const inPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ where: `${title} ${refId}`, expr })),
  );
  const beside = annotations.list.map(({ name, expr }) => ({ where: `annotation ${name}`, expr }));
  return [...inPanels, ...beside].map(({ where, expr }) => ({
    where,
    expr: expr.replaceAll(/\$(instance|ingress)\b/g, ".*").replaceAll(/\$__(rate_interval|range)\b/g, windowText),
  }));
}
