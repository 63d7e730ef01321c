// `ccs plan`: probes everybody once and shows what would be written now. Writes nothing.
import { Assembly, decidingPorts } from "../assembly/assembly.ts";
import { machinePorts } from "../runtime/node/ports.ts";
import type { Config } from "../config/config.ts";
import { conversionBetween, conversionText, type Conversion } from "../core/records/conversion.ts";
import type { IngressSettings, IngressState, Plan, PublishedRecord } from "../core/model.ts";
import { isEmptyPlan, planBetween } from "../core/records/plan.ts";
import { desiredRecords } from "../core/records/records.ts";
import type { Log } from "../lib/log.ts";
import { printLine, styled, withSpinner } from "../terminal/terminal.ts";
import { configOf } from "./config-option.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { mixPlanOf, printIndented, printMix, lookAtZones, type MixPlan, type ZoneLook } from "./plan-mix.ts";
import { printOutput } from "./outputs.ts";
import { commandLog, withCommon, type CommonOptions, type Register } from "./registration.ts";
import { forOneRound, rememberedMixes, untilLooked } from "./round.ts";
import { recordText } from "../core/words.ts";

export const registerPlan: Register = (program, run) => {
  withCommon(program.command("plan"))
    .addHelpText("after", "\nExample:\n  $ ccs plan")
    .action((options: CommonOptions) =>
      run(() => planCommand(configOf(options.config), { json: options.json === true, log: commandLog(options) })),
    );
};

/** Exit code 0: nothing to write; 2: something; 69: an ingress could not be judged. */
async function planCommand(config: Config, options: { json: boolean; log: Log }): Promise<ExitCode> {
  const machine = machinePorts();
  await using assembly = new Assembly({
    config: forOneRound(config),
    log: options.log,
    ports: decidingPorts(machine),
    writes: "off",
    isOneRound: true,
  });
  const looking = lookAtZones(config, machine);
  await withSpinner("Probing every endpoint and reading the records", async () => {
    assembly.daemon.dispatch(rememberedMixes(config));
    assembly.start();
    await untilLooked({ daemon: assembly.daemon, clock: machine.clock });
  });
  const looks = await looking;
  const ingresses = assembly.daemon.state.ingresses.map((ingress, index) =>
    outlookOf(
      ingress,
      config.ingresses[index] ?? ingress.settings,
      looks[index] ?? { whyNoMix: undefined, warnings: [] },
    ),
  );
  if (options.json) printOutput("plan", { ingresses });
  else for (const outlook of ingresses) printOutlook(outlook);
  if (ingresses.some(({ problem }) => problem !== undefined)) return exitCodes.unavailable;
  return ingresses.some(({ plan }) => plan !== undefined && !isEmptyPlan(plan)) ? exitCodes.changes : exitCodes.ok;
}

/** What would become of one ingress now. */
interface Outlook {
  readonly ingress: string;
  readonly published: readonly PublishedRecord[];
  /** Missing when the records stay as they are. */
  readonly plan: Plan | undefined;
  readonly mix: MixPlan | undefined;
  /** A change of type that the configuration asks for. */
  readonly conversion: Conversion | undefined;
  /** What may go wrong one day by what else is in the zone. */
  readonly warnings: readonly string[];
  readonly primary: string | undefined;
  readonly why: string;
  readonly endpoints: readonly { readonly name: string; readonly health: string; readonly reason: string }[];
  /** Why it cannot be told. */
  readonly problem: string | undefined;
}

/** `settings`: as configured, with what does not count for one look. */
function outlookOf(ingress: IngressState, settings: IngressSettings, { whyNoMix, warnings }: ZoneLook): Outlook {
  const { published, selection, cloudProblem } = ingress;
  const desired = desiredRecords(ingress);
  const problem = published === undefined ? (cloudProblem?.message ?? "Cloudflare did not answer in time") : undefined;
  const isUndecided = desired === undefined && published !== undefined;
  const verdicts = ingress.endpoints.map(({ settings: { name }, health: { verdict } }) => `${name} is ${verdict}`);
  const mix = mixPlanOf(ingress, settings, whyNoMix);
  const conversion = desired && published && conversionBetween(settings, published.records, desired.records);
  return {
    ingress: settings.record,
    published: published?.records ?? [],
    mix,
    conversion,
    warnings,
    plan: desired && published && planBetween(published.records, desired),
    primary: selection?.primary,
    why: isUndecided ? `the record is left alone: ${verdicts.join(", ")}` : (selection?.why ?? "not decided yet"),
    endpoints: ingress.endpoints.map(({ settings: { name }, health }) => ({
      name,
      health: health.isDegraded ? `${health.verdict}, degraded` : health.verdict,
      reason: health.reason,
    })),
    problem,
  };
}

function printOutlook(outlook: Outlook): void {
  const { ingress, published, plan, primary, why, problem, endpoints, mix, conversion, warnings } = outlook;
  printLine(styled("bold", ingress));
  if (problem !== undefined) {
    printIndented(styled("red", problem));
    return printIndented(styled("dim", "→ ccs doctor checks everything, and says what to do"));
  }
  for (const { name, health, reason } of endpoints) {
    const colour = health === "up" ? "green" : health === "down" ? "red" : "yellow";
    printLine(`  ${name}: ${styled(colour, health)}, ${styled("dim", reason)}`);
  }
  // Without a plan the reason is that for leaving the record alone.
  const because = plan === undefined ? "; " : ", because ";
  printLine(`  ${primary === undefined ? why : `active: ${primary}${because}${why}`}`);
  const patched = new Map(plan?.patches.map((patch) => [patch.id, patch]));
  const deleted = new Set(plan?.deletes.map(({ id }) => id));
  for (const record of published) {
    const patch = patched.get(record.id);
    if (patch === undefined && !deleted.has(record.id)) printLine(`    ${recordText(record)}`);
    else printLine(styled("red", `  - ${recordText(record)}`));
    if (patch !== undefined) printLine(styled("green", `  + ${recordText(patch)}`));
  }
  for (const post of plan?.posts ?? []) printLine(styled("green", `  + ${recordText(post)}`));
  if (plan === undefined || isEmptyPlan(plan)) printLine(`  ${styled("dim", "nothing to write")}`);
  if (conversion !== undefined) {
    printIndented(`The record is converted ${conversionText(conversion)}, once: ${conversion.why}.`);
  }
  if (mix !== undefined) printMix(mix, outlook);
  for (const warning of warnings) printIndented(styled("yellow", `! ${warning}`));
}
