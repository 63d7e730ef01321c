// The Grafana dashboard: its data source can be chosen for all of it, and it asks for metrics and labels that there are.
// (test/artifacts/ has it answered by a real Prometheus.)
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { stringify } from "yaml";
import { expressionsOf } from "../../scripts/grafana/expressions.ts";
import { ownMetrics } from "../../scripts/metrics-page.ts";
import { ProcessMetrics } from "../../src/web/metrics/process.ts";
import { requireProgram } from "../support/programs.ts";

const json = readFileSync(join(import.meta.dirname, "../../deploy/grafana/ccs.json"), "utf8");
const expressions = expressionsOf(json, "5m");

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: unknown;
  readonly targets?: readonly { readonly datasource?: unknown }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
  readonly annotations: { readonly list: readonly { readonly datasource?: unknown }[] };
  readonly panels: readonly Panel[];
}

const { templating, annotations, panels } = JSON.parse(json) as Dashboard;
const chosen = { type: "prometheus", uid: "${datasource}" };

test("every panel, query and annotation uses the data source that is chosen at the top", () => {
  assert.deepEqual(templating.list[0], { ...templating.list[0], name: "datasource", type: "datasource" });
  const drawn = panels.filter(({ type }) => type !== "row");
  assert.ok(drawn.length >= 15, `${drawn.length} panels`);
  for (const { title, description = "", datasource, targets = [] } of drawn) {
    assert.deepEqual(datasource, chosen, title);
    assert.ok(targets.length > 0 && description.length > 5, title);
    for (const target of targets) assert.deepEqual(target.datasource, chosen, title);
  }
  for (const { datasource } of annotations.list) assert.deepEqual(datasource, chosen);
  // Nothing names a data source of somebody's own Grafana.
  const uids = [...json.matchAll(/"uid": "([^"]+)"/g)].map(([, uid]) => uid);
  assert.deepEqual(new Set(uids), new Set(["${datasource}", "cloudflare-cname-switcher"]));
});

test("panels have ids of their own, and do not overlap", () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { title, gridPos } of panels) {
    assert.ok(gridPos.x + gridPos.w <= 24, `${title} is too wide`);
    for (const other of panels) {
      if (other.title === title) continue;
      const { gridPos: place } = other;
      const isApart =
        gridPos.x + gridPos.w <= place.x ||
        place.x + place.w <= gridPos.x ||
        gridPos.y + gridPos.h <= place.y ||
        place.y + place.h <= gridPos.y;
      assert.ok(isApart, `${title} overlaps ${other.title}`);
    }
  }
});

test("its queries use metrics and labels that there are", () => {
  const labelsByMetric = new Map<string, readonly string[]>([
    ...ownMetrics().map(({ name, labels }) => [name, labels] as const),
    ...new ProcessMetrics().described.map(({ name }) => [name, []] as const),
  ]);
  const queries = templating.list.map((variable) => JSON.stringify(variable));
  for (const expr of [...expressions.map((each) => each.expr), ...queries]) {
    for (const [, full = "", selectors = ""] of expr.matchAll(/\b((?:ccs|process)_\w+)(?:\{([^}]*)\})?/g)) {
      const labels = labelsByMetric.get(full) ?? labelsByMetric.get(full.replace(/_(bucket|sum|count)$/, ""));
      assert.ok(labels !== undefined, `there is no metric ${full}: ${expr}`);
      for (const [, label = ""] of selectors.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g))
        assert.ok(label === "instance" || labels.includes(label), `${full} has no label ${label}: ${expr}`);
    }
  }
});

test("Prometheus can read its queries, and those of docs/metrics.md", (t) => {
  const promtool = requireProgram(t, "promtool");
  if (promtool === undefined) return;
  const place = mkdtempSync(join(tmpdir(), "ccs-grafana-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const all = [...expressions.map(({ expr }) => expr), ...ownMetrics().map(({ query }) => query)];
  const check = (exprs: readonly string[]): { status: number | null; output: string } => {
    const rules = exprs.map((expr, index) => ({ record: `check:number:${index}`, expr }));
    const file = join(place, "rules.yml");
    writeFileSync(file, stringify({ groups: [{ name: "check", rules }] }));
    const { status, stdout, stderr } = spawnSync(promtool, ["check", "rules", file], { encoding: "utf8" });
    return { status, output: stdout + stderr };
  };
  const { status, output } = check(all);
  assert.equal(status, 0, output);
  assert.notEqual(check([...all, "sum by (ingress (ccs_endpoint_up)"]).status, 0);
});
