// `ccs probe`: looks every endpoint up and probes each of its addresses once.
import type { Config } from "../config/config.ts";
import type { EndpointSettings, IngressSettings, Phases } from "../core/model.ts";
import { isPermitted } from "../core/evidence/usable.ts";
import { machinePorts } from "../runtime/node/ports.ts";
import { formatDuration } from "../core/units.ts";
import type { Log } from "../lib/log.ts";
import { probeOnce } from "../probe/prober.ts";
import { outputColumns, printTable, styled, withSpinner } from "../terminal/terminal.ts";
import { configOf } from "./config-option.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import { commandLog, withCommon, type CommonOptions, type Register } from "./registration.ts";

export const registerProbe: Register = (program, run) => {
  withCommon(program.command("probe"))
    .addHelpText("after", "\nExample:\n  $ ccs probe --json | jq '.probes[] | select(.result != \"ok\")'")
    .action((options: CommonOptions) =>
      run(() => probeCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) })),
    );
};

/** Exit code 0 when every endpoint answered as it should on all its addresses, else 1. */
async function probeCommand(config: Config, options: { json: boolean; log: Log }): Promise<ExitCode> {
  const { clock, network } = machinePorts();
  const onBug = (error: unknown): void => options.log.error({ err: error }, "internal error; please report it");
  const ports = { clock, resolve: network.resolve, probe: network.probe, onBug };
  const endpoints = config.ingresses.flatMap((ingress) => ingress.endpoints.map((endpoint) => ({ ingress, endpoint })));
  const looks = await withSpinner(`Probing ${endpoints.length} endpoints`, () =>
    Promise.all(
      endpoints.map(async ({ ingress, endpoint }) =>
        rowsOf(ingress, endpoint, await probeOnce(endpoint, ingress, ports)),
      ),
    ),
  );
  const rows = looks.flat();
  if (options.json) printOutput("probe", { probes: rows });
  else printRows(rows);
  return rows.every(({ result }) => result === "ok" || result === "not checked") ? exitCodes.ok : exitCodes.notSo;
}

/** What was seen of one address, or of an endpoint without any. */
interface ProbedRow {
  readonly ingress: string;
  readonly endpoint: string;
  readonly address?: string;
  readonly result: "ok" | "failed" | "inconclusive" | "not checked";
  readonly detail: string;
  /** Milliseconds. */
  readonly phases: Phases;
}

function rowsOf(
  { record, allowPrivate }: IngressSettings,
  { name, check, target }: EndpointSettings,
  look: Awaited<ReturnType<typeof probeOnce>>,
): ProbedRow[] {
  const { resolution, observations } = look;
  const base = { ingress: record, endpoint: name, phases: {} };
  if (observations.length > 0) {
    return observations.map(({ address, observation: { kind, detail, phases } }) => ({
      ...base,
      address: address.text,
      result: kind,
      detail,
      phases,
    }));
  }
  if (resolution !== undefined && resolution.kind !== "addresses") {
    return [{ ...base, result: resolution.kind === "none" ? "failed" : "inconclusive", detail: resolution.detail }];
  }
  const addresses = target.kind === "addresses" ? target.addresses : (resolution?.addresses ?? []);
  if (addresses.every(({ scope }) => !isPermitted(scope, allowPrivate))) {
    const detail = `no usable address (${addresses.map(({ text, purpose }) => (purpose === undefined ? text : `${text}: ${purpose}`)).join(", ")})`;
    return [{ ...base, result: "failed", detail }];
  }
  const result = check === undefined ? "not checked" : "inconclusive";
  const detail = check === undefined ? "assumed up" : "looking up the name left no time to probe";
  return addresses.map(({ text }) => ({ ...base, address: text, result, detail }));
}

const colours = { ok: "green", failed: "red", inconclusive: "yellow", "not checked": "dim" } as const;

function printRows(rows: readonly ProbedRow[]): void {
  // On a screen of the usual width the phases would break every row in two.
  const withPhases = (outputColumns() ?? Infinity) >= 120;
  const isOneIngress = new Set(rows.map(({ ingress }) => ingress)).size === 1;
  const heading = ["ENDPOINT", "ADDRESS", "RESULT", "TIME", "DETAIL"];
  printTable(
    isOneIngress ? heading : ["INGRESS", ...heading],
    rows.map(({ ingress, endpoint, address, result, detail, phases }) => {
      const cells = [endpoint, address ?? "-", styled(colours[result], result), timeOf(phases, withPhases), detail];
      return isOneIngress ? cells : [ingress, ...cells];
    }),
  );
}

/** The whole time of a probe, and `withPhases` what it went into. */
function timeOf(phases: Phases, withPhases: boolean): string {
  const spent = Object.entries<number>({ ...phases });
  if (spent.length === 0) return "-";
  const totalMs = spent.reduce((sum, [, ms]) => sum + ms, 0);
  if (!withPhases) return formatDuration(totalMs);
  return `${formatDuration(totalMs)} (${spent.map(([phase, ms]) => `${phase} ${Math.round(ms)}`).join(", ")})`;
}
