// What `ccs simulate` shows to people: the timeline, a strip of who served, and what it meant for clients.
import { formatDuration } from "../core/units.ts";
import type { Style } from "../terminal/screen-text.ts";
import { lineWidth, printLine, printTable, styled, wrapped } from "../terminal/terminal.ts";
import type { Played, PlayedIngress } from "../what-if/play.ts";
import { servedTimes } from "../what-if/served.ts";
import type { Entry, EntryKind } from "../what-if/timeline.ts";
import { formatTime } from "../what-if/times.ts";
import { detectionMs, worseOff } from "../what-if/verdict.ts";
import { stripLines } from "./strip.ts";

export interface ShowOptions {
  readonly path: string;
  readonly seed: number;
  readonly lengthMs: number;
  /** Whether the configuration says whom to tell. */
  readonly isTold: boolean;
  readonly withMessages: boolean;
}

export function showPlayed(played: Played, options: ShowOptions): void {
  const { path, seed, lengthMs } = options;
  const heading = `${styled("bold", "What would happen")} with ${path} within ${formatDuration(lengthMs)}`;
  printLine(wrapped(`${heading} ${styled("dim", `(seed\u00A0${seed})`)}`, lineWidth()));
  printLine();
  showTimeline(played.entries, options);
  for (const ingress of played.ingresses) showIngress(ingress, options);
  printLine();
  showCounts(played, options);
  printLine();
  const assumed =
    "The addresses are made up, and every endpoint answers at once unless the scenario says otherwise. Clients try every " +
    "second; those that lose some connections, or wait up to 15 s for an answer, count as served.";
  printLine(styled("dim", wrapped(assumed, lineWidth())));
}

const labelStyles: Readonly<Record<EntryKind, Style>> = {
  outside: "bold",
  sees: "dim",
  decides: "cyan",
  writes: "yellow",
  tells: "magenta",
  clients: "blue",
};
const toneStyles = { plain: "reset", good: "green", bad: "red" } as const;

const labelWidth = 7;
/** Time, label, and the gaps around them. */
const indent = 1 + 7 + 2 + labelWidth + 2;

function showTimeline(entries: readonly Entry[], { withMessages }: ShowOptions): void {
  let before = "";
  for (const { atMs, kind, text, tone, ingress } of entries) {
    const time = formatTime(atMs).padStart(7);
    const shown = kind === "tells" && !withMessages ? (text.split("\n")[0] ?? "") : text;
    const about = ingress === undefined || kind === "tells" ? "" : `${ingress}: `;
    const lines = `${about}${shown}`.split("\n").flatMap((line) => wrapped(line, lineWidth() - indent).split("\n"));
    for (const [index, line] of lines.entries()) {
      const isFirst = index === 0;
      const stamp = isFirst && time !== before ? time : "       ";
      const label = (isFirst ? kind : "").padEnd(labelWidth);
      printLine(
        ` ${styled("dim", stamp)}  ${styled(labelStyles[kind], label)}  ${styled(toneStyles[tone], line)}`.trimEnd(),
      );
    }
    before = time;
  }
}

function showIngress(ingress: PlayedIngress, { lengthMs }: ShowOptions): void {
  printLine();
  printLine(styled("bold", ingress.ingress));
  for (const line of stripLines(ingress, lengthMs, lineWidth())) printLine(line);
  printLine();
  const all = servedTimes(ingress.served, lengthMs);
  const served = all.map(({ endpoints, ms }) => `${endpoints.join(" + ") || "no endpoint"} ${formatDuration(ms)}`);
  printField("served by", served.join(", "));
  printField("switches", String(ingress.switches));
  printLine();
  printTable(
    ["TIME WITHOUT SERVICE", "ON AVERAGE", "AT WORST", "STATIC RECORD", "ORACLE"],
    ingress.clients.map(({ name, withCcs, staticRecord, oracle }) => [
      `  ${name}`,
      ...[withCcs.averageMs, withCcs.worstMs, staticRecord.averageMs, oracle.averageMs].map(lengthText),
    ]),
  );
  printLine();
  showVerdict(ingress);
  if (ingress.emptyAnswers === 0) return;
  printLine();
  const advice =
    "The name had no record for a moment at some of Cloudflare's servers, and resolvers remember that for half an hour. " +
    "This happens when the type of the record changes, and never while `publish` stays as it is.";
  printLine(`${styled("yellow", "!")} ${wrapped(advice, lineWidth() - 2, 2)}`);
}

/** The first promise, kept or broken, in plain words. */
function showVerdict({ clients }: PlayedIngress): void {
  const worse = worseOff(clients);
  const detection = formatDuration(detectionMs);
  if (worse.length === 0) {
    const text = `Not worse than a record that never changes: no client was without service for longer, apart from the time it takes to detect an outage (up to ${detection}).`;
    return printLine(`${styled("green", "✓")} ${wrapped(text, lineWidth() - 2, 2)}`);
  }
  const whom = worse.map(({ name, extraMs }) => `${name} by ${formatDuration(extraMs)}`).join(", ");
  const text = `Worse than a record that never changes: without service for longer at worst (${whom}), and detecting an outage takes ${detection} at most.`;
  printLine(`${styled("red", "✗")} ${wrapped(text, lineWidth() - 2, 2)}`);
}

function lengthText(lengthMs: number): string {
  return lengthMs === 0 ? "none" : formatDuration(lengthMs);
}

function showCounts({ apiCalls, messages }: Played, { isTold }: ShowOptions): void {
  const { reads, writes } = apiCalls;
  printField("Cloudflare", `${reads + writes} calls: ${reads} reads, ${writes} writes`);
  const nobody = isTold ? "" : ", but notify is not configured: they would not be sent";
  printField("messages", `${messages.length}${nobody}`);
}

const fieldWidth = 12;

function printField(name: string, text: string): void {
  printLine(
    `${styled("dim", name.padEnd(fieldWidth))}${wrapped(text, lineWidth() - fieldWidth).replaceAll("\n", `\n${" ".repeat(fieldWidth)}`)}`,
  );
}
