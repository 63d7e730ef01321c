// `ccs doctor`: looks at everything that the daemon depends on, side by side, changes nothing, and says what to do.
import { ZoneInspector } from "../cloud/inspect.ts";
import { onDisk } from "../runtime/node/read-file.ts";
import { channelKind } from "../channels/registry.ts";
import type { Config } from "../config/config.ts";
import { findConfigPath } from "../config/find.ts";
import { loadConfig } from "../config/load.ts";
import { sleep, type Clock } from "../lib/clock.ts";
import { machinePorts } from "../runtime/node/ports.ts";
import type { Family } from "../core/model.ts";
import { formatDuration } from "../core/units.ts";
import type { Log } from "../lib/log.ts";
import type { RoundPorts } from "../probe/round.ts";
import { lineWidth, printLine, styled, withSpinner, wrapped } from "../terminal/terminal.ts";
import { inspectCloudflare, type CloudflareLook } from "./doctor/cloudflare.ts";
import { inspectEndpoints, lookAtEndpoints, type EndpointLook } from "./doctor/endpoints.ts";
import { unknown, wrong, type Finding, type Level } from "../lib/finding.ts";
import { inspectFile, inspectNode, inspectProxy, inspectState, inspectWaysOut } from "./doctor/here.ts";
import { inspectAuthorities, inspectDelegation, inspectResolvers, type NamePorts } from "./doctor/names.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import { commandLog, withCommon, type CommonOptions, type Register } from "./registration.ts";

interface DoctorOptions {
  readonly json: boolean;
  readonly isTestSent: boolean;
  readonly log: Log;
}

export const registerDoctor: Register = (program, run) => {
  withCommon(program.command("doctor"))
    .option("--send-test", "send a test message to every channel")
    .addHelpText(
      "after",
      `
Examples:
  $ ccs doctor
  $ ccs doctor --send-test
  $ ccs doctor --json | jq '.sections[].findings[] | select(.level == "wrong")'

✓ fine   ! warning   ✗ wrong   ? unknown
The exit code is 1 if anything is wrong, else 0.`,
    )
    .action((options: CommonOptions & { sendTest?: true }) =>
      run(() =>
        doctorCommand(options.config, {
          json: options.json === true,
          isTestSent: options.sendTest === true,
          log: commandLog(options),
        }),
      ),
    );
};

/** Exit code 0 unless something is wrong; then 1. */
async function doctorCommand(option: string | undefined, options: DoctorOptions): Promise<ExitCode> {
  const sections = await withSpinner("Checking everything that the daemon depends on", () =>
    inspectAll(option, options),
  );
  const isFine = sections.every(({ findings }) => findings.every(({ level }) => level !== "wrong"));
  if (options.json) printOutput("doctor", { isFine, sections });
  else printSections(sections);
  return isFine ? exitCodes.ok : exitCodes.notSo;
}

interface DoctorSection {
  readonly title: string;
  readonly findings: readonly Finding[];
}

async function inspectAll(option: string | undefined, options: DoctorOptions): Promise<readonly DoctorSection[]> {
  const node = inspectNode(process.version);
  const found = findConfigPath(option, process.env);
  if (found.kind === "missing") {
    const missing = wrong(
      "configuration",
      `none found: tried ${found.tried.join(", ")}`,
      "create one with ccs init, or name one with --config FILE",
    );
    return [{ title: "This machine", findings: [missing, node] }];
  }
  const loaded = loadConfig({ path: found.path, env: process.env, ...onDisk });
  const file = inspectFile(found.path, loaded);
  if (loaded.kind === "invalid") return [{ title: "This machine", findings: [...file, node] }];
  const { config } = loaded;
  const rest = await Promise.all(outside(config, options));
  return [
    {
      title: "This machine",
      findings: [...file, node, ...inspectState(config.stateDir), ...inspectProxy(process.env)],
    },
    ...rest,
  ];
}

