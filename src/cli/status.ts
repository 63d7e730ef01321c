// `ccs status`: what the running daemon believes, does and will do; with --watch live.
import { cut, painted, type ScreenLine } from "../terminal/screen-text.ts";
import { Screen } from "../terminal/screen.ts";
import { lineWidth, printLine, styled } from "../terminal/terminal.ts";
import { statusSchema, type Status } from "../web/api/schema/status.ts";
import { Control, withControl, type ControlOptions } from "./control.ts";
import { Ending } from "./ending.ts";
import { CommandError, exitCodes, type ExitCode } from "./exit-codes.ts";
import { printOutput, printOutputLine } from "./outputs.ts";
import type { Register } from "./registration.ts";
import { isReached, statusLines } from "./status-lines.ts";

interface StatusOptions extends ControlOptions {
  readonly watch?: true;
  readonly addresses?: true;
}

export const registerStatus: Register = (program, run) => {
  withControl(program.command("status"))
    .option("-w, --watch", "keep showing it as it changes, until Ctrl-C or q")
    .option("-a, --addresses", "also show every address")
    .addHelpText(
      "after",
      "\nExamples:\n  $ ccs status --watch\n  $ ccs status --json | jq '.ingresses[].selection.primary'",
    )
    .action((options: StatusOptions) => run(() => statusCommand(options)));
};

async function statusCommand(options: StatusOptions): Promise<ExitCode> {
  const { watch = false, json = false, addresses = false } = options;
  const control = new Control(options);
  if (watch) return watchStatus(control, { json, addresses });
  const status = await control.get("status", statusSchema);
  if (json) printOutput("status", status);
  else for (const line of statusLines(status, lineWidth(), { addresses })) printLine(painted(line, styled));
  return isFine(status) ? exitCodes.ok : exitCodes.notSo;
}

/** Whether nothing needs a person's attention. */
function isFine({ daemon, ingresses }: Status): boolean {
  const isSound = daemon.isReady && daemon.blind.length === 0 && daemon.configuration.rejected === undefined;
  return (
    isSound &&
    ingresses.every(
      (ingress) =>
        isReached(ingress) &&
        ingress.isInSync &&
        ingress.standoff === undefined &&
        ingress.trouble === undefined &&
        ingress.visibility?.status !== "wrong",
    )
  );
}

async function watchStatus(
  control: Control,
  { json, addresses }: { json: boolean; addresses: boolean },
): Promise<ExitCode> {
  const isLive = !json && process.stdout.isTTY && process.env["TERM"] !== "dumb";
  using end = new Ending({ keys: isLive });
  using screen = isLive ? new Screen(process.stdout) : undefined;
  let last = "";
  for await (const { name, data } of control.stream({ signal: end.signal })) {
    const { data: status } = name === "status" ? statusSchema.safeParse(data) : {};
    if (status === undefined) continue;
    if (json) {
      printOutputLine("status", status);
      continue;
    }
    if (screen !== undefined) {
      const { columns, rows } = screen.size;
      screen.draw(
        framed(statusLines(status, Math.min(columns, 100), { addresses }), columns, rows).map((line) =>
          painted(line, styled),
        ),
      );
      continue;
    }
    // Into a pipe: the whole again, but only when more changed than the time.
    const text = statusLines({ ...status, at: status.daemon.started }, lineWidth(), { addresses })
      .map(plainly)
      .join("\n");
    if (text === last) continue;
    last = text;
    for (const line of statusLines(status, lineWidth(), { addresses })) printLine(painted(line, styled));
    printLine();
  }
  if (end.signal.aborted) return exitCodes.ok;
  throw new CommandError(exitCodes.unavailable, "the daemon has stopped");
}

function plainly(line: ScreenLine): string {
  return painted(line, (_, text) => text);
}

function framed(lines: readonly ScreenLine[], columns: number, rows: number): readonly ScreenLine[] {
  const shown = lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns));
  const hint = lines.length > rows - 1 ? "there is more: enlarge the window" : "q ends";
  return [...shown, [{ style: "dim", text: hint.slice(0, columns) }]];
}
