// What `ccs replay` shows to people: the switches side by side, and what they add up to.
import { formatDuration } from "../core/units.ts";
import { lineWidth, printLine, printTable, styled, wrapped } from "../terminal/terminal.ts";
import { timeOf, type ComparedIngress, type SwitchRow, type Totals } from "../what-if/comparison.ts";
import type { Trial } from "../what-if/trial.ts";

export interface ReplayShow {
  readonly path: string;
  /** The configuration that was tried is the present one. */
  readonly isPresent: boolean;
  readonly assumptions: readonly string[];
}

/** More rows of one ingress than this are not shown: the newest are. */
const mostRows = 40;
/** Two switches this near are at the same time. */
const sameMs = 1_500;

export function showReplay({ past, ingresses, fidelity }: Trial, show: ReplayShow): void {
  const { path, isPresent, assumptions } = show;
  const range = `${dayOf(past.fromWallMs)} to ${dayOf(past.toWallMs)} UTC`;
  printLine(styled("bold", `What would have happened with ${path}`));
  printLine(
    styled("dim", `${range}, ${formatDuration(roundMinute(past.toWallMs - past.fromWallMs))}, ${past.checks} checks`),
  );
  for (const ingress of ingresses) showIngress(ingress, isPresent ? "REPLAYED" : "REPLAY");
  printLine();
  const { made, again, besides } = fidelity;
  const extra = besides === 0 ? "" : `, and ${besides} that were not made`;
  const trust =
    made + besides === 0
      ? "With the current configuration, the replay makes no switch, just as it was."
      : `With the current configuration, the replay makes ${again} of the ${made} switches that were made${extra}.`;
  printLine(wrapped(`${styled("bold", "How far to trust this.")} ${trust}`, lineWidth()));
  for (const assumption of assumptions) printLine(styled("dim", wrapped(`· ${assumption}`, lineWidth(), 2)));
}

function showIngress(
  { record, rows, made, would, notReplayed }: ComparedIngress & { notReplayed: readonly string[] },
  title: string,
): void {
  printLine();
  printLine(styled("bold", record));
  for (const note of notReplayed) printLine(`${styled("yellow", "!")} ${wrapped(note, lineWidth() - 2, 2)}`);
  if (rows.length === 0) printLine(styled("dim", "no switch was made, and none would have been"));
  else showRows(rows, title);
  printLine();
  showTotals(made, would, title);
}

function showRows(rows: readonly SwitchRow[], title: string): void {
  const shown = rows.slice(-mostRows);
  if (shown.length < rows.length)
    printLine(styled("dim", `${rows.length - shown.length} earlier ones not shown; --json has all of them`));
  printTable(["", "SWITCH", "MADE", title], shown.map(cellsOf));
  const different = shown.filter(({ made, would }) => made === undefined || would === undefined);
  if (different.length === 0) return;
  printLine();
  for (const { made, would } of different.slice(-mostReasons)) {
    const { atWallMs = 0, why = "" } = made ?? would ?? {};
    const verb = made === undefined ? "would happen" : "would not happen";
    printLine(wrapped(`${styled("dim", momentOf(atWallMs))}  ${verb}: ${why}`, lineWidth(), 17));
  }
}

const mostReasons = 12;

function cellsOf(row: SwitchRow): readonly string[] {
  const { made, would } = row;
  const { from = "", to = "" } = made ?? would ?? {};
  const yes = styled("green", "yes");
  const no = styled("red", "no");
  const shift = made === undefined || would === undefined ? undefined : would.atWallMs - made.atWallMs;
  return [
    momentOf(timeOf(row)),
    `${from} → ${to}`,
    made === undefined ? no : yes,
    would === undefined ? no : shift === undefined ? yes : shiftText(shift),
  ];
}

function shiftText(shiftMs: number): string {
  if (Math.abs(shiftMs) < sameMs) return styled("green", "same time");
  return styled(
    "yellow",
    `${formatDuration(Math.round(Math.abs(shiftMs) / 1_000) * 1_000)} ${shiftMs > 0 ? "later" : "earlier"}`,
  );
}

function showTotals(made: Totals, would: Totals, title: string): void {
  const endpoints = [...new Set([...made.served, ...would.served].map(({ endpoint }) => endpoint))];
  printTable(
    ["IN TOTAL", "MADE", title],
    [
      ["switches", String(made.switches), String(would.switches)],
      ...endpoints.map((endpoint) => [`${endpoint} served`, servedText(made, endpoint), servedText(would, endpoint)]),
      ["primary's checks failed", formatDuration(made.failingMs), formatDuration(would.failingMs)],
    ],
  );
}

function servedText({ served }: Totals, endpoint: string): string {
  return formatDuration(served.find((each) => each.endpoint === endpoint)?.ms ?? 0);
}

function roundMinute(lengthMs: number): number {
  return lengthMs < 60_000 ? lengthMs : Math.round(lengthMs / 60_000) * 60_000;
}

/** `20 Nov 23:10:05` by UTC, as in messages. */
function momentOf(wallMs: number): string {
  return `${dayOf(wallMs)}:${new Date(wallMs).toISOString().slice(17, 19)}`;
}

function dayOf(wallMs: number): string {
  const date = new Date(wallMs).toISOString();
  const month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[Number(date.slice(5, 7)) - 1] ?? "";
  return `${date.slice(8, 10)} ${month} ${date.slice(11, 16)}`;
}