/** Everything that has to be asked for, each with a deadline of its own, all at once. */
function outside(config: Config, { isTestSent, log }: DoctorOptions): readonly Promise<DoctorSection>[] {
  const { clock, network } = machinePorts();
  const { exchange, resolve, probe, reach } = network;
  const section = (title: string, looking: Promise<readonly Finding[]>) => sectionOf(title, looking, clock);
  const names: NamePorts = { clock, exchange, resolve };
  const onBug = (error: unknown): void => log.error({ err: error }, "internal error; please report it");
  const { token, apiUrl } = config.cloudflare;
  const inspector = new ZoneInspector({ token, apiUrl, clock, fetch: network.fetch });
  // Certificates are judged by the time that Cloudflare tells.
  const ports = inspector.vouchedWallMs().then((toldMs): RoundPorts => {
    const aheadMs = clock.wallMs() - (toldMs ?? clock.wallMs());
    const vouchedWallMs = toldMs === undefined ? {} : { vouchedWallMs: () => clock.wallMs() - aheadMs };
    return { ...names, probe, onBug, ...vouchedWallMs };
  });
  const looks = new Map(
    config.ingresses.map((ingress) => [ingress.record, ports.then((given) => lookAtEndpoints(ingress, given))]),
  );
  const addressesOf = async (ingress: string): Promise<ReadonlyMap<string, readonly string[]>> => {
    const known = (await looks.get(ingress)) ?? [];
    return new Map(known.map(({ settings, addresses }) => [settings.name, addresses.map(({ text }) => text)]));
  };
  const cloudflare = inspectCloudflare(inspector, config.ingresses, {
    apiUrl,
    wallMs: clock.wallMs(),
    addressesOf,
  });
  return [
    section(
      "This machine's connection",
      inspectWaysOut(config.anchors, { clock, reach }, usedFamilies([...looks.values()])),
    ),
    section("Cloudflare", withDelegations(config, cloudflare, names)),
    section("Names", inspectNames(config, names)),
    ...config.ingresses.map((ingress) =>
      section(
        `Endpoints of ${ingress.record}`,
        Promise.all([looks.get(ingress.record) ?? [], ports]).then(([found, { vouchedWallMs }]) =>
          inspectEndpoints(ingress, found, vouchedWallMs?.() ?? clock.wallMs()),
        ),
      ),
    ),
    ...config.notify.map(({ kind: name, name: channel, settings }) => {
      const kind = channelKind(name);
      const title = channel === name ? kind.title : `${kind.title} (${channel})`;
      return section(title, kind.inspect(settings, { fetch: network.fetch, clock }, { isTestSent }));
    }),
  ];
}

async function usedFamilies(looks: readonly Promise<readonly EndpointLook[]>[]): Promise<ReadonlySet<Family>> {
  const found = (await Promise.all(looks)).flat();
  return new Set(found.flatMap(({ addresses }) => addresses.map(({ family }) => family)));
}

async function withDelegations(
  config: Config,
  looking: Promise<CloudflareLook>,
  names: NamePorts,
): Promise<readonly Finding[]> {
  const { findings, zones } = await looking;
  const delegations = await Promise.all(
    config.ingresses.map(async (ingress) => {
      const zone = zones.get(ingress.record);
      // With servers of one's own, the world's opinion is of no interest.
      return zone === undefined || config.cloudflare.nameservers !== undefined
        ? []
        : inspectDelegation(ingress, zone, names);
    }),
  );
  return [...findings, ...delegations.flat()];
}

async function inspectNames(config: Config, names: NamePorts): Promise<readonly Finding[]> {
  const [resolvers, authorities] = await Promise.all([
    inspectResolvers(config.ingresses, names),
    inspectAuthorities(config, names),
  ]);
  return [...resolvers, ...authorities];
}

/** Beyond the deadlines of the single questions, which may follow upon each other. */
const longestMs = 20_000;

async function sectionOf(title: string, looking: Promise<readonly Finding[]>, clock: Clock): Promise<DoctorSection> {
  const done = new AbortController();
  const late = sleep(clock, longestMs, done.signal).then(() => [
    unknown("all checks", `skipped: no result within ${formatDuration(longestMs)}`, "run ccs doctor again"),
  ]);
  const findings = await Promise.race([looking, late]);
  done.abort();
  return { title, findings };
}

const marks: Record<Level, string> = { ok: "✓", warning: "!", wrong: "✗", unknown: "?" };
const colours = { ok: "green", warning: "yellow", wrong: "red", unknown: "cyan" } as const;

function printSections(sections: readonly DoctorSection[]): void {
  for (const { title, findings } of sections) {
    printLine(styled("bold", title));
    for (const [index, { remedy, ...finding }] of findings.entries()) {
      // What several in a row ask for is said once, after the last of them.
      const isSaidNext = remedy !== undefined && findings[index + 1]?.remedy === remedy;
      printFinding({ ...finding, remedy: isSaidNext ? undefined : remedy });
    }
    printLine();
  }
  printLine(summaryOf(sections.flatMap(({ findings }) => findings)));
}

function printFinding({ level, subject, detail, remedy }: Finding): void {
  const width = lineWidth() - 4;
  const [first = "", ...more] = wrapped(`${subject}: ${detail}`, width).split("\n");
  printLine(`  ${styled(colours[level], marks[level])} ${first}`);
  for (const line of more) printLine(`    ${line}`);
  if (remedy === undefined) return;
  for (const line of wrapped(`→ ${remedy}`, width, 2).split("\n")) printLine(`    ${styled("dim", line)}`);
}

function summaryOf(findings: readonly Finding[]): string {
  const many = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [wrongs, warnings, unknowns] = [many("wrong"), many("warning"), many("unknown")];
  const parts = [
    ...(wrongs > 0 ? [styled("red", `${wrongs} wrong`)] : []),
    ...(warnings > 0 ? [styled("yellow", `${warnings} ${warnings === 1 ? "warning" : "warnings"}`)] : []),
    ...(unknowns > 0 ? [styled("cyan", `${unknowns} unknown`)] : []),
  ];
  return parts.length === 0 ? styled("green", "Everything is fine.") : `${parts.join(", ")}; ${many("ok")} fine.`;
}
