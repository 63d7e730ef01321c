// `ccs explain`: what the configuration amounts to, without asking anybody: how fast it fails over and returns, what
// clients see of that, and what the watching costs. Every number shows how it came about.
import { Argument } from "commander";
import { checkKind, defaultCheckKind } from "../checks/registry.ts";
import type { Config } from "../config/config.ts";
import { assumptions, explain, type CheckOutlook, type Explanation, type Failover } from "../core/advice/explain.ts";
import type { MixStep } from "../core/advice/mix-steps.ts";
import type { Foresee, ProbeCost, TaskOutlook } from "../core/advice/task-outlook.ts";
import type { IngressSettings } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import { lineWidth, printLine, styled, wrapped } from "../terminal/terminal.ts";
import { configOf } from "./config-option.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { stepTexts } from "./mix-words.ts";
import {
  arithmetic,
  brownOutText,
  bytesText,
  countText,
  endpointText,
  pitfallText,
  ttlLength,
} from "./explain-words.ts";
import { printOutput } from "./outputs.ts";
import { withCommon, type CommonOptions, type Register } from "./registration.ts";

export const registerExplain: Register = (program, run) => {
  withCommon(program.command("explain"))
    .addArgument(new Argument("[ingress]", "only this ingress (default: all)"))
    .addHelpText("after", "\nExamples:\n  $ ccs explain\n  $ ccs explain ingress.example.com --json")
    .action((ingress: string | undefined, options: CommonOptions) =>
      run(() => explainCommand(configOf(options.config), ingress, { json: options.json === true })),
    );
};

/** Exit code 0; 64 for an ingress that is not configured. */
function explainCommand(config: Config, only: string | undefined, { json }: { json: boolean }): ExitCode {
  const chosen = config.ingresses.filter(({ record }) => only === undefined || record === only.toLowerCase());
  if (chosen.length === 0) {
    const known = config.ingresses.map(({ record }) => record).join(", ");
    throw new CommandError(exitCodes.usage, `there is no ingress ${only ?? ""}; configured: ${known}`);
  }
  const ingresses = chosen.map((ingress) => explain(ingress, foresee));
  const { apiCallMs, daysPerMonth } = assumptions;
  if (json)
    printOutput("explain", { ingresses, assumptions: { apiCallMs, probeBytes: probeBytes(chosen), daysPerMonth } });
  else {
    for (const [index, ingress] of chosen.entries()) {
      if (index > 0) printLine();
      printExplanation(explain(ingress, foresee), ingress);
    }
  }
  return exitCodes.ok;
}

const foresee: Foresee = (task) => checkKind(task.kind).outlook(task);

function outlookAt({ endpoints }: IngressSettings, name: string): TaskOutlook | undefined {
  const check = endpoints.find((endpoint) => endpoint.name === name)?.check;
  return check && foresee(check.what);
}

/** Of the kinds in use, and of the usual one. */
function probeBytes(ingresses: readonly IngressSettings[]): Readonly<Record<string, number>> {
  const used = ingresses.flatMap(({ endpoints }) => endpoints.flatMap(({ check }) => check?.what.kind ?? []));
  const kinds = [...new Set([defaultCheckKind.kind, ...used])];
  return Object.assign({}, ...kinds.map((kind) => checkKind(kind).probeBytes)) as Readonly<Record<string, number>>;
}

function printExplanation(explanation: Explanation, settings: IngressSettings): void {
  const { ingress, records, mix, endpoints, moves, pitfalls } = explanation;
  const form = { cname: "CNAME", addresses: "A and AAAA" }[records.alone];
  const mixed = mix === undefined ? "" : mix.record === undefined ? "; no mix" : `; mix at ${mix.record}`;
  printLine(`${styled("bold", ingress)}  ${styled("dim", `${form}${mixed}`)}`);
  printLine();
  endpoints.forEach((endpoint, index) => {
    printIndented(`${index + 1}  ${styled("bold", endpoint.name)}: ${endpointText(endpoint)}`, 2, 3);
    if (endpoint.check !== undefined) printIndented(brownOutText(endpoint.check), 5);
  });
  for (const move of moves) {
    printFailover(move, explanation);
    printComeback(move, explanation);
  }
  printCosts(explanation, settings);
  if (pitfalls.length === 0) return;
  printHeading("Pitfalls");
  for (const pitfall of pitfalls) {
    const { isMistake, text } = pitfallText(pitfall, (name) => outlookAt(settings, name)?.looseness ?? "");
    printIndented(`${isMistake ? styled("yellow", "!") : "·"} ${text}`, 2, 2);
  }
}

