// `ccs events`: what happened, from the journal of the running daemon, and with --follow what goes on happening.
import { InvalidArgumentError } from "commander";
import { printError, printLine, styled } from "../terminal/terminal.ts";
import {
  eventSchema,
  eventsSchema,
  mostEvents,
  resetSchema,
  type EventDocument,
  type Events,
} from "../web/api/schema/events.ts";
import { statusSchema, type Status } from "../web/api/schema/status.ts";
import { Control, withControl, type ControlOptions } from "./control.ts";
import { Ending } from "./ending.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput, printOutputLine } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { timeOf } from "./times.ts";
import { ToldOnce } from "./told-once.ts";

interface EventsOptions extends ControlOptions {
  readonly follow?: true;
  readonly limit: number;
  readonly ingress?: string;
  readonly endpoint?: string;
}

export const registerEvents: Register = (program, run) => {
  withControl(program.command("events"))
    .option("-f, --follow", "keep printing new events, until Ctrl-C")
    .option("-n, --limit <count>", `how many, at most ${mostEvents}`, countOf, 30)
    .option("-i, --ingress <record>", "only events of this ingress")
    .option("-e, --endpoint <name>", "only events of this endpoint")
    .addHelpText(
      "after",
      `
Examples:
  $ ccs events --limit 5
  $ ccs events --follow --json | jq .text    one JSON object per line`,
    )
    .action((options: EventsOptions) => run(() => eventsCommand(options)));
};

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= mostEvents) return count;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${mostEvents}`);
}

async function eventsCommand(options: EventsOptions): Promise<ExitCode> {
  const { follow = false, limit, ingress, endpoint, json = false } = options;
  const control = new Control(options);
  const query = { limit, ...(ingress !== undefined && { ingress }), ...(endpoint !== undefined && { endpoint }) };
  const page = await pageOf(control, query);
  const on = {
    // What is filtered out counts as seen: only its newest is known here.
    lastId: page.events[0]?.id ?? 0,
    // As the daemon filters: who serves concerns every endpoint.
    isMeant: (event: EventDocument) =>
      (ingress === undefined || event.ingress === ingress) &&
      (endpoint === undefined || event.endpoint === endpoint || event.kind === "selection-changed"),
  };
  if (json) {
    if (!follow) printOutput("events", page);
    else for (const event of page.events.toReversed()) printOutputLine("event", event);
    return follow ? followOn(control, { ...on, take: (event) => printOutputLine("event", event) }) : exitCodes.ok;
  }
  const status = await control.get("status", statusSchema);
  // Where there is one ingress, its name on each line says nothing.
  const withIngress = ingress === undefined && status.ingresses.length > 1;
  const events = await newestTold(control, { page, query, status });
  for (const event of events) printEvent(event, { withIngress });
  if (!follow) {
    if (events.length === 0) printLine("Nothing has happened yet.");
    return exitCodes.ok;
  }
  const told = new ToldOnce(status, (event) => printEvent(event, { withIngress }));
  try {
    return await followOn(control, { ...on, take: (event) => told.take(event), pause: (newest) => told.learn(newest) });
  } finally {
    told.flush();
  }
}

interface EventsFilter {
  readonly limit: number;
  readonly ingress?: string;
  readonly endpoint?: string;
}

function pageOf(control: Control, { limit, ...rest }: EventsFilter & { readonly before?: string }): Promise<Events> {
  const query = new URLSearchParams({ limit: String(limit), ...rest });
  return control.get(`events?${query.toString()}`, eventsSchema);
}

/** As many as were asked for of those that people are shown, the newest last. `page`: the newest of all. */
async function newestTold(
  control: Control,
  { page, query, status }: { readonly page: Events; readonly query: EventsFilter; readonly status: Status },
): Promise<readonly EventDocument[]> {
  const found = [...page.events];
  let { before } = page;
  for (;;) {
    const events: EventDocument[] = [];
    const told = new ToldOnce(status, (event) => events.push(event));
    for (const event of found.toReversed()) told.take(event);
    told.flush();
    if (events.length >= query.limit || before === undefined) return events.slice(-query.limit);
    const older = await pageOf(control, { ...query, before: String(before) });
    found.push(...older.events);
    ({ before } = older);
  }
}

interface Following {
  readonly lastId: number;
  readonly isMeant: (event: EventDocument) => boolean;
  readonly take: (event: EventDocument) => void;
  /** Between what belongs together: the newest status. */
  readonly pause?: (status: Status) => void;
}

async function followOn(control: Control, { lastId, isMeant, take, pause }: Following): Promise<ExitCode> {
  using end = new Ending();
  for await (const { name, data } of control.stream({ lastId, signal: end.signal })) {
    if (name === "reset") {
      const { data: reset } = resetSchema.safeParse(data);
      printError(styled("dim", `Some events are missing: ${reset?.reason ?? "there were too many"}.`));
    }
    if (name === "status" && pause !== undefined) {
      const { data: status } = statusSchema.safeParse(data);
      if (status !== undefined) pause(status);
    }
    if (name !== "event") continue;
    const { data: event } = eventSchema.safeParse(data);
    if (event !== undefined && event.id > lastId && isMeant(event)) take(event);
  }
  if (end.signal.aborted) return exitCodes.ok;
  printError("The daemon has stopped.");
  return exitCodes.unavailable;
}

/** One event on a line, `withIngress` with the name of its ingress. */
export function printEvent(
  { at, importance, ingress, text }: EventDocument,
  { withIngress }: { readonly withIngress: boolean },
): void {
  const words = importance === "high" ? styled("yellow", text) : importance === "low" ? styled("dim", text) : text;
  const about = !withIngress || ingress === undefined || text.includes(ingress) ? "" : styled("dim", `  ${ingress}`);
  printLine(`${styled("dim", timeOf(at))}  ${words}${about}`);
}
