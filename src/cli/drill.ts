// `ccs drill`: plays an outage of one endpoint on the real record, shows what happens, and waits for the report.
import { printLine, styled } from "../terminal/terminal.ts";
import { overrideAnswerSchema, type OverrideAnswer } from "../web/api/schema/changes.ts";
import { eventSchema, eventsSchema, type EventDocument } from "../web/api/schema/events.ts";
import { Control, withControl, type ControlOptions } from "./control.ts";
import { Ending } from "./ending.ts";
import { printEvent } from "./events.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { timeOf } from "./times.ts";

interface DrillOptions extends ControlOptions {
  readonly for?: string;
  readonly ingress?: string;
  readonly wait: boolean;
}

export const registerDrill: Register = (program, run) => {
  withControl(program.command("drill"))
    .argument("<endpoint>", "the endpoint's name")
    .option("-f, --for <duration>", "how long, such as 30s or 5m; at most 30m (default: 2m)")
    .option("-i, --ingress <record>", "the ingress; required when there are several")
    .option("--no-wait", "only start it: the report comes as a message, and in `ccs events`")
    .addHelpText(
      "after",
      `
Example:
  $ ccs drill cable --for 1m

The daemon treats the endpoint as down, so clients are really switched, and ends the drill by itself: it does not need this command to keep running. \`ccs resume\` ends it at once. Ctrl-C ends only the waiting.`,
    )
    .action((endpoint: string, options: DrillOptions) => run(() => drillCommand(endpoint, options)));
};

async function drillCommand(
  endpoint: string,
  { ingress, for: length, wait, ...options }: DrillOptions,
): Promise<ExitCode> {
  const control = new Control(options);
  const isJson = options.json === true;
  const { events } = await control.get("events?limit=1", eventsSchema);
  const answer = await control.post("drill", { ingress, endpoint, for: length }, overrideAnswerSchema);
  if (!isJson) printBeginning(answer);
  if (!wait) {
    if (isJson) printOutput("drill", { ...answer });
    return exitCodes.ok;
  }
  using end = new Ending();
  const report = await reportOf(control, answer, {
    lastId: events[0]?.id ?? 0,
    signal: end.signal,
    show: isJson ? () => undefined : (event) => printEvent(event, { withIngress: false }),
  });
  if (report === undefined) {
    if (!isJson) printLine("The drill continues without this command; `ccs resume` ends it.");
    return exitCodes.notSo;
  }
  if (isJson) printOutput("drill", { ...answer, report });
  else {
    printLine();
    printLine(report.text);
  }
  return hasStoodIn(report) ? exitCodes.ok : exitCodes.notSo;
}

function printBeginning({ ingress, override, follows }: OverrideAnswer): void {
  printLine(`${styled("bold", ingress)}: a drill treats ${override.endpoint} as down until ${timeOf(override.until)}`);
  for (const line of follows) printLine(`  ${line}`);
  printLine();
}

/** Shows what happens to the ingress until the report comes; `undefined` when the caller no longer waits for it. */
async function reportOf(
  control: Control,
  { ingress, override }: OverrideAnswer,
  options: { readonly lastId: number; readonly signal: AbortSignal; readonly show: (event: EventDocument) => void },
): Promise<EventDocument | undefined> {
  const { lastId, signal, show } = options;
  // Before it begins, the report may be of the drill before, whose return was not visible yet.
  let hasBegun = false;
  for await (const { name, data } of control.stream({ lastId, signal })) {
    const { data: event } = name === "event" ? eventSchema.safeParse(data) : {};
    if (event?.ingress !== ingress) continue;
    const isOurs = event.endpoint === override.endpoint;
    hasBegun ||= event.kind === "override-began" && isOurs;
    if (hasBegun && event.kind === "drill-reported" && isOurs) return event;
    if (event.importance !== "low") show(event);
  }
  if (signal.aborted) return undefined;
  throw new CommandError(exitCodes.unavailable, "the daemon has stopped; it reports when it runs again");
}

/** Whether clients had somewhere else to go, and all is as before. */
function hasStoodIn({ fact }: EventDocument): boolean {
  const { away, back } = (fact["report"] ?? {}) as { away?: { decided?: unknown }; back?: { decided?: unknown } };
  return away?.decided !== undefined && back?.decided !== undefined;
}