function printFailover({ from, to, failover }: Failover, { proxied }: Explanation): void {
  printHeading(`Failover: ${from} fails, ${to} takes over`);
  if (failover === undefined) return printIndented(`never: without a check, ccs cannot notice that ${from} fails`, 2);
  const { worst, silent, refused, ttlSeconds, clientsWorstMs } = failover;
  const isProxied = proxied === true;
  const clients: ExplainedRow = isProxied
    ? ["clients", "at once", "the record is proxied: clients ask Cloudflare, which knows as soon as it is written"]
    : [
        "clients, at worst",
        formatDuration(clientsWorstMs),
        `= ${formatDuration(worst.totalMs)} + ${ttlLength(ttlSeconds)} TTL, during which resolvers may give the old answer`,
      ];
  printRows([
    ["at worst", formatDuration(worst.totalMs), `= ${arithmetic(worst)}`],
    ["usually, timeout", formatDuration(silent.totalMs), `= ${arithmetic(silent)}`],
    ["usually, refused", formatDuration(refused.totalMs), `= ${arithmetic(refused)}`],
    clients,
  ]);
}

function printComeback({ from, to, comeback }: Failover, { proxied, mix }: Explanation): void {
  if (comeback === undefined) return;
  const { worst, typical, holdsMs, ttlSeconds, stickyMs, mixTtlSeconds } = comeback;
  printHeading(`Failback: ${from} works again, the ingress returns to it`);
  const [, ...longer] = holdsMs;
  printRows([
    ["at worst", formatDuration(worst.totalMs), `= ${arithmetic(worst)}`],
    ["usually", formatDuration(typical.totalMs), `= ${arithmetic(typical)}`],
    ...(longer.length === 0
      ? []
      : [
          [
            "after more failures",
            "later",
            `hold_up doubles with each failure within an hour: ${longer.map(formatDuration).join(", ")}`,
          ] as const,
        ]),
    ...(proxied === true
      ? []
      : [
          [
            "clients",
            `+ ${ttlLength(ttlSeconds)}`,
            `the TTL of ${to}, during which resolvers may give the old answer`,
          ] as const,
        ]),
    ...(stickyMs === undefined
      ? []
      : [
          [
            "both published",
            formatDuration(stickyMs),
            mix?.whyNot === undefined
              ? `sticky: ${to} is also published with ${from}, with a TTL of ${ttlLength(mixTtlSeconds ?? ttlSeconds)}`
              : `never: ${mix.whyNot}`,
          ] as const,
        ]),
    ...(mix?.paths.find((path) => path.from === to && path.to === from)?.steps ?? []).map(stepRow),
  ]);
}

function printCosts({ calls, moves, endpoints }: Explanation, settings: IngressSettings): void {
  printHeading("What monitoring costs");
  const most = Math.max(...moves.map(({ writes }) => writes), 0);
  printRows([
    [
      "calls to Cloudflare",
      countText(calls.readsPerDay),
      `reads a day = 24 h / ${formatDuration(calls.reconcileIntervalMs)} reconcile_interval`,
    ],
    ...(most === 0
      ? []
      : [
          [
            "",
            String(most),
            `writes for an outage = failover + failback${most > 2 ? " + the end of the mix" : ""}; Cloudflare allows 1200 calls in 5 min`,
          ] as const,
        ]),
    ...endpoints.flatMap(({ name, check }) =>
      check === undefined ? [] : checkRows(name, check, outlookAt(settings, name)?.probe),
    ),
  ]);
}

function checkRows(
  name: string,
  { checksPerDay, intervalMs, bytesPerMonth }: CheckOutlook,
  probe: ProbeCost | undefined,
): readonly ExplainedRow[] {
  const { daysPerMonth } = assumptions;
  const { name: called, bytes, besides } = probe ?? { name: "", bytes: 0, besides: undefined };
  return [
    [
      `probes of ${name}`,
      countText(checksPerDay),
      `a day = 24 h / ${formatDuration(intervalMs)} interval, for each of its addresses`,
    ],
    [
      "",
      bytesText(bytesPerMonth),
      `a month, roughly = ${countText(checksPerDay)} × ${daysPerMonth} days × ${bytesText(bytes)} for ${called}${besides === undefined ? "" : `, not counting ${besides}`}`,
    ],
  ];
}

type ExplainedRow = readonly [label: string, value: string, how: string];

function printHeading(text: string): void {
  printLine();
  printLine(styled("bold", text));
}

/** Labels, numbers flush right, and how they came about, broken within its own column. */
function printRows(rows: readonly ExplainedRow[]): void {
  const labelWidth = Math.max(...rows.map(([label]) => label.length));
  const valueWidth = Math.max(...rows.map(([, value]) => value.length));
  const indent = 2 + labelWidth + 2 + valueWidth + 2;
  for (const [label, value, how] of rows) {
    const [first = "", ...more] = wrapped(how, lineWidth() - indent).split("\n");
    printLine(`  ${label.padEnd(labelWidth)}  ${styled("bold", value.padStart(valueWidth))}  ${styled("dim", first)}`);
    for (const line of more) printLine(" ".repeat(indent) + styled("dim", line));
  }
}

function printIndented(text: string, indent: number, hanging = 0): void {
  const lines = wrapped(text, lineWidth() - indent, hanging).split("\n");
  for (const line of lines) printLine(" ".repeat(indent) + line);
}

function stepRow(step: MixStep): ExplainedRow {
  const [label, time, text] = stepTexts(step);
  return [`  ${label}`, time, text];
}
