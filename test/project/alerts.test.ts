// The alert rules for Prometheus, and the examples beside them: Prometheus' and Alertmanager's own checkers read them, each
// alert is seen to fire and to stay silent, and a rule that is broken is noticed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse, stringify } from "yaml";
import { ownMetrics } from "../../scripts/metrics-page.ts";
import { requireProgram } from "../support/programs.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "deploy/prometheus");

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface UnitTest {
  readonly name: string;
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const { groups } = read("ccs.rules.yml") as { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const { tests } = read("ccs.rules.test.yml") as { readonly tests: readonly UnitTest[] };

test("each alert says what happened, what to do, and where to read on", () => {
  const guide = readFileSync(join(root, "docs/alerts.md"), "utf8");
  const anchors = new Set([...guide.matchAll(/^### (\w+)$/gm)].map(([, heading = ""]) => heading.toLowerCase()));
  assert.ok(rules.length >= 9, `${rules.length} alerts`);
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels["severity"] ?? "", /^(critical|warning)$/, alert);
    assert.match(annotations["summary"] ?? "", /^.{15,90}$/, alert);
    assert.ok((annotations["description"] ?? "").length > 80, alert);
    const [, page, anchor = ""] = /^(docs\/\w+\.md)#(\w+)$/.exec(annotations["runbook"] ?? "") ?? [];
    assert.equal(page, "docs/alerts.md", alert);
    assert.equal(anchor, alert.toLowerCase());
    assert.ok(anchors.has(anchor), `docs/alerts.md says nothing of ${alert}`);
  }
  assert.equal(anchors.size, rules.length, "docs/alerts.md names an alert that there is not");
});

test("alerts use metrics that there are, and labels that these have", () => {
  const labelsByMetric = new Map(ownMetrics().map(({ name, labels }) => [name, labels]));
  for (const { alert, expr, annotations } of rules) {
    const used = [...expr.matchAll(/\bccs_\w+/g)].map(([name]) => name);
    for (const name of used) assert.ok(labelsByMetric.has(name), `${alert}: there is no metric ${name}`);
    const known = new Set(["job", "instance", ...used.flatMap((name) => labelsByMetric.get(name) ?? [])]);
    const inTexts = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label);
    for (const label of inTexts) assert.ok(known.has(label), `${alert}: its metrics have no label ${label}`);
  }
});

test("each alert is seen to fire, and to stay silent", () => {
  for (const { alert } of rules) {
    const looks = tests.flatMap((each) => each.alert_rule_test).filter(({ alertname }) => alertname === alert);
    assert.ok(
      looks.some(({ exp_alerts: expected }) => expected.length > 0),
      `${alert} never fires`,
    );
    assert.ok(
      looks.some(({ exp_alerts: expected }) => expected.length === 0),
      `${alert} is never silent`,
    );
  }
});

test("promtool and amtool find nothing wrong", (t) => {
  const promtool = requireProgram(t, "promtool");
  const amtool = requireProgram(t, "amtool");
  if (promtool === undefined || amtool === undefined) return;
  for (const [program, ...args] of [
    [promtool, "check", "config", "prometheus.yml"],
    [promtool, "test", "rules", "ccs.rules.test.yml"],
    [amtool, "check-config", "alertmanager.yml"],
  ] as const) {
    const { status, output } = run(program, args, folder);
    assert.equal(status, 0, output);
  }
});

/** Ways in which a rule may be wrong. */
const mutations: Readonly<Record<string, (rule: Rule) => Partial<Rule> | undefined>> = {
  "never fires": ({ expr }) => ({ expr: `(${expr}) and vector(1) == 0` }),
  "always fires": ({ expr }) => ({ expr: expr.replace(/(==|<|>) [\d*. ]+/, ">= -1e12 ") }),
  "looks for the opposite": ({ expr }) => {
    const opposite = expr.replace(/(==|<|>) /, (comparison) => ({ "== ": "!= ", "< ": "> " })[comparison] ?? "< ");
    return { expr: opposite };
  },
  "looks at no series": ({ expr }) => ({ expr: expr.replace(/\b(ccs_\w+|up)\b/g, "$1_misspelt") }),
  "forgets what it saw": ({ expr }) =>
    expr.includes("last_over_time") ? { expr: expr.replace(/last_over_time\((\w+)\[\w+\]\)/, "$1") } : undefined,
  "fires too soon": (rule) => (rule.for === undefined ? undefined : { for: "0s" }),
  "fires too late": ({ for: wait }) => ({ for: wait === undefined ? "20m" : `${wait}30s` }),
};

test("a broken rule fails the tests of its alert", (t) => {
  const promtool = requireProgram(t, "promtool");
  if (promtool === undefined) return;
  const place = mkdtempSync(join(tmpdir(), "ccs-alerts-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const cases: { readonly name: string; readonly isBroken: boolean; readonly file: string }[] = [];
  for (const rule of rules) {
    const own = tests.filter((each) => each.alert_rule_test.some(({ alertname }) => alertname === rule.alert));
    for (const [name, mutate] of [["as it is", () => ({})] as const, ...Object.entries(mutations)]) {
      const changes = mutate(rule);
      if (changes === undefined) continue;
      const number = cases.length;
      const rulesFile = `${number}.rules.yml`;
      const file = `${number}.test.yml`;
      writeFileSync(join(place, rulesFile), stringify({ groups: [{ name, rules: [{ ...rule, ...changes }] }] }));
      const suite = { rule_files: [rulesFile], evaluation_interval: "1m", tests: own };
      writeFileSync(join(place, file), stringify(suite));
      cases.push({ name: `${rule.alert} ${name}`, isBroken: name !== "as it is", file });
    }
  }
  assert.ok(cases.length > rules.length * 6, `${cases.length}`);
  // All in one process: one for each would take longer than what it does.
  const { output } = run(promtool, ["test", "rules", ...cases.map(({ file }) => file)], place);
  const reports = new Map(
    output.split("Unit Testing:").map((report) => [/^\s+(\S+)/.exec(report)?.[1], report] as const),
  );
  const wrong = cases.filter(({ isBroken, file }) => {
    const report = reports.get(file) ?? "";
    // A rule that cannot even be read is no finding.
    const isNoticed = report.includes("FAILED") && report.includes("exp:");
    return isBroken ? !isNoticed : !report.includes("SUCCESS");
  });
  assert.deepEqual(
    wrong.map(({ name, file }) => `${name}: ${reports.get(file)}`),
    [],
  );
});

/** Its two outputs as one, in their order. */
function run(program: string, args: readonly string[], cwd: string): { status: number | null; output: string } {
  const both = ["-c", 'exec "$0" "$@" 2>&1', program, ...args];
  const { status, stdout: output } = spawnSync("/bin/sh", both, { cwd, encoding: "utf8" });
  return { status, output };
}

function read(name: string): unknown {
  return parse(readFileSync(join(folder, name), "utf8"));
}
